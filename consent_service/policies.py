"""Policies: an editor's draft becomes a numbered version, and its banner, at one stroke."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from consent_service import audit, banner, changes, checks, notices, screens, words
from consent_service.audit import MACHINE, SERVICE, Act
from consent_service.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from consent_service.model import (
    OPTIONAL,
    Artifact,
    Category,
    Change,
    ChangeClass,
    Draft,
    Event,
    Plan,
    PlanState,
    Policy,
    PolicyVersion,
    Site,
    Text,
    VersionRecord,
)
from consent_service.parsing import parse
from consent_service.signing import sha256_b64
from consent_service.store import Store

MAX_DRAFT = 4_000_000
"""Bytes of an encoded draft: 10,000 declarations in a few languages."""

_SAVED = "policy.draft"
"""The verb under which the audit trail has each saving of a draft."""
_PUBLISHED = "policy.publish"
_SAVED_BY_ITSELF = "policy.autosave"
"""The verb for the first of several savings that a page made while somebody typed: it stands for
all that follow, as long as nobody else comes between and they go on."""
_MOST_SAVINGS = 200

SITTING = 600
"""Seconds after which a page that saves by itself leaves another trace."""
_TRIES = 5

_ENDED = {
    PlanState.CANCELLED: "policy.cancel",
    PlanState.RETURNED: "policy.return",
    PlanState.REFUSED: "policy.refuse",
}
"""How the audit trail calls the end of a plan that was not published."""


class Publication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an editor asks for when publishing."""

    revision: int
    """The draft's revision that the editor saw. Another one is refused with 409."""
    change_class: ChangeClass
    categories: tuple[Category, ...] = ()
    """Categories to ask about again, beside those that the differ found; for a major version."""
    reason: str = ""
    """Why the class is lower than the proposed one; kept, and shown to auditors."""
    notice: Text = {}
    """A note to visitors for a minor version, by language; what is missing is proposed from the
    changes."""
    at: str = ""
    """When: `2026-12-01T09:00`, in `zone` or with an offset such as `+01:00`; at once if empty."""
    zone: str = ""
    """The time zone of `at`, such as `Europe/Stockholm`; UTC if empty."""
    announce: bool = False
    """Whether the public list of changes tells of it before its time has come."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What publishing a policy would mean, beside the version in force."""

    policy: Policy
    current: PolicyVersion | None
    changes: tuple[Change, ...]
    proposed: ChangeClass
    asked: tuple[Category, ...]
    """The categories that would be asked about again under the proposed class."""
    findings: tuple[checks.Finding, ...]


class Proposal(Comparison, frozen=True, kw_only=True):
    """What publishing the draft would mean."""

    draft: Draft


class Saving(msgspec.Struct, frozen=True, kw_only=True):
    """One saving of a draft: which revision it made, who, when."""

    revision: int
    by: str
    at: int


def parse_policy(body: bytes) -> Policy:
    """Bytes to a policy. Total: it returns, or raises `Invalid`, which names the field."""
    _fits(body)
    return parse(Policy, body)


def _fits(body: bytes) -> None:
    if len(body) > MAX_DRAFT:
        raise Invalid(
            f"a policy has at most {MAX_DRAFT} bytes, and this one has {len(body)}: shorten what "
            "was pasted last"
        )


@lru_cache(maxsize=8)
def decode_draft(body: bytes) -> Policy:
    """A draft's bytes as the type. They are ours: a failure is a broken database."""
    return msgspec.json.decode(body, type=Policy)


def encode(value: Any) -> bytes:
    """The canonical bytes of a policy or version: JSON with sorted keys and no spaces, UTF-8.

    Called once for each version: what is hashed is what is stored and served, never a second
    encoding.
    """
    return msgspec.json.encode(value, order="sorted")


@lru_cache(maxsize=64)
def decode_version(body: bytes) -> PolicyVersion:
    """A published version's bytes as the type. They are ours: a failure is a broken database."""
    return msgspec.json.decode(body, type=PolicyVersion)


async def save_draft(
    store: Store, site: Site, seen: int, policy: Policy, act: Act, *, by_itself: bool = False
) -> Draft:
    """Save the draft over revision `seen` (0 for the first). Raises `Conflict` if it moved on.

    What was proposed of it and not approved yet is void then: nobody approves another text than
    the one that they read. `by_itself` where a page saved what was being typed: see
    `_SAVED_BY_ITSELF`.
    """
    body = encode(policy)
    _fits(body)
    seen = await _not_saved_since(store, site, seen)
    async with store.transaction() as tx:
        draft = await tx.policies.save_draft(site.id, seen, body, act.now, act.by)
        if not (by_itself and await _goes_on(tx, site, act)):
            verb = _SAVED_BY_ITSELF if by_itself else _SAVED
            await audit.log(tx, act, verb, f"revision {draft.revision}", site.id)
        plan = await tx.plans.waiting(site.id)
        if plan and plan.state is PlanState.PROPOSED:
            await end_plan(tx, plan, PlanState.CANCELLED, "the draft was changed", act)
    return draft


async def _goes_on(store: Store, site: Site, act: Act) -> bool:
    """Whether the newest trace of this draft is of the same person's page, a short while ago."""
    for newest in (await _traces(store, site, 1))[:1]:
        same = newest.verb == _SAVED_BY_ITSELF and newest.actor == act.by
        return same and act.now - newest.at < SITTING
    return False


async def edit_draft(
    store: Store,
    site: Site,
    edit: Callable[[Policy], Policy],
    act: Act,
    *,
    by_itself: bool = False,
) -> Draft:
    """Change a part of the draft, as it is now; what others saved meanwhile stays.

    `edit` looks whether its own part is still what was seen, and raises `Conflict` where it is
    not. A draft that it leaves as it is is not saved again. Raises `NotFound` without a draft.
    """
    for _ in range(_TRIES):
        found = await draft(store, site)
        before = decode_draft(found.body)
        policy = edit(before)
        if policy == before:
            return found
        try:
            return await save_draft(store, site, found.revision, policy, act, by_itself=by_itself)
        except Conflict:
            continue
    raise Conflict("this draft is being saved again and again by others: try once more")


async def _not_saved_since(store: Store, site: Site, seen: int) -> int:
    """The draft's revision, where only publishing has moved it on from the one that was seen.

    Whoever types while a version is published has nobody's work to write over.
    """
    found = await store.policies.draft(site.id)
    if seen and found and found.revision > seen and not await saved_since(store, site, seen):
        return found.revision
    return seen


async def end_plan(tx: Store, plan: Plan, state: PlanState, said: str, act: Act) -> Plan:
    """End a plan that is not to be published, with the reason. Part of a transaction."""
    ended = await tx.plans.end(plan, state, said, act.now, act.by)
    await audit.log(tx, act, _ENDED[state], f"{plan.id}: {said}" if said else plan.id, plan.site_id)
    return ended


async def propose(store: Store, site: Site) -> Proposal:
    """What publishing the draft as it stands would mean. Raises `NotFound` without a draft."""
    # The version before the draft: whoever publishes in between moves the draft's revision, so
    # that the draft is never compared with itself.
    record = await store.policies.current(site.id)
    found_draft = await draft(store, site)
    compared = compared_with(record, decode_draft(found_draft.body))
    return Proposal(draft=found_draft, **msgspec.structs.asdict(compared))


async def compare(store: Store, site: Site, policy: Policy) -> Comparison:
    """What publishing `policy` would mean, were it the draft. Nothing is saved."""
    return compared_with(await store.policies.current(site.id), policy)


def compared_with(record: VersionRecord | None, policy: Policy) -> Comparison:
    """What publishing `policy` after that version would mean; after none, as the first."""
    current = decode_version(record.body) if record else None
    found = changes.diff(current.policy, policy) if current else ()
    return Comparison(
        policy=policy,
        current=current,
        changes=found,
        proposed=changes.proposed_class(found) if current else ChangeClass.MAJOR,
        asked=changes.affected(found) if current else OPTIONAL,
        findings=checks.findings(policy, words.languages()),
    )


async def unpublished(store: Store, site: Site) -> bool:
    """Whether the draft says something that the version in force does not say."""
    record, found = await store.policies.current(site.id), await store.policies.draft(site.id)
    if found is None:
        return False
    return record is None or parse_policy(found.body) != decode_version(record.body).policy


async def saved_since(store: Store, site: Site, revision: int) -> tuple[Saving, ...]:
    """Who saved the draft after it was at `revision`, the newest first: the audit trail knows."""
    found = await store.policies.draft(site.id)
    if found is None:
        return ()
    savings, newest = [], found.revision
    for event in await _traces(store, site, _MOST_SAVINGS):
        if event.verb == _PUBLISHED:
            newest -= 1
            continue
        # What a page saved by itself goes on until the next trace.
        last = newest if event.verb == _SAVED_BY_ITSELF else _revision(event)
        savings.append(Saving(revision=last, by=event.actor, at=event.at))
        newest = _revision(event) - 1
    return tuple(saving for saving in savings if saving.revision > revision)


async def _traces(store: Store, site: Site, most: int) -> list[Event]:
    """What moved the draft's revision, as the audit trail has it, the newest first."""
    verbs = (_SAVED_BY_ITSELF, _SAVED, _PUBLISHED)
    lots = [await store.events.of_verb(site.id, verb, most) for verb in verbs]
    events = (event for lot in lots for event in lot)
    return sorted(events, key=lambda event: (event.at, event.id), reverse=True)


def _revision(event: Event) -> int:
    return int(event.subject.rpartition(" ")[2])


async def take_back(store: Store, site: Site, record: VersionRecord, seen: int, act: Act) -> Draft:
    """An older version's policy as the draft, to be published anew: as a new version.

    Raises `Conflict` where the draft is not at revision `seen` any more.
    """
    return await save_draft(store, site, seen, decode_version(record.body).policy, act)


async def publish(
    store: Store, site: Site, asked: Publication, act: Act, plan: Plan | None = None
) -> VersionRecord:
    """Freeze the draft at the revision that the editor saw, as the next version; or a plan.

    Raises `Conflict` if the draft moved on meanwhile, `Refused` with the findings if it may not
    be published, `Invalid` for a class below the proposed one without a reason, or where another
    version is in force than the one that a plan was compared with; `Forbidden` where the site
    wants a second person and there is none.
    """
    compared = await planned(store, site, plan) if plan else await review(store, site, asked)
    record = await record_of(store, site, compared, asked, act)
    if plan:
        record = msgspec.structs.replace(record, published_by=plan.made_by)
    version = decode_version(record.body)
    # All that takes time is done: the transaction only writes. Whoever published between the
    # reading and here has the number, or has moved the draft's revision, and then this fails.
    artifacts = await asyncio.to_thread(_composed, site, version, act.now)
    async with store.transaction() as tx:
        await _claim(tx, site, asked, act, plan)
        await tx.policies.add_version(record)
        for artifact in artifacts:
            await tx.policies.add_artifact(artifact)
        if plan:
            await tx.plans.publish(plan, record.number, act.now, act.by)
        subject = f"version {record.number} {record.digest} {record.change_class.value}"
        await screens.enqueue(tx, site, record.number, act)
        await audit.log(tx, act, _PUBLISHED, subject, site.id)
    return record


def _composed(site: Site, version: PolicyVersion, now: int) -> list[Artifact]:
    """Both files in every language. In a thread: to compress those of 29 languages takes two
    seconds, in which visitors are to be answered.
    """
    banners = (
        banner.compose(site.id, version, language, now) for language in version.policy.languages
    )
    return [artifact for both in banners for artifact in both]


async def review(store: Store, site: Site, asked: Publication) -> Proposal:
    """What the editor saw, if it still is so. Raises `Conflict`; `Refused` with the findings."""
    proposal = await propose(store, site)
    if proposal.draft.revision != asked.revision:
        raise Conflict(f"the draft is no longer at revision {asked.revision}: read it again")
    _check(proposal)
    return proposal


async def planned(store: Store, site: Site, plan: Plan) -> Comparison:
    """What was reviewed, compared once more: the checks and the differ may be newer than it."""
    compared = await compare(store, site, parse_policy(plan.policy))
    if number_of(compared) != plan.against:
        raise Invalid(
            f"version {number_of(compared)} was published meanwhile, and this was compared with "
            f"version {plan.against}: look at it again, and plan it anew"
        )
    _check(compared)
    return compared


def number_of(compared: Comparison) -> int:
    """The number of the version that was compared with; 0 where there is none yet."""
    return compared.current.number if compared.current else 0


def _check(compared: Comparison) -> None:
    if compared.findings:
        raise Refused("this draft may not be published yet", compared.findings)


async def _claim(
    tx: Store, site: Site, asked: Publication, act: Act, plan: Plan | None = None
) -> None:
    """Whoever gets through here publishes. The draft first, and then the plan: always in this
    order, so that nobody waits for anybody who waits for them.
    """
    if plan is None:
        await tx.policies.claim_draft(site.id, asked.revision)
        await _nobody_need_approve(tx, site)
        await _overtake(tx, site, act)
    elif plan.state is PlanState.PROPOSED:
        await tx.policies.claim_draft(site.id, plan.revision)
        await approve_plan(tx, plan, act)
    else:
        await tx.policies.move_draft(site.id)
        if plan.approved_by is None:
            await _nobody_need_approve(tx, site)


async def _nobody_need_approve(tx: Store, site: Site) -> None:
    # As it is in the database: what a process remembers of a site may be a second old.
    if (await tx.sites.by_id(site.id)).approval:
        raise Forbidden("on this site a second person approves what is published: propose it")


async def _overtake(tx: Store, site: Site, act: Act) -> None:
    """What waits was compared with the version that is in force no longer."""
    plan = await tx.plans.waiting(site.id)
    if plan:
        said = "another version was published before it"
        await end_plan(tx, plan, PlanState.CANCELLED, said, act)


async def approve_plan(tx: Store, plan: Plan, act: Act) -> Plan:
    """Put the second person's name on a plan. Part of a transaction that holds the draft."""
    check_approver(plan, act)
    approved = await tx.plans.approve(plan, act.now, act.by)
    await audit.log(tx, act, "policy.approve", plan.id, plan.site_id)
    return approved


def check_approver(plan: Plan, act: Act) -> None:
    """Four eyes, of two people. Raises `Forbidden`."""
    if act.by.startswith(MACHINE):
        raise Forbidden("a token may propose; only a person, signed in, may approve")
    if act.by in (plan.person, plan.made_by):
        raise Forbidden(f"{plan.person} proposed this: somebody else is to approve it")


async def record_of(
    store: Store, site: Site, compared: Comparison, asked: Publication, act: Act
) -> VersionRecord:
    """The version that a publication makes, with its bytes. Nothing is stored."""
    current = await store.policies.current(site.id)
    version = version_of(site, compared, asked, current, act.now)
    body = encode(version)
    return VersionRecord(
        site_id=site.id,
        number=version.number,
        digest=sha256_b64(body),
        body=body,
        change_class=version.change_class,
        published_at=act.now,
        published_by=act.by,
        superseded_at=None,
    )


def version_of(
    site: Site, proposal: Comparison, asked: Publication, current: VersionRecord | None, now: int
) -> PolicyVersion:
    """The version that a publication makes. Raises `Invalid` where it may not be of that class."""
    if proposal.current is None or current is None:
        return PolicyVersion(
            site=site.key,
            number=1,
            published_at=now,
            change_class=ChangeClass.MAJOR,
            epochs=dict.fromkeys(OPTIONAL, 1),
            policy=proposal.policy,
        )
    before = proposal.current
    raised = changes.asked(proposal.changes, asked.change_class, asked.categories, asked.reason)
    lowered = proposal.proposed is not asked.change_class and bool(asked.reason.strip())
    number, languages = before.number + 1, proposal.policy.languages
    notice = notices.of_version(asked.change_class, asked.notice, proposal.changes, languages)
    return PolicyVersion(
        site=site.key,
        number=number,
        published_at=now,
        previous=current.digest,
        change_class=asked.change_class,
        epochs=changes.next_epochs(before.epochs, raised),
        changes=proposal.changes,
        history=changes.next_history(before, proposal.changes, raised),
        override_reason=asked.reason.strip() if lowered else "",
        # Who has not seen the last note yet is told of it by every version that follows.
        notice=notice or before.notice,
        noticed=number if notice else before.noticed,
        policy=proposal.policy,
    )


async def version(store: Store, site: Site, reference: str) -> VersionRecord:
    """A version by its number or its digest. Raises `NotFound`."""
    if reference.isascii() and reference.isdigit() and len(reference) < 10:
        return await store.policies.version(site.id, int(reference))
    return await store.policies.version_by_digest(site.id, reference)


async def current(store: Store, site: Site) -> VersionRecord:
    """The version that visitors are asked now. Raises `NotFound` before the first is published."""
    record = await store.policies.current(site.id)
    if record is None:
        raise NotFound(f"{site.key} has not published a policy yet")
    return record


async def compose_anew(store: Store, now: int) -> int:
    """Give each site's current version a banner made by this release, where it has none.

    A new release brings a new widget: its bytes are another artifact of the same version, and
    receipts name the one that ran. Returns how many were made.
    """
    made = 0
    for site in await store.sites.all():
        record = await store.policies.current(site.id)
        if record is not None:
            made += await _compose_version(store, site, record, now)
    return made


async def _compose_version(store: Store, site: Site, record: VersionRecord, now: int) -> int:
    version = decode_version(record.body)
    made = 0
    for language in version.policy.languages:
        # By the tag, which is quick to find: compressing every site's banners takes its time.
        if not await _is_made(store, site, banner.tag(version, language)):
            await _add_banner(store, site, banner.compose(site.id, version, language, now))
            made += 1
    return made


async def _add_banner(store: Store, site: Site, composed: banner.Banner) -> None:
    first = composed.banner
    async with store.transaction() as tx:
        # The banner names the settings: whoever has the one must find the other.
        await tx.policies.add_artifact(composed.settings)
        await tx.policies.add_artifact(first)
        await screens.enqueue(tx, site, first.version, Act(SERVICE, first.created_at))


async def _is_made(store: Store, site: Site, tag: str) -> bool:
    try:
        await store.policies.artifact_by_tag(site.id, tag)
    except NotFound:
        return False
    return True


async def draft(store: Store, site: Site) -> Draft:
    """The site's draft. Raises `NotFound` before the first is saved."""
    found = await store.policies.draft(site.id)
    if found is None:
        raise NotFound(f"{site.key} has no draft yet: save one first")
    return found
