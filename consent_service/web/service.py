"""What every handler works with, and the little that a process remembers between requests."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.requests import Request

from consent_service import audit, ledger, policies, receipts, sites
from consent_service.audit import Act
from consent_service.errors import Invalid, NotFound, Tampered
from consent_service.evidence import Office
from consent_service.known_cookies import Library
from consent_service.model import Artifact, PublicKey, Site, VersionRecord
from consent_service.receipts import Asked, Desk
from consent_service.rendering import Look
from consent_service.settings import Settings
from consent_service.signing import Keyring, PublicKeys
from consent_service.signing.receipts import KEY
from consent_service.store import ReceiptWriter, Store
from consent_service.web.limits import CAUGHT_A_MINUTE, Attempts, Pace

FRESH = 1.0
"""Seconds that what was read is remembered. A banner made ready is kept as long again, so that
another process's publishing is seen here within twice this."""

FOR_EVER = float("inf")
_MOST = 4_096

Loaded = TypeVar("Loaded")


class Memory:
    """Remembers what was read, for a while or for ever, up to a number of things.

    Only for what anybody may know and for what never changes: nothing of a visitor is in it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._page = _Page()

    async def get(
        self, key: object, seconds: float, load: Callable[[], Awaitable[Loaded]]
    ) -> Loaded:
        """The remembered value, or what `load` finds. An error is not remembered.

        Of many that ask at once for what is not there, one loads, and all are given what it finds.
        """
        now, page = self._clock(), self._page
        until, value = page.kept.get(key, (0.0, None))
        if now < until:
            remembered: Loaded = value
            return remembered
        loading: asyncio.Task[Loaded] | None = page.loading.get(key)
        if loading is None:
            loading = asyncio.create_task(page.load(key, now + seconds, load))
            page.loading[key] = loading
        # Whoever goes away takes nobody along.
        return await asyncio.shield(loading)

    def forget(self) -> None:
        """Read everything anew: after a change that was made here.

        What is still being read goes with it: it may be from before the change.
        """
        self._page = _Page()


@dataclass(slots=True)
class _Page:
    """What a memory holds until it is told to forget."""

    kept: dict[object, tuple[float, Any]] = field(default_factory=dict)
    loading: dict[object, asyncio.Task[Any]] = field(default_factory=dict)

    async def load(
        self, key: object, until: float, load: Callable[[], Awaitable[Loaded]]
    ) -> Loaded:
        try:
            loaded = await load()
        finally:
            del self.loading[key]
        if len(self.kept) >= _MOST:
            self.kept.clear()
        self.kept[key] = (until, loaded)
        return loaded


@dataclass(slots=True)
class Service:
    """The parts of a running service, put together by `app.py`."""

    settings: Settings
    store: Store
    keyring: Keyring
    writer: ReceiptWriter
    now: Callable[[], float]
    """Unix seconds. The only clock of the house is read through this."""
    memory: Memory
    attempts: Attempts
    ledger: ledger.Desk
    """What it takes to append to a site's ledger."""
    browser: Look
    """What takes screenshots here."""
    keys: PublicKeys = field(default_factory=lambda: PublicKeys(()))
    pace: Pace = field(default_factory=lambda: Pace(CAUGHT_A_MINUTE))
    known: Library = field(default_factory=Library)
    """What is commonly known of cookies by their names."""
    hot: dict[tuple[bytes, bytes, str], Any] = field(default_factory=dict)
    """Banner answers, ready to send: see `web/hot.py`."""

    async def site(self, key: str) -> Site:
        """The site by its public key. Raises `NotFound`."""
        if not sites.is_key(key):
            raise NotFound("there is no such site: a key is 3 to 40 of a-z, 0-9 and hyphen")
        return await self.memory.get(("site", key), FRESH, lambda: self.store.sites.by_key(key))

    async def current(self, site: Site) -> VersionRecord:
        """The version that visitors are asked now. Raises `NotFound` before the first."""
        return await self.memory.get(
            ("current", site.id), FRESH, lambda: policies.current(self.store, site)
        )

    async def artifact(self, site: Site, version: int, language: str) -> Artifact:
        """The newest banner of that version and language. Raises `NotFound`."""
        return await self.memory.get(
            ("artifact", site.id, version, language),
            FRESH,
            lambda: self.store.policies.artifact(site.id, version, language),
        )

    async def asked(self, site: Site, version: int, tag: str) -> Asked:
        """What a visitor had on the screen. Raises `Invalid` where that never was."""
        return await self.memory.get(
            ("asked", site.id, version, tag), FRESH, lambda: self._asked(site, version, tag)
        )

    async def _asked(self, site: Site, version: int, tag: str) -> Asked:
        try:
            record = await self.store.policies.version(site.id, version)
        except NotFound as error:
            raise Invalid(f"version: {site.key} has no version {version}", "version") from error
        try:
            artifact = await self.store.policies.artifact_by_tag(site.id, tag)
        except NotFound as error:
            raise Invalid("artifact: this service made no such banner", "artifact") from error
        return Asked(record, policies.decode_version(record.body), artifact)

    async def with_keys(self, work: Callable[[], Awaitable[Loaded]]) -> Loaded:
        """Do work that verifies receipts; where their key is not known here, read the keys anew.

        Another process may sign with a key that it made a moment ago.
        """
        try:
            return await work()
        except Tampered as error:
            if error.field != KEY:
                raise
            await self._read_keys()
        return await work()

    @property
    def desk(self) -> Desk:
        """What it takes to make receipts."""
        return receipts.Desk(self.keyring, self.keys, self.writer, self.settings.base_url)

    def office(self) -> Office:
        """Where evidence is gathered."""
        return Office(self.store, self.keys, self.settings.base_url)

    async def load_keys(self) -> None:
        """Publish this process's public keys, then know all that were ever published.

        In this order, and before the first signature by a new key: a receipt must never be on
        file whose key is not.
        """
        newer = self.keyring.reread()
        for key in (newer or self.keyring).public_keys:
            await self._publish_key(key)
        await self._read_keys()
        if newer:
            await self._enter_gone(newer)
            self.keyring.adopt(newer)

    async def _read_keys(self) -> None:
        self.keys = PublicKeys(key.jwk for key in await self.store.keys.all())

    async def _publish_key(self, key: PublicKey) -> None:
        if key.kid not in self.keys.kids:
            async with self.store.transaction() as tx:
                known = {each.kid for each in await tx.keys.all()}
                await tx.keys.add(key)
                await ledger.enter_key(tx, key, key.created_at)
                if key.kid not in known:
                    await audit.log(tx, Act(audit.SERVICE, self.now()), "key.publish", key.kid)

    async def _enter_gone(self, newer: Keyring) -> None:
        """A key whose file was taken away can sign nothing more: the ledgers say since when."""
        left = {key.kid for key in newer.public_keys}
        for key in self.keyring.public_keys:
            if key.kid not in left:
                await ledger.enter_key(self.store, key, int(self.now()), gone=True)

    def forget(self) -> None:
        """After a change made here: nothing remembered may be served again."""
        self.memory.forget()
        # A new one: whoever is still at work on an answer puts it into the old one.
        self.hot = {}


def service(request: Request) -> Service:
    """The running service that a request belongs to."""
    running: Service = request.state.service
    return running
