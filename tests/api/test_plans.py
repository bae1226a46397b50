"""Planned publications over HTTP: scheduled, proposed, listed, cancelled, and published once."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from consent_service import plans, policies, sites
from consent_service.model import Policy, Role
from tests.given import Json, policy, with_another_advertiser
from tests.served import Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT = "2027-01-20T09:00"
DUE = 1_800_435_600


async def ask(shop: Shop, headers: dict[str, str], **changes: Any) -> httpx.Response:
    """Ask to publish a draft with a new advertiser."""
    found = await policies.draft(shop.house.store, shop.site)
    content = msgspec.convert(with_another_advertiser(), Policy)
    if policies.parse_policy(found.body) != content:
        await shop.draft(content)
        found = await policies.draft(shop.house.store, shop.site)
    asked = {"revision": found.revision, "change_class": "major", **changes}
    path = f"{shop.path}/policy/versions"
    return await shop.client.post(path, json=asked, headers=headers)


async def planned(shop: Shop, headers: dict[str, str], **changes: Any) -> Json:
    """A plan that waits."""
    answer = await ask(shop, headers, **changes)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{shop.path}/policy/plans/{answer.json()['id']}"
    found: Json = answer.json()
    return found


async def number(shop: Shop) -> int:
    return int((await shop.get("/policy")).json()["number"])


async def until_version(shop: Shop, wanted: int) -> None:
    """Until the service serves it: it looks by itself, every second."""
    for _ in range(600):
        if await number(shop) == wanted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"version {wanted} never came")


async def test_what_is_scheduled_comes_by_itself_with_its_banner(shop: Shop) -> None:
    token = await shop.token()
    plan = await planned(shop, token, at=AT, zone="Europe/Stockholm", announce=True)
    assert (plan["state"], plan["due_at"], plan["zone"], plan["against"], plan["announce"]) == (
        "scheduled",
        DUE - 3_600,
        "Europe/Stockholm",
        1,
        True,
    )
    before = (await shop.get("/banner.js")).content
    clock = shop.house.clock
    started, clock.time = clock.time, DUE - 3_600 + 0.5
    try:
        await until_version(shop, 2)
        assert (await shop.get("/policy")).json()["published_at"] == DUE - 3_600
        clock.time += 2
        assert (await shop.get("/banner.js")).content != before
    finally:
        clock.time = max(started, clock.time)
    (kept,) = (await shop.get("/policy/plans", **token)).json()["plans"]
    assert (kept["state"], kept["number"], kept["ended_by"]) == ("published", 2, "service")
    assert (await shop.get(f"/policy/plans/{plan['id']}", **token)).json() == kept


async def test_what_is_scheduled_is_cancelled_once(shop: Shop) -> None:
    token = await shop.token()
    at = shop.house.clock.now + 3 * 86_400
    later = "2027-03-01T09:00+01:00"
    plan = await planned(shop, token, at=later)
    assert plan["due_at"] > at
    path = f"{shop.path}/policy/plans/{plan['id']}"
    answer = await shop.client.delete(path, headers=token)
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert (await shop.client.delete(path, headers=token)).status_code == 409
    shop.house.clock.time += 1
    await planned(shop, token, at=later)


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"at": "2026-01-01T09:00"}, 422, "at"),
    ({"at": "soon"}, 422, "at"),
    ({"at": "2027-03-28T02:30", "zone": "Europe/Stockholm"}, 422, "at"),
    ({"at": "2027-10-31T02:30", "zone": "Europe/Stockholm"}, 422, "at"),
    ({"at": "2027-03-01T09:00", "zone": "Stockholm"}, 422, "zone"),
    ({"at": 5}, 422, "at"),
    ({"announce": True}, 422, "announce"),
    ({"at": "2027-03-01T09:00", "revision": 99}, 409, ""),
    ({"at": "2027-03-01T09:00", "change_class": "patch"}, 422, "reason"),
]


@pytest.mark.parametrize(("changes", "status", "field"), REFUSED)
async def test_what_cannot_be_planned_is_refused_at_its_field(
    stall: Shop, changes: dict[str, Any], status: int, field: str
) -> None:
    answer = await ask(stall, await stall.token(), **changes)
    assert (answer.status_code, answer.json().get("field", "")) == (status, field), answer.text
    assert await stall.house.store.plans.page(stall.site.id) == []


async def test_a_site_that_wants_two_people_is_not_published_by_one(shop: Shop) -> None:
    token, other = await shop.token(), await shop.token(Role.ADMIN)
    await sites.set_approval(shop.house.store, shop.site, True, shop.house.operator)
    plan = await planned(shop, token)
    assert (plan["state"], plan["due_at"], plan["person"]) == ("proposed", None, "operator")
    again = await planned(shop, token)
    assert again == plan
    refused = await ask(shop, other, reason="another")
    assert refused.status_code == 409
    assert await number(shop) == 1
    allowed = {"GET", "DELETE"}
    path = f"{shop.path}/policy/plans/{plan['id']}"
    for method in ("POST", "PUT", "PATCH"):
        answer = await shop.client.request(method, path, json={}, headers=other)
        assert answer.status_code == 405
        assert set(answer.headers["allow"].split(", ")) - {"HEAD"} <= allowed


async def test_a_plan_of_another_site_is_not_found(shop: Shop, stall: Shop) -> None:
    plan = await planned(shop, await shop.token(), at="2027-03-01T09:00")
    token = await stall.token()
    path = f"/policy/plans/{plan['id']}"
    assert (await stall.get(path, **token)).status_code == 404
    assert (await stall.client.delete(stall.path + path, headers=token)).status_code == 404
    assert (await stall.get("/policy/plans/none", **token)).status_code == 404
    assert (await shop.get(path)).status_code == 401


async def test_publishing_meanwhile_is_never_in_the_way_and_ends_what_waits(shop: Shop) -> None:
    token = await shop.token()
    plan = await planned(shop, token, at="2027-03-01T09:00")
    await shop.draft(policy(domain="tea.example"))
    revision = (await policies.draft(shop.house.store, shop.site)).revision
    body = {"revision": revision, "change_class": "major"}
    answer = await shop.client.post(f"{shop.path}/policy/versions", json=body, headers=token)
    assert answer.status_code == 201, answer.text
    over = (await shop.get(f"/policy/plans/{plan['id']}", **token)).json()
    assert (over["state"], over["said"]) == (
        "cancelled",
        "another version was published before it",
    )
    assert await plans.publish_due(shop.house.store, shop.house.clock()) == []
