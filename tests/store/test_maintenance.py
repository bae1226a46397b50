"""What an operator does: status, migrate, back up, and come back from the backup."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consent_service.cli import cli
from consent_service.errors import Conflict, Misconfigured, NotFound, Unavailable
from consent_service.store import ReceiptWriter, open_store
from consent_service.store.maintenance import back_up, migrate_database, status
from consent_service.store.migrate import available
from tests import tools
from tests.postgres import Server
from tests.store import given
from tests.store.outside import outside
from tests.store.soundness import assert_sound


def _run(url: str, *arguments: str) -> Result:
    # As a command of the whole: a command by itself keeps its own `--help`, and no `-h`, for good.
    return CliRunner().invoke(cli, ["db", *arguments], env={"CONSENT_DATABASE": url})


async def _fill(url: str, receipts: int) -> list[str]:
    made = [given.receipt(1) for _ in range(receipts)]
    async with open_store(url) as store:
        await given.published(store)
        async with ReceiptWriter(store, receipts, 256) as writer:
            await asyncio.gather(*map(writer.add, made))
    return [receipt.id for receipt in made]


async def test_status_tells_what_is_there_and_what_is_missing(empty_url: str, kind: str) -> None:
    if kind == "postgres":
        before = await status(empty_url)
        assert before.applied == ()
        assert before.pending == tuple(available("postgres"))
    else:
        with pytest.raises(NotFound, match="db migrate"):
            await status(empty_url)
    names = await migrate_database(empty_url)
    assert await migrate_database(empty_url) == []
    await _fill(empty_url, 3)
    after = await status(empty_url)
    assert (after.applied, after.pending) == (tuple(names), ())
    assert (after.sites, after.receipts) == (1, 3)


async def test_status_never_shows_a_password(server: Server) -> None:
    url = server.new_database().replace("postgres@", "postgres:hunter2@")
    shown = (await status(url)).place
    assert "hunter2" not in shown
    assert server.name(url) in shown


def test_the_commands_say_what_they_did(empty_url: str) -> None:
    first, second = _run(empty_url, "migrate"), _run(empty_url, "migrate")
    newest = list(available("sqlite"))[-1]
    assert first.output.splitlines()[-1] == f"applied   {newest}"
    assert second.output == "nothing to do: the database is at this release\n"
    shown = _run(empty_url, "status").output
    assert "applied   0002_tables" in shown
    assert "receipts  0" in shown
    assert "pending" not in shown


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_backup_is_sound_and_of_one_moment_while_the_service_writes(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Many small steps, so that there are commits between them.
    monkeypatch.setattr("consent_service.store.maintenance._STEP", 5)
    ids = await _fill(url, 3000)
    copied: list[tuple[int, int]] = []
    begun, stop = asyncio.Event(), asyncio.Event()

    async def go_on() -> int:
        async with open_store(url) as store, ReceiptWriter(store, 100, 10) as writer:
            written = 0
            while not stop.is_set():
                await writer.add(given.receipt(1))
                written += 1
                begun.set()
            return written

    writing = asyncio.create_task(go_on())
    async with asyncio.timeout(60):
        await begun.wait()
    await asyncio.to_thread(
        back_up, tmp_path / "consent.db", tmp_path / "copy.db", lambda *step: copied.append(step)
    )
    stop.set()
    assert await writing > 0
    assert copied[-1][0] == copied[-1][1] > 0
    assert [step[0] for step in copied] == sorted(step[0] for step in copied), "it began anew"
    await assert_sound(f"sqlite:///{tmp_path}/copy.db")
    with outside(f"sqlite:///{tmp_path}/copy.db") as connection:
        there = {raw.hex() for (raw,) in connection.run("select id from receipts")}
    assert {name.replace("-", "") for name in ids} <= there
    names = sorted(file.name for file in await asyncio.to_thread(_files, tmp_path))
    assert "copy.db" in names
    assert not [name for name in names if "partial" in name]


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_backup_command_makes_one_file_for_its_owner(url: str, tmp_path: Path) -> None:
    target = tmp_path / "backups.db"
    made = _run(url, "backup", str(target))
    assert made.exit_code == 0
    assert "signing keys" in made.output
    assert target.stat().st_mode & 0o777 == 0o600
    assert not target.with_name("backups.db-wal").exists()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_backup_never_overwrites_and_leaves_nothing_half_done(url: str, tmp_path: Path) -> None:
    source, target = tmp_path / "consent.db", tmp_path / "copy.db"
    target.write_text("yesterday's")
    with pytest.raises(Conflict, match="there already"):
        back_up(source, target, _silent)
    assert target.read_text() == "yesterday's"
    with pytest.raises(NotFound):
        back_up(tmp_path / "nothing.db", tmp_path / "other.db", _silent)
    with pytest.raises(Misconfigured, match="cannot write"):
        back_up(source, tmp_path / "no folder/copy.db", _silent)
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"not a database" * 1000)
    with pytest.raises(Unavailable, match="failed"):
        back_up(damaged, tmp_path / "other.db", _silent)
    assert not [file for file in _files(tmp_path) if "other" in file.name]


def _silent(_copied: int, _total: int) -> None:
    """Told of progress, says nothing."""


def test_a_backup_of_postgres_says_how_and_fails() -> None:
    told = _run("postgresql://me:secret@db/consent", "backup", "copy.dump")
    assert told.exit_code == 1
    assert "pg_dump --format=custom --file=copy.dump" in told.output
    assert "secret" not in told.output


async def test_a_dump_of_postgres_restores_to_a_sound_database(
    server: Server, tmp_path: Path
) -> None:
    url, empty = server.new_database(), server.new_database()
    ids = await _fill(url, 50)
    async with open_store(url) as store:
        await given.erased(given.desk(store, tmp_path), await store.sites.by_id(1), ids[0])
    dump, programs = tmp_path / "copy.dump", tools.postgres()
    for command in (
        [programs / "pg_dump", "--format=custom", f"--file={dump}", url],
        [programs / "pg_restore", "--no-owner", f"--dbname={empty}", dump],
    ):
        await asyncio.to_thread(subprocess.check_call, list(map(str, command)))
    await assert_sound(empty)
    async with open_store(empty) as store:
        assert await store.receipts.count(1) == 49
        assert await store.receipts.erasure(1, ids[0])
