"""What automatic blocking caught: counted by day, host and kind, and nothing of anybody kept."""

import asyncio
import json
from collections.abc import Mapping
from itertools import count
from typing import Any

import httpx
import pytest
import pytest_asyncio

from consent_service import caught
from consent_service.model import Caught, CaughtKind
from consent_service.store import Store
from consent_service.web.limits import CAUGHT_A_MINUTE
from tests.given import ORIGIN, declaration, policy
from tests.served import House, Shop, open_shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = 86_400
_numbers = count(1)

DECLARED = [
    declaration("_count", "statistics", hosts=["stats.example"]),
    declaration("_pix", "marketing", hosts=["ads.example", "cdn.ads.example"]),
    declaration("basket", "necessary", hosts=["pay.example"]),
]


@pytest_asyncio.fixture(loop_scope="module")
async def site(house: House) -> Shop:
    """A site that declares hosts, in a minute of its own."""
    house.clock.time += 60
    return await open_shop(house, f"caught-{next(_numbers)}", policy(declarations=DECLARED))


async def tell(
    shop: Shop, host: str = "stats.example", kind: str = "script", **headers: str
) -> httpx.Response:
    return await tell_bytes(shop, json.dumps({"host": host, "kind": kind}).encode(), headers)


async def tell_bytes(shop: Shop, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
    named = {"origin": ORIGIN, "content-type": "text/plain;charset=UTF-8", **headers}
    return await shop.client.post(f"{shop.path}/caught", content=body, headers=named)


async def report(shop: Shop) -> list[tuple[str, str, int, int]]:
    now = shop.house.clock.now
    found = await caught.report(shop.house.store, shop.site, now)
    return [(each.host, each.kind.value, each.in_week, each.in_month) for each in found]


async def test_what_was_caught_is_counted(site: Shop) -> None:
    for host, kind in (
        ("stats.example", "script"),
        ("stats.example", "script"),
        ("ads.example", "fetch"),
        ("stats.example", "beacon"),
    ):
        answer = await tell(site, host, kind)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "set-cookie" not in answer.headers
    assert await report(site) == [
        ("stats.example", "script", 2, 2),
        ("ads.example", "fetch", 1, 1),
        ("stats.example", "beacon", 1, 1),
    ]


async def test_r46_nothing_but_the_count_is_kept(site: Shop) -> None:
    before = site.house.contents()
    await tell(site, user_agent="Somebody/1.0", referer=f"{ORIGIN}/secret?q=1", cookie="a=b")
    after = site.house.contents()
    day = site.house.clock.now // DAY
    assert after.pop("caught") == sorted(
        [*before.pop("caught"), (site.site.id, day, "stats.example", "script", 1)], key=repr
    )
    assert after == before


async def test_days_come_and_go(site: Shop) -> None:
    await tell(site)
    for days, week, month in ((6, 1, 1), (1, 0, 1), (22, 0, 1), (1, 0, 0)):
        site.house.clock.time += days * DAY
        expected = [("stats.example", "script", week, month)] if month else []
        assert await report(site) == expected
    await tell(site, "ads.example")
    kept = site.house.rows(f"select declared from caught where site_id = {site.site.id}")
    assert [host for (host,) in kept] == ["ads.example"]


async def test_of_many_at_once_each_is_counted(site: Shop) -> None:
    answers = await asyncio.gather(*(tell(site) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {204}
    assert await report(site) == [("stats.example", "script", 20, 20)]


UNFIT: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "a host that is not declared": (b'{"host":"evil.example","kind":"script"}', {}, 422, "host"),
    "a host below one": (b'{"host":"v17.stats.example","kind":"script"}', {}, 422, "host"),
    "a host of something necessary": (b'{"host":"pay.example","kind":"script"}', {}, 422, "host"),
    "another kind": (b'{"host":"stats.example","kind":"visitor"}', {}, 422, "kind"),
    "more than that": (
        b'{"host":"stats.example","kind":"script","path":"/a"}',
        {},
        422,
        "path",
    ),
    "no JSON": (b"stats.example", {}, 422, ""),
    "too much": (b" " * 1_025, {}, 413, ""),
    "another type": (b"{}", {"content-type": "text/html"}, 415, "content-type"),
    "another origin": (
        b'{"host":"stats.example","kind":"script"}',
        {"origin": "https://evil.example"},
        403,
        "origin",
    ),
}


@pytest.mark.parametrize("name", UNFIT)
async def test_what_does_not_fit_is_refused_and_counts_nothing(site: Shop, name: str) -> None:
    body, headers, status, field = UNFIT[name]
    answer = await tell_bytes(site, body, headers)
    assert (answer.status_code, answer.json().get("field", "")) == (status, field)
    assert await report(site) == []


async def test_more_than_its_share_of_a_minute_is_let_go(site: Shop, stall: Shop) -> None:
    answers = [(await tell(site)).status_code for _ in range(CAUGHT_A_MINUTE + 2)]
    assert answers == [204] * CAUGHT_A_MINUTE + [429] * 2
    assert (await tell(stall, "any.example")).status_code == 422
    site.house.clock.time += 60
    assert (await tell(site)).status_code == 204


async def test_a_site_without_a_policy_declares_nothing(house: House) -> None:
    key = f"bare-{next(_numbers)}"
    await house.store.sites.add(key, "Bare", (ORIGIN,), 300, house.clock.now)
    headers = {"origin": ORIGIN, "content-type": "text/plain"}
    body = b'{"host":"stats.example","kind":"script"}'
    answer = await house.client.post(f"/v1/sites/{key}/caught", content=body, headers=headers)
    assert answer.status_code == 404


async def test_each_kind_that_is_told_has_a_place(house: House, site: Shop) -> None:
    store: Store = house.store
    for kind in CaughtKind:
        assert await store.caught.add(site.site.id, 1, "ads.example", kind) == 1
    found: Any = await store.caught.since(site.site.id, 0, 0)
    assert {each.kind for each in found} == set(CaughtKind)
    assert all(isinstance(each, Caught) for each in found)


async def test_gpc_is_said_to_be_honoured(stall: Shop) -> None:
    answer = await stall.client.get("/.well-known/gpc.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json() == {"gpc": True, "lastUpdate": "2026-11-22"}
