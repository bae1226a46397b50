"""A witness that is killed again and again, twice over: of one size it never cosigns two trees."""

import asyncio
from collections import defaultdict
from pathlib import Path

import httpx
import pytest

from consent_service.merkle import (
    EMPTY,
    Checkpoint,
    Note,
    format_checkpoint,
    format_note,
    format_submission,
    grow,
    leaf_hash,
    open_note,
    parse_signatures,
    parse_vkey,
    prove_consistency,
    sign_note,
    with_signatures,
)
from consent_service.settings import Settings
from consent_service.signing import verify
from tests.postgres import Server
from tests.process import Process, command
from tests.unit.ledger import LOG, LOG_SEED, Tiles, signer

WITNESS = ("ledger", "witness", "--name", "witness.example/w1", "--log", LOG.vkey)


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Those of the witness: a database of its own, of each kind in turn."""
    url = f"sqlite:///{tmp_path}/witness.db"
    if request.param == "postgres":
        server: Server = request.getfixturevalue("server")
        url = server.new_database()
    return Settings(database=url, keys=tmp_path / "keys")


class Ledger:
    """A ledger whose owner signs whatever he likes: each step goes on in two ways at once."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.signed: dict[int, set[bytes]] = defaultdict(set)
        """The roots that were cosigned, by size."""

    def ways(self) -> tuple[bytes, bytes]:
        """The leaves after the last one that was cosigned, of one history and of another."""
        return leaf_hash(b"a %d" % len(self.leaves)), leaf_hash(b"b %d" % len(self.leaves))

    def checkpoint(self, leaves: list[bytes]) -> Note:
        root = grow(EMPTY, b"".join(leaves)).edge.root
        text = format_checkpoint(Checkpoint(LOG.name, len(leaves), root))
        return sign_note(text, LOG, signer(LOG_SEED))

    def submission(self, leaves: list[bytes], old: int) -> bytes:
        tiles = Tiles()
        tiles.grow(b"".join(leaves))
        proof = prove_consistency(old, tiles.hashes())
        return format_submission(old, proof, format_note(self.checkpoint(leaves)))


async def _send(url: str, ledger: Ledger, leaves: list[bytes], old: int, vkey: str) -> int:
    """Submit a checkpoint; the status, 0 where the witness died of it. What it signed is noted."""
    async with httpx.AsyncClient(timeout=30) as client:
        try:
            answer = await client.post(
                f"{url}/add-checkpoint", content=ledger.submission(leaves, old)
            )
        except httpx.HTTPError:
            return 0
    if answer.status_code == 200:
        note = ledger.checkpoint(leaves)
        lines = parse_signatures(answer.text)
        key = parse_vkey(vkey)
        assert open_note(with_signatures(Note(note.text, ()), lines), [key], verify)
        ledger.signed[len(leaves)].add(grow(EMPTY, b"".join(leaves)).edge.root)
    return answer.status_code


async def _step(urls: list[str], ledger: Ledger, vkey: str, kill: Process | None) -> None:
    """Both ways at both processes at once; one of them is perhaps killed meanwhile."""
    old = len(ledger.leaves)
    trials = [
        asyncio.create_task(_send(url, ledger, [*ledger.leaves, way], old, vkey))
        for url in urls
        for way in ledger.ways()
    ]
    if kill:
        await asyncio.wait(trials, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.to_thread(kill.kill)
    await asyncio.gather(*trials)


async def _settle(url: str, ledger: Ledger, vkey: str) -> None:
    """Find out which way was remembered, and go on from there. The other one is refused."""
    old = len(ledger.leaves)
    statuses = []
    for way in ledger.ways():
        leaves = [*ledger.leaves, way]
        await _send(url, ledger, leaves, old, vkey)
        statuses.append(await _send(url, ledger, leaves, old + 1, vkey))
    assert sorted(statuses) == [200, 409]
    ledger.leaves.append(ledger.ways()[statuses.index(200)])


async def test_killed_again_and_again_it_never_cosigns_two_trees_of_one_size(
    settings: Settings, tmp_path: Path
) -> None:
    ledger, processes = Ledger(), list[Process]()
    try:
        for round_ in range(3):
            both = [Process(settings, tmp_path / f"log{n}", WITNESS) for n in range(2)]
            processes += both
            vkey = both[0].written().splitlines()[0]
            assert vkey == both[1].written().splitlines()[0], "the key is not kept"
            urls = [each.url for each in both]
            for _ in range(3):
                await _step(urls, ledger, vkey, None)
                await _settle(urls[0], ledger, vkey)
            await _step(urls, ledger, vkey, both[round_ % 2])
            await _settle(urls[1 - round_ % 2], ledger, vkey)
            both[1 - round_ % 2].kill()
    finally:
        for each in processes:
            each.stop()
    assert len(ledger.leaves) == len(ledger.signed) == 12
    assert all(len(roots) == 1 for roots in ledger.signed.values())


def test_a_witness_without_a_ledger_to_watch_does_not_start(tmp_path: Path) -> None:
    settings = Settings(database=f"sqlite:///{tmp_path}/witness.db", keys=tmp_path / "keys")
    refused = command(settings, "ledger", "witness", "--name", "witness.example/w1")
    assert (refused.returncode, "give --log or --trust" in refused.stderr) == (1, True)


def test_the_ledgers_of_a_tlog_policy_are_watched_and_a_key_of_others_is_refused(
    tmp_path: Path,
) -> None:
    settings = Settings(database=f"sqlite:///{tmp_path}/witness.db", keys=tmp_path / "keys")
    trust = tmp_path / "tlog-policy.txt"
    trust.write_text(f"log {LOG.vkey} https://consent.example/ledger/shop\nquorum none\n")
    arguments = ("ledger", "witness", "--name", "w", "--trust", str(trust))
    process = Process(settings, tmp_path / "log", arguments)
    process.stop()
    assert f"  cosigns {LOG.name}\n" in process.written()
    (tmp_path / "witness.pem").chmod(0o644)
    refused = command(settings, *arguments)
    assert (refused.returncode, "chmod 600" in refused.stderr) == (1, True)
