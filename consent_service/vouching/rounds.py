"""Who is due, one after the other: a task of a running service."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import NamedTuple

from consent_service.errors import ConsentError, Forked, Invalid, NotFound, Tampered
from consent_service.merkle import parse_vkey
from consent_service.model import Site
from consent_service.store import Store
from consent_service.store.errands import Errand, Kind, Name
from consent_service.vouching.outgoing import SECONDS, Trouble, Uncertain, Way, opened
from consent_service.vouching.visits import Visit

AGAIN = 300
"""Seconds until somebody is tried again who did not do what was asked."""

LEASE = 120
"""Seconds for which other processes leave an errand alone that one is on."""

_AT_ONCE = 8
_log = logging.getLogger(__name__)


class Doing(NamedTuple):
    """How errands of one kind are done."""

    go: Callable[[Visit], Awaitable[int]]
    """Does it; the size of the checkpoint that it was done for. Raises `Trouble`."""
    every: float
    """Seconds between two times."""
    lease: int = LEASE
    repeats: bool = False
    """Whether it is done for a checkpoint that it was done for already."""


class Rounds:
    """Goes to all those outside who are due, of every site. Nothing else waits for it."""

    def __init__(
        self,
        store: Store,
        doings: Mapping[Kind, Doing],
        now: Callable[[], float],
        patience: float = SECONDS,
    ) -> None:
        """`patience` is how many seconds somebody outside may take."""
        self._store, self._doings, self._now = store, doings, now
        self._patience = patience
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def run(self, seconds: float) -> None:
        """Go on until cancelled, with so many seconds between."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.round()
            except ConsentError as error:
                _log.warning("nobody outside was asked: %s", error)
            except Exception:
                # Our own mistake must not end it: receipts go on, and the log says why.
                _log.exception("nobody outside was asked")

    async def round(self) -> None:
        """Go to each who is due, some at once: nobody waits long for somebody who does not answer.

        Whatever goes wrong with one is told, and stops no other.
        """
        every = await self._store.errands.all()
        async with opened(self._patience) as way:
            for site in await self._store.sites.all():
                asked, known = dict.fromkeys(asked_of(site)), every.get(site.id, [])
                await self._forget(site, [each for each in known if each.name not in asked])
                if asked and await self._store.ledger.head(site.id):
                    await self._site(way, site, {each.name: each for each in known})

    async def _forget(self, site: Site, errands: list[Errand]) -> None:
        for errand in errands:
            await self._store.errands.forget(site.id, errand, int(self._now()))

    async def _site(self, way: Way, site: Site, known: Mapping[Name, Errand]) -> None:
        now = int(self._now())
        visits = [
            Visit(self._store, way, site, known.get(name, Errand(*name, due_at=now)), now)
            for name in asked_of(site)
            if name[0] in self._doings
        ]
        for failed in await asyncio.gather(*map(self._go, visits), return_exceptions=True):
            if isinstance(failed, BaseException):
                _log.error("an errand of %s was not done", site.key, exc_info=failed)

    async def _go(self, visit: Visit) -> None:
        before, doing = visit.errand, self._doings[visit.errand.kind]
        claim = (visit.site.id, before.kind, before.whom, visit.now, visit.now + doing.lease)
        async with self._turns:
            if before.due_at > visit.now or not await self._store.errands.claim(*claim):
                return
            after = await _done(visit, doing)
        await self._store.errands.settle(visit.site.id, after)
        _tell(visit.site, before, after)


def asked_of(site: Site) -> Iterator[Name]:
    """Whom a site's admins want to be gone to, and for what."""
    for witness in site.keeping.witnesses:
        yield Kind.WITNESS, witness.key
    if site.keeping.authority:
        yield Kind.STAMP, site.keeping.authority
    for address in site.keeping.mail_to:
        yield Kind.MAIL, address


async def _done(visit: Visit, doing: Doing) -> Errand:
    """How it stands after one go."""
    before, now = visit.errand, visit.now
    try:
        size = await doing.go(visit)
    except Uncertain as error:
        return _troubled(visit, doing, error.message)._replace(due_at=now + int(doing.every))
    except Trouble as error:
        return _troubled(visit, doing, error.message)
    except (Forked, Invalid, NotFound, Tampered) as error:
        # It is our own ledger that is not in order: the words of it say how.
        return _troubled(visit, doing, f"was not asked: {error.message}")
    same = size == before.size and not doing.repeats
    done_at = before.done_at if same and before.done_at else now
    return Errand(before.kind, before.whom, now + int(doing.every), done_at, size)


def _troubled(visit: Visit, doing: Doing, trouble: str) -> Errand:
    before, now = visit.errand, visit.now
    again = now + min(AGAIN, int(doing.every))
    since = before.trouble_at or now
    return before._replace(due_at=again, trouble=trouble, trouble_at=since)


def _tell(site: Site, before: Errand, after: Errand) -> None:
    # Once, not every time.
    if after.trouble and after.trouble != before.trouble:
        _log.warning("%s of %s %s", called(after), site.key, after.trouble)
    elif before.trouble and not after.trouble:
        _log.info("%s of %s is at it again", called(after), site.key)


def called(errand: Errand) -> str:
    """What people call whom an errand is at."""
    if errand.kind is Kind.WITNESS:
        return f"the witness {parse_vkey(errand.whom).name}"
    if errand.kind is Kind.STAMP:
        return f"the time-stamping authority {errand.whom}"
    # An address of a person is in no log.
    return "an e-mail address"
