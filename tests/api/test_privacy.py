"""R46: nothing that tells who a visitor is gets into the database, its files or the logs."""

import asyncio
import base64
import hashlib
import ipaddress
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from consent_service.settings import Settings
from consent_service.store import open_store
from consent_service.store.opening import sqlite_path
from consent_service.web.access import Access
from consent_service.web.routes import ADDRESSES
from tests import given
from tests.given import policy_json
from tests.process import Process, command, serve
from tests.store.outside import outside

PEER = "127.0.0.77"
"""Where the visitor's connection comes from: any address in 127/8 is this machine."""

FORWARDED = "203.0.113.77"
SECRETS = {
    "x-forwarded-for": f"{FORWARDED}, 198.51.100.66",
    "forwarded": 'for="[2001:db8:77::77]";host=telltale-host.example',
    "x-real-ip": "198.51.100.66",
    "cf-connecting-ip": "2001:db8:77::77",
    "user-agent": "Telltale/77.1 (Visitor; agent-4f7c)",
    "sec-ch-ua": '"Telltalebrand";v="77"',
    "referer": "https://shop.example/telltale-path/clinic?telltale-referer=1",
    "cookie": "sid=telltale-cookie-9d1f; consent=1.1.fq5.7.1-1-1",
    "accept-language": "sv-x-telltale",
    "if-none-match": '"telltale-etag"',
    "x-telltale": "telltale-header",
}
QUERY = {"lang": "sv", "email": "telltale@visitor.example", "utm": "telltale-query"}
TELLTALES = (PEER, FORWARDED, "198.51.100.66", "2001:db8:77::77", "elltale", "agent-4f7c", "9d1f;")


@pytest.fixture(scope="module")
def settings(database: str, folder: Path) -> Settings:
    """A site with a published policy, for a service whose log says all that it can."""
    settings = Settings(
        database=database,
        keys=folder / "keys",
        base_url="https://consent.example",
        log_level="debug",
    )
    file = folder / "policy.json"
    file.write_text(json.dumps(policy_json()))
    for arguments in (
        ("site", "add", "shop", "--name", "Tea", "--origin", given.ORIGIN),
        ("policy", "draft", "shop", str(file)),
        ("policy", "publish", "shop"),
    ):
        done = command(settings, *arguments)
        assert done.returncode == 0, done.stderr
    return settings


@pytest.fixture
def process(settings: Settings, tmp_path: Path) -> Iterator[Process]:
    """A running service."""
    with serve(settings, tmp_path / "log") as running:
        yield running


def visit(url: str) -> list[httpx.Response]:
    """A visitor's round: every public address, good and bad choices, a receipt, a dead end."""
    transport = httpx.HTTPTransport(local_address=PEER)
    with httpx.Client(
        base_url=url, transport=transport, headers=SECRETS, params=QUERY, timeout=60
    ) as client:
        answers = [client.get("/v1/sites/shop/banner.js") for _ in range(2)]
        found = re.search(rb'artifact:"([0-9a-f]{16})"', answers[0].content)
        assert found
        choices = [
            given.choice(found[1].decode(), language="sv"),
            given.refusal(found[1].decode(), language="sv"),
        ]
        answers += [_post(client, json.dumps(choice)) for choice in (*choices, *choices)]
        answers += [_post(client, json.dumps(choices[0] | {"layer": 2})), _post(client, "telltale")]
        answers += [client.get(f"/v1/sites/shop/receipts/{choice['id']}") for choice in choices]
        answers += [client.get(path) for path in _public(choices[0]["id"])]
        answers += [client.get("/telltale-path"), client.delete("/healthz?telltale")]
        form = {"email": "telltale@visitor.example", "password": "telltale password"}
        own = {"sec-fetch-site": "same-origin"}
        answers += [client.post("/sign-in", data=form, headers=own) for _ in range(7)]
        return answers


def _post(client: httpx.Client, body: str) -> httpx.Response:
    headers = {"content-type": "text/plain", "origin": given.ORIGIN}
    return client.post("/v1/sites/shop/receipts", content=body, headers=headers)


def _public(id: str) -> list[str]:
    values = {"site": "shop", "sha256": "a" * 43, "reference": "1", "id": id}
    values |= {"page": "install", "token": "x" * 43}
    return [
        row.path.replace("{path:path}", "pages.css").format(**values)
        for row in ADDRESSES
        if row.method == "GET" and row.needs is Access.ANYONE
    ]


def forms_of(address: str) -> Iterator[bytes]:
    """How an address could be kept: as text, packed, and as a plain hash of either."""
    packed = ipaddress.ip_address(address).packed
    for plain in (address.encode(), packed):
        digest = hashlib.sha256(plain).digest()
        yield from (plain, plain.hex().encode(), digest, digest.hex().encode())
        yield base64.urlsafe_b64encode(digest).rstrip(b"=")


def searched() -> list[bytes]:
    """All the byte strings that must be nowhere."""
    addresses = (PEER, FORWARDED, "198.51.100.66", "2001:db8:77::77")
    hashed = [form for address in addresses for form in forms_of(address)]
    return [telltale.encode() for telltale in TELLTALES] + hashed


def assert_untold(where: str, content: bytes) -> None:
    """Nothing of the visitor is in it."""
    assert not {form: where for form in searched() if form in content}


def stored(database: str) -> Iterator[tuple[str, bytes]]:
    """Every table with all that is in it, as bytes; and the files, where there are files."""
    with outside(database) as connection:
        for (table,) in connection.run(_TABLES["sqlite" if sqlite_path(database) else "postgres"]):
            rows = connection.run(f"select * from {table}")
            cells = (cell for row in rows for cell in row)
            yield table, b"\x1f".join(c if isinstance(c, bytes) else f"{c}".encode() for c in cells)
    path = sqlite_path(database)
    for file in path.parent.glob(f"{path.name}*") if path else ():
        yield file.name, file.read_bytes()


_TABLES = {
    "sqlite": "select name from sqlite_master where type = 'table'",
    "postgres": "select tablename from pg_tables where schemaname = 'public'",
}


async def _signed(database: str) -> bytes:
    async with open_store(database) as store:
        site = await store.sites.by_key("shop")
        return b"".join([each.payload for each in await store.receipts.page(site.id, None, 999)])


def test_r46_nothing_of_a_visitor_is_stored_or_logged(process: Process, settings: Settings) -> None:
    answers = visit(process.url)
    statuses = {answer.status_code for answer in answers}
    assert {200, 201, 404, 405, 409, 422, 429} <= statuses
    assert max(statuses) < 500
    process.stop()
    kept = dict(stored(settings.database))
    assert len(kept) > 8
    # Rows hold receipts packed: what they say is looked at as it was signed, too.
    kept["what was signed"] = asyncio.run(_signed(settings.database))
    assert b"accept_all" in kept["what was signed"], "the visitor's choice is not there"
    assert b"opt-in" in kept["forms"], "what receipts say alike is elsewhere"
    for where, content in kept.items():
        assert_untold(where, content)
    log = process.written()
    assert '"level": "info"' in log
    assert_untold("the log", log.encode())
    assert not [answer for answer in answers if "set-cookie" in answer.headers]


@pytest.mark.parametrize("form", [PEER.encode(), b"\x7f\x00\x00\x4d", b"Telltale/77.1"])
def test_what_would_tell_is_seen(form: bytes) -> None:
    with pytest.raises(AssertionError):
        assert_untold("a table", b"before" + form + b"after")


SUSPICIOUS = re.compile(r"(^|_)(ip|inet|addr|address|agent|ua|referr?er|browser|fingerprint)(_|$)")
_COLUMNS = {
    "sqlite": "select c.name from sqlite_master t, pragma_table_info(t.name) c",
    "postgres": "select column_name from information_schema.columns where table_schema = 'public'",
}


def test_r46_no_table_has_a_place_for_what_tells(settings: Settings) -> None:
    with outside(settings.database) as connection:
        named = connection.run(_COLUMNS["sqlite" if sqlite_path(settings.database) else "postgres"])
    columns = {str(name) for (name,) in named}
    assert {"signature", "email"} <= columns
    assert not {name for name in columns if SUSPICIOUS.search(name)}
    assert SUSPICIOUS.search("ip_address")
    assert SUSPICIOUS.search("user_agent")


def test_r46_what_is_not_even_http_is_logged_without_its_sender(process: Process) -> None:
    server = httpx.URL(process.url)
    with socket.create_connection((server.host, server.port or 0), 60, (PEER, 0)) as connection:
        connection.sendall(b"TELLTALE telltale\r\nx: telltale\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
    process.stop()
    assert "Invalid HTTP request" in process.written()
    assert_untold("the log", process.written().encode())
