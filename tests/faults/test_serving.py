"""`consent-service serve`, killed, rotated and doubled: what was answered holds."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from consent_service.settings import Settings
from tests import given
from tests.given import Json, policy_json
from tests.process import Process, command, serve
from tests.store.soundness import assert_sound

RECEIPTS = "/v1/sites/shop/receipts"
BURST = 400
ANSWERED = (1, 150)
"""After how many answers the process is killed, while others wait."""


@pytest.fixture
async def settings(database: str, folder: Path, tmp_path: Path) -> AsyncIterator[Settings]:
    """A site with a published policy. Whatever happens, the database is sound after."""
    settings = Settings(database=database, keys=folder / "keys", base_url="https://consent.example")
    if "shop" not in _run(settings, "site", "list"):
        _run(settings, "site", "add", "shop", "--name", "Tea", "--origin", given.ORIGIN)
        _publish(settings, tmp_path, policy_json())
    yield settings
    await assert_sound(settings.database)


def _run(settings: Settings, *arguments: str) -> str:
    done = command(settings, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _publish(settings: Settings, folder: Path, content: Json) -> None:
    file = folder / "policy.json"
    file.write_text(json.dumps(content))
    _run(settings, "policy", "draft", "shop", str(file))
    _run(settings, "policy", "publish", "shop")


async def version_and_tag(client: httpx.AsyncClient) -> tuple[int, str]:
    """The version that visitors are asked now, and what its banner says of itself."""
    while True:
        before = await _version(client)
        script = (await client.get("/v1/sites/shop/banner.js")).content
        tag = re.search(rb'artifact:"([0-9a-f]{16})"', script)
        assert tag
        # Else it was published in between, and the banner may be of either version.
        if before == await _version(client):
            return before, tag[1].decode()


async def _version(client: httpx.AsyncClient) -> int:
    return int((await client.get("/v1/sites/shop/policy")).json()["number"])


async def a_choice(client: httpx.AsyncClient) -> Json:
    """A choice as this banner would post it."""
    version, tag = await version_and_tag(client)
    return given.choice(tag, version=version)


async def post(client: httpx.AsyncClient, choice: Json) -> httpx.Response:
    headers = {"content-type": "text/plain", "origin": given.ORIGIN}
    return await client.post(RECEIPTS, content=json.dumps(choice), headers=headers)


def client_of(process: Process) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=40)
    return httpx.AsyncClient(base_url=process.url, timeout=60, limits=limits)


async def assert_verifies(client: httpx.AsyncClient, token: str) -> Json:
    """The receipt's claims, by a foreign library and what is published."""
    keys = jwt.PyJWKSet.from_json((await client.get("/.well-known/jwks.json")).text)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: Json = jwt.decode(token, key, algorithms=["EdDSA"])
    return claims


# --- kill -9 -------------------------------------------------------------------------------------


class Burst:
    """Many posts at once, and what came of them."""

    def __init__(self, choices: list[Json]) -> None:
        self.choices = choices
        self.answers: dict[str, Json] = {}

    async def run(self, process: Process, kill_after: int) -> None:
        """Post all; kill the process once so many were answered."""
        async with client_of(process) as client:
            tasks = [asyncio.create_task(self._post(client, each)) for each in self.choices]
            while len(self.answers) < kill_after:
                assert not all(task.done() for task in tasks), "the burst was over too soon"
                await asyncio.sleep(0)
            process.kill()
            await asyncio.gather(*tasks)

    async def _post(self, client: httpx.AsyncClient, choice: Json) -> None:
        try:
            answer = await post(client, choice)
        except httpx.TransportError:
            return
        assert answer.status_code == 201, answer.text
        self.answers[choice["id"]] = answer.json()


@pytest.mark.parametrize("answered", ANSWERED)
async def test_r47_what_was_answered_before_a_kill_is_there_and_verifies(
    settings: Settings, tmp_path: Path, answered: int
) -> None:
    with serve(settings, tmp_path / "log") as process:
        async with client_of(process) as client:
            version, tag = await version_and_tag(client)
        burst = Burst([given.choice(tag, version=version) for _ in range(BURST)])
        await burst.run(process, answered)
    assert answered <= len(burst.answers) < BURST
    with serve(settings, tmp_path / "log") as again:
        async with client_of(again) as client:
            await _all_there(client, burst)
            await _retries_succeed(client, burst)


async def _all_there(client: httpx.AsyncClient, burst: Burst) -> None:
    keys = jwt.PyJWKSet.from_json((await client.get("/.well-known/jwks.json")).text)
    found = await asyncio.gather(*(client.get(f"{RECEIPTS}/{id}") for id in burst.answers))
    for kept, told in zip(found, burst.answers.values(), strict=True):
        assert (kept.status_code, kept.json()["receipt"]) == (200, told["receipt"])
        key = keys[jwt.get_unverified_header(told["receipt"])["kid"]]
        claims = jwt.decode(told["receipt"], key, algorithms=["EdDSA"])
        assert claims == kept.json()["claims"]


async def _retries_succeed(client: httpx.AsyncClient, burst: Burst) -> None:
    answers = await asyncio.gather(*(post(client, choice) for choice in burst.choices))
    for choice, answer in zip(burst.choices, answers, strict=True):
        told = burst.answers.get(choice["id"])
        assert answer.status_code in ((200,) if told else (200, 201))
        assert told is None or answer.json() == told


async def test_a_service_that_is_told_to_stop_answers_first(
    settings: Settings, tmp_path: Path
) -> None:
    with serve(settings, tmp_path / "log") as process:
        async with client_of(process) as client:
            choices = [await a_choice(client) for _ in range(30)]
            posts = [asyncio.create_task(post(client, choice)) for choice in choices]
            await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.to_thread(process.stop)
            answers = await asyncio.gather(*posts, return_exceptions=True)
    told = [a.json() for a in answers if isinstance(a, httpx.Response) and a.status_code == 201]
    assert told
    with serve(settings, tmp_path / "log") as again:
        async with client_of(again) as client:
            for each in told:
                kept = await client.get(f"{RECEIPTS}/{each['id']}")
                assert kept.json()["receipt"] == each["receipt"]


# --- Keys and versions that change meanwhile -----------------------------------------------------


async def until(what: Callable[[], Awaitable[Any]], seconds: float = 60) -> Any:
    """The first true answer. A deadline, not a measure: the machine may be busy."""
    deadline = time.monotonic() + seconds
    while not (found := await what()):
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.05)
    return found


async def test_a_rotated_key_signs_soon_and_the_old_one_still_verifies(
    settings: Settings, tmp_path: Path
) -> None:
    with serve(settings, tmp_path / "log") as process:
        async with client_of(process) as client:
            old = (await post(client, await a_choice(client))).json()["receipt"]
            _run(settings, "key", "rotate", "receipts")
            before = jwt.get_unverified_header(old)["kid"]

            async def another() -> str | None:
                token: str = (await post(client, await a_choice(client))).json()["receipt"]
                return token if jwt.get_unverified_header(token)["kid"] != before else None

            new: str = await until(another)
            for token in (old, new):
                claims = await assert_verifies(client, token)
                read = await client.get(f"{RECEIPTS}/{claims['jti']}")
                assert read.json()["receipt"] == token
            published = (await client.get("/.well-known/jwks.json")).json()["keys"]
            kids = {key["kid"] for key in published}
            assert {before, jwt.get_unverified_header(new)["kid"]} <= kids
            assert not [key for key in published if "d" in key]


async def test_what_one_process_publishes_another_shows_soon(
    settings: Settings, tmp_path: Path
) -> None:
    """Within two seconds; tests/api/test_banner.py holds that by a clock of its own."""
    token = _run(settings, "account", "token", "--site", "shop", "--role", "editor", "--label", "x")
    with serve(settings, tmp_path / "one") as one, serve(settings, tmp_path / "two") as two:
        async with client_of(one) as first, client_of(two) as second:
            version, tag = await version_and_tag(second)
            await _publish_by(first, {"authorization": f"Bearer {token.strip()}"})
            assert (await version_and_tag(first))[0] == version + 1

            async def seen() -> bool:
                return await version_and_tag(second) == await version_and_tag(first)

            await until(seen)
            # A choice under the older version, posted to the one that published the newer.
            late = given.choice(tag, version=version)
            assert (await post(first, late)).status_code == 201
            kept = await second.get(f"{RECEIPTS}/{late['id']}")
            assert kept.status_code == 200


async def _publish_by(client: httpx.AsyncClient, token: dict[str, str]) -> None:
    path = "/v1/sites/shop/policy"
    draft = (await client.get(f"{path}/draft", headers=token)).json()
    content = policy_json(documents={n: given.text(given.new_id()) for n in ("cookies", "privacy")})
    body = {"revision": draft["revision"], "policy": content}
    saved = (await client.put(f"{path}/draft", json=body, headers=token)).json()
    asked = {"revision": saved["revision"], "change_class": "minor"}
    answer = await client.post(f"{path}/versions", json=asked, headers=token)
    assert answer.status_code == 201, answer.text


async def test_processes_that_start_at_once_share_keys_and_database(
    database: str, tmp_path: Path
) -> None:
    settings = Settings(database=database, keys=tmp_path / "keys")
    started = (asyncio.to_thread(Process, settings, tmp_path / name) for name in "abc")
    processes = await asyncio.gather(*started)
    try:
        sets = [await _keys_of(process) for process in processes]
    finally:
        for process in processes:
            process.stop()
    assert sets[0] == sets[1] == sets[2]
    assert len(list((tmp_path / "keys").glob("receipts-*.pem"))) == 1


async def _keys_of(process: Process) -> Json:
    async with client_of(process) as client:
        keys: Json = (await client.get("/.well-known/jwks.json")).json()
        return keys


# --- What an operator sees -----------------------------------------------------------------------


def test_a_service_that_cannot_start_says_why_and_fails(tmp_path: Path) -> None:
    nowhere = Settings(database=f"sqlite:///{tmp_path}/x/y.db", keys=tmp_path / "keys")
    (tmp_path / "x").write_text("a file, where a folder must be")
    done = command(nowhere, "serve", "--port", "0")
    assert done.returncode not in (0, None)
    assert "cannot open the database" in done.stderr


async def test_health_asks_a_running_service(settings: Settings, tmp_path: Path) -> None:
    with serve(settings, tmp_path / "log") as process:
        assert _run(settings, "health", "--url", process.url) == "ready\n"
        url = process.url
    done = command(settings, "health", "--url", url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("not ready: ")


async def test_the_log_is_lines_of_json(settings: Settings, tmp_path: Path) -> None:
    with serve(settings, tmp_path / "log") as process:
        async with client_of(process) as client:
            await client.get("/healthz")
        process.stop()
        lines = [json.loads(line) for line in process.written().splitlines()]
    assert {"started"} <= {line["message"] for line in lines}
    assert all({"at", "level", "logger", "message"} <= line.keys() for line in lines)
