"""The shelf of jobs: what was asked for, how far it is, and which process is at it."""

from consent_service.model import Job, JobState
from consent_service.store.columns import Cursor, found, uuid_bytes, uuid_text
from consent_service.store.database import Database, Row


class Jobs:
    """Work that takes its time. One process at a time is at a job; if it dies, another goes on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, job: Job) -> None:
        """A new job, waiting."""
        await self._database.execute(
            """
            insert into jobs (id, site_id, kind, wanted, state, made_at, made_by)
            values (:id, :site_id, :kind, :wanted, 'waiting', :made_at, :made_by)""",
            id=uuid_bytes(job.id),
            site_id=job.site_id,
            kind=job.kind,
            wanted=job.wanted,
            made_at=job.made_at,
            made_by=job.made_by,
        )

    async def by_id(self, site_id: int, id: str) -> Job:
        """The site's job of that id. Raises `NotFound`."""
        row = await self._database.fetch_one(
            "select * from jobs where id = :id and site_id = :site_id",
            id=uuid_bytes(id),
            site_id=site_id,
        )
        return _job(found(row, f"job {id}"))

    async def page(
        self, site_id: int, kind: str, before: Cursor | None = None, limit: int = 50
    ) -> list[Job]:
        """The site's jobs of a kind, the newest first, from before the cursor on."""
        place = before or Cursor.end()
        rows = await self._database.fetch_all(
            """
            select * from jobs
            where site_id = :site_id and kind = :kind and (made_at, id) < (:at, :id)
            order by made_at desc, id desc limit :limit""",
            site_id=site_id,
            kind=kind,
            at=place.at,
            id=uuid_bytes(place.id),
            limit=limit,
        )
        return [_job(row) for row in rows]

    async def newest(self, site_id: int, kind: str, wanted: bytes) -> Job | None:
        """The job of a kind with exactly that wish that is not over; else the newest."""
        row = await self._database.fetch_one(
            """
            select * from jobs
            where site_id = :site_id and kind = :kind and wanted = :wanted
            order by case when state in ('waiting', 'running') then 0 else 1 end,
                made_at desc, id desc limit 1""",
            site_id=site_id,
            kind=kind,
            wanted=wanted,
        )
        return _job(row) if row else None

    async def open(self, site_id: int, kind: str) -> list[Job]:
        """The site's jobs of a kind that are not over, the oldest first."""
        rows = await self._database.fetch_all(
            """
            select * from jobs
            where site_id = :site_id and kind = :kind and state in ('waiting', 'running')
            order by made_at, id""",
            site_id=site_id,
            kind=kind,
        )
        return [_job(row) for row in rows]

    async def claim(self, kinds: tuple[str, ...], holder: str, now: int, until: int) -> Job | None:
        """The oldest job of these kinds that no living process is at, now this one's; or None."""
        first, second = (*kinds, *kinds)[:2]
        row = await self._database.fetch_one(
            """
            update jobs set state = 'running', holder = :holder, held_until = :until
            where held_until <= :now and state in ('waiting', 'running') and id = (
                select id from jobs
                where state in ('waiting', 'running') and held_until <= :now
                    and kind in (:first, :second)
                order by made_at, id limit 1
            )
            returning *""",
            holder=holder,
            until=until,
            now=now,
            first=first,
            second=second,
        )
        return _job(row) if row else None

    async def take(self, job: Job, holder: str, now: int, until: int) -> Job | None:
        """That very job, now this process's; None where it is over or another is at it.

        One that waits is taken at once, also if it was to wait longer.
        """
        row = await self._database.fetch_one(
            """
            update jobs set state = 'running', holder = :holder, held_until = :until
            where id = :id and (state = 'waiting' or (state = 'running' and held_until <= :now))
            returning *""",
            holder=holder,
            until=until,
            id=uuid_bytes(job.id),
            now=now,
        )
        return _job(row) if row else None

    async def tell(self, job: Job, done: int, total: int, until: int) -> bool:
        """How far it is. False where it was stopped, or another process has it now."""
        told = await self._database.execute(
            """
            update jobs set done = :done, total = :total, held_until = :until
            where id = :id and holder = :holder and state = 'running'""",
            done=done,
            total=total,
            until=until,
            id=uuid_bytes(job.id),
            holder=job.holder,
        )
        return bool(told)

    async def end(self, job: Job, state: JobState, said: str) -> None:
        """It is over, for this reason or with this result; unless it was stopped before."""
        await self._database.execute(
            """
            update jobs set state = :state, said = :said, holder = '', held_until = 0
            where id = :id and holder = :holder and state = 'running'""",
            state=state.value,
            said=said,
            id=uuid_bytes(job.id),
            holder=job.holder,
        )

    async def release(self, job: Job, until: int = 0, said: str = "") -> None:
        """Let another process have it, from then on: this one cannot, for that reason, or is
        ending.
        """
        await self._database.execute(
            """
            update jobs set state = 'waiting', holder = '', held_until = :until, said = :said
            where id = :id and holder = :holder and state = 'running'""",
            until=until,
            said=said,
            id=uuid_bytes(job.id),
            holder=job.holder,
        )

    async def stop(self, site_id: int, id: str) -> bool:
        """Whether it was still to be stopped, and is now."""
        stopped = await self._database.execute(
            """
            update jobs set state = 'stopped', holder = '', held_until = 0
            where id = :id and site_id = :site_id and state in ('waiting', 'running')""",
            id=uuid_bytes(id),
            site_id=site_id,
        )
        return bool(stopped)


def _job(row: Row) -> Job:
    return Job(
        id=uuid_text(row["id"]),
        site_id=row["site_id"],
        kind=row["kind"],
        wanted=row["wanted"],
        state=JobState(row["state"]),
        done=row["done"],
        total=row["total"],
        said=row["said"],
        made_at=row["made_at"],
        made_by=row["made_by"],
        holder=row["holder"],
    )
