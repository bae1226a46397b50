"""Jobs: work that takes its time is asked for, done by one process at a time, and told of.

A job is a row that any process may take up. Whoever is at it says so again and again; if it dies,
another goes on from what lies in the job's folder. Somebody may stop it: the next time that it
tells how far it is, it learns of that.
"""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec

from consent_service import audit, evidence
from consent_service.audit import Act
from consent_service.errors import ConsentError, Invalid, TooMany
from consent_service.evidence import Office
from consent_service.exports import period
from consent_service.exports.parts import Wanted
from consent_service.exports.period import Source
from consent_service.model import Job, JobState, Site, StoredReceipt
from consent_service.signing import jwks, new_secret, uuid7
from consent_service.store import Store

EXPORT, RENDER = "export", "render"

HELD = 60
"""Seconds for which others leave a job alone after its process told how far it is."""

AGAIN = 300
"""Seconds until a job is tried again that cannot be done here now."""

KEPT = 7 * 86_400
"""Seconds for which the file of an export is kept."""

MOST = 10
"""Jobs of a kind that may be open for a site at once."""

_log = logging.getLogger(__name__)


class Stopped(Exception):
    """Somebody stopped the job, or another process has it."""


class NotHere(Exception):
    """It cannot be done by this process now. The job stays open."""


Told = Callable[[int, int], Awaitable[None]]
Work = Callable[[Job, Told], Awaitable[str]]
"""Does a job, telling how far it is; what came of it, in a few words."""


async def ask_export(store: Store, site: Site, wanted: Wanted, act: Act) -> Job:
    """A new job that exports a period. Raises `Invalid`; `TooMany` where too many are open."""
    period.check(wanted)
    job = new(site, EXPORT, msgspec.json.encode(wanted), act)
    async with store.transaction() as tx:
        if len(await tx.jobs.open(site.id, EXPORT)) >= MOST:
            raise TooMany(f"{MOST} exports of {site.key} are open already: wait for one", 60)
        await tx.jobs.add(job)
        await audit.log(tx, act, "receipt.export", period.said(wanted), site.id)
    return job


def new(site: Site, kind: str, wanted: bytes, act: Act) -> Job:
    """A job that nobody has begun."""
    return Job(
        id=uuid7(int(act.at * 1000)),
        site_id=site.id,
        kind=kind,
        wanted=wanted,
        made_at=act.now,
        made_by=act.by,
    )


async def stop(store: Store, site: Site, id: str, act: Act) -> None:
    """Stop a job that is not over. Raises `Invalid` where it is, or never was."""
    async with store.transaction() as tx:
        if not await tx.jobs.stop(site.id, id):
            raise Invalid("this job is over, or never was")
        await audit.log(tx, act, "job.stop", id, site.id)


def wish(job: Job) -> Wanted:
    """What an export's job is for."""
    return msgspec.json.decode(job.wanted, type=Wanted)


def folder_of(root: Path, job: Job) -> Path:
    """Where the files of a job lie."""
    return root / job.id


def file_of(root: Path, job: Job) -> Path | None:
    """The file that an export made; None where it is not there (any more)."""
    # What is said is the file's name, by us: nothing of a stranger's is in it.
    path = folder_of(root, job) / Path(job.said).name
    return path if job.state is JobState.DONE and path.is_file() else None


class Worker(NamedTuple):
    """One process's hands: which kinds of jobs it can do, and how."""

    store: Store
    work: Mapping[str, Work]
    now: Callable[[], float]
    name: str

    @classmethod
    def of(cls, store: Store, work: Mapping[str, Work], now: Callable[[], float]) -> "Worker":
        """With a name that no other process has."""
        return cls(store, work, now, new_secret()[:16])

    async def run(self, seconds: float) -> None:
        """Look for jobs until cancelled, with so many seconds between."""
        while True:
            try:
                while await self.once():
                    pass
            except ConsentError as error:
                _log.warning("jobs cannot be looked for: %s", error)
            await asyncio.sleep(seconds)

    async def once(self) -> bool:
        """Do one job, if there is one to do. Whether there was."""
        now = int(self.now())
        kinds = tuple(self.work)
        job = await self.store.jobs.claim(kinds, self.name, now, now + HELD) if kinds else None
        if job is not None:
            await self._do(job)
        return job is not None

    async def this(self, job: Job) -> Job:
        """Do that very job, unless another process is at it; how it is then."""
        now = int(self.now())
        taken = await self.store.jobs.take(job, self.name, now, now + HELD)
        if taken is not None:
            await self._do(taken)
        return await self.store.jobs.by_id(job.site_id, job.id)

    async def _do(self, job: Job) -> None:
        try:
            said = await self.work[job.kind](job, self._teller(job))
        except asyncio.CancelledError:
            # The process ends: another one goes on at once.
            await self.store.jobs.release(job)
            raise
        except Stopped:
            _log.info("a job was stopped", extra={"job": job.id})
        except NotHere as error:
            _log.info("a job waits: %s", error, extra={"job": job.id})
            await self.store.jobs.release(job, int(self.now()) + AGAIN, str(error))
        except ConsentError as error:
            await self.store.jobs.end(job, JobState.FAILED, error.message)
        except Exception:
            # Our own mistake, or a full disk: the log has it, and the next job is not to suffer.
            _log.exception("a job failed", extra={"job": job.id})
            await self.store.jobs.end(job, JobState.FAILED, "it broke; the log says why")
        else:
            await self.store.jobs.end(job, JobState.DONE, said)

    def _teller(self, job: Job) -> Told:
        async def told(done: int, total: int) -> None:
            if not await self.store.jobs.tell(job, done, total, int(self.now()) + HELD):
                raise Stopped

        return told


def exporting(office: Callable[[], Office], root: Path, database: str) -> Work:
    """How exports are made: in a folder for each below `root`, from what lies at `database`."""

    async def work(job: Job, told: Told) -> str:
        here, wanted = office(), wish(job)
        site = await here.store.sites.by_id(job.site_id)
        keys = jwks(key.jwk for key in await here.store.keys.all())
        # The time of the asking, so that whoever goes on comes to the same end.
        source = Source(here.store, site, keys, job.made_at, database)

        async def pack(receipts: Sequence[StoredReceipt]) -> bytes:
            return await evidence.bundles(here, site, receipts)

        packing = pack if wanted.format == "bundles" else None
        made = await period.export(source, wanted, folder_of(root, job), told, packing)
        return made.name

    return work


def clear(root: Path, now: float) -> int:
    """Take away the folders of exports whose time is over; how many."""
    old = [path for path in root.glob("*-*") if _asked_at(path) < now - KEPT]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return len(old)


def _asked_at(folder: Path) -> float:
    """When its job was asked for, by the service's clock: the job's id tells. What bears no id is
    nobody's export, and is left alone.
    """
    try:
        return (UUID(folder.name).int >> 80) / 1000
    except ValueError:
        return inf
