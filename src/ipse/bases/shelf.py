"""The bases of this machine: which there are, where they lie, and whether they still are what was added.

They lie in the user's data folder, not in a vault: public weights are nobody's personal data, and several
vaults share them. Each has a card beside it with its hash; the Seedling comes with ipse, and its hash is
written here.
"""

import re
import shutil
import tempfile
from collections.abc import Container
from pathlib import Path
from typing import Final

import msgspec
import platformdirs

from ipse.bases.folders import GGUF, PAPERS, PARTS, Base, check_folder, described, fingerprint
from ipse.bases.hub import HUB_ID, fetch, fetched
from ipse.bases.packaged import PACKAGED, fetch_packaged
from ipse.errors import BaseModelError
from ipse.interfaces import Progress

__all__ = ["SEEDLING", "add", "base_named", "bases", "find_base", "shelf", "verified", "verify"]

SEEDLING: Final = "seedling"
SEEDLING_FOLDER: Final = Path(__file__).with_name(SEEDLING)
SEEDLING_SHA256: Final = "9add260eab7ac6b444884f36a87978a2b69f1618ecc4f36e39c3621925508b7b"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
CHUNK: Final = 1 << 24  # bytes copied between two reports


class _Config(msgspec.Struct, frozen=True):
    """What of a model's configuration tells whether it brings code."""

    model_type: str = ""
    auto_map: dict[str, str] = {}


def shelf() -> Path:
    """The folder of the bases of this user."""
    return Path(platformdirs.user_data_dir("ipse", appauthor=False)) / "bases"


def bases() -> list[Base]:
    """Every base known here, the built-in one first; a card that cannot be read is a ``BaseModelError``."""
    own = [_seedling()] if (SEEDLING_FOLDER / "config.json").is_file() else []
    return own + [_card(file) for file in sorted(shelf().glob("*.json"))]


def base_named(name: str) -> Base | None:
    """The base of that name, or that came from that Hub id; None where the shelf has none."""
    return next((base for base in bases() if name in (base.name, base.origin)), None)


def find_base(name: str, *, allow_network: bool = False) -> Path:
    """Return the folder of a base given by its name on the shelf, as a folder or as a Hub id.

    A Hub id is looked up among what was fetched before; only ``allow_network`` fetches it, once, onto the
    shelf. Raises ``BaseModelError`` where there is no such base, or none that is safe to open.
    """
    if not name:
        raise BaseModelError(
            "No base model is named.", hint="Set lora.base to a base of `ipse base list`, or to a folder."
        )
    known = base_named(name)
    if known is not None:
        folder = Path(known.folder)
    elif (folder := Path(name).expanduser()).is_dir():
        pass
    elif HUB_ID.fullmatch(name):
        folder = Path(add(name, allow_network=True).folder) if allow_network else fetched(name)
    check_folder(folder)
    return folder.resolve()


def add(
    what: str,
    *,
    name: str = "",
    sha256: str = "",
    link: bool = False,
    allow_network: bool = False,
    progress: Progress = lambda *_: None,
) -> Base:
    """Put a folder, a GGUF file, a package's or a Hub's model on the shelf; what is there already stays.

    ``link`` leaves a folder where it is and records its hash alone; ``sha256`` is the fingerprint it must
    have. Raises ``BaseModelError`` for what cannot be opened safely, another hash, and a name that is taken.
    """
    source = Path(what).expanduser()
    local = source.is_dir()
    called = name or _called(what, source)
    if not NAME.fullmatch(called):
        raise BaseModelError(
            f"A base cannot be called `{called}`.", hint="Give --name: letters, digits, dot, dash."
        )
    origin = str(source.resolve()) if source.exists() else what
    held = base_named(called)
    if held is not None:
        if held.origin != origin:
            raise BaseModelError(f"There is a base called {called} already.", hint="Give another --name.")
        return _expected(held, sha256)
    if local:
        check_folder(source)
        _without_code(source)
    if local and link:
        found = described(source, name=called, origin=origin)
        return _keep(msgspec.structs.replace(_expected(found, sha256), linked=True))
    part = shelf() / f".{called}.part"
    # What a broken fetch has left stays for the next one to go on from.
    fetching = allow_network and what not in PACKAGED and not source.exists()
    revision = fetch(what, part) if fetching else ""
    try:
        if not fetching:
            _fill(part, what, allow_network=allow_network, progress=progress)
        check_folder(part)
        _without_code(part)
        found = _expected(described(part, name=called, origin=origin), sha256)
        place = shelf() / called
        shutil.rmtree(place, ignore_errors=True)  # of a base whose card is gone
        part.rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return _keep(msgspec.structs.replace(found, folder=str(place.resolve()), revision=revision))


def verified(base: Base) -> bool:
    """Whether the base is there and every byte of it is what was recorded."""
    return Path(base.folder).is_dir() and fingerprint(Path(base.folder)) == base.sha256


def verify(folder: Path) -> None:
    """Raise ``BaseModelError`` if the folder is on the shelf and not what was recorded."""
    there = folder.resolve()
    for base in bases():
        if Path(base.folder) == there and fingerprint(there) != base.sha256:
            raise BaseModelError(
                f"The base model {base.name} in {folder} is not what was added: its hash differs.",
                hint="Remove its folder and its .json beside it, then add it again.",
            )


def _called(what: str, source: Path) -> str:
    """What a base is called where nobody says; raises ``BaseModelError`` for what can be none."""
    if what in PACKAGED:
        return what
    if not source.is_dir() and not _is_gguf(source) and not HUB_ID.fullmatch(what):
        raise BaseModelError(
            f"{what} is no folder, no GGUF file and no Hub id.",
            hint=f"An id is like owner/model. Known by name: {', '.join(PACKAGED)}.",
        )
    last = source.resolve().with_suffix("") if _is_gguf(source) else source
    return re.sub(r"[^a-z0-9._-]+", "-", (last.resolve() if last.is_dir() else last).name.lower())


def _is_gguf(source: Path) -> bool:
    return source.suffix == GGUF and source.is_file()


def _fill(part: Path, what: str, *, allow_network: bool, progress: Progress) -> None:
    """Put all of a base into ``part``, wherever it is from but the Hub."""
    from ipse.bases.unpacked import unpack  # which knows how models are loaded, and so this shelf

    source = Path(what).expanduser()
    if what in PACKAGED:
        known = PACKAGED[what]
        if not allow_network:
            raise BaseModelError(
                f"{what} is not on this machine: {known.told}, {known.megabytes} MB.",
                hint=f"Fetch it once with `ipse base add {what} --allow-network`.",
            )
        with tempfile.TemporaryDirectory() as fetched_to:
            file = fetch_packaged(known, Path(fetched_to), progress)
            unpack(file, part, licence=known.licence, progress=progress)
    elif _is_gguf(source):
        unpack(source, part, progress=progress)
    else:
        _copy(source if source.is_dir() else fetched(what), part, progress)


def _copy(source: Path, to: Path, progress: Progress) -> None:
    """What makes up a base, and its papers; nothing else of the folder."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    files = sorted({path for pattern in (*PARTS, *PAPERS) for path in source.glob(pattern) if path.is_file()})
    total, done = sum(path.stat().st_size for path in files), 0
    for path in files:
        with path.open("rb") as held, (to / path.name).open("wb") as out:
            while chunk := held.read(CHUNK):
                out.write(chunk)
                done += len(chunk)
                progress(done, total, {})


def _without_code(folder: Path) -> None:
    """Refuse a model that only code of its own can run."""
    config = msgspec.json.decode((folder / "config.json").read_bytes(), type=_Config)
    if config.auto_map and config.model_type not in _architectures():
        raise BaseModelError(
            f"The model needs code of its own ({min(config.auto_map.values())}), and none is ever run.",
            hint="Use a model that transformers knows by itself.",
        )


def _architectures() -> Container[str]:
    """The kinds of models that transformers can run by itself; none where it is not installed."""
    try:
        from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
    except ImportError:
        return ()
    names: Container[str] = CONFIG_MAPPING_NAMES
    return names


def _expected(base: Base, sha256: str) -> Base:
    if sha256 and base.sha256 != sha256.lower():
        raise BaseModelError(
            f"{base.origin} has the hash {base.sha256}, not the one given.", hint="Nothing was added."
        )
    return base


def _keep(base: Base) -> Base:
    """Write the card in one step."""
    shelf().mkdir(parents=True, exist_ok=True)
    part = shelf() / f".{base.name}.json"
    part.write_bytes(msgspec.json.format(msgspec.json.encode(base)) + b"\n")
    part.replace(shelf() / f"{base.name}.json")
    return base


def _card(file: Path) -> Base:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Base)
    except (OSError, msgspec.DecodeError) as error:
        raise BaseModelError(f"{file} is no card of a base.", hint="Remove it.") from error


def _seedling() -> Base:
    held = described(SEEDLING_FOLDER, name=SEEDLING, origin="comes with ipse")
    return msgspec.structs.replace(held, sha256=SEEDLING_SHA256)
