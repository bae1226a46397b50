"""A choice becomes a receipt on file, or is refused and leaves nothing behind."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest

from consent_service.receipts import MAX_BODY
from consent_service.signing import Purpose, b64url, rotate, sha256_b64
from tests import given
from tests.given import ALL, ORIGIN, Json, choices, policy
from tests.served import House, Shop, open_shop, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")

_HEADER = re.compile(r"\{\"alg\":\"EdDSA\",\"kid\":\"[A-Za-z0-9_-]{43}\",\"typ\":\"[a-z+-]+\"\}")


def claims_of(token: str) -> Json:
    """What a receipt says. The shop's fixture verifies what is on file."""
    claims: Json = jwt.decode(token, options={"verify_signature": False})
    return claims


async def recorded(stall: Shop, choice: Json) -> Json:
    """The claims of the receipt that the choice is answered with."""
    answer = await stall.post(choice)
    assert answer.status_code == 201, answer.text
    return claims_of(answer.json()["receipt"])


async def test_r42_a_choice_becomes_a_receipt_on_file(stall: Shop) -> None:
    choice = stall.choice(viewport="narrow", layer=2, source="preferences")
    answer = await stall.post(choice)
    assert answer.status_code == 201
    assert answer.json() == {
        "id": choice["id"],
        "receipt": answer.json()["receipt"],
        "recorded_at": "2027-01-15T08:00:00Z",
    }
    read = await stall.get(f"/receipts/{choice['id']}")
    assert read.status_code == 200
    assert read.json()["receipt"] == answer.json()["receipt"]
    assert read.json()["claims"] == claims_of(answer.json()["receipt"])


async def test_a_receipt_says_what_was_chosen_and_nothing_else(stall: Shop) -> None:
    choice = stall.choice(action="custom", choices=choices("statistics"), gpc=True)
    claims = await recorded(stall, choice)
    current = await stall.get("/policy")
    banner = await stall.get("/banner.js", accept_encoding="identity")
    now = stall.house.clock.now
    assert len(claims.pop("sub")) == 22
    assert claims == {
        "iss": "https://consent.example",
        "jti": choice["id"],
        "iat": now,
        "site": stall.site.key,
        "act": "custom",
        "src": "banner",
        "cat": {
            "necessary": True,
            "preferences": False,
            "statistics": True,
            "marketing": False,
        },
        "pol": {"v": 1, "sha256": sha256_b64(current.content), "lang": "en"},
        "ui": {"sha256": sha256_b64(banner.content), "layer": 1, "viewport": "wide"},
        "epoch": {"preferences": 1, "statistics": 1, "marketing": 1},
        "basis": "opt-in",
        "gpc": True,
        "exp_consent": now + 182 * 86_400,
        "prev": None,
    }


async def test_a_receipt_has_exactly_the_header_that_verifiers_expect(stall: Shop) -> None:
    token = (await stall.post(stall.choice())).json()["receipt"]
    header = jwt.utils.base64url_decode(token.partition(".")[0]).decode()
    assert _HEADER.fullmatch(header)
    assert jwt.get_unverified_header(token)["typ"] == "consent-receipt+jwt"


async def test_the_texts_and_the_code_that_a_receipt_names_can_be_fetched(stall: Shop) -> None:
    claims = await recorded(stall, stall.choice())
    text = await stall.get(f"/policy/versions/{claims['pol']['sha256']}")
    code = await stall.get(f"/banner/{claims['ui']['sha256']}.js")
    assert sha256_b64(text.content) == claims["pol"]["sha256"]
    assert sha256_b64(code.content) == claims["ui"]["sha256"]
    assert stall.tag.encode() in code.content


@pytest.mark.parametrize(
    ("action", "granted"),
    [("reject_all", ()), ("custom", ()), ("withdraw", ()), ("gpc", ())],
)
async def test_r32_a_refusal_has_no_id_and_its_own_days(
    stall: Shop, action: str, granted: tuple[str, ...]
) -> None:
    claims = await recorded(stall, stall.choice(action=action, choices=choices(*granted)))
    assert "sub" not in claims
    assert claims["exp_consent"] == claims["iat"] + 150 * 86_400
    assert [name for name, given in claims["cat"].items() if given] == ["necessary"]


async def test_r04_a_receipt_grants_only_what_was_chosen(stall: Shop) -> None:
    for granted in ([], ["marketing"], ["preferences", "statistics"]):
        claims = await recorded(stall, stall.choice(action="custom", choices=choices(*granted)))
        assert [name for name in ALL if claims["cat"][name]] == granted


async def test_a_chain_of_grants_keeps_its_id_and_points_back(stall: Shop) -> None:
    first = (await stall.post(stall.choice())).json()
    second = (
        await stall.post(
            stall.choice(action="custom", choices=choices("statistics"), previous=first["id"])
        )
    ).json()
    third = claims_of((await stall.post(stall.choice(previous=second["id"]))).json()["receipt"])
    assert third["sub"] == claims_of(second["receipt"])["sub"] == claims_of(first["receipt"])["sub"]
    assert third["prev"] == b64url(hashlib.sha256(second["receipt"].encode()).digest())
    assert claims_of(second["receipt"])["prev"] == sha256_b64(first["receipt"].encode())


async def test_r42_a_withdrawal_points_back_and_has_no_id(stall: Shop) -> None:
    grant = (await stall.post(stall.choice())).json()
    withdrawal = await recorded(stall, stall.refusal(action="withdraw", previous=grant["id"]))
    assert withdrawal["prev"] == sha256_b64(grant["receipt"].encode())
    assert "sub" not in withdrawal
    after = await recorded(stall, stall.choice(previous=withdrawal["jti"]))
    assert after["sub"] != claims_of(grant["receipt"])["sub"]


async def test_ids_of_browsers_are_random_and_never_shared(stall: Shop) -> None:
    claims = [await recorded(stall, stall.choice()) for _ in range(3)]
    assert len({each["sub"] for each in claims}) == 3


async def test_a_previous_receipt_that_is_not_on_file_is_no_obstacle(
    shop: Shop, house: House
) -> None:
    other = await open_shop(house, f"{shop.site.key}-b")
    elsewhere = (await other.post(other.choice())).json()["id"]
    for previous in (given.new_id(), elsewhere):
        assert (await recorded(shop, shop.choice(previous=previous)))["prev"] is None


async def test_r42_the_time_is_the_services_own(stall: Shop) -> None:
    """The id holds the time of the visitor's clock, which may say anything."""
    old = str(UUID(int=(0x7000 << 64) | (0x8 << 60) | 1))
    assert (await recorded(stall, stall.choice(id=old)))["iat"] == stall.house.clock.now


async def test_r45_a_retry_gets_the_receipt_that_is_on_file(shop: Shop) -> None:
    choice = shop.choice()
    first = await shop.post(choice)
    shop.house.clock.time += 3600
    retry = await shop.post(choice)
    assert (first.status_code, retry.status_code) == (201, 200)
    assert retry.json() == first.json()
    assert await shop.house.store.receipts.count(shop.site.id) == 1


OTHER: dict[str, Json] = {
    "choices": {"action": "custom", "choices": choices("marketing")},
    "action": {"action": "custom"},
    "source": {"source": "api"},
    "layer": {"layer": 2},
    "viewport": {"viewport": "narrow"},
    "gpc": {"gpc": True},
    "refusal": {"action": "reject_all", "choices": choices()},
}


@pytest.mark.parametrize("change", OTHER)
async def test_r45_an_id_that_stands_for_another_choice_is_refused(
    stall: Shop, change: str
) -> None:
    choice = stall.choice()
    first = await stall.post(choice)
    answer = await stall.post(choice | OTHER[change])
    assert (answer.status_code, answer.json()["field"]) == (409, "id")
    read = await stall.get(f"/receipts/{choice['id']}")
    assert read.json()["receipt"] == first.json()["receipt"]


async def test_r45_an_id_does_not_get_another_past(stall: Shop) -> None:
    one, two = [(await stall.post(stall.choice())).json()["id"] for _ in range(2)]
    choice = stall.choice(previous=one)
    assert (await stall.post(choice)).status_code == 201
    assert (await stall.post(choice | {"previous": two})).status_code == 409
    assert (await stall.post(choice | {"previous": None})).status_code == 200


async def test_an_id_of_another_site_is_taken(shop: Shop, house: House) -> None:
    other = await open_shop(house, f"{shop.site.key}-b")
    choice = shop.choice()
    assert (await shop.post(choice)).status_code == 201
    assert (await other.post(other.choice(id=choice["id"]))).status_code == 409
    answer = await house.client.get(f"{other.path}/receipts/{choice['id']}")
    assert answer.status_code == 404


async def test_an_erased_receipt_does_not_come_back(shop: Shop) -> None:
    choice = shop.choice()
    await shop.post(choice)
    await shop.erase(choice["id"])
    assert (await shop.get(f"/receipts/{choice['id']}")).status_code == 404
    assert (await shop.post(choice)).status_code == 409


async def test_r45_twenty_identical_posts_at_once_make_one_receipt(shop: Shop) -> None:
    choice = shop.choice()
    answers = await asyncio.gather(*(shop.post(choice) for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["receipt"] for answer in answers}) == 1
    assert await shop.house.store.receipts.count(shop.site.id) == 1


# --- What does not fit ---------------------------------------------------------------------------

# What is changed in a good choice; the field that the problem names; a part of its words.
MALFORMED: dict[str, tuple[Json, str, str]] = {
    "a number where a boolean belongs": (
        {"choices": {**choices(), "marketing": 1}},
        "choices.marketing",
        "expected a boolean, got a whole number",
    ),
    "null where a boolean belongs": ({"gpc": None}, "gpc", "expected a boolean, got null"),
    "a text where a boolean belongs": ({"gpc": "false"}, "gpc", "expected a boolean, got a string"),
    "a category that is none": (
        {"choices": {**choices(), "social": True}},
        "choices.social",
        "no such member",
    ),
    "choices as a list": ({"choices": ["marketing"]}, "choices", "expected an object, got a list"),
    "an unknown member": ({"user": "ada"}, "user", "no such member"),
    "a huge version": ({"version": 10**30}, "version", ""),
    "a version beyond 32 bits": ({"version": 2**31}, "version", "<= 2147483647"),
    "a version of zero": ({"version": 0}, "version", ">= 1"),
    "a version as text": ({"version": "1"}, "version", "expected a whole number, got a string"),
    "a version with a fraction": ({"version": 1.5}, "version", "expected a whole number"),
    "a layer that is none": ({"layer": 3}, "layer", "<= 2"),
    "a viewport that is none": ({"viewport": "huge"}, "viewport", "huge"),
    "the service's own action": ({"action": "import"}, "action", "import"),
    "a source that is none": ({"source": "nowhere"}, "source", "nowhere"),
    "an id of version 4": ({"id": "0e37df36-f698-41e6-8dd3-fb9ff5e0ba8e"}, "id", "expected"),
    "an id in capitals": ({"id": given.new_id().upper()}, "id", "expected"),
    "an id with a line break": ({"id": f"{given.new_id()}\n"}, "id", "expected"),
    "an id with NUL": ({"id": f"{given.new_id()}\0"}, "id", "expected"),
    "a previous id that is none": ({"previous": "x"}, "previous", "expected"),
    "a previous id that is a number": ({"previous": 7}, "previous", "got a whole number"),
    "an artifact that is none": ({"artifact": "zz"}, "artifact", "expected"),
    "an artifact with a line break": ({"artifact": f"{'a' * 16}\n"}, "artifact", "expected"),
    "a language that is none": ({"language": "../en"}, "language", "expected"),
    "necessary items denied": (
        {"choices": {**choices(*ALL), "necessary": False}},
        "choices",
        "not a choice",
    ),
    "a yes that denies": ({"choices": choices("marketing")}, "choices", "accept_all"),
    "a no that grants": ({"action": "reject_all"}, "choices", "reject_all"),
}


async def refused(stall: Shop, body: bytes, status: int, field: str, words: str = "") -> Json:
    """The problem that a body is answered with, which must leave nothing behind."""
    before = stall.house.contents()
    answer = await stall.post_bytes(body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Json = answer.json()
    assert problem["status"] == status
    assert problem.get("field", "") == field, problem
    assert words in problem["detail"]
    assert stall.house.contents() == before
    return problem


@pytest.mark.parametrize("name", MALFORMED)
async def test_r45_what_does_not_fit_is_named_and_nothing_is_stored(stall: Shop, name: str) -> None:
    change, field, words = MALFORMED[name]
    problem = await refused(stall, json.dumps(stall.choice() | change).encode(), 422, field, words)
    assert problem["detail"].startswith(field)


@pytest.mark.parametrize("member", given.choice("0" * 16))
async def test_r45_every_member_is_required(stall: Shop, member: str) -> None:
    choice = stall.choice()
    del choice[member]
    await refused(stall, json.dumps(choice).encode(), 422, member, "required")


@pytest.mark.parametrize("category", choices())
async def test_r45_every_category_is_decided_about(stall: Shop, category: str) -> None:
    decided = choices(*ALL)
    del decided[category]
    body = json.dumps(stall.choice(choices=decided)).encode()
    await refused(stall, body, 422, f"choices.{category}", "required")


NOT_CHOICES: dict[str, tuple[bytes, str, str]] = {
    "nothing": (b"", "", "not JSON"),
    "null": (b"null", "", "expected an object, got null"),
    "a list": (b"[]", "", "expected an object, got a list"),
    "a number": (b"7", "", "expected an object, got a whole number"),
    "a text": (b'"yes"', "", "expected an object, got a string"),
    "half a choice": (b'{"id": "', "", "not JSON"),
    "a form": (b"id=1&choices=all", "", "not JSON"),
    "NaN": (b'{"version": NaN}', "", "not JSON"),
    "infinity": (b'{"version": 1e999}', "version", ""),
    "a number of 5000 digits": (b'{"version": %s}' % (b"9" * 5000), "version", ""),
    "invalid UTF-8": (b'{"id": "\xff\xfe"}', "", "not JSON"),
    "half a surrogate pair": (b'{"id": "\\ud800"}', "", "not JSON"),
    "UTF-16": ('{"id": 1}'.encode("utf-16"), "", "not JSON"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "", "not JSON"),
    "a deep list": (b"[" * 8000, "", "got a list"),
    "a deep list in a member": (b'{"id":' + b"[" * 8000, "id", "got a list"),
    "a deep object": (b'{"choices":' * 700, "choices.choices", "no such member"),
}


@pytest.mark.parametrize("name", NOT_CHOICES)
async def test_r45_what_is_no_choice_at_all_is_refused(stall: Shop, name: str) -> None:
    body, field, words = NOT_CHOICES[name]
    await refused(stall, body, 422, field, words)


@pytest.mark.parametrize(
    ("member", "again"),
    [
        ("action", b'{"action": "reject_all", '),
        ("id", b'{"id": "0196f1d0-1111-7000-8000-000000000000", '),
        ("gpc", b'{"\\u0067pc": false, '),
    ],
)
async def test_r45_a_member_that_is_there_twice_is_refused(
    stall: Shop, member: str, again: bytes
) -> None:
    body = again + json.dumps(stall.choice()).encode()[1:]
    await refused(stall, body, 422, member, "twice")


async def test_r45_a_category_that_is_decided_twice_is_refused(stall: Shop) -> None:
    body = json.dumps(stall.choice()).encode()
    twice = body.replace(b'"marketing": true', b'"marketing": false, "marketing": true')
    await refused(stall, twice, 422, "marketing", "twice")


async def test_r45_a_version_that_never_was_is_refused(stall: Shop) -> None:
    body = json.dumps(stall.choice(version=2)).encode()
    await refused(stall, body, 422, "version", "no version 2")


async def test_r45_a_banner_that_never_was_is_refused(shop: Shop, house: House) -> None:
    other = await open_shop(house, f"{shop.site.key}-b")
    for artifact in ("0123456789abcdef", other.tag):
        body = json.dumps(shop.choice(artifact=artifact)).encode()
        await refused(shop, body, 422, "artifact", "no such banner")


async def test_r45_a_banner_in_another_language_is_refused(stall: Shop) -> None:
    swedish = json.dumps(stall.choice(language="sv")).encode()
    await refused(stall, swedish, 422, "artifact", "another version or language")
    german = json.dumps(stall.choice(language="de")).encode()
    await refused(stall, german, 422, "language", "en, sv")


async def test_r45_a_banner_of_another_version_is_refused(shop: Shop) -> None:
    await shop.publish(policy(**_major()))
    body = json.dumps(shop.choice(version=2)).encode()
    await refused(shop, body, 422, "artifact", "another version or language")


async def test_r45_a_superseded_version_is_answered_for_two_days_and_then_retired(
    shop: Shop,
) -> None:
    choice, clock = shop.choice(), shop.house.clock
    assert (await shop.post(choice)).status_code == 201
    published = await shop.publish(given.policy(**_major()))
    clock.time = published.published_at + 48 * 3600
    assert (await shop.post(shop.choice())).status_code == 201
    clock.time += 1
    body = json.dumps(shop.choice()).encode()
    await refused(shop, body, 410, "version", "load the banner again")


def _major() -> dict[str, Any]:
    return {"declarations": given.with_another_advertiser()["declarations"]}


async def test_the_epochs_are_those_of_the_version_that_was_answered(shop: Shop) -> None:
    await shop.publish(policy(**_major()))
    old = await recorded(shop, shop.choice())
    answer = await shop.get("/banner.js?lang=en")
    found = re.search(rb'artifact:"([0-9a-f]{16})"', answer.content)
    assert found
    new = await recorded(shop, shop.choice(version=2, artifact=found[1].decode()))
    assert old["epoch"] == {"preferences": 1, "statistics": 1, "marketing": 1}
    assert new["epoch"] == {"preferences": 1, "statistics": 1, "marketing": 2}


# --- Bodies --------------------------------------------------------------------------------------


async def test_r45_a_body_of_just_eight_kilobytes_is_taken_and_no_larger_one(stall: Shop) -> None:
    body = json.dumps(stall.choice()).encode()
    assert (await stall.post_bytes(body.ljust(MAX_BODY))).status_code == 201
    await refused(stall, body.ljust(MAX_BODY + 1), 413, "", "8192 bytes")


async def test_r45_a_large_body_in_pieces_is_refused(stall: Shop) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 1000

    before = stall.house.contents()
    headers = {"content-type": "text/plain", "origin": ORIGIN}
    answer = await stall.client.post(f"{stall.path}/receipts", content=pieces(), headers=headers)
    assert answer.status_code == 413
    assert stall.house.contents() == before


async def test_a_small_body_in_pieces_is_taken(stall: Shop) -> None:
    body = json.dumps(stall.choice()).encode()

    async def pieces() -> AsyncIterator[bytes]:
        yield body[:50]
        yield body[50:]

    headers = {"content-type": "text/plain", "origin": ORIGIN}
    answer = await stall.client.post(f"{stall.path}/receipts", content=pieces(), headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("length", "answer"), [("5000000", b"413"), ("5", b"4"), ("x", b"400"), ("-1", b"400")]
)
async def test_r45_a_body_that_is_not_as_long_as_it_says_is_refused(
    stall: Shop, length: str, answer: bytes
) -> None:
    before = stall.house.contents()
    lines = await _raw(stall, length, json.dumps(stall.choice()).encode())
    assert lines.startswith(b"HTTP/1.1 " + answer)
    assert stall.house.contents() == before


async def test_r45_a_body_that_breaks_off_stores_nothing(stall: Shop) -> None:
    before = stall.house.contents()
    body = json.dumps(stall.choice()).encode()
    assert await _raw(stall, str(len(body) + 1), body, hang_up=True) == b""
    assert (await stall.client.get("/readyz")).status_code == 200
    assert stall.house.contents() == before


async def _raw(stall: Shop, length: str, body: bytes, hang_up: bool = False) -> bytes:
    """The first line of the answer to a request with that `Content-Length`."""
    url = stall.client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = (
        f"POST {stall.path}/receipts HTTP/1.1\r\nhost: x\r\norigin: {ORIGIN}\r\n"
        f"content-type: text/plain\r\ncontent-length: {length}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    if hang_up:
        writer.write_eof()
    line = await asyncio.wait_for(reader.readline(), 20)
    writer.close()
    await writer.wait_closed()
    return line


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/html", "text/plainer", ""],
)
async def test_r45_another_content_type_is_refused(stall: Shop, content_type: str) -> None:
    before = stall.house.contents()
    body = json.dumps(stall.choice()).encode()
    answer = await stall.post_bytes(body, content_type)
    assert (answer.status_code, answer.json()["field"]) == (415, "content-type")
    assert "text/plain or application/json" in answer.json()["detail"]
    assert stall.house.contents() == before


@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/plain;charset=UTF-8", "Text/Plain", "application/json"]
)
async def test_the_content_types_of_widgets_and_programs_are_taken(
    stall: Shop, content_type: str
) -> None:
    answer = await stall.post_bytes(json.dumps(stall.choice()).encode(), content_type)
    assert answer.status_code == 201


# --- Origins -------------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example",
    "null",
    "https://shop.example.evil",
    "https://shop.example.evil.example",
    "https://evilshop.example",
    "https://www.shop.example",
    "https://shop.example:8443",
    "https://shop.example:443",
    "http://shop.example",
    "https://SHOP.example",
    "HTTPS://shop.example",
    "https://shop.example/",
    "https://shop.example, https://evil.example",
    "https://shop.example https://evil.example",
    "shop.example",
    "*",
]


@pytest.mark.parametrize("origin", ELSEWHERE)
async def test_r45_a_page_of_another_origin_is_refused_and_may_not_read_why(
    stall: Shop, origin: str
) -> None:
    before = stall.house.contents()
    answer = await stall.post(stall.choice(), origin)
    assert (answer.status_code, answer.json()["field"]) == (403, "origin")
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert stall.house.contents() == before


async def test_r45_a_choice_without_an_origin_is_refused(stall: Shop) -> None:
    before = stall.house.contents()
    body, headers = json.dumps(stall.choice()), {"content-type": "text/plain"}
    answer = await stall.client.post(f"{stall.path}/receipts", content=body, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (403, "origin")
    assert stall.house.contents() == before


async def test_each_of_a_sites_origins_may_post_and_no_former_one(shop: Shop) -> None:
    origins = ("https://a.example", "http://localhost:8001", "https://xn--r-0ga.example")
    await shop.house.store.sites.change(shop.site.key, "Tea", origins, 300)
    shop.house.clock.time += 2
    for origin in origins:
        answer = await shop.post(shop.choice(), origin)
        assert answer.status_code == 201
        assert answer.headers["access-control-allow-origin"] == origin
    assert (await shop.post(shop.choice(), ORIGIN)).status_code == 403


def cors(headers: Any) -> dict[str, str]:
    """The headers that say who may read an answer."""
    named = ("access-control", "vary", "cross-origin")
    return {name: value for name, value in headers.items() if name.startswith(named)}


READABLE = {"access-control-allow-origin": ORIGIN, "vary": "origin"}


async def test_the_pages_origin_may_read_the_answer(stall: Shop) -> None:
    choice = stall.choice()
    for status in (201, 200):
        answer = await stall.post(choice)
        assert (answer.status_code, cors(answer.headers)) == (status, READABLE)
        assert answer.headers["cache-control"] == "no-store"


async def test_the_pages_origin_may_read_a_refusal_too(stall: Shop) -> None:
    """The widget must know whether another try can help."""
    choice = stall.choice()
    await stall.post(choice)
    answers = {
        409: await stall.post(choice | {"layer": 2}),
        413: await stall.post_bytes(b" " * 9000),
        415: await stall.post_bytes(b"{}", "text/html"),
        422: await stall.post_bytes(b"{}"),
    }
    for status, answer in answers.items():
        assert (answer.status_code, cors(answer.headers)) == (status, READABLE)


@pytest.mark.parametrize(
    ("origin", "readable"), [(ORIGIN, True), ("https://evil.example", False), ("null", False)]
)
async def test_a_receipt_may_be_read_by_its_sites_pages_alone(
    stall: Shop, origin: str, readable: bool
) -> None:
    choice = stall.choice()
    await stall.post(choice)
    for id, status in ((choice["id"], 200), (given.new_id(), 404)):
        answer = await stall.get(f"/receipts/{id}", origin=origin)
        expected = READABLE if readable else {"vary": "origin"}
        assert (answer.status_code, cors(answer.headers)) == (status, expected)


@pytest.mark.parametrize(
    "name", ["x", "0", "..", "00000000-0000-0000-0000-000000000000", "%00", "%ff", "a" * 5000]
)
async def test_what_is_no_receipts_id_finds_none(stall: Shop, name: str) -> None:
    assert (await stall.get(f"/receipts/{name}")).status_code == 404


async def test_a_receipt_is_found_under_its_one_spelling_only(stall: Shop) -> None:
    id = (await stall.post(stall.choice())).json()["id"]
    for name in (id.upper(), id.replace("-", ""), f"{{{id}}}", f"{id}%0a", f"%20{id}"):
        assert (await stall.get(f"/receipts/{name}")).status_code == 404


async def test_no_cookie_is_ever_set(stall: Shop) -> None:
    choice = stall.choice()
    answers = [
        await stall.post(choice),
        await stall.post(choice),
        await stall.post(choice | {"layer": 2}),
        await stall.post(choice, "https://evil.example"),
        await stall.get(f"/receipts/{choice['id']}"),
        await stall.get("/receipts/x"),
    ]
    assert not [answer for answer in answers if "set-cookie" in answer.headers]


# --- Keys ----------------------------------------------------------------------------------------


async def test_a_receipt_by_another_process_with_a_new_key_is_known_at_once(
    stall: Shop, folder: Path
) -> None:
    """The other process started with a key that this one has not seen."""
    choice = stall.choice()
    rotate(folder / "keys", Purpose.RECEIPTS, stall.house.clock.now)
    async with running_house(stall.house.settings.database, folder, stall.house.clock) as house:
        other = Shop(house, stall.site, stall.tag)
        theirs = await other.post(choice)
        assert theirs.status_code == 201
        assert (await stall.get(f"/receipts/{choice['id']}")).json()["receipt"] == theirs.json()[
            "receipt"
        ]


async def test_a_retry_and_a_next_choice_know_another_processs_new_key(
    stall: Shop, folder: Path
) -> None:
    for follow in ("retry", "next"):
        choice = stall.choice()
        rotate(folder / "keys", Purpose.RECEIPTS, stall.house.clock.now)
        async with running_house(stall.house.settings.database, folder, stall.house.clock) as house:
            theirs = await Shop(house, stall.site, stall.tag).post(choice)
        if follow == "retry":
            answer = await stall.post(choice)
            assert (answer.status_code, answer.json()) == (200, theirs.json())
        else:
            claims = await recorded(stall, stall.choice(previous=choice["id"]))
            assert claims["prev"] == sha256_b64(theirs.json()["receipt"].encode())
