"""Policies over HTTP: every published version for ever; drafts and publishing with a token."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from consent_service import plans, policies, policy_files
from consent_service.checks import Finding
from consent_service.model import Category, Change, ChangeClass, Draft, Plan, Policy, VersionRecord
from consent_service.parsing import parse
from consent_service.policies import Comparison, Publication, Saving
from consent_service.signing import sha256_b64
from consent_service.web.access import act, site_of
from consent_service.web.api import plans as told_plans
from consent_service.web.api.banner import IMMUTABLE
from consent_service.web.hot import matches
from consent_service.web.limits import body
from consent_service.web.service import service

_JSON = ("application/json",)
_PUBLIC = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}


class VersionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of versions."""

    number: int
    sha256: str
    change_class: ChangeClass
    published_at: int
    superseded_at: int | None


class VersionList(msgspec.Struct, frozen=True, kw_only=True):
    """Every published version of a site, newest first."""

    versions: tuple[VersionSummary, ...]


class DraftDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A draft with the revision that publishing it names."""

    revision: int
    changed_at: int
    changed_by: str
    policy: msgspec.Raw


class DraftSaving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft to be saved over the revision that was seen; 0 for the first."""

    revision: int
    policy: Policy


class DraftProposal(msgspec.Struct, frozen=True, kw_only=True):
    """What publishing would mean, and whose work saving would write over."""

    revision: int
    """The draft's revision now; 0 where there is none."""
    saved: bool
    """Whether the draft says just this."""
    others: tuple[Saving, ...]
    """Who else saved the draft after the revision that was named, the newest first."""
    current: int | None
    """The number of the version in force, which it is compared with; null before the first."""
    changes: tuple[Change, ...]
    proposed: ChangeClass
    asked: tuple[Category, ...]
    """The categories that are asked about again under the proposed class."""
    findings: tuple[Finding, ...]
    """What keeps it from being published."""


async def current(request: Request) -> Response:
    """The version that visitors are asked now: its exact bytes."""
    running, site = service(request), await site_of(request)
    record = await running.current(site)
    return _version(request, record, f"public, max-age={site.max_age}")


async def one(request: Request) -> Response:
    """A version by number or hash, for ever: the exact bytes that its hash is of (R40)."""
    running, site = service(request), await site_of(request)
    record = await policies.version(running.store, site, request.path_params["reference"])
    return _version(request, record, IMMUTABLE)


async def listed(request: Request) -> Response:
    """Every version, newest first."""
    running, site = service(request), await site_of(request)
    records = await running.store.policies.versions(site.id)
    answer = msgspec.json.encode(
        VersionList(versions=tuple(_summary(record) for record in records))
    )
    headers = {**_PUBLIC, "etag": f'"{sha256_b64(answer)}"', "cache-control": "no-cache"}
    return _unless_known(request, answer, headers)


async def draft(request: Request) -> Response:
    """The draft, with its revision."""
    running, site = service(request), await site_of(request)
    found = await policies.draft(running.store, site)
    return _draft(found, 200)


async def save_draft(request: Request) -> Response:
    """Save the draft over the revision that was seen."""
    running, site = service(request), await site_of(request)
    saving = parse(DraftSaving, await body(request, policies.MAX_DRAFT, _JSON))
    saved = await policies.save_draft(
        running.store, site, saving.revision, saving.policy, act(request)
    )
    return _draft(saved, 200)


async def proposal(request: Request) -> Response:
    """What publishing the draft as it stands would mean."""
    running, site = service(request), await site_of(request)
    found = await policies.propose(running.store, site)
    return _proposal(found, found.draft.revision, saved=True)


async def dry_run(request: Request) -> Response:
    """What saving and publishing a policy would mean. Nothing is saved."""
    running, site = service(request), await site_of(request)
    saving = parse(DraftSaving, await body(request, policies.MAX_DRAFT, _JSON))
    draft = await running.store.policies.draft(site.id)
    savings = await policies.saved_since(running.store, site, saving.revision)
    others = tuple(each for each in savings if each.by != act(request).by)
    compared = await policies.compare(running.store, site, saving.policy)
    saved = draft is not None and policies.parse_policy(draft.body) == saving.policy
    return _proposal(compared, draft.revision if draft else 0, saved=saved, others=others)


def _proposal(
    found: Comparison, revision: int, *, saved: bool, others: tuple[Saving, ...] = ()
) -> Response:
    answer = DraftProposal(
        revision=revision,
        saved=saved,
        others=others,
        current=found.current.number if found.current else None,
        changes=found.changes,
        proposed=found.proposed,
        asked=found.asked,
        findings=found.findings,
    )
    headers = {"cache-control": "no-store"}
    return Response(msgspec.json.encode(answer), 200, headers, "application/json")


async def schema(request: Request) -> Response:
    """The JSON Schema of a policy's file, for the editors of those who write one."""
    described = policy_files.schema(service(request).settings.base_url)
    headers = {**_PUBLIC, "cache-control": "public, max-age=300"}
    return Response(msgspec.json.encode(described), 200, headers, "application/schema+json")


async def publish(request: Request) -> Response:
    """Publish the draft at the revision that was seen, or plan to."""
    running, site = service(request), await site_of(request)
    asked = parse(Publication, await body(request, 64_000, _JSON))
    record = await plans.submit(running.store, site, asked, act(request))
    path = f"/v1/sites/{site.key}/policy"
    if isinstance(record, Plan):
        planned = told_plans.answer(told_plans.document(record), 202)
        planned.headers["location"] = f"{path}/plans/{record.id}"
        return planned
    running.forget()
    location = f"{path}/versions/{record.number}"
    return Response(
        msgspec.json.encode(_summary(record)), 201, {"location": location}, "application/json"
    )


def _summary(record: VersionRecord) -> VersionSummary:
    return VersionSummary(
        number=record.number,
        sha256=record.digest,
        change_class=record.change_class,
        published_at=record.published_at,
        superseded_at=record.superseded_at,
    )


def _draft(found: Draft, status: int) -> Response:
    answer = DraftDocument(
        revision=found.revision,
        changed_at=found.changed_at,
        changed_by=found.changed_by,
        policy=msgspec.Raw(found.body),
    )
    headers = {"cache-control": "no-store"}
    return Response(msgspec.json.encode(answer), status, headers, "application/json")


def _version(request: Request, record: VersionRecord, cache: str) -> Response:
    etag = f'"{record.digest}"'
    headers = {**_PUBLIC, "etag": etag, "cache-control": cache, "x-policy-sha256": record.digest}
    return _unless_known(request, record.body, headers)


def _unless_known(request: Request, body: bytes, headers: dict[str, str]) -> Response:
    """These bytes, or 304 where whoever asks has them already (RFC 9110, 13.1.2)."""
    asked = request.headers.get("if-none-match", "").encode("latin-1")
    if asked and matches(asked, headers["etag"].encode()):
        return Response(None, 304, headers)
    return Response(body, 200, headers, "application/json")
