"""Models of the Hugging Face Hub: fetched once where the owner allows the network, else found if they were.

Only what :data:`ipse.bases.folders.PARTS` names is asked for, so pickled weights and code never arrive. This
is the only module of the room that reaches out.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from ipse.bases.folders import PAPERS, PARTS
from ipse.errors import BaseModelError, MissingExtraError

__all__ = ["HUB_ID", "fetch", "fetched"]

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
ADD = "Fetch it once with `ipse base add {} --allow-network`, or name a local folder."


def fetched(name: str) -> Path:
    """The folder of a model that this machine has fetched before, by whatever tool; never connects."""
    with _named(name, ADD.format(name)):
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(name, allow_patterns=[*PARTS], local_files_only=True))


def fetch(name: str, folder: Path) -> str:
    """Fetch a model into ``folder``, going on where an earlier try broke off; returns its revision."""
    with _named(name, "Check the connection and HF_HUB_OFFLINE."):
        from huggingface_hub import HfApi, snapshot_download

        revision = HfApi().model_info(name).sha or ""
        snapshot_download(name, revision=revision, local_dir=folder, allow_patterns=[*PARTS, *PAPERS])
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # the client's notes on what it has fetched
    return revision


@contextmanager
def _named(name: str, hint: str) -> Iterator[None]:
    """Turn what the client raises into one line."""
    if find_spec("huggingface_hub") is None:
        raise MissingExtraError("A Hub id needs huggingface_hub.", hint="Run: pip install 'ipse[llm]'")
    import httpx2
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        raise BaseModelError(
            f"The makers of {name} ask you to agree to their terms first.",
            hint="Do so on its page at huggingface.co, then `hf auth login`.",
        ) from error
    except RepositoryNotFoundError as error:
        raise BaseModelError(
            f"The Hub has no model {name}, or it is private.", hint="Check the id, or name a local folder."
        ) from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, httpx2.TransportError) as error:
        raise BaseModelError(f"The base model {name} is not on this machine.", hint=hint) from error
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise BaseModelError(
            f"The base model {name} could not be fetched.", hint="Check the id, or name a local folder."
        ) from error
