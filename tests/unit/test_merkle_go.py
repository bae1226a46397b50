"""Go's own packages for ledgers, golang.org/x/mod/sumdb, read ours: notes, tiles, every proof."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from consent_service.merkle import (
    Checkpoint,
    format_checkpoint,
    format_note,
    prove_consistency,
    prove_inclusion,
    sign_note,
)
from tests import tools
from tests.unit.ledger import LOG, LOG_SEED, ORIGIN, OTHER_SEED, Tiles, grown, signer

SIZES = (1, 2, 255, 256, 257, 513, 1_000)
Check = Callable[[Path, int], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """The program beside this file, built, over so many of our entries."""
    folder = tmp_path_factory.mktemp("go")
    program = folder / "check"
    source = Path(__file__).with_name("sumdb") / "check.go"
    environment = {**os.environ, **tools.GO_ENVIRONMENT, "GOCACHE": str(folder / "cache")}
    build = [tools.go(), "build", "-o", str(program), str(source)]
    subprocess.run(build, env=environment, check=True)

    def run(ledger: Path, size: int) -> subprocess.CompletedProcess[str]:
        entries = "".join(f"{(b'entry %d' % number).hex()}\n" for number in range(size))
        command = [str(program), str(ledger), LOG.vkey]
        return subprocess.run(command, input=entries, capture_output=True, text=True, check=False)

    return run


def written(tiles: Tiles, folder: Path, seed: bytes = LOG_SEED) -> Path:
    """The ledger as files, at the addresses that the service serves it under."""
    head = Checkpoint(ORIGIN, tiles.edge.size, tiles.edge.root)
    note = sign_note(format_checkpoint(head), LOG, signer(seed))
    (folder / "checkpoint").write_bytes(format_note(note))
    for tile, body in tiles.held.items():
        path = folder / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


@pytest.mark.parametrize("size", SIZES)
def test_go_finds_every_entry_and_every_older_size_and_proves_them_as_we_do(
    check: Check, tmp_path: Path, size: int
) -> None:
    tiles = grown(size)
    ran = check(written(tiles, tmp_path), size)
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    hashes = tiles.hashes()
    inclusion = [prove_inclusion(index, hashes) for index in range(size)]
    consistency = [prove_consistency(old, hashes) for old in range(1, size + 1)]
    assert said["Inclusion"] == [[each.hex() for each in proof] for proof in inclusion]
    assert said["Consistency"] == [[each.hex() for each in proof] for proof in consistency]


def test_go_refuses_a_checkpoint_that_another_key_signed(check: Check, tmp_path: Path) -> None:
    ran = check(written(grown(10), tmp_path, OTHER_SEED), 10)
    assert ran.returncode == 1
    assert "invalid signature" in ran.stderr


def test_go_refuses_a_tile_with_one_other_bit(check: Check, tmp_path: Path) -> None:
    # A size of one full subtree: at others, this age of the package leaves a tile unchecked.
    ledger = written(grown(512), tmp_path)
    tile = ledger / "tile/0/000"
    body = bytearray(tile.read_bytes())
    body[7] ^= 1
    tile.write_bytes(body)
    ran = check(ledger, 512)
    assert ran.returncode == 1
    assert "inconsistent" in ran.stderr
