"""The real application behind a real server, in the test's own loop and on a clock of its own."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import jwt
import uvicorn
from starlette.types import ASGIApp

from consent_service import accounts, ledger, policies, receipts, sites
from consent_service.accounts import Grant
from consent_service.app import create_app
from consent_service.audit import Act
from consent_service.cli.serve import served
from consent_service.merkle import Reason
from consent_service.model import ChangeClass, Erasure, Policy, Role, Site, VersionRecord
from consent_service.policies import Publication
from consent_service.settings import Settings
from consent_service.signing import PublicKeys, open_keyring
from consent_service.store import Store, open_store
from tests import given
from tests.given import Json, policy
from tests.store.outside import Rows, outside

_KEPT = {
    "receipts": "*",
    "tombstones": "*",
    "events": "*",
    "drafts": "*",
    "plans": "*",
    "versions": "site_id, number",
    "artifacts": "site_id, version, language, created_at",
    "accounts": "*",
    "tokens": "*",
    "caught": "*",
}
"""The tables that a request could leave something in."""
_PLAIN: dict[str, Any] = {"ledger_seconds": 0.1, "browser": "off"}
"""Whoever tests screenshots asks for a browser."""
_TAG = re.compile(rb'artifact:"([0-9a-f]{16})"')


class Clock:
    """A clock that stands still until a test moves it on."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.25

    def __call__(self) -> float:
        return self.time

    @property
    def now(self) -> int:
        """Whole unix seconds."""
        return int(self.time)


@dataclass
class House:
    """A running service, a client of it, and a store of our own on its database."""

    url: str
    client: httpx.AsyncClient
    store: Store
    settings: Settings
    clock: Clock

    @property
    def operator(self) -> Act:
        return Act("operator", self.clock())

    @property
    def desk(self) -> ledger.Desk:
        """What another process appends to the ledgers with."""
        keyring = open_keyring(self.settings.keys, self.clock.now)
        outside = ledger.Outside(self.settings.checkpoints_folder)
        return ledger.Desk(self.store, keyring, self.settings.base_url, outside, "tests")

    def rows(self, sql: str) -> Rows:
        """What the database answers to a plain connection."""
        with outside(self.settings.database) as connection:
            return connection.run(sql)

    def contents(self) -> dict[str, Rows]:
        """All that is stored, enough of it to see whether it is the same as before."""
        with outside(self.settings.database) as connection:
            return {
                name: sorted(connection.run(f"select {columns} from {name}"), key=repr)
                for name, columns in _KEPT.items()
            }


@dataclass
class Shop:
    """A site of the house with a published policy."""

    house: House
    site: Site
    tag: str
    """The artifact of the banner in English."""

    @property
    def path(self) -> str:
        return f"/v1/sites/{self.site.key}"

    @property
    def client(self) -> httpx.AsyncClient:
        return self.house.client

    def choice(self, **changes: object) -> Json:
        """A choice that this shop's banner would post: everything granted."""
        return given.choice(self.tag) | changes

    def refusal(self, **changes: object) -> Json:
        """A choice that this shop's banner would post: everything denied."""
        return given.refusal(self.tag) | changes

    async def post(self, choice: Json, origin: str = given.ORIGIN) -> httpx.Response:
        """Post a choice as the widget does."""
        body = httpx.Request("POST", "http://x", json=choice).content
        return await self.post_bytes(body, origin=origin)

    async def post_bytes(
        self, body: bytes, content_type: str = "text/plain;charset=UTF-8", origin: str = ""
    ) -> httpx.Response:
        headers = {"content-type": content_type, "origin": origin or given.ORIGIN}
        return await self.client.post(f"{self.path}/receipts", content=body, headers=headers)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask for an address of this site, with these headers (`_` for a hyphen)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(f"{self.path}{path}", headers=named)

    async def draft(self, content: Policy) -> int:
        """Save a draft by our own store; its revision."""
        return await save_draft(self.house, self.site, content)

    async def publish(self, content: Policy, change_class: str = "major") -> VersionRecord:
        """Publish by our own store, as another process would, and let its second go by."""
        record = await publish(self.house, self.site, content, change_class)
        self.house.clock.time += 2.0
        return record

    async def erase(self, id: str, reason: Reason = Reason.REQUEST) -> Erasure:
        """Erase a receipt by our own store, as another process would."""
        return await receipts.erase(self.house.desk, self.site, id, reason, self.house.operator)

    async def token(self, role: Role = Role.EDITOR) -> dict[str, str]:
        """The header of a machine's token with that role."""
        made = await accounts.add_token(
            self.house.store, Grant(role, self.site.id), "test", self.house.operator
        )
        return {"authorization": f"Bearer {made.secret}"}


async def save_draft(house: House, site: Site, content: Policy) -> int:
    found = await house.store.policies.draft(site.id)
    seen = found.revision if found else 0
    saved = await policies.save_draft(house.store, site, seen, content, house.operator)
    return saved.revision


async def publish(
    house: House, site: Site, content: Policy, change_class: str = "major"
) -> VersionRecord:
    revision = await save_draft(house, site, content)
    asked = Publication(revision=revision, change_class=ChangeClass(change_class))
    return await policies.publish(house.store, site, asked, house.operator)


async def open_shop(house: House, key: str, content: Policy | None = None) -> Shop:
    """A new site of the house, with a published policy."""
    site = await sites.add(house.store, key, "Nordlund Tea", (given.ORIGIN,), house.clock.now)
    await publish(house, site, content or policy())
    return Shop(house, site, await tag(house, key))


async def tag(house: House, key: str, language: str = "en") -> str:
    """What a browser's banner says of itself."""
    script = await house.client.get(f"/v1/sites/{key}/banner.js", params={"lang": language})
    named = _TAG.search(script.content)
    assert named, script.text[:200]
    return named[1].decode()


async def assert_receipts_verify(shop: Shop) -> None:
    """Every receipt on file verifies by what is published alone, for a foreign library too."""
    published = (await shop.client.get("/.well-known/jwks.json")).content
    foreign = jwt.PyJWKSet.from_json(published.decode())
    ours = PublicKeys.from_jwks(published)
    receipts = await shop.house.store.receipts.page(shop.site.id, None, 1_000_000)
    for stored in receipts:
        verified = ours.verify_parts(stored.payload, stored.signature, stored.kid)
        key = foreign[stored.kid]
        claims = jwt.decode(
            verified.token, key, algorithms=["EdDSA"], options={"verify_iat": False}
        )
        assert claims["jti"] == stored.id


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """The address of the application while the block runs, on a free port."""
    # Named as TCP, else asyncio leaves Nagle's algorithm on, and each answer waits for 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(served(app, "127.0.0.1", 0))
        task = asyncio.create_task(server.serve([listening]))
        try:
            while not server.started:
                assert not task.done(), "the service did not start"
                await asyncio.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def running_house(
    database: str, folder: Path, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[House]:
    """A service on that database, with keys in that folder."""
    chosen = Settings(
        database=database,
        keys=folder / "keys",
        checkpoints=str(folder / sha256(database.encode()).hexdigest()[:16]),
        base_url="https://consent.example",
        **_PLAIN | settings,
    )
    clock = clock or Clock()
    async with (
        serving(create_app(chosen, clock)) as url,
        open_store(database) as store,
        httpx.AsyncClient(base_url=url, timeout=120) as client,
    ):
        yield House(url, client, store, chosen, clock)
