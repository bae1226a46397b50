"""Three origins on loopback, as in life: the service, a shop that is a stranger to it, and tags.

The shop is at `localhost`, the service at `127.0.0.1`, the third parties at `tags.localhost`:
to a browser three hosts, whose cookies have nothing to do with each other.
"""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TypeVar
from urllib.request import urlopen

import uvicorn
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp

from consent_service import accounts, policies, sites
from consent_service.accounts import Grant
from consent_service.app import create_app
from consent_service.audit import Act
from consent_service.demo import shop_app, tags_app
from consent_service.model import ChangeClass, Policy, Role
from consent_service.policies import Publication
from consent_service.settings import Settings
from consent_service.store import Store, open_store
from consent_service.web.service import FRESH
from tests.browser import carriers

SITE = "demo"
Result = TypeVar("Result")


class Clock:
    """The service's clock, which a test may set ahead."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Stage:
    """The three servers, running."""

    service: str
    shop: str
    tags: str
    settings: Settings
    clock: Clock
    pages: dict[str, HTMLResponse] = field(default_factory=dict)
    """Pages of the shop that a test adds, by their paths."""

    def store(self, work: Callable[[Store], Awaitable[Result]]) -> Result:
        """Do `work` with a store of its own on the service's database."""

        async def run() -> Result:
            async with open_store(self.settings.database) as store:
                return await work(store)

        # Playwright's loop runs in this thread: ours gets one of its own.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: asyncio.run(run())).result()

    def asked_of_tags(self) -> list[str]:
        """The paths that reached the third parties' host, in order."""
        with urlopen(f"{self.tags.replace('tags.localhost', '127.0.0.1')}/log") as answer:
            return [entry["path"] for entry in json.load(answer)]

    def publish(self, change: Callable[[Policy], Policy], wanted: ChangeClass) -> None:
        """Change the draft and publish it; by the service's clock all that it remembers is old."""

        async def work(store: Store) -> None:
            site = await store.sites.by_key(SITE)
            act = Act("editor@demo.example", self.clock())
            draft = await policies.draft(store, site)
            changed = change(policies.parse_policy(draft.body))
            saved = await policies.save_draft(store, site, draft.revision, changed, act)
            asked = Publication(revision=saved.revision, change_class=wanted, reason="a test")
            await policies.publish(store, site, asked, act)

        self.store(work)
        self.clock.ahead += 2 * FRESH

    def sign_in_link(self, *roles: Role) -> str:
        """A one-time link for a new account with these roles on the site."""

        async def work(store: Store) -> str:
            act = Act("operator", self.clock())
            email = f"person{time.monotonic_ns()}@demo.example"
            account = await accounts.add(store, email, "A person", act)
            site = await store.sites.by_key(SITE)
            for role in roles:
                await accounts.grant(store, account, Grant(role, site.id), act)
            return await accounts.sign_in_link(store, account, act.now)

        return f"{self.service}/sign-in/{self.store(work)}"


@contextlib.contextmanager
def running_stage(
    folder: Path,
    service: str = "127.0.0.1",
    shop: str = "localhost",
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> Iterator[Stage]:
    """The three servers on free ports, with the demo's policy published as version 1.

    `service` and `shop` are the hosts of these; `around` puts something around the service.
    """
    sockets = [_free_socket() for _ in range(3)]
    ports = [each.getsockname()[1] for each in sockets]
    clock = Clock()
    stage = Stage(
        service=f"http://{service}:{ports[0]}",
        shop=f"http://{shop}:{ports[1]}",
        tags=f"http://tags.localhost:{ports[2]}",
        settings=Settings(
            database=f"sqlite:///{folder}/consent.db",
            keys=folder / "keys",
            base_url=f"http://{service}:{ports[0]}",
            browser="off",
        ),
        clock=clock,
    )
    stage.pages[carriers.PATH] = carriers.carriers(stage.service, stage.tags)
    stage.store(lambda store: _seed(store, stage))
    apps: tuple[ASGIApp, ...] = (
        around(create_app(stage.settings, clock)),
        carriers.with_pages(shop_app(stage.service, SITE, stage.tags), stage.pages),
        tags_app(),
    )
    with contextlib.ExitStack() as stack:
        for app, listening in zip(apps, sockets, strict=True):
            stack.enter_context(serving(app, listening))
        yield stage


async def _seed(store: Store, stage: Stage) -> None:
    act = Act("operator", stage.clock())
    site = await sites.add(store, SITE, "Demo shop", (stage.shop,), act.now)
    await store.sites.change(SITE, site.name, site.origins, 0)
    body = files("consent_service.demo").joinpath("policy.json").read_bytes()
    draft = await policies.save_draft(store, site, 0, policies.parse_policy(body), act)
    asked = Publication(revision=draft.revision, change_class=ChangeClass.MAJOR)
    await policies.publish(store, site, asked, act)


@contextlib.contextmanager
def serving(app: ASGIApp, listening: socket.socket) -> Iterator[None]:
    """One server in a thread of its own, until the block ends."""
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="auto")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        _wait_until(lambda: server.started or not thread.is_alive())
        assert server.started, "a server of the stage did not start"
        yield
    finally:
        server.should_exit = True
        thread.join(60)
        listening.close()
        assert not thread.is_alive(), "a server of the stage did not stop"


def _free_socket() -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    return listening


def _wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
