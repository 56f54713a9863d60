"""Giving, showing and withdrawing consent."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from ipse import plugins
from ipse.consent import SignedConsent
from ipse.errors import ConsentError
from ipse.pipeline.workspace import Workspace

__all__ = ["consent_named", "source_name"]


def source_name(name: str) -> str:
    """The name of a source for one of its aliases; consent is given by source, not by file format."""
    return plugins.source_named(name).name


def consent_named(workspace: Workspace, name: str) -> SignedConsent:
    """The consent of that id (or its beginning); raises ``ConsentError``."""
    found = [signed for signed in workspace.consents() if signed.consent.id.startswith(name)]
    if len(found) != 1:
        raise ConsentError(f"There is no consent `{name}`.", hint="See `ipse consent list`.")
    return found[0]
