"""The audit trail: who did what to which thing, when. Events are added, never changed."""

from typing import NamedTuple

from consent_service.model import Event
from consent_service.signing import uuid7
from consent_service.store import Store

SERVICE = "service"
"""The actor of what nobody in particular did."""


class Act(NamedTuple):
    """Who does a thing, and when: what every verb that leaves a trace is told."""

    by: str
    """An account's e-mail, `token:<id>` or `service`."""
    at: float
    """Unix seconds."""

    @property
    def now(self) -> int:
        """Whole unix seconds."""
        return int(self.at)


async def log(store: Store, act: Act, verb: str, subject: str, site_id: int | None = None) -> None:
    """Add one event: `act` did `verb`, such as `policy.publish`, to `subject`.

    Called inside the transaction of what it tells of, so that neither is there without the other.
    """
    event = Event(
        id=uuid7(int(act.at * 1000)),
        at=act.now,
        actor=act.by,
        verb=verb,
        site_id=site_id,
        subject=subject,
    )
    await store.events.add(event)
