"""Who may do what: every address by every kind of caller, against the table of addresses."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio
from msgspec.structs import replace
from starlette.routing import Route

from consent_service import accounts
from consent_service.accounts import Grant
from consent_service.model import EVERY_SITE, Account, Role
from consent_service.signing import open_keyring
from consent_service.signing.sessions import Sessions
from consent_service.web.access import SAFE, Access, Needs, cookie_name
from consent_service.web.routes import ADDRESSES, Address, routes
from tests import given
from tests.given import policy_json
from tests.served import House, Shop, open_shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

OURS = {"sec-fetch-site": "same-origin"}
Ways = dict[str, dict[str, str]]


class Kind(NamedTuple):
    """One kind of caller, and what it may do: at every site, at this one, or nothing."""

    here: tuple[Role, ...] = ()
    everywhere: tuple[Role, ...] = ()
    known: bool = True
    """Whether it is anybody at all."""
    machine: bool = False


NOBODY = Kind(known=False)
CALLERS: dict[str, Kind] = {
    "nobody": NOBODY,
    "garbage session": NOBODY,
    "session sealed by another key": NOBODY,
    "session sealed for another purpose": NOBODY,
    "session that ran out": NOBODY,
    "session from before the password": NOBODY,
    "session of a closed account": NOBODY,
    "session of no account": NOBODY,
    "session under another cookie's name": NOBODY,
    "garbage token": NOBODY,
    "token with another secret": NOBODY,
    "revoked token": NOBODY,
    "token as another scheme": NOBODY,
    "session without a role": Kind(),
    "editor of another site": Kind(),
    "admin of another site": Kind(),
    "token of another site": Kind(machine=True),
    **{f"{role.value} of this site": Kind(here=(role,)) for role in Role},
    **{f"{role.value} of every site": Kind(everywhere=(role,)) for role in Role},
    **{f"{role.value}'s token": Kind(here=(role,), machine=True) for role in Role},
    "editor and auditor of this site": Kind(here=(Role.EDITOR, Role.AUDITOR)),
}


REFUSED_TO_ALL = {("POST", "/sign-in/{token}"): 401}
"""Who brings a link that was never given is refused, whoever that is."""


def expected(kind: Kind, address: Address) -> int:
    """200 where the table lets this caller in, else how it is refused."""
    if address.needs is Access.ANYONE:
        return REFUSED_TO_ALL.get((address.method, address.path), 200)
    if not kind.known:
        return 401
    if kind.machine and not address.path.startswith("/v1/"):
        return 403
    held = {*kind.everywhere, *(kind.here if "{site}" in address.path else ())}
    return 200 if _suffices(held, address.needs) else 403


def _suffices(held: set[Role], needs: Needs) -> bool:
    if needs is Access.SIGNED_IN:
        return True
    return bool(held) if needs is Access.MEMBER else bool(held & {needs, Role.ADMIN})


# --- The callers ---------------------------------------------------------------------------------


class Desk:
    """Makes accounts, sessions and tokens in a running house."""

    def __init__(self, shop: Shop, other: Shop) -> None:
        self.shop, self.other, self.house = shop, other, shop.house
        self._number = 0

    async def person(self, *grants: Grant) -> Account:
        """A new account with these roles."""
        self._number += 1
        store, act = self.house.store, self.house.operator
        email = f"person{self._number}@{self.shop.site.key}.example"
        account = await accounts.add(store, email, "A person", act)
        for grant in grants:
            await accounts.grant(store, account, grant, act)
        return account

    async def session(self, *roles: Role, site_id: int | None = None) -> dict[str, str]:
        """The cookie of a new person with these roles."""
        site_id = self.shop.site.id if site_id is None else site_id
        return self.cookie(
            await self.sealed(await self.person(*(Grant(r, site_id) for r in roles)))
        )

    async def sealed(
        self, account: Account, sessions: Sessions | None = None, context: str = "session"
    ) -> str:
        """What the service seals when this person signs in."""
        keyring = open_keyring(self.house.settings.keys, self.house.clock.now)
        epoch = await self.house.store.accounts.session_epoch(account.id)
        claims = {"account": account.id, "epoch": epoch}
        return (sessions or keyring.sessions).seal(claims, self.house.clock.now, context)

    def cookie(self, sealed: str, name: str = "") -> dict[str, str]:
        """The header of a session."""
        return {"cookie": f"{name or cookie_name(self.house.settings.secure)}={sealed}"}

    async def closed(self) -> dict[str, str]:
        """A good session of an account that was closed since."""
        account = await self.person(Grant(Role.ADMIN, self.shop.site.id))
        cookie = self.cookie(await self.sealed(account))
        await self.house.store.accounts.disable(account.id)
        return cookie

    async def outdated(self) -> dict[str, str]:
        """A good session of an account whose password was changed since."""
        account = await self.person(Grant(Role.ADMIN, self.shop.site.id))
        cookie = self.cookie(await self.sealed(account))
        await accounts.set_password(
            self.house.store, account, "correct horse battery", self.house.operator
        )
        return cookie

    async def old(self) -> dict[str, str]:
        """A session that ran out."""
        account = await self.person(Grant(Role.ADMIN, self.shop.site.id))
        clock = self.house.clock
        cookie = self.cookie(await self.sealed(account))
        clock.time += self.house.settings.session_hours * 3600 + 1
        return cookie

    async def revoked(self) -> dict[str, str]:
        """A token that was taken back."""
        store, act = self.house.store, self.house.operator
        given = Grant(Role.ADMIN, self.shop.site.id)
        made = await accounts.add_token(store, given, "test", act)
        await accounts.revoke_token(store, made.token, act)
        return {"authorization": f"Bearer {made.secret}"}


async def _ways(desk: Desk) -> Ways:
    """The headers of each caller in the table. The session that runs out is made first."""
    shop, admin = desk.shop, Grant(Role.ADMIN, desk.shop.site.id)
    old = await desk.old()
    boss = await desk.person(admin)
    token = (await shop.token(Role.ADMIN))["authorization"].removeprefix("Bearer ")
    nobody = replace(boss, id=987_654)
    strange = Sessions([b"s" * 32])
    ways: Ways = {
        "nobody": {},
        "garbage session": desk.cookie("a.b.c"),
        "session sealed by another key": desk.cookie(await desk.sealed(boss, strange)),
        "session sealed for another purpose": desk.cookie(await desk.sealed(boss, None, "link")),
        "session that ran out": old,
        "session from before the password": await desk.outdated(),
        "session of a closed account": await desk.closed(),
        "session of no account": desk.cookie(await _of_nobody(desk, nobody)),
        "session under another cookie's name": desk.cookie(await desk.sealed(boss), "session"),
        "garbage token": {"authorization": "Bearer \xff.x"},
        "token with another secret": {"authorization": f"Bearer {token[:-2]}xx"},
        "revoked token": await desk.revoked(),
        "token as another scheme": {"authorization": f"Basic {token}"},
        "session without a role": await desk.session(),
        "editor of another site": await desk.session(Role.EDITOR, site_id=desk.other.site.id),
        "admin of another site": await desk.session(Role.ADMIN, site_id=desk.other.site.id),
        "token of another site": await desk.other.token(Role.ADMIN),
        "editor and auditor of this site": await desk.session(Role.EDITOR, Role.AUDITOR),
    }
    for role in Role:
        ways[f"{role.value} of this site"] = await desk.session(role)
        ways[f"{role.value} of every site"] = await desk.session(role, site_id=EVERY_SITE)
        ways[f"{role.value}'s token"] = await shop.token(role)
    return ways


async def _of_nobody(desk: Desk, nobody: Account) -> str:
    keyring = open_keyring(desk.house.settings.keys, desk.house.clock.now)
    claims: dict[str, object] = {"account": nobody.id, "epoch": 0}
    return keyring.sessions.seal(claims, desk.house.clock.now)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(stall: Shop, house: House) -> Desk:
    """Where callers are made, for one site among two."""
    return Desk(stall, await open_shop(house, "other"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ways(desk: Desk) -> Ways:
    """The headers of each caller in the table."""
    return await _ways(desk)


# --- The walk ------------------------------------------------------------------------------------


async def test_no_route_is_missing_from_the_table() -> None:
    registered = {
        (method, route.path)
        for route in routes()
        if isinstance(route, Route)
        for method in route.methods or ()
    }
    heads = {("HEAD", path) for method, path in registered if method == "GET"}
    assert registered - heads == {(address.method, address.path) for address in ADDRESSES}
    assert len(ADDRESSES) == len({(address.method, address.path) for address in ADDRESSES})


async def test_every_way_of_the_table_is_walked(ways: Ways) -> None:
    assert ways.keys() == CALLERS.keys()
    needed = {address.needs for address in ADDRESSES}
    assert {Access.ANYONE, Access.SIGNED_IN, *Role} <= needed


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda each: f"{each.method} {each.path}")
async def test_an_address_lets_in_whom_the_table_names(
    desk: Desk, ways: Ways, address: Address
) -> None:
    found = {name: let_in(await ask(desk.shop, address, ways[name])) for name in CALLERS}
    assert found == {name: expected(kind, address) for name, kind in CALLERS.items()}


async def ask(shop: Shop, address: Address, headers: dict[str, str]) -> httpx.Response:
    """A request that is refused for its content type once its sender was let in."""
    digest = shop.site.key.ljust(43, "a")
    path = address.path.replace("{path:path}", "pages.css")
    path = path.format(
        site=shop.site.key,
        sha256=digest,
        reference="1",
        number="1",
        id=given.new_id(),
        plan=given.new_id(),
        token="x" * 43,
        page="accounts",
        name="wide-1",
    )
    fit = {} if address.method in SAFE else {"content-type": "application/x-nothing"}
    origin = {"origin": given.ORIGIN} if path.endswith(("/receipts", "/caught", "/erasure")) else {}
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    others = {**OURS, **fit, **origin}
    sent += [(name.encode(), value.encode()) for name, value in others.items()]
    return await shop.client.request(address.method, path, headers=sent)


def let_in(answer: httpx.Response) -> int:
    """401 or 403 where the sender was refused, else 200: whatever came of it then."""
    to_sign_in = answer.headers.get("location", "").startswith("/sign-in?next=")
    assert answer.status_code < 500, answer.text
    if answer.status_code == 303 and to_sign_in:
        return 401
    return answer.status_code if answer.status_code in (401, 403) else 200


async def test_a_head_request_is_guarded_as_its_get(desk: Desk, ways: Ways) -> None:
    for address in ADDRESSES:
        if address.method == "GET" and address.needs is not Access.ANYONE:
            head = Address("HEAD", *address[1:])
            assert let_in(await ask(desk.shop, head, ways["nobody"])) in (401, 200)
            nobody = await ask(desk.shop, head, ways["nobody"])
            assert nobody.status_code in (303, 401), address.path


async def test_a_site_that_is_none_is_not_told_to_nobody(desk: Desk, ways: Ways) -> None:
    path = "/v1/sites/nowhere/policy/draft"
    assert (await desk.house.client.get(path)).status_code == 401
    answer = await desk.house.client.get(path, headers=ways["admin of this site"])
    assert answer.status_code == 404


async def test_who_is_not_let_in_learns_how(desk: Desk, ways: Ways) -> None:
    path = f"{desk.shop.path}/policy/draft"
    answer = await desk.house.client.get(path)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    refused = await desk.house.client.get(path, headers=ways["auditor of this site"])
    assert "editor" in refused.json()["detail"]


async def test_a_token_stops_at_once(desk: Desk) -> None:
    store, act = desk.house.store, desk.house.operator
    made = await accounts.add_token(store, Grant(Role.EDITOR, desk.shop.site.id), "test", act)
    token = {"authorization": f"Bearer {made.secret}"}
    assert (await desk.shop.get("/policy/draft", **token)).status_code == 200
    await accounts.revoke_token(store, made.token, act)
    assert (await desk.shop.get("/policy/draft", **token)).status_code == 401


async def test_a_role_that_was_taken_stops_at_once(desk: Desk) -> None:
    grant = Grant(Role.EDITOR, desk.shop.site.id)
    account = await desk.person(grant)
    cookie = desk.cookie(await desk.sealed(account))
    assert (await desk.shop.get("/policy/draft", **cookie)).status_code == 200
    await accounts.revoke(desk.house.store, account, grant, desk.house.operator)
    assert (await desk.shop.get("/policy/draft", **cookie)).status_code == 403


# --- From another site's page --------------------------------------------------------------------

BASE = "https://consent.example"

# What a browser says of where a request comes from, and whether it may change something.
COMING: list[tuple[dict[str, str], bool]] = [
    ({}, True),
    ({"sec-fetch-site": "same-origin"}, True),
    ({"sec-fetch-site": "none"}, True),
    ({"sec-fetch-site": "same-origin", "origin": BASE}, True),
    ({"origin": BASE}, True),
    ({"sec-fetch-site": "cross-site"}, False),
    ({"sec-fetch-site": "same-site"}, False),
    ({"sec-fetch-site": "cross-site", "origin": BASE}, False),
    ({"sec-fetch-site": "x"}, False),
    ({"sec-fetch-site": ""}, False),
    ({"origin": "https://evil.example"}, False),
    ({"origin": "https://consent.example.evil"}, False),
    ({"origin": "http://consent.example"}, False),
    ({"origin": "https://consent.example:8443"}, False),
    ({"origin": "null"}, False),
    ({"origin": ""}, False),
    ({"origin": "https://["}, False),
]


@pytest.mark.parametrize(("headers", "passes"), COMING, ids=lambda value: repr(value))
async def test_a_change_that_another_sites_page_asks_for_is_refused(
    desk: Desk, ways: Ways, headers: dict[str, str], passes: bool
) -> None:
    session = ways["admin of this site"]
    before = desk.house.contents()
    for change in CHANGES:
        answer = await change(desk.shop, session | headers)
        assert answer.status_code == (415 if passes else 403), answer.text
    assert desk.house.contents() == before


async def _save(shop: Shop, headers: dict[str, str]) -> httpx.Response:
    unfit = {"content-type": "text/plain"}
    return await shop.client.put(
        f"{shop.path}/policy/draft", json={"policy": policy_json()}, headers=headers | unfit
    )


async def _publish(shop: Shop, headers: dict[str, str]) -> httpx.Response:
    unfit = {"content-type": "text/plain"}
    return await shop.client.post(f"{shop.path}/policy/versions", headers=headers | unfit)


async def _change_site(shop: Shop, headers: dict[str, str]) -> httpx.Response:
    unfit = {"content-type": "text/plain"}
    return await shop.client.post(f"/sites/{shop.site.key}", headers=headers | unfit)


async def _sign_in(shop: Shop, headers: dict[str, str]) -> httpx.Response:
    return await shop.client.post("/sign-in", headers=headers | {"content-type": "text/plain"})


CHANGES: tuple[Callable[[Shop, dict[str, str]], Awaitable[httpx.Response]], ...] = (
    _save,
    _publish,
    _change_site,
    _sign_in,
)


async def test_a_token_is_no_cookie_and_needs_no_origin(desk: Desk, ways: Ways) -> None:
    """What another site's page cannot send by itself need not be defended against it."""
    for origin in ({}, {"origin": "https://build.example"}, {"sec-fetch-site": "cross-site"}):
        answer = await _publish(desk.shop, ways["editor's token"] | origin)
        assert answer.status_code == 415


async def test_reading_from_another_site_is_not_a_change(desk: Desk, ways: Ways) -> None:
    headers = ways["editor of this site"] | {"sec-fetch-site": "cross-site"}
    answer = await desk.house.client.get(f"{desk.shop.path}/policy/draft", headers=headers)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
