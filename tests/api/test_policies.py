"""Policies over HTTP: exact bytes for ever; drafts and publishing by one editor at a time."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from consent_service.model import Layout, Policy, Role, Theme
from consent_service.policies import MAX_DRAFT
from consent_service.signing import sha256_b64
from tests import given
from tests.given import Json, policy, policy_json
from tests.served import Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

IMMUTABLE = "public, max-age=31536000, immutable"


def _major() -> Policy:
    return policy(declarations=given.with_another_advertiser()["declarations"])


def _minor() -> Policy:
    return policy(documents={"cookies": given.text("# New words"), "privacy": given.text("# Same")})


async def versions(shop: Shop) -> list[Json]:
    """The list that everybody may read."""
    listed: list[Json] = (await shop.get("/policy/versions")).json()["versions"]
    return listed


# --- Reading -------------------------------------------------------------------------------------


async def test_r40_a_version_is_the_same_bytes_by_number_by_hash_and_as_the_current_one(
    stall: Shop,
) -> None:
    current = await stall.get("/policy")
    digest = sha256_b64(current.content)
    for path, cache in (
        ("/policy", "public, max-age=300"),
        ("/policy/versions/1", IMMUTABLE),
        (f"/policy/versions/{digest}", IMMUTABLE),
    ):
        answer = await stall.get(path)
        assert (answer.status_code, answer.content) == (200, current.content)
        assert answer.headers["x-policy-sha256"] == digest
        assert answer.headers["etag"] == f'"{digest}"'
        assert answer.headers["cache-control"] == cache
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["content-type"] == "application/json"
        unchanged = await stall.get(path, if_none_match=f'W/"{digest}"')
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert (await stall.get(path, if_none_match='"x"')).status_code == 200


async def test_r40_what_is_served_is_what_was_stored(stall: Shop) -> None:
    kept = await stall.house.store.policies.version(stall.site.id, 1)
    assert (await stall.get("/policy")).content == kept.body
    assert sha256_b64(kept.body) == kept.digest


async def test_a_version_says_what_it_is(stall: Shop) -> None:
    version = (await stall.get("/policy")).json()
    assert version["site"] == stall.site.key
    assert (version["number"], version["change_class"], version["previous"]) == (1, "major", "")
    assert version["epochs"] == {"preferences": 1, "statistics": 1, "marketing": 1}
    assert version["policy"]["controller"]["name"] == "Nordlund Tea AB"


@pytest.mark.parametrize(
    "reference",
    ["0", "2", "-1", "1.0", "x", "%D9%A1", "9" * 9, "9" * 400, "a" * 43, "%00", "1%0a", "+1"],
)
async def test_a_version_that_is_none_is_not_found(stall: Shop, reference: str) -> None:
    answer = await stall.get(f"/policy/versions/{reference}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_version_of_another_site_is_not_found(stall: Shop, shop: Shop) -> None:
    digest = sha256_b64((await shop.get("/policy")).content)
    assert (await stall.get(f"/policy/versions/{digest}")).status_code == 404


async def test_r43_old_versions_stay_as_they_were(shop: Shop) -> None:
    first = (await shop.get("/policy")).content
    record = await shop.publish(_major())
    second = (await shop.get("/policy")).content
    assert sha256_b64(second) == record.digest != sha256_b64(first)
    assert (await shop.get("/policy/versions/1")).content == first
    assert (await shop.get(f"/policy/versions/{sha256_b64(first)}")).content == first
    assert json.loads(second)["previous"] == sha256_b64(first)
    listed = await versions(shop)
    assert [(each["number"], each["sha256"]) for each in listed] == [
        (2, record.digest),
        (1, sha256_b64(first)),
    ]
    assert [each["superseded_at"] for each in listed] == [None, record.published_at]


async def test_the_list_of_versions_is_sent_only_where_it_changed(shop: Shop) -> None:
    first = await shop.get("/policy/versions")
    etag = first.headers["etag"]
    assert (await shop.get("/policy/versions", if_none_match=f'"x", W/{etag}')).status_code == 304
    head = await shop.client.head(f"{shop.path}/policy/versions")
    assert (head.status_code, head.headers["etag"], head.content) == (200, etag, b"")
    assert head.headers["content-length"] == str(len(first.content))
    await shop.publish(_major())
    again = await shop.get("/policy/versions", if_none_match=etag)
    assert (again.status_code, len(again.json()["versions"])) == (200, 2)


# --- Drafts --------------------------------------------------------------------------------------


async def test_a_draft_is_read_and_saved_at_its_revision(shop: Shop) -> None:
    token = await shop.token()
    draft = (await shop.get("/policy/draft", **token)).json()
    saved = await save(shop, token, draft["revision"], policy_json(domain="tea.example"))
    assert saved.status_code == 200
    assert saved.json()["revision"] == draft["revision"] + 1
    assert saved.json()["policy"]["domain"] == "tea.example"
    assert saved.json()["changed_by"].startswith("token:")
    again = await shop.get("/policy/draft", **token)
    assert again.json() == saved.json()
    assert again.headers["cache-control"] == "no-store"


async def save(shop: Shop, token: dict[str, str], revision: int, content: Json) -> httpx.Response:
    """Put a draft over a revision."""
    body = {"revision": revision, "policy": content}
    return await shop.client.put(f"{shop.path}/policy/draft", json=body, headers=token)


async def test_a_draft_that_moved_on_is_not_overwritten(shop: Shop) -> None:
    token = await shop.token()
    seen = (await shop.get("/policy/draft", **token)).json()["revision"]
    answers = await asyncio.gather(
        *(save(shop, token, seen, policy_json(domain=f"{n}.tea.example")) for n in "abcde")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    won = next(answer for answer in answers if answer.status_code == 200)
    kept = await shop.get("/policy/draft", **token)
    assert kept.json() == won.json()
    assert (await save(shop, token, 0, policy_json())).status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"days": {"granted": 182, "refused": 30}}, "policy.days.refused"),
        ({"days": {"granted": 400, "refused": 182}}, "policy.days.granted"),
        ({"preselected": ["marketing"]}, "policy.preselected"),
        ({"languages": []}, "policy.languages"),
        ({"domain": "tea.example\n"}, "policy.domain"),
        ({"declarations": [{"name": "x"}]}, "policy.declarations[0].category"),
        (
            {"declarations": [given.declaration("x", "marketing", seconds=-1)]},
            "policy.declarations[0].seconds",
        ),
        (
            {"declarations": [given.declaration("x", "marketing", default=True)]},
            "policy.declarations[0].default",
        ),
    ],
)
async def test_r12_a_draft_that_does_not_fit_is_refused_by_name(
    stall: Shop, change: Json, field: str
) -> None:
    token, before = await stall.token(), None
    before = stall.house.contents()
    answer = await save(stall, token, 1, policy_json(**change))
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert stall.house.contents() == before


async def test_a_draft_of_more_than_it_may_have_is_refused(stall: Shop) -> None:
    token = await stall.token() | {"content-type": "application/json"}
    answer = await stall.client.put(
        f"{stall.path}/policy/draft", content=b" " * (MAX_DRAFT + 1), headers=token
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_r45_editors_too_send_json_alone(stall: Shop, method: str) -> None:
    path = "/policy/draft" if method == "PUT" else "/policy/versions"
    token = await stall.token() | {"content-type": "text/plain"}
    answer = await stall.client.request(method, f"{stall.path}{path}", content=b"{}", headers=token)
    assert answer.status_code == 415


# --- Publishing ----------------------------------------------------------------------------------


async def publish(shop: Shop, token: dict[str, str], **asked: Any) -> httpx.Response:
    """Ask for the draft to be published."""
    return await shop.client.post(f"{shop.path}/policy/versions", json=asked, headers=token)


async def test_a_draft_is_published_as_the_next_version(shop: Shop) -> None:
    token, revision = await shop.token(), await shop.draft(_major())
    answer = await publish(shop, token, revision=revision, change_class="major")
    assert answer.status_code == 201, answer.text
    current = await shop.get("/policy")
    assert answer.json() == {
        "number": 2,
        "sha256": sha256_b64(current.content),
        "change_class": "major",
        "published_at": shop.house.clock.now,
        "superseded_at": None,
    }
    assert (await shop.client.get(answer.headers["location"])).content == current.content
    version = current.json()
    assert version["epochs"] == {"preferences": 1, "statistics": 1, "marketing": 2}
    assert [(c["kind"], c["proposed"]) for c in version["changes"]] == [("added", "major")]
    assert [c["epoch"] for c in version["history"]["marketing"]] == [2]


async def test_of_five_publishes_at_once_exactly_one_wins(shop: Shop) -> None:
    token, revision = await shop.token(), await shop.draft(_major())
    answers = await asyncio.gather(
        *(publish(shop, token, revision=revision, change_class="major") for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert [each["number"] for each in await versions(shop)] == [2, 1]
    told = shop.house.rows("select subject from events where verb = 'policy.publish'")
    digest = (await shop.get("/policy")).headers["x-policy-sha256"]
    assert len([subject for (subject,) in told if digest in subject]) == 1


async def test_a_draft_that_moved_on_is_not_published(shop: Shop) -> None:
    token, revision = await shop.token(), await shop.draft(_major())
    await shop.draft(_minor())
    before = shop.house.contents()
    answer = await publish(shop, token, revision=revision, change_class="major")
    assert answer.status_code == 409
    assert shop.house.contents() == before


async def test_a_lower_class_needs_a_written_reason(shop: Shop) -> None:
    token, revision = await shop.token(), await shop.draft(_major())
    before = shop.house.contents()
    for reason in ("", "  \n"):
        answer = await publish(shop, token, revision=revision, change_class="minor", reason=reason)
        assert (answer.status_code, answer.json()["field"]) == (422, "reason")
        assert "major" in answer.json()["detail"]
        assert shop.house.contents() == before
    why = "The provider was bought; nothing else changes."
    answer = await publish(shop, token, revision=revision, change_class="minor", reason=why)
    assert answer.status_code == 201
    version = (await shop.get("/policy")).json()
    assert (version["change_class"], version["override_reason"]) == ("minor", why)
    assert version["epochs"]["marketing"] == 1


async def test_a_reason_is_kept_only_where_the_class_is_lower(shop: Shop) -> None:
    token, revision = await shop.token(), await shop.draft(_major())
    await publish(shop, token, revision=revision, change_class="major", reason="Because.")
    assert (await shop.get("/policy")).json()["override_reason"] == ""


async def test_an_editor_may_ask_again_about_more(shop: Shop) -> None:
    token, revision = await shop.token(), await shop.draft(_minor())
    answer = await publish(shop, token, revision=revision, change_class="major")
    assert (answer.status_code, answer.json()["field"]) == (422, "categories")
    answer = await publish(
        shop, token, revision=revision, change_class="major", categories=["statistics"]
    )
    assert answer.status_code == 201
    version = (await shop.get("/policy")).json()
    assert version["epochs"] == {"preferences": 1, "statistics": 2, "marketing": 1}
    assert version["override_reason"] == ""


async def test_a_minor_version_tells_visitors_and_later_ones_go_on_telling_it(shop: Shop) -> None:
    token, revision = await shop.token(), await shop.draft(_minor())
    note = {"en": "We have a new privacy officer.", "sv": "Vi har ett nytt dataskyddsombud."}
    answer = await publish(
        shop, token, revision=revision, change_class="minor", notice={"en": note["en"]}
    )
    assert answer.status_code == 201, answer.text
    version = (await shop.get("/policy")).json()
    assert (version["notice"]["en"], version["noticed"]) == (note["en"], 2)
    assert version["notice"]["sv"].startswith("Det vi berättar för dig")
    await shop.publish(replace(_minor(), theme=Theme(layout=Layout.CARD)), "patch")
    later = (await shop.get("/policy")).json()
    assert (later["number"], later["notice"], later["noticed"]) == (3, version["notice"], 2)
    await shop.publish(policy(), "minor")
    assert (await shop.get("/policy")).json()["noticed"] == 4
    first = (await shop.get("/policy/versions/1")).json()
    assert (first["notice"], first["noticed"]) == ({}, 0)


@pytest.mark.parametrize(
    ("change_class", "notice", "field"),
    [
        ("patch", {"en": "We moved."}, "notice"),
        ("major", {"en": "We moved."}, "notice"),
        ("minor", {"de": "Wir sind umgezogen."}, "notice.de"),
        ("minor", {"en": "x" * 241}, "notice.en"),
    ],
)
async def test_a_note_that_would_not_be_shown_or_does_not_fit_is_refused(
    shop: Shop, change_class: str, notice: Json, field: str
) -> None:
    token, revision = await shop.token(), await shop.draft(_minor())
    before = shop.house.contents()
    answer = await publish(
        shop,
        token,
        revision=revision,
        change_class=change_class,
        categories=["marketing"],
        reason="A test.",
        notice=notice,
    )
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert shop.house.contents() == before


# What may not be published: the change, and the rule and field of the finding.
UNFIT: dict[str, tuple[Json, str, str]] = {
    "a language without its text": (
        {"banner": {"title": {"en": "Only English"}, "intro": given.text("Intro")}},
        "R16",
        "banner.title.sv",
    ),
    "a tracker that calls itself necessary": (
        {"declarations": [given.declaration("_ga", "necessary")]},
        "R20",
        "declarations[0].category",
    ),
    "a necessary item without a reason": (
        {"declarations": [given.declaration("basket", "necessary", reason={})]},
        "R20",
        "declarations[0].reason.en",
    ),
    "a policy that tells visitors to look again": (
        {
            "documents": {
                "cookies": given.text("Please check this page regularly."),
                "privacy": given.text("x"),
            }
        },
        "R41",
        "documents.cookies.en",
    ),
    "no category texts": ({"categories": {}}, "R14", "categories.necessary"),
    "text that is hard to read": (
        {"theme": {"light": {"back": "#ffffff", "ink": "#999999", "act": "#17324d"}}},
        "R10",
        "theme.light.ink",
    ),
    "Google before a yes, without its signal": ({"google_advanced": True}, "R2", "google_advanced"),
    "a language that the buttons have not": ({"languages": ["en", "xx"]}, "R16", "languages"),
}


@pytest.mark.parametrize("name", UNFIT)
async def test_what_may_not_be_published_is_refused_with_its_findings(
    shop: Shop, name: str
) -> None:
    change, rule, field = UNFIT[name]
    token, revision = await shop.token(), await shop.draft(policy(**change))
    before, shown = shop.house.contents(), (await shop.get("/policy")).content
    answer = await publish(
        shop, token, revision=revision, change_class="major", categories=["marketing"]
    )
    assert answer.status_code == 422
    findings = answer.json()["findings"]
    assert (rule, field) in [(each["rule"], each["field"]) for each in findings]
    assert all(each["message"] for each in findings)
    assert shop.house.contents() == before
    assert (await shop.get("/policy")).content == shown
    assert (await shop.get("/policy/versions/2")).status_code == 404


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"change_class": "major"}, "revision"),
        ({"revision": 1}, "change_class"),
        ({"revision": "1", "change_class": "major"}, "revision"),
        ({"revision": 1, "change_class": "huge"}, "change_class"),
        ({"revision": 1, "change_class": "major", "categories": ["all"]}, "categories[0]"),
        ({"revision": 1, "change_class": "major", "force": True}, "force"),
    ],
)
async def test_what_is_no_request_to_publish_is_refused(
    stall: Shop, asked: Json, field: str
) -> None:
    answer = await publish(stall, await stall.token(), **asked)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_a_site_without_a_draft_says_so(shop: Shop) -> None:
    await shop.house.store.sites.add(
        f"{shop.site.key}-new", "New", (given.ORIGIN,), 300, shop.house.clock.now
    )
    site = await shop.house.store.sites.by_key(f"{shop.site.key}-new")
    new = Shop(shop.house, site, shop.tag)
    token = await new.token(Role.ADMIN)
    assert (await new.get("/policy/draft", **token)).status_code == 404
    assert (await publish(new, token, revision=0, change_class="major")).status_code == 404
    assert (await save(new, token, 0, policy_json())).json()["revision"] == 1
    answer = await publish(new, token, revision=1, change_class="patch")
    assert (answer.status_code, answer.json()["change_class"]) == (201, "major")
    assert (await new.get("/banner.js")).status_code == 200
