"""Plans: frozen when made, one at a time, carried out once, approved by somebody else."""

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from consent_service import accounts, plans, policies, sites
from consent_service.accounts import Grant
from consent_service.audit import Act
from consent_service.errors import Conflict, ConsentError, Forbidden, Invalid, NotFound
from consent_service.model import (
    Category,
    ChangeClass,
    Plan,
    PlanState,
    Policy,
    Role,
    Site,
    VersionRecord,
)
from consent_service.policies import Publication
from consent_service.signing import sha256_b64
from consent_service.store import Store, open_store
from tests import given as all_given
from tests.store import given
from tests.store.outside import Refused, outside

ED, AL = Act("ed@shop.example", given.NOW + 60), Act("al@shop.example", given.NOW + 120)
AT = "2023-11-20T09:00Z"
DUE = 1_700_470_800
NEXT = all_given.with_another_advertiser()


def act(at: int, by: str = "ed@shop.example") -> Act:
    return Act(by, at)


async def save(store: Store, site: Site, content: Policy, by: Act = ED) -> int:
    found = await store.policies.draft(site.id)
    seen = found.revision if found else 0
    return (await policies.save_draft(store, site, seen, content, by)).revision


async def asked(store: Store, site: Site, **changes: Any) -> Publication:
    """The draft with a new advertiser, as a major version."""
    revision = await save(store, site, msgspec.convert(NEXT, Policy))
    wanted: dict[str, Any] = {"revision": revision, "change_class": ChangeClass.MAJOR}
    return Publication(**{**wanted, **changes})


async def scheduled(store: Store, site: Site, **changes: Any) -> Plan:
    wanted = await asked(store, site, **{"at": AT, **changes})
    plan = await plans.submit(store, site, wanted, ED)
    assert isinstance(plan, Plan)
    return plan


async def watched(store: Store) -> Site:
    """A site with version 1, on which a second person approves."""
    site = await given.published_policy(store)
    return await sites.set_approval(store, site, True, ED)


async def proposed(store: Store, site: Site, by: Act = ED, **changes: Any) -> Plan:
    plan = await plans.submit(store, site, await asked(store, site, **changes), by)
    assert isinstance(plan, Plan)
    assert plan.state is PlanState.PROPOSED
    return plan


async def verbs(store: Store, site: Site) -> list[str]:
    """What the audit trail has of plans and versions, the oldest first."""
    events = await store.events.page(site.id, None, 100)
    told = [event.verb for event in events[::-1] if event.verb.startswith("policy.")]
    return [verb.removeprefix("policy.") for verb in told if verb != "policy.draft"]


async def numbers(store: Store, site: Site) -> list[int]:
    return [record.number for record in await store.policies.versions(site.id)]


# --- Scheduling ----------------------------------------------------------------------------------


async def test_what_is_scheduled_is_published_when_its_time_has_come(store: Store) -> None:
    site = await given.published_policy(store)
    plan = await scheduled(store, site, zone="Europe/Stockholm")
    assert (plan.state, plan.due_at, plan.against, plan.made_by) == (
        PlanState.SCHEDULED,
        DUE,
        1,
        ED.by,
    )
    assert await store.plans.by_id(site.id, plan.id) == plan
    assert await plans.publish_due(store, DUE - 0.1) == []
    (record,) = await plans.publish_due(store, DUE + 7.5)
    assert (record.number, record.published_at, record.published_by) == (2, DUE + 7, ED.by)
    assert policies.decode_version(record.body).epochs[Category.MARKETING] == 2
    over = await store.plans.by_id(site.id, plan.id)
    assert (over.state, over.number, over.ended_by) == (PlanState.PUBLISHED, 2, "service")
    assert await store.plans.of_version(site.id, 2) == over
    assert await plans.publish_due(store, DUE + 9) == []
    assert await verbs(store, site) == ["publish", "schedule", "publish"]


async def test_the_draft_goes_on_and_what_was_reviewed_is_what_is_published(store: Store) -> None:
    site = await given.published_policy(store)
    await scheduled(store, site)
    await save(store, site, all_given.policy(domain="tea.example"), AL)
    (record,) = await plans.publish_due(store, DUE)
    assert policies.decode_version(record.body).policy == msgspec.convert(NEXT, Policy)
    draft = await policies.draft(store, site)
    assert policies.parse_policy(draft.body).domain == "tea.example"


async def test_a_note_is_told_as_it_was_reviewed(store: Store) -> None:
    site = await given.published_policy(store)
    documents = {"cookies": all_given.text("# Other"), "privacy": all_given.text("# Privacy")}
    revision = await save(store, site, all_given.policy(documents=documents))
    minor = Publication(
        revision=revision, change_class=ChangeClass.MINOR, notice={"en": "New."}, at=AT
    )
    plan = await plans.submit(store, site, minor, ED)
    assert isinstance(plan, Plan)
    frozen = plans.asked_of(plan).notice
    assert frozen["en"] == "New."
    assert "Kakpolicyn" in frozen["sv"]
    (record,) = await plans.publish_due(store, DUE)
    assert policies.decode_version(record.body).notice == frozen


async def test_whoever_compared_with_the_version_before_looks_again(store: Store) -> None:
    """Publishing what is scheduled moves the draft on, as every publishing does."""
    site = await given.published_policy(store)
    await scheduled(store, site)
    revision = await save(store, site, all_given.policy(domain="tea.example"), AL)
    await plans.publish_due(store, DUE)
    late = Publication(revision=revision, change_class=ChangeClass.MAJOR)
    with pytest.raises(Conflict):
        await plans.submit(store, site, late, act(DUE + 1))


async def test_who_types_while_a_version_is_published_may_save(store: Store) -> None:
    site = await given.published_policy(store)
    await scheduled(store, site)
    seen = await save(store, site, all_given.policy(), AL)
    await plans.publish_due(store, DUE)
    other = all_given.policy(domain="tea.example")
    assert (await policies.save_draft(store, site, seen, other, AL)).revision == seen + 2
    with pytest.raises(Conflict):
        await policies.save_draft(store, site, seen, all_given.policy(), ED)


async def test_another_version_ends_what_waits_and_says_so(store: Store) -> None:
    site = await given.published_policy(store)
    plan = await scheduled(store, site)
    await save(store, site, all_given.policy(domain="tea.example"))
    wanted = Publication(
        revision=(await policies.draft(store, site)).revision, change_class=ChangeClass.MAJOR
    )
    record = await plans.submit(store, site, wanted, AL)
    assert isinstance(record, VersionRecord)
    over = await store.plans.by_id(site.id, plan.id)
    assert (over.state, over.said, over.ended_by) == (
        PlanState.CANCELLED,
        "another version was published before it",
        AL.by,
    )
    assert await plans.publish_due(store, DUE) == []
    assert await numbers(store, site) == [2, 1]


async def test_what_was_compared_with_another_version_is_refused_when_due(
    store: Store, url: str
) -> None:
    """Should a version ever come in without ending the plan, the number still keeps it out."""
    site = await given.published_policy(store)
    plan = await scheduled(store, site)
    record = (await store.policies.versions(site.id))[0]
    body = record.body.replace(b'"number":1', b'"number":2')
    digest = sha256_b64(body)
    changed = msgspec.structs.replace(record, number=2, body=body, digest=digest)
    await store.policies.add_version(changed)
    assert await plans.publish_due(store, DUE) == []
    over = await store.plans.by_id(site.id, plan.id)
    assert over.state is PlanState.REFUSED
    assert over.said.startswith("version 2 was published meanwhile, and this was compared with")
    assert await numbers(store, site) == [2, 1]
    assert (await verbs(store, site))[-1] == "refuse"


async def test_one_plan_waits_at_a_time_and_the_same_again_is_the_first(store: Store) -> None:
    site = await given.published_policy(store)
    plan = await scheduled(store, site)
    wanted = plans.asked_of(plan)
    assert await plans.submit(store, site, wanted, AL) == plan
    other = msgspec.structs.replace(wanted, at="2023-11-21T09:00Z")
    with pytest.raises(Conflict, match="waits already"):
        await plans.submit(store, site, other, ED)
    await plans.cancel(store, site, plan.id, AL)
    again = await plans.submit(store, site, other, AL)
    assert isinstance(again, Plan)
    assert [each.id for each in await store.plans.page(site.id)] == [again.id, plan.id]


async def test_what_is_cancelled_stays_cancelled(store: Store) -> None:
    site = await given.published_policy(store)
    plan = await scheduled(store, site)
    over = await plans.cancel(store, site, plan.id, AL)
    assert (over.state, over.ended_by, over.ended_at) == (PlanState.CANCELLED, AL.by, AL.now)
    assert await plans.publish_due(store, DUE) == []
    with pytest.raises(Conflict, match="this is over: it was cancelled"):
        await plans.cancel(store, site, plan.id, ED)
    assert await verbs(store, site) == ["publish", "schedule", "cancel"]


NOT_PLANNED: list[tuple[dict[str, Any], type[ConsentError], str]] = [
    ({"at": "2023-11-14T22:00Z"}, Invalid, "at"),
    ({"at": "2023-11-20T09:00", "zone": "Mars/Olympus"}, Invalid, "zone"),
    ({"change_class": ChangeClass.PATCH}, Invalid, "reason"),
    ({"change_class": ChangeClass.PATCH, "reason": "x", "announce": True}, Invalid, "announce"),
    ({"at": "", "announce": True}, Invalid, "announce"),
    ({"revision": 99}, Conflict, ""),
]


@pytest.mark.parametrize(("changes", "error", "field"), NOT_PLANNED)
async def test_what_could_not_be_published_is_not_planned(
    store: Store, changes: dict[str, Any], error: type[ConsentError], field: str
) -> None:
    site = await watched(store)
    with pytest.raises(error) as refused:
        await scheduled(store, site, **changes)
    assert refused.value.field == field
    assert await store.plans.page(site.id) == []


async def test_a_plan_of_another_site_is_not_found(store: Store) -> None:
    site, other = await given.published_policy(store), await given.site(store, "other")
    plan = await scheduled(store, site)
    with pytest.raises(NotFound):
        await plans.cancel(store, other, plan.id, ED)
    assert await store.plans.waiting(other.id) is None
    assert await store.plans.page(other.id) == []


FROZEN = (
    "update plans set policy = '{}'",
    "update plans set asked = '{}'",
    "update plans set due_at = due_at + 1",
    "update plans set against = 0",
    "update plans set person = 'somebody else'",
    "update plans set state = 'proposed'",
    "update plans set state = 'published', ended_at = 1",
    "update plans set number = 1",
    "delete from plans",
    "insert into plans select * from plans",
)


@pytest.mark.parametrize("sql", FROZEN)
async def test_the_database_keeps_what_was_reviewed(store: Store, url: str, sql: str) -> None:
    site = await given.published_policy(store)
    plan = await scheduled(store, site)
    with outside(url) as connection, suppress(*Refused):
        connection.run(sql)
    assert await store.plans.page(site.id) == [plan]


async def test_of_five_processes_one_publishes_what_is_due(store: Store, url: str) -> None:
    site = await given.published_policy(store)
    await scheduled(store, site)

    async def carry_out(_: int) -> list[VersionRecord]:
        async with open_store(url) as own:
            return await plans.publish_due(own, DUE)

    done = await asyncio.gather(*map(carry_out, range(5)))
    assert sorted(len(each) for each in done) == [0, 0, 0, 0, 1]
    assert await numbers(store, site) == [2, 1]
    assert (await verbs(store, site)).count("publish") == 2


async def test_a_cancelling_and_the_due_time_at_once_end_in_one_of_both(store: Store) -> None:
    site = await given.published_policy(store)
    plan = await scheduled(store, site)
    ended = await asyncio.gather(
        plans.cancel(store, site, plan.id, AL),
        plans.publish_due(store, DUE),
        return_exceptions=True,
    )
    over = await store.plans.by_id(site.id, plan.id)
    published = over.state is PlanState.PUBLISHED
    assert isinstance(ended[0], Conflict) == published
    assert await numbers(store, site) == ([2, 1] if published else [1])


# --- Four eyes -----------------------------------------------------------------------------------


async def test_with_approval_nobody_publishes_alone(store: Store) -> None:
    site = await watched(store)
    wanted = await asked(store, site)
    with pytest.raises(Forbidden, match="a second person"):
        await policies.publish(store, site, wanted, ED)
    plan = await plans.submit(store, site, wanted, ED)
    assert isinstance(plan, Plan)
    assert await numbers(store, site) == [1]
    record = await plans.approve(store, site, plan.id, AL)
    assert isinstance(record, VersionRecord)
    assert (record.number, record.published_by, record.published_at) == (2, ED.by, AL.now)
    over = await store.plans.by_id(site.id, plan.id)
    assert (over.approved_by, over.approved_at, over.number) == (AL.by, AL.now, 2)
    told = await verbs(store, site)
    assert (told[:2], set(told[2:])) == (["publish", "propose"], {"approve", "publish"})


async def test_who_proposes_may_not_approve(store: Store) -> None:
    site = await watched(store)
    plan = await proposed(store, site)
    with pytest.raises(Forbidden, match="proposed this: somebody else"):
        await plans.approve(store, site, plan.id, ED)
    assert (await store.plans.by_id(site.id, plan.id)).state is PlanState.PROPOSED


async def test_a_token_proposes_for_whoever_made_it_and_never_approves(store: Store) -> None:
    site = await watched(store)
    grant = Grant(Role.EDITOR, site.id)
    made = await accounts.add_token(store, grant, "pipeline", ED)
    machine = Act(f"token:{made.token.id}", given.NOW)
    plan = await proposed(store, site, machine)
    assert (plan.made_by, plan.person) == (machine.by, ED.by)
    other = await accounts.add_token(store, grant, "another", AL)
    for act in (ED, machine, Act(f"token:{other.token.id}", given.NOW)):
        with pytest.raises(Forbidden):
            await plans.approve(store, site, plan.id, act)
    assert isinstance(await plans.approve(store, site, plan.id, AL), VersionRecord)


async def test_what_is_proposed_with_a_time_waits_for_it_after_the_approval(store: Store) -> None:
    site = await watched(store)
    plan = await proposed(store, site, at=AT)
    assert await plans.publish_due(store, DUE - 1) == []
    approved = await plans.approve(store, site, plan.id, AL)
    assert isinstance(approved, Plan)
    assert (approved.state, approved.approved_by) == (PlanState.SCHEDULED, AL.by)
    assert await plans.submit(store, site, plans.asked_of(plan), ED) == approved
    await save(store, site, all_given.policy(), ED)
    (record,) = await plans.publish_due(store, DUE)
    assert record.number == 2


async def test_what_is_approved_too_late_is_published_at_once(store: Store) -> None:
    site = await watched(store)
    plan = await proposed(store, site, at=AT)
    assert await plans.publish_due(store, DUE + 1) == []
    record = await plans.approve(store, site, plan.id, act(DUE + 2, AL.by))
    assert isinstance(record, VersionRecord)
    assert record.published_at == DUE + 2


async def test_a_change_of_the_draft_voids_what_was_proposed(store: Store) -> None:
    site = await watched(store)
    plan = await proposed(store, site)
    await save(store, site, all_given.policy(domain="tea.example"), AL)
    over = await store.plans.by_id(site.id, plan.id)
    assert (over.state, over.said) == (PlanState.CANCELLED, "the draft was changed")
    with pytest.raises(Conflict, match="cancelled already"):
        await plans.approve(store, site, plan.id, AL)


async def test_a_proposal_is_sent_back_with_a_word(store: Store) -> None:
    site = await watched(store)
    plan = await proposed(store, site)
    for word in ("", " \n", "x" * (plans.MAX_WORD + 1)):
        with pytest.raises(Invalid) as refused:
            await plans.send_back(store, site, plan.id, word, AL)
        assert refused.value.field == "word"
    over = await plans.send_back(store, site, plan.id, " Name the vendor. ", AL)
    assert (over.state, over.said, over.ended_by) == (
        PlanState.RETURNED,
        "Name the vendor.",
        AL.by,
    )
    with pytest.raises(Conflict, match="returned already"):
        await plans.approve(store, site, plan.id, AL)
    assert (await verbs(store, site))[-1] == "return"


async def test_what_was_scheduled_alone_is_not_published_once_two_are_wanted(
    store: Store,
) -> None:
    site = await given.published_policy(store)
    plan = await scheduled(store, site)
    await sites.set_approval(store, site, True, AL)
    with pytest.raises(Conflict, match="cancel that one first"):
        await plans.submit(store, site, plans.asked_of(plan), ED)
    assert await plans.publish_due(store, DUE) == []
    over = await store.plans.by_id(site.id, plan.id)
    assert (over.state, over.said[:31]) == (PlanState.REFUSED, "on this site a second person ap")
    assert await numbers(store, site) == [1]


async def test_publishing_an_older_version_anew_needs_the_second_person_too(store: Store) -> None:
    site = await given.published_policy(store)
    wanted = await asked(store, site)
    await plans.submit(store, site, wanted, ED)
    site = await sites.set_approval(store, site, True, ED)
    old = policies.decode_version((await policies.version(store, site, "1")).body).policy
    revision = await save(store, site, old)
    back = Publication(revision=revision, change_class=ChangeClass.PATCH)
    assert isinstance(await plans.submit(store, site, back, ED), Plan)
    assert await numbers(store, site) == [2, 1]


async def test_of_five_who_approve_at_once_one_publishes(store: Store, url: str) -> None:
    site = await watched(store)
    plan = await proposed(store, site)

    async def approve(number: int) -> VersionRecord | Plan:
        async with open_store(url) as own:
            return await plans.approve(own, site, plan.id, act(given.NOW, f"p{number}"))

    done = await asyncio.gather(*map(approve, range(5)), return_exceptions=True)
    assert sum(isinstance(each, VersionRecord) for each in done) == 1
    assert sum(isinstance(each, Conflict) for each in done) == 4
    assert await numbers(store, site) == [2, 1]


@pytest.mark.parametrize("at", ["", AT])
async def test_an_approval_and_a_change_of_the_draft_at_once_agree(
    store: Store, url: str, at: str
) -> None:
    """What is published is what was read, or nothing; and what was typed is kept or refused."""
    site = await watched(store)
    plan = await proposed(store, site, at=at)
    other = all_given.policy(domain="tea.example")

    async def change() -> object:
        async with open_store(url) as own:
            return await policies.save_draft(own, site, plan.revision, other, AL)

    await asyncio.gather(plans.approve(store, site, plan.id, AL), change(), return_exceptions=True)
    over = await store.plans.by_id(site.id, plan.id)
    await plans.publish_due(store, DUE)
    if over.state is PlanState.CANCELLED:
        assert await numbers(store, site) == [1]
    else:
        record = await policies.current(store, site)
        assert policies.decode_version(record.body).policy == msgspec.convert(NEXT, Policy)


async def test_two_who_propose_at_once_make_one_plan(store: Store, url: str) -> None:
    site = await watched(store)
    wanted = await asked(store, site)

    async def propose(number: int) -> object:
        async with open_store(url) as own:
            mine = msgspec.structs.replace(wanted, reason=f"{number}")
            return await plans.submit(own, site, mine, act(given.NOW, f"p{number}"))

    done = await asyncio.gather(*map(propose, range(4)), return_exceptions=True)
    assert sum(isinstance(each, Plan) for each in done) == 1
    assert sum(isinstance(each, Conflict) for each in done) == 3
    assert len(await store.plans.page(site.id)) == 1


# --- Telling before ------------------------------------------------------------------------------


async def test_what_is_announced_is_shown_as_it_will_be(store: Store) -> None:
    site = await given.published_policy(store)
    plan = await scheduled(store, site, announce=True)
    told = await plans.announced(store, site)
    assert told is not None
    assert (told.plan, told.record.number, told.record.published_at) == (plan, 2, DUE)
    (record,) = await plans.publish_due(store, DUE)
    assert record.body == told.record.body
    assert await plans.announced(store, site) is None
    assert (await store.plans.by_id(site.id, plan.id)).number == 2


async def test_what_is_not_announced_or_not_approved_is_not_told(store: Store) -> None:
    site = await given.published_policy(store)
    plan = await scheduled(store, site)
    assert await plans.announced(store, site) is None
    await plans.cancel(store, site, plan.id, ED)
    site = await sites.set_approval(store, site, True, ED)
    plan = await proposed(store, site, at=AT, announce=True)
    assert await plans.announced(store, site) is None
    await plans.approve(store, site, plan.id, AL)
    assert await plans.announced(store, site) is not None
