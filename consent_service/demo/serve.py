"""Runs the service, the demo shop and the third parties in one process, each on its own origin.

The shop is at `localhost`, the service at `127.0.0.1` and the third parties at `tags.localhost`:
three hosts, so that no cookie of one is sent to another (cookies know no ports).
"""

import asyncio
import contextlib
import errno
import signal
import socket
import time
from collections.abc import Callable, Generator, Iterable
from typing import NamedTuple

import msgspec
import uvicorn
from starlette.types import ASGIApp

from consent_service.app import create_app
from consent_service.demo.seed import SITE, seed
from consent_service.demo.storefront import shop_app
from consent_service.demo.trackers import tags_app
from consent_service.errors import Misconfigured
from consent_service.settings import Settings
from consent_service.store import open_store

LOOPBACK_4, LOOPBACK_6 = "127.0.0.1", "::1"
_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_GRACE_SECONDS = 3
_GLANCE_SECONDS = 0.05


class Ports(NamedTuple):
    """The ports of the three; 0 for any that is free."""

    service: int
    shop: int
    tags: int


class Started(NamedTuple):
    """Where everything is, for the first screen."""

    service: str
    shop: str
    tags: str
    secret: str
    """Of the one-time sign-in link."""
    version: int
    """The policy version in force."""


class _Server(uvicorn.Server):
    """One of several in a process: signals are handled once, for all of them, by `_until_told`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


Listening = list[socket.socket]


def run_demo(settings: Settings, ports: Ports, tell: Callable[[Started], None]) -> None:
    """Seed the demo, serve it until SIGINT or SIGTERM, and stop cleanly.

    The settings' own address is replaced by the loopback's at `ports.service`. `tell` is called
    once, when all three answer. Raises `Misconfigured` where a port is taken or a server does
    not start.
    """
    with contextlib.ExitStack() as open_sockets:
        service = _listen(open_sockets, ports.service, "--port", (LOOPBACK_4,))
        # A browser tries `localhost` under both addresses.
        both = (LOOPBACK_4, LOOPBACK_6)
        shop = _listen(open_sockets, ports.shop, "--shop-port", both)
        tags = _listen(open_sockets, ports.tags, "--tags-port", both)
        asyncio.run(_run(settings, (service, shop, tags), tell))


def _listen(
    opened: contextlib.ExitStack, port: int, option: str, addresses: Iterable[str]
) -> Listening:
    """Sockets on one port of each loopback address that this machine has."""
    sockets: Listening = []
    for address in addresses:
        try:
            sockets.append(opened.enter_context(_bound(address, port)))
        except OSError as error:
            if address == LOOPBACK_6 and error.errno in _NO_SUCH_ADDRESS:
                continue
            raise Misconfigured(_why(error, address, port, option)) from error
        # Where any port would do, the first address chooses it for the others.
        port = _port(sockets)
    return sockets


def _bound(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        # A port of a demo that was just stopped is free again at once.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        # Now, so that it is known to be ours: binding alone does not keep others from listening.
        made.listen()
    except OSError:
        made.close()
        raise
    return made


def _why(error: OSError, address: str, port: int, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: stop what runs there, or choose another with {option}"
    return f"cannot listen on port {port} of {address} ({error.strerror}): choose with {option}"


def _port(sockets: Listening) -> int:
    port: int = sockets[0].getsockname()[1]
    return port


async def _run(
    settings: Settings,
    listening: tuple[Listening, Listening, Listening],
    tell: Callable[[Started], None],
) -> None:
    service, shop, tags = (_port(sockets) for sockets in listening)
    service_url, shop_url = f"http://{LOOPBACK_4}:{service}", f"http://localhost:{shop}"
    tags_url = f"http://tags.localhost:{tags}"
    async with open_store(settings.database) as store:
        secret, version = await seed(store, shop_url, time.time())
    settings = msgspec.structs.replace(
        settings, base_url=service_url, host=LOOPBACK_4, port=service
    )
    apps = (create_app(settings), shop_app(service_url, SITE, tags_url), tags_app())
    started = Started(service_url, shop_url, tags_url, secret, version)
    await _serve(zip(apps, listening, strict=True), lambda: tell(started))


async def _serve(apps: Iterable[tuple[ASGIApp, Listening]], ready: Callable[[], None]) -> None:
    served = [(_server(app), sockets) for app, sockets in apps]
    servers = [server for server, _ in served]
    running = [asyncio.create_task(server.serve(sockets)) for server, sockets in served]
    with _until_told(servers):
        while not all(server.started for server in servers):
            if any(task.done() for task in running):
                break
            await asyncio.sleep(_GLANCE_SECONDS)
        else:
            ready()
        # Whichever ends first, told to or not, ends the others.
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*running)
    if not all(server.started for server in servers):
        raise Misconfigured("the demo did not start: the lines above say why")


def _server(app: ASGIApp) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )


@contextlib.contextmanager
def _until_told(servers: list[_Server]) -> Generator[None, None, None]:
    """While this is open, SIGINT and SIGTERM stop all servers, within the grace period.

    A second one changes nothing: `make` passes on what its terminal has sent already.
    """
    loop, told = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM)
    for name in told:
        loop.add_signal_handler(name, _stop, servers)
    try:
        yield
    finally:
        for name in told:
            loop.remove_signal_handler(name)


def _stop(servers: list[_Server]) -> None:
    for server in servers:
        server.should_exit = True
