"""How long what is in the vault is kept."""

from typing import Annotated, Literal

from pydantic import Field

from ipse.config.section import Section

__all__ = ["Days", "RetentionSettings", "SourceRetention"]

Days = Annotated[int, Field(ge=0, le=365_000)]


class SourceRetention(Section):
    """How long records of one source are kept, in days; what is not set is as for all sources."""

    messages: Days | None = None
    events: Days | None = None


class RetentionSettings(Section):
    """How long what is in the vault is kept, in days; 0: until it is erased."""

    messages: Days = Field(0, description="days that messages are kept; 0: until erased")
    events: Days = Field(0, description="days that events are kept; 0: until erased")
    sources: dict[str, Days | SourceRetention] = Field(
        {},
        description="days by source, before the two above, of events by stream too: `gmail: 365`, "
        "`pc: {messages: 365, events: 30}`, `system.self: 7`",
    )
    datasets: Days = Field(0, description="days that datasets are kept; models learned from them stay")
    models: Days = Field(0, description="days that models are kept, the champion too")
    scorecards: Days = Field(0, description="days that scorecards are kept")
    drafts: Days = Field(0, description="days that drafts and sessions are kept")
    predictions: Days = Field(0, description="days that predictions and their features are kept")
    logs: Days = Field(0, description="days that ended jobs are listed")
    audit: Days = Field(
        0, description="days that the audit log says what was read and done; proofs and the chain stay"
    )

    @property
    def limits(self) -> bool:
        """Whether any record is limited."""
        own = [days for source in self.sources for days in self._own(source)]
        return bool(self.messages or self.events or any(own))

    @property
    def anything(self) -> bool:
        """Whether anything is limited."""
        made = (self.datasets, self.models, self.scorecards, self.drafts, self.predictions)
        return self.limits or any((*made, self.logs, self.audit))

    def days(self, source: str, family: Literal["messages", "events"], stream: str = "") -> int:
        """Days that records of a source are kept, of events those of a stream; 0 for no limit."""
        own = self._own(f"{source}.{stream}")[1] if stream and family == "events" else None
        own = own if own is not None else self._own(source)[family == "events"]
        return own if own is not None else self.messages if family == "messages" else self.events

    def _own(self, source: str) -> tuple[int | None, int | None]:
        held = self.sources.get(source)
        if isinstance(held, SourceRetention):
            return held.messages, held.events
        return held, held
