"""A service with one site and the demo's policy, published; and the requests it is asked."""

import json
import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psycopg

from tests.bench.load import Maker, ask
from tests.bench.servers import Running, environment, program, running
from tests.tools import ROOT

SITE = "bench"
ORIGIN = "https://bench.example"
POLICY = ROOT / "consent_service/demo/policy.json"

_COMMAND = program("consent-service")
_HOST = f"host: consent.example\r\norigin: {ORIGIN}\r\n"
_TAG = re.compile(rb'artifact:"([0-9a-f]{16})"')
_COUNT = "select count(*) from receipts"


@dataclass(eq=False)
class Service:
    """A running service, and how many receipts its database holds."""

    server: Running
    count: Callable[[], int]
    on_file: int = 0
    """Receipts that were answered 201 so far."""


@contextmanager
def serving(database: str, folder: Path) -> Iterator[Service]:
    """A service on that database, with a site that has a published policy."""
    folder.mkdir()
    settings = environment(database=database, keys=str(folder / "keys"), log_level="info")
    for arguments in (
        ("site", "add", SITE, "--name", "Bench", "--origin", ORIGIN),
        ("policy", "draft", SITE, str(POLICY)),
        ("policy", "publish", SITE),
    ):
        _run(arguments, settings)
    command = (_COMMAND, "serve", "--port", "0")
    with running(command, settings, folder / "log") as server:
        yield Service(server, lambda: _count(database))


def _run(arguments: tuple[str, ...], settings: Mapping[str, str]) -> None:
    ran = subprocess.run(
        [_COMMAND, *arguments], env=settings, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise RuntimeError(f"consent-service {' '.join(arguments)}: {ran.stderr}")


def _count(database: str) -> int:
    """Counted by another than the service, from what is on file."""
    if database.startswith("postgresql://"):
        with psycopg.connect(database) as postgres:
            rows = postgres.execute(_COUNT).fetchall()
    else:
        connection = sqlite3.connect(
            f"file:{database.removeprefix('sqlite:///')}?mode=ro", uri=True
        )
        rows = connection.execute(_COUNT).fetchall()
        connection.close()
    return int(rows[0][0])


RECEIPTS = f"/v1/sites/{SITE}/receipts"


def posting(path: str, artifact: str) -> Maker:
    """Posts valid choices, each with a new UUIDv7: every category granted, the longest receipt."""
    body = _choice(artifact)
    head = (
        f"POST {path} HTTP/1.1\r\n{_HOST}"
        f"content-type: text/plain\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    before, after = (head.encode() + body).split(_ID)
    return lambda: before + new_id() + after


def looking_up(ids: list[bytes]) -> Maker:
    """Asks for one of these receipts after the other, in an order of no meaning."""
    before, after = f"GET {RECEIPTS}/".encode(), f" HTTP/1.1\r\n{_HOST}\r\n".encode()
    choose = Random(1).choice
    return lambda: before + choose(ids) + after


def asking(path: str, headers: str = "") -> Maker:
    """Asks for the same, always. Each header ends with a line break."""
    request = f"GET {path} HTTP/1.1\r\n{_HOST}{headers}\r\n".encode()
    return lambda: request


def new_id() -> bytes:
    """A UUIDv7 (RFC 9562, section 5.7)."""
    time_ms = time.time_ns() // 1_000_000
    drawn = os.urandom(10).hex()
    variant = "89ab"[int(drawn[3], 16) & 3]
    stamp = f"{time_ms:012x}"
    return f"{stamp[:8]}-{stamp[8:]}-7{drawn[:3]}-{variant}{drawn[4:7]}-{drawn[7:19]}".encode()


_ID = b"00000000-0000-7000-8000-000000000000"


def _choice(artifact: str) -> bytes:
    choice = {
        "id": _ID.decode(),
        "version": 1,
        "language": "en",
        "artifact": artifact,
        "action": "accept_all",
        "source": "banner",
        "layer": 1,
        "viewport": "narrow",
        "choices": dict.fromkeys(("necessary", "preferences", "statistics", "marketing"), True),
        "gpc": False,
        "previous": None,
    }
    return json.dumps(choice, separators=(",", ":")).encode()


def artifact_of(server: Running) -> str:
    """The name that the banner's bytes give themselves."""
    named = _TAG.search(ask(server.port, asking(f"/v1/sites/{SITE}/banner.js?lang=en")()))
    if not named:
        raise RuntimeError("the banner does not name its artifact")
    return named[1].decode()
