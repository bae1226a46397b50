"""The banner over HTTP: exact bytes, the same for everybody, held by any cache."""

import base64
import gzip
import hashlib
import re
from typing import Any, NamedTuple

import brotli
import pytest
from msgspec.structs import replace

from consent_service.model import Artifact, Role
from consent_service.signing import sha256_b64
from consent_service.web.hot import Ready, keep
from tests import given
from tests.given import policy
from tests.served import House, Shop, open_shop, running_house, tag

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Wire(NamedTuple):
    """An answer as it was sent."""

    status: int
    headers: dict[str, str]
    body: bytes


async def wire(
    shop: Shop, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> Wire:
    """What comes over the wire, not unpacked. Only these headers, and `host`, are sent."""
    request = shop.client.build_request(method, f"{shop.path}{path}")
    for name in ("accept", "accept-encoding", "user-agent"):
        del request.headers[name]
    request.headers.update(headers or {})
    answer = await shop.client.send(request, stream=True)
    body = b"".join([piece async for piece in answer.aiter_raw()])
    await answer.aclose()
    told = {name: value for name, value in answer.headers.items() if name != "date"}
    return Wire(answer.status_code, told, body)


UNPACKED: dict[str, Any] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "identity": lambda body: body,
}

# What the browser takes, and what it is sent.
ENCODINGS = [
    ("br", "br"),
    ("gzip, deflate, br, zstd", "br"),
    ("gzip, deflate", "gzip"),
    ("GZIP", "gzip"),
    ("gzip;q=0.5", "gzip"),
    ("br;q=0, gzip", "gzip"),
    ("br;q=0.0 , gzip;q=1.0", "gzip"),
    ("br;\tq=0.000,gzip", "gzip"),
    ("br ; q=0 , gzip ; q=0", "identity"),
    ("identity", "identity"),
    ("deflate, zstd", "identity"),
    ("brotli", "identity"),
    ("", "identity"),
    (None, "identity"),
]


@pytest.mark.parametrize(("accepted", "sent"), ENCODINGS)
async def test_the_banner_comes_as_the_browser_takes_it(
    stall: Shop, accepted: str | None, sent: str
) -> None:
    headers = {} if accepted is None else {"accept-encoding": accepted}
    answer = await wire(stall, "/banner.js", headers)
    assert answer.status == 200
    assert answer.headers.get("content-encoding", "identity") == sent
    assert answer.headers["content-length"] == str(len(answer.body))
    kept = await stall.house.store.policies.artifact(stall.site.id, 1, "en")
    assert UNPACKED[sent](answer.body) == kept.body


async def test_the_banner_may_be_run_by_any_page_and_held_by_any_cache(stall: Shop) -> None:
    answer = await wire(stall, "/banner.js", {"accept-encoding": "br"})
    kept = await stall.house.store.policies.artifact(stall.site.id, 1, "en")
    assert answer.headers == {
        "content-type": "text/javascript; charset=utf-8",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "timing-allow-origin": "*",
        "x-content-type-options": "nosniff",
        "etag": f'"{kept.digest}-br"',
        "cache-control": "public, max-age=300, stale-if-error=86400",
        "vary": "accept-encoding",
        "content-length": str(len(kept.brotli)),
        "content-encoding": "br",
    }


@pytest.mark.parametrize("encoding", ["br", "gzip", "identity"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*", '"x",W/{} ,"y"'])
async def test_a_browser_that_has_the_bytes_is_told_so(
    stall: Shop, encoding: str, form: str
) -> None:
    headers = {"accept-encoding": encoding}
    fresh = await wire(stall, "/banner.js", headers)
    asked = headers | {"if-none-match": form.format(fresh.headers["etag"])}
    again = await wire(stall, "/banner.js", asked)
    assert (again.status, again.body) == (304, b"")
    of_body = {"content-length", "content-encoding", "content-type", "x-content-type-options"}
    assert again.headers == {n: v for n, v in fresh.headers.items() if n not in of_body}


@pytest.mark.parametrize("asked", ['"other"', "", '""', "x", '"', "W/", ",,,", '"a" "b"'])
async def test_a_browser_that_has_other_bytes_gets_these(stall: Shop, asked: str) -> None:
    answer = await wire(stall, "/banner.js", {"if-none-match": asked})
    assert answer.status == 200
    assert answer.body


async def test_each_encoding_has_an_etag_of_its_own(stall: Shop) -> None:
    tags = [
        (await wire(stall, "/banner.js", {"accept-encoding": e})).headers["etag"] for e in UNPACKED
    ]
    assert len(set(tags)) == 3
    gzipped = await wire(stall, "/banner.js", {"accept-encoding": "gzip", "if-none-match": tags[0]})
    assert gzipped.status == 200


@pytest.mark.parametrize("path", ["/banner.js", "/banner.js?lang=sv", "/banner/{sha256}.js"])
async def test_head_tells_what_get_would_send(stall: Shop, path: str) -> None:
    kept = await stall.house.store.policies.artifact(stall.site.id, 1, "en")
    path = path.format(sha256=kept.digest)
    for headers in ({"accept-encoding": "br"}, {"accept-encoding": "gzip"}, {}):
        head = await wire(stall, path, headers, "HEAD")
        get = await wire(stall, path, headers)
        assert (head.status, head.headers, head.body) == (200, get.headers, b"")


async def test_a_banner_under_its_hash_is_for_ever(stall: Shop) -> None:
    for language in ("en", "sv"):
        kept = await stall.house.store.policies.artifact(stall.site.id, 1, language)
        answer = await wire(stall, f"/banner/{kept.digest}.js")
        assert answer.body == kept.body
        digest = base64.urlsafe_b64encode(hashlib.sha256(answer.body).digest())
        assert digest.rstrip(b"=").decode() == kept.digest
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        for encoding, unpacked in UNPACKED.items():
            packed = await wire(stall, f"/banner/{kept.digest}.js", {"accept-encoding": encoding})
            assert unpacked(packed.body) == kept.body


async def test_the_banner_names_the_second_layer_which_is_there_for_ever(stall: Shop) -> None:
    script = (await wire(stall, "/banner.js")).body
    (digest,) = {each for each in re.findall(rb'"([\w-]{43})"', script)}
    answer = await wire(stall, f"/banner/{digest.decode()}.js", {"accept-encoding": "br"})
    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    body = brotli.decompress(answer.body)
    assert sha256_b64(body) == digest.decode()
    # Asked for with `integrity`, which needs the leave of this header.
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_no_receipt_can_name_the_second_layer(stall: Shop) -> None:
    kept = await stall.house.store.policies.artifact(stall.site.id, 1, "en")
    (digest,) = re.findall(rb'"([\w-]{43})"', kept.body)
    second = await stall.house.store.policies.artifact_by_digest(stall.site.id, digest.decode())
    answer = await stall.post(stall.choice(artifact=second.tag))
    assert answer.status_code == 422


async def test_a_page_may_pin_the_banner_by_its_integrity_hash(stall: Shop) -> None:
    """What a browser hashes for `integrity="sha256-..."` is what the address is named after."""
    kept = await stall.house.store.policies.artifact(stall.site.id, 1, "en")
    script = await stall.get(f"/banner/{kept.digest}.js", accept_encoding="br")
    assert script.headers["access-control-allow-origin"] == "*"
    integrity = base64.b64encode(hashlib.sha256(script.content).digest()).decode()
    assert integrity.translate(str.maketrans("+/", "-_")).rstrip("=") == kept.digest


@pytest.mark.parametrize("name", ["a" * 43, "a" * 42, "a" * 44, "x", "%00" * 43, "é" * 43])
async def test_a_hash_that_no_banner_has_is_not_found(stall: Shop, name: str) -> None:
    answer = await wire(stall, f"/banner/{name}.js")
    assert answer.status == 404
    assert answer.headers["cache-control"] == "no-store"


async def test_a_banner_of_another_site_is_not_found(stall: Shop, shop: Shop) -> None:
    kept = await shop.house.store.policies.artifact(shop.site.id, 1, "en")
    assert (await wire(shop, f"/banner/{kept.digest}.js")).status == 200
    assert (await wire(stall, f"/banner/{kept.digest}.js")).status == 404


async def test_a_site_without_a_policy_has_no_banner(house: House) -> None:
    await house.store.sites.add("empty", "Empty", (given.ORIGIN,), 300, house.clock.now)
    for path in ("banner.js", "policy"):
        answer = await house.client.get(f"/v1/sites/empty/{path}")
        assert answer.status_code == 404
        assert "not published" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "language"),
    [
        ("", "en"),
        ("?lang=", "en"),
        ("?lang=sv", "sv"),
        ("?lang=sv-SE", "sv"),
        ("?lang=SV_se", "sv"),
        ("?lang=sv-Latn-FI", "sv"),
        ("?lang=de", "en"),
        ("?lang=%00", "en"),
        ("?lang=%ff", "en"),
        ("?lang=" + "-" * 50_000, "en"),
        ("?lang=sv&lang=en", "en"),
        ("?LANG=sv", "en"),
        ("?x=1&lang=sv", "sv"),
    ],
)
async def test_r16_the_banner_comes_in_the_pages_language(
    stall: Shop, query: str, language: str
) -> None:
    kept = await stall.house.store.policies.artifact(stall.site.id, 1, language)
    assert (await wire(stall, f"/banner.js{query}")).body == kept.body


async def test_the_cache_time_is_the_sites_own(shop: Shop) -> None:
    await shop.house.store.sites.change(shop.site.key, "Tea", shop.site.origins, 77)
    shop.house.clock.time += 2
    assert "max-age=77," in (await wire(shop, "/banner.js")).headers["cache-control"]
    assert (await wire(shop, "/policy")).headers["cache-control"] == "public, max-age=77"


# --- The same to everybody -----------------------------------------------------------------------

STRANGERS: list[dict[str, str]] = [
    {"cookie": "consent=1.1.fq5.7.1-1-1; sid=4711"},
    {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)", "sec-gpc": "1", "dnt": "1"},
    {"referer": "https://shop.example/basket?x=1", "origin": given.ORIGIN},
    {"origin": "https://evil.example"},
    {"x-forwarded-for": "203.0.113.7", "accept-language": "sv"},
    {"authorization": "Bearer x"},
    {"sec-fetch-site": "cross-site", "sec-fetch-dest": "script"},
    {"range": "bytes=0-10"},
]


@pytest.mark.parametrize("headers", STRANGERS, ids=lambda headers: next(iter(headers)))
async def test_r03_the_banner_is_the_same_to_everybody(
    stall: Shop, headers: dict[str, str]
) -> None:
    kept = await stall.house.store.policies.artifact(stall.site.id, 1, "en")
    for path in ("/banner.js", "/banner.js?lang=en", f"/banner/{kept.digest}.js", "/policy"):
        assert await wire(stall, path, headers) == await wire(stall, path)


async def test_r03_looking_at_the_banner_leaves_no_trace(stall: Shop) -> None:
    before = stall.house.contents()
    for headers in STRANGERS:
        answer = await wire(stall, "/banner.js", headers)
        assert "set-cookie" not in answer.headers
    assert stall.house.contents() == before


# --- The short way -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/banner.js", "/banner.js?lang=sv", "/banner.js?other=1"])
@pytest.mark.parametrize("encoding", ["br", "gzip", "identity"])
async def test_the_short_way_and_the_long_way_answer_the_same(
    stall: Shop, path: str, encoding: str
) -> None:
    headers = {"accept-encoding": encoding}
    stall.house.clock.time += 2
    long = await wire(stall, path, headers)
    short = await wire(stall, path, headers)
    assert short == long
    asked = headers | {"if-none-match": long.headers["etag"]}
    unchanged = await wire(stall, path, asked)
    stall.house.clock.time += 2
    assert await wire(stall, path, asked) == unchanged
    assert unchanged.status == 304


async def test_publishing_shows_at_once(shop: Shop) -> None:
    before = await wire(shop, "/banner.js")
    token = await shop.token(Role.EDITOR)
    changed = policy(banner={"title": given.text("Other words"), "intro": given.text("Intro")})
    revision = await shop.draft(changed)
    asked = {"revision": revision, "change_class": "minor"}
    answer = await shop.client.post(f"{shop.path}/policy/versions", json=asked, headers=token)
    assert answer.status_code == 201, answer.text
    after = await wire(shop, "/banner.js")
    assert b"Other words" in after.body
    assert b"Other words" not in before.body
    assert after.headers["etag"] != before.headers["etag"]


async def test_what_another_process_published_shows_within_two_seconds(shop: Shop) -> None:
    house = shop.house
    async with running_house(house.settings.database, house.settings.keys.parent, house.clock) as b:
        other = Shop(b, shop.site, shop.tag)
        assert await wire(other, "/banner.js") == await wire(shop, "/banner.js")
        # Remembered at different times: what is served is at most twice a second old.
        house.clock.time += 0.99
        await wire(other, "/banner.js?x=1")
        await other.publish(policy(**_more()))
        assert await tag(house, shop.site.key) == await tag(b, shop.site.key) != shop.tag
        theirs = await wire(other, "/policy")
        assert await wire(shop, "/policy") == theirs


def _more() -> dict[str, Any]:
    return {"declarations": given.with_another_advertiser()["declarations"]}


async def test_the_memory_for_answers_is_bounded() -> None:
    """Strangers choose query strings: neither many nor long ones fill it."""
    kept: dict[tuple[bytes, bytes, str], Ready] = {}
    ready = Ready(b'"x"', 0.0, (), (), b"")
    most = 0
    for number in range(5_000):
        scope = {"path": "/v1/sites/shop/banner.js", "headers": []}
        keep(kept, {**scope, "query_string": b"x=%d" % number}, ready)
        keep(kept, {**scope, "query_string": b"y" * 10_000 + b"%d" % number}, ready)
        most = max(most, len(kept))
    assert 100 < most <= 1_024
    assert all(len(query) < 300 for _, query, _ in kept)


async def test_a_long_query_string_is_answered_all_the_same(stall: Shop) -> None:
    query = f"?lang=sv&x={'x' * 20_000}"
    assert await wire(stall, f"/banner.js{query}") == await wire(stall, "/banner.js?lang=sv")


async def test_a_new_release_makes_its_banner_at_the_start_and_the_old_one_stays(
    shop: Shop, house: House
) -> None:
    """A new widget is another artifact of the same version; receipts name the one that ran."""
    policies, old = house.store.policies, b"/* of an older release */"
    older = Artifact(
        site_id=shop.site.id,
        version=2,
        language="en",
        tag="0123456789abcdef",
        digest=sha256_b64(old),
        body=old,
        brotli=brotli.compress(old),
        gzip=gzip.compress(old),
        created_at=house.clock.now,
    )
    first = await policies.version(shop.site.id, 1)
    body = first.body.replace(b'"number":1', b'"number":2')
    await policies.add_version(replace(first, number=2, body=body, digest=sha256_b64(body)))
    await policies.add_artifact(older)
    house.clock.time += 2
    async with running_house(house.settings.database, house.settings.keys.parent, house.clock) as b:
        made = await tag(b, shop.site.key)
        assert made not in (shop.tag, older.tag)
        for tagged in (older.tag, made):
            choice = shop.choice(version=2, artifact=tagged)
            assert (await Shop(b, shop.site, made).post(choice)).status_code == 201
            read = (await shop.get(f"/receipts/{choice['id']}")).json()["claims"]
            code = await shop.get(f"/banner/{read['ui']['sha256']}.js")
            assert (code.content == old) is (tagged == older.tag)


async def test_a_restart_makes_no_banner_anew(stall: Shop) -> None:
    house, before = stall.house, stall.house.contents()
    async with running_house(house.settings.database, house.settings.keys.parent, house.clock):
        assert house.contents() == before


async def test_a_site_opened_while_running_is_served(house: House) -> None:
    opened = await open_shop(house, "late")
    assert (await wire(opened, "/banner.js")).status == 200
