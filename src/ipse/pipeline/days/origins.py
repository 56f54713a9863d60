"""What something was made of: which streams of which sources, so that only what lets go of these takes it."""

from collections.abc import Collection, Iterable

from ipse.pipeline.days.columns import CORRECTIONS, PREFERENCES
from ipse.pipeline.derived import Name, Origin, stream_tokens

__all__ = ["origin_of"]


def origin_of(streams: Iterable[str], documents: Collection[Name] = ()) -> Origin:
    """Of streams as features name them (``source`` is all of its streams), and what was said later."""
    names = sorted(set(streams))
    sources = frozenset(one.split(".")[0] for one in names)
    words = [f"{source}.{part}" for source in sources for part in (CORRECTIONS, PREFERENCES)]
    return Origin(
        sources=sources, about=frozenset(map(_token, [*names, *words])), documents=frozenset(documents)
    )


def _token(name: str) -> str:
    """The one that lies nearest to it: the stream's own, or that of the whole source."""
    source, _, part = name.partition(".")
    return stream_tokens(source, part)[-1]
