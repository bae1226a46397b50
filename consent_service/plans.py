"""Plans: publications that wait for their time, for a second person, or for both.

What was reviewed is frozen when it is planned: the policy, the class, the categories, the reason,
the notes. The draft may go on. A plan becomes the very next version after the one that it was
compared with, or nothing: whatever else is published before it ends it.

Whoever carries a plan out claims it in the transaction that adds the version, so that it happens
once, whichever of many processes does it, and whenever one of them dies.
"""

import logging
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from consent_service import audit, policies
from consent_service.audit import MACHINE, SERVICE, Act
from consent_service.due import due, shown
from consent_service.errors import Conflict, ConsentError, Forbidden, Invalid, Refused
from consent_service.model import (
    ChangeClass,
    Plan,
    PlanState,
    Site,
    VersionRecord,
)
from consent_service.policies import Proposal, Publication
from consent_service.signing import uuid7
from consent_service.store import Store

_log = logging.getLogger(__name__)

MAX_WORD = 2_000
"""Characters of what somebody says who sends a plan back."""


async def submit(store: Store, site: Site, asked: Publication, act: Act) -> VersionRecord | Plan:
    """Publish, or plan to: where a time is given, or where the site wants a second person.

    Raises what `policies.publish` raises; `Invalid` at `at` or `zone` for a time that is none;
    `Conflict` where another plan of the site waits. The same plan a second time is the first.
    """
    _check_announcing(asked)
    wanted = (await store.sites.by_id(site.id)).approval
    if not wanted and not asked.at:
        return await policies.publish(store, site, asked, act)
    due_at = due(asked.at, asked.zone, act.now) if asked.at else 0
    proposal = await policies.review(store, site, asked)
    plan = await _made(store, site, proposal, await _frozen(store, site, proposal, asked, act), act)
    state = PlanState.PROPOSED if wanted else PlanState.SCHEDULED
    return await _kept(store, msgspec.structs.replace(plan, due_at=due_at, state=state), act)


def _check_announcing(asked: Publication) -> None:
    if asked.announce and not asked.at:
        raise Invalid("what is published at once cannot be announced: give a time", "announce")
    if asked.announce and asked.change_class is ChangeClass.PATCH:
        raise Invalid("of a patch visitors are not told, so it is not announced", "announce")


async def _frozen(
    store: Store, site: Site, proposal: Proposal, asked: Publication, act: Act
) -> Publication:
    """What is asked, with the notes as they would be told now: those are what was reviewed."""
    current = await store.policies.current(site.id)
    version = policies.version_of(site, proposal, asked, current, act.now)
    minor = version.change_class is ChangeClass.MINOR
    return msgspec.structs.replace(asked, notice=version.notice if minor else {})


async def _made(store: Store, site: Site, proposal: Proposal, asked: Publication, act: Act) -> Plan:
    return Plan(
        id=uuid7(int(act.at * 1000)),
        site_id=site.id,
        revision=proposal.draft.revision,
        against=policies.number_of(proposal),
        policy=proposal.draft.body,
        asked=policies.encode(asked),
        due_at=0,
        zone=asked.zone.strip() or "UTC",
        announce=asked.announce,
        made_at=act.now,
        made_by=act.by,
        person=await _person(store, act),
        state=PlanState.PROPOSED,
    )


async def _person(store: Store, act: Act) -> str:
    """Who answers for what is done: of a token, whoever made the token."""
    if not act.by.startswith(MACHINE):
        return act.by
    token, _ = await store.accounts.token(act.by.removeprefix(MACHINE))
    return token.created_by


async def _kept(store: Store, plan: Plan, act: Act) -> Plan:
    waiting = await store.plans.waiting(plan.site_id)
    if waiting and _same(waiting, plan):
        return waiting
    verb = "policy.propose" if plan.state is PlanState.PROPOSED else "policy.schedule"
    async with store.transaction() as tx:
        await tx.policies.hold_draft(plan.site_id, plan.revision)
        await tx.plans.add(plan)
        await audit.log(tx, act, verb, _said(plan), plan.site_id)
    return plan


def _same(waiting: Plan, plan: Plan) -> bool:
    """Whether it waits already, as a pipeline asks that runs again."""
    stands = waiting.state is plan.state or waiting.approved_by is not None
    return stands and (waiting.policy, waiting.asked, waiting.due_at) == (
        plan.policy,
        plan.asked,
        plan.due_at,
    )


def _said(plan: Plan) -> str:
    when = f"{datetime.fromtimestamp(plan.due_at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    said = f"{plan.id} {asked_of(plan).change_class.value}"
    return f"{said} for {when}" if plan.due_at else said


def asked_of(plan: Plan) -> Publication:
    """What was reviewed beside the policy: class, categories, reason, notes."""
    return msgspec.json.decode(plan.asked, type=Publication)


# --- Deciding ------------------------------------------------------------------------------------


async def approve(store: Store, site: Site, id: str, act: Act) -> VersionRecord | Plan:
    """Approve what somebody else proposed: it is published, or waits for its time.

    Raises `Forbidden` for whoever proposed it and for tokens, `Conflict` where it is decided
    already or the draft was changed since.
    """
    plan = await _proposed(store, site, id)
    policies.check_approver(plan, act)
    if plan.due_at <= act.now:
        return await policies.publish(store, site, asked_of(plan), act, plan)
    async with store.transaction() as tx:
        await tx.policies.hold_draft(site.id, plan.revision)
        return await policies.approve_plan(tx, plan, act)


async def send_back(store: Store, site: Site, id: str, word: str, act: Act) -> Plan:
    """Send a proposal back, saying why. Raises `Invalid` without a word, `Conflict` too late."""
    plan = await _proposed(store, site, id)
    said = word.strip()
    if not said or len(said) > MAX_WORD:
        raise Invalid(f"say why, in at most {MAX_WORD} characters", "word")
    async with store.transaction() as tx:
        return await policies.end_plan(tx, plan, PlanState.RETURNED, said, act)


async def cancel(store: Store, site: Site, id: str, act: Act) -> Plan:
    """Take a plan back that waits. Raises `Conflict` where it is over."""
    plan = await store.plans.by_id(site.id, id)
    if not plan.waits:
        raise Conflict(f"this is over: it was {plan.state.value}")
    async with store.transaction() as tx:
        return await policies.end_plan(tx, plan, PlanState.CANCELLED, "", act)


async def _proposed(store: Store, site: Site, id: str) -> Plan:
    plan = await store.plans.by_id(site.id, id)
    if plan.state is not PlanState.PROPOSED:
        raise Conflict(f"there is nothing to decide: it is {plan.state.value} already")
    return plan


# --- When the time has come ----------------------------------------------------------------------


async def publish_due(store: Store, now: float) -> list[VersionRecord]:
    """Publish every plan whose time has come; what this process published.

    A plan that may not be published any more is refused, and says why. One that another process
    is at is left to it.
    """
    done = [
        await _carried_out(store, plan, Act(SERVICE, now))
        for plan in await store.plans.due(int(now))
    ]
    return [record for record in done if record]


async def _carried_out(store: Store, plan: Plan, act: Act) -> VersionRecord | None:
    site = await store.sites.by_id(plan.site_id)
    try:
        return await policies.publish(store, site, asked_of(plan), act, plan)
    except Conflict as error:
        # Another process has it, or somebody publishes right now: the next look tells which.
        _log.info("a planned publication waits for the next look: %s", error)
    except (Invalid, Refused, Forbidden) as error:
        await _refuse(store, plan, _why(error), act)
    except ConsentError:
        raise
    except Exception:
        # Our own mistake: the log has it, and what is due after this one is not to wait for it.
        _log.exception("a planned publication failed", extra={"plan": plan.id})
        await _refuse(store, plan, "it broke; the log says why", act)
    return None


async def _refuse(store: Store, plan: Plan, said: str, act: Act) -> None:
    _log.warning("a planned publication was refused: %s", said, extra={"plan": plan.id})
    try:
        async with store.transaction() as tx:
            await policies.end_plan(tx, plan, PlanState.REFUSED, said, act)
    except Conflict as late:
        _log.info("somebody was quicker: %s", late)


def _why(error: ConsentError) -> str:
    findings = getattr(error, "findings", ())
    return "; ".join((error.message, *(str(found.message) for found in findings[:3])))


# --- Telling before ------------------------------------------------------------------------------


class Announced(NamedTuple):
    """What visitors are told of before its time has come."""

    plan: Plan
    record: VersionRecord
    """As it would be, were it published now."""

    @property
    def day(self) -> int:
        """When, by the clocks of the time zone that it was planned in; to be read as UTC."""
        return shown(self.plan.due_at, self.plan.zone)


async def announced(store: Store, site: Site) -> Announced | None:
    """The version that visitors are told of before its time has come, if there is one."""
    plan = await store.plans.waiting(site.id)
    if not (plan and plan.announce and plan.state is PlanState.SCHEDULED):
        return None
    try:
        return Announced(plan, await as_version(store, site, plan))
    except ConsentError:
        # It will be refused when its time comes, and then whoever planned it is told.
        return None


async def as_version(store: Store, site: Site, plan: Plan) -> VersionRecord:
    """What a plan that waits would become. Raises what publishing it would raise."""
    compared = await policies.planned(store, site, plan)
    at = Act(plan.made_by, plan.due_at or plan.made_at)
    return await policies.record_of(store, site, compared, asked_of(plan), at)
