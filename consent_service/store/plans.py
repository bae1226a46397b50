"""The shelf of plans: publications that wait for their time, a second person, or both."""

from consent_service.errors import Conflict
from consent_service.model import Plan, PlanState
from consent_service.store.columns import Cursor, found, uuid_bytes, uuid_text
from consent_service.store.database import Database, Row


class Plans:
    """What is to be published. One waits at a time for each site; what is over is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, plan: Plan) -> None:
        """A new plan, waiting. Raises `Conflict` where one of the site waits already."""
        row = await self._database.fetch_one(
            """
            insert into plans (id, site_id, revision, against, policy, asked, due_at, zone,
                announce, made_at, made_by, person, state)
            values (:id, :site_id, :revision, :against, :policy, :asked, :due_at, :zone,
                :announce, :made_at, :made_by, :person, :state)
            on conflict do nothing returning id""",
            id=uuid_bytes(plan.id),
            site_id=plan.site_id,
            revision=plan.revision,
            against=plan.against,
            policy=plan.policy,
            asked=plan.asked,
            due_at=plan.due_at,
            zone=plan.zone,
            announce=int(plan.announce),
            made_at=plan.made_at,
            made_by=plan.made_by,
            person=plan.person,
            state=plan.state.value,
        )
        if row is None:
            raise Conflict("another publication of this site waits already: cancel that one first")

    async def by_id(self, site_id: int, id: str) -> Plan:
        """The site's plan of that id. Raises `NotFound`."""
        row = await self._database.fetch_one(
            "select * from plans where id = :id and site_id = :site_id",
            id=uuid_bytes(id),
            site_id=site_id,
        )
        return _plan(found(row, f"planned publication {id}"))

    async def waiting(self, site_id: int) -> Plan | None:
        """The site's plan that is not over, if there is one."""
        row = await self._database.fetch_one(
            """
            select * from plans
            where site_id = :site_id and state in ('proposed', 'scheduled')""",
            site_id=site_id,
        )
        return _plan(row) if row else None

    async def of_version(self, site_id: int, number: int) -> Plan | None:
        """The plan that became that version; None where it was published at once."""
        row = await self._database.fetch_one(
            "select * from plans where site_id = :site_id and number = :number",
            site_id=site_id,
            number=number,
        )
        return _plan(row) if row else None

    async def page(self, site_id: int, before: Cursor | None = None, limit: int = 50) -> list[Plan]:
        """The site's plans, the newest first, from before the cursor on."""
        place = before or Cursor.end()
        rows = await self._database.fetch_all(
            """
            select * from plans where site_id = :site_id and (made_at, id) < (:at, :id)
            order by made_at desc, id desc limit :limit""",
            site_id=site_id,
            at=place.at,
            id=uuid_bytes(place.id),
            limit=limit,
        )
        return [_plan(row) for row in rows]

    async def due(self, now: int) -> list[Plan]:
        """The plans of all sites whose time has come, the longest due first."""
        rows = await self._database.fetch_all(
            """
            select * from plans where state = 'scheduled' and due_at <= :now
            order by due_at, id limit 100""",
            now=now,
        )
        return [_plan(row) for row in rows]

    async def approve(self, plan: Plan, now: int, by: str) -> Plan:
        """The plan with its approval, scheduled. Of several who decide, one wins.

        Raises `Conflict` for the others.
        """
        row = await self._database.fetch_one(
            """
            update plans set state = 'scheduled', approved_at = :now, approved_by = :approver
            where id = :id and state = 'proposed' returning *""",
            id=uuid_bytes(plan.id),
            now=now,
            approver=by,
        )
        return _still(row)

    async def publish(self, plan: Plan, number: int, now: int, by: str) -> Plan:
        """The plan as that version. Raises `Conflict` where it is not scheduled (any more)."""
        row = await self._database.fetch_one(
            """
            update plans set state = 'published', number = :number, ended_at = :now,
                ended_by = :ender
            where id = :id and state = 'scheduled' returning *""",
            id=uuid_bytes(plan.id),
            number=number,
            now=now,
            ender=by,
        )
        return _still(row)

    async def end(self, plan: Plan, state: PlanState, said: str, now: int, by: str) -> Plan:
        """The plan, over and not published. Raises `Conflict` where its state is another by now."""
        row = await self._database.fetch_one(
            """
            update plans set state = :over, said = :said, ended_at = :now, ended_by = :ender
            where id = :id and state = :state returning *""",
            id=uuid_bytes(plan.id),
            over=state.value,
            state=plan.state.value,
            said=said,
            now=now,
            ender=by,
        )
        return _still(row)


def _still(row: Row | None) -> Plan:
    if row is None:
        raise Conflict("somebody decided about this meanwhile: look at it again")
    return _plan(row)


def _plan(row: Row) -> Plan:
    return Plan(
        id=uuid_text(row["id"]),
        site_id=row["site_id"],
        revision=row["revision"],
        against=row["against"],
        policy=row["policy"],
        asked=row["asked"],
        due_at=row["due_at"],
        zone=row["zone"],
        announce=bool(row["announce"]),
        made_at=row["made_at"],
        made_by=row["made_by"],
        person=row["person"],
        state=PlanState(row["state"]),
        approved_at=row["approved_at"],
        approved_by=row["approved_by"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
        said=row["said"],
        number=row["number"],
    )
