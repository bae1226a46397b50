"""The answer to a choice sets the choice cookie again, where the service may; and nowhere else."""

from itertools import count
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from consent_service.signing import b64url, uuid7
from tests.given import ALL, ORIGIN, Json, choices, policy
from tests.served import Clock, House, Shop, open_shop, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")

# The service is at https://consent.example.
OWN, BESIDE = "https://consent.example", "https://shop.consent.example"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_numbers = count(1)


@pytest_asyncio.fixture(loop_scope="module")
async def near(house: House) -> Shop:
    """A site at the service's own host, whose choices hold for that host and all under it."""
    return await _shop(house, "consent.example")


@pytest_asyncio.fixture(loop_scope="module")
async def alone(house: House) -> Shop:
    """A site at the service's own host, whose choices hold for the page's host alone."""
    return await _shop(house, "")


async def _shop(house: House, domain: str) -> Shop:
    shop = await open_shop(house, f"near-{next(_numbers)}", policy(domain=domain))
    origins = (OWN, BESIDE, "http://consent.example:8080", ORIGIN)
    await house.store.sites.change(shop.site.key, "Tea", origins, 300)
    house.clock.time += 2
    return shop


def base36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits


class Made(NamedTuple):
    """A choice, and the cookie that the widget kept of it."""

    choice: Json
    cookie: str


def made(shop: Shop, *granted: str, pending: str = ".p") -> Made:
    """A choice of this moment, with the cookie as `widget/README.md` describes it."""
    now = shop.house.clock.now
    id = uuid7(now * 1000)
    bits = sum(bit for bit, name in zip((1, 2, 4), ALL, strict=True) if name in granted)
    cookie = f"consent=1.1.{base36(now // 86_400)}.{bits}.1-1-1"
    if granted:
        cookie += f".{b64url(UUID(id).bytes)}{pending}"
    action = "custom" if granted else "reject_all"
    return Made(shop.choice(id=id, choices=choices(*granted), action=action), cookie)


async def posted(shop: Shop, choice: Json, cookie: str, origin: str = OWN) -> httpx.Response:
    headers = {"content-type": "text/plain", "origin": origin, "cookie": cookie}
    return await shop.client.post(
        f"{shop.path}/receipts",
        content=httpx.Request("POST", "http://x", json=choice).content,
        headers=headers,
    )


ROWS: dict[str, tuple[tuple[str, ...], str, str, str]] = {
    # What is granted; where the page is; the attributes beyond Path, SameSite and Max-Age.
    "the service's own host": (ALL, "alone", OWN, "; Secure"),
    "another port of it": (ALL, "alone", "http://consent.example:8080", ""),
    "a refusal": ((), "alone", OWN, "; Secure"),
    "some of it": (("statistics",), "alone", OWN, "; Secure"),
    "a host beside it": (ALL, "near", BESIDE, "; Domain=consent.example; Secure"),
    "the parent of both": (ALL, "near", OWN, "; Domain=consent.example; Secure"),
}


@pytest.mark.parametrize("name", ROWS)
async def test_r32_the_answer_sets_what_the_widget_set_for_as_long_as_is_left(
    near: Shop, alone: Shop, name: str
) -> None:
    granted, which, origin, more = ROWS[name]
    shop = {"near": near, "alone": alone}[which]
    choice, cookie = made(shop, *granted)
    shop.house.clock.time += 90
    answer = await posted(shop, choice, f"lang=sv; {cookie}; basket=7", origin)
    assert answer.status_code == 201, answer.text
    now = shop.house.clock.now
    since = now - 90 if granted else now // 86_400 * 86_400
    left = since + (182 if granted else 150) * 86_400 - now
    expected = f"{cookie.removesuffix('.p')}; Path=/; SameSite=Lax; Max-Age={left}{more}"
    assert answer.headers.get_list("set-cookie") == [expected]
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-origin"] == origin
    assert "httponly" not in expected.lower()
    again = await posted(shop, choice, cookie.removesuffix(".p"), origin)
    assert again.headers["set-cookie"] == expected


async def test_r32_after_a_refusal_no_id_is_set(alone: Shop) -> None:
    choice, cookie = made(alone)
    answer = await posted(alone, choice, cookie)
    value = answer.headers["set-cookie"].partition(";")[0]
    assert value == cookie
    assert b64url(UUID(str(choice["id"])).bytes) not in answer.headers["set-cookie"]
    assert value.count(".") == 4


async def test_r24_a_late_answer_does_not_bring_back_what_was_withdrawn(alone: Shop) -> None:
    first, granted = made(alone, *ALL)
    alone.house.clock.time += 5
    _, refused = made(alone)
    for cookie in (refused, "", f"{granted}; {refused}", f"{refused}; {granted}"):
        answer = await posted(alone, first, cookie)
        assert answer.status_code in (200, 201)
        assert "set-cookie" not in answer.headers, cookie


class Hurrying(Clock):
    """A clock on which everything takes its time."""

    def __call__(self) -> float:
        self.time += 0.6
        return self.time


async def test_r24_an_answer_that_took_its_time_sets_nothing(alone: Shop, folder: Path) -> None:
    """Meanwhile the visitor may have chosen otherwise."""
    choice, cookie = made(alone, *ALL)
    clock = Hurrying()
    clock.time = alone.house.clock.time
    async with running_house(alone.house.settings.database, folder, clock) as slow:
        answer = await posted(Shop(slow, alone.site, alone.tag), choice, cookie)
    assert answer.status_code == 201
    assert "set-cookie" not in answer.headers
    assert "set-cookie" in (await posted(alone, choice, cookie)).headers


async def test_r26_a_page_elsewhere_is_given_no_cookie_and_sends_none(
    near: Shop, alone: Shop
) -> None:
    choice, cookie = made(near, *ALL)
    answer = await posted(near, choice, cookie, ORIGIN)
    assert answer.status_code == 201
    assert "set-cookie" not in answer.headers
    assert "access-control-allow-credentials" not in answer.headers
    # A host beside ours, where choices hold for the page's host alone.
    choice, cookie = made(alone, *ALL)
    answer = await posted(alone, choice, cookie, BESIDE)
    assert (answer.status_code, "set-cookie" in answer.headers) == (201, False)


async def test_r45_a_stranger_beside_us_is_refused_and_learns_nothing(near: Shop) -> None:
    choice, cookie = made(near, *ALL)
    answer = await posted(near, choice, cookie, "https://evil.consent.example")
    assert answer.status_code == 403
    named = {name for name in answer.headers if name.startswith(("access-control", "set-cookie"))}
    assert not named


async def test_a_refused_choice_sets_nothing_and_its_answer_can_be_read(alone: Shop) -> None:
    choice, cookie = made(alone, *ALL)
    answer = await posted(alone, choice | {"version": 9}, cookie)
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers
    assert answer.headers["access-control-allow-credentials"] == "true"


async def test_nothing_else_sets_the_choice_cookie(alone: Shop) -> None:
    choice, cookie = made(alone, *ALL)
    await posted(alone, choice, cookie)
    headers = {"origin": OWN, "cookie": cookie}
    for path in (f"/receipts/{choice['id']}", "/banner.js", "/policy"):
        answer = await alone.client.get(f"{alone.path}{path}", headers=headers)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert "access-control-allow-credentials" not in answer.headers
