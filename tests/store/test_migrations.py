"""Migrations: each with its record or not at all, in turn, and never from the future."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from consent_service.errors import Misconfigured
from consent_service.store import open_store
from consent_service.store.migrate import applied, available, migrate, pending
from consent_service.store.opening import open_database
from tests.store.outside import Refused, outside
from tests.store.schema import described, golden


def _folder(tmp_path: Path, scripts: dict[str, str]) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir(exist_ok=True)
    for name, script in scripts.items():
        (folder / name).write_text(script)
    return folder


def test_the_schema_is_the_one_on_the_page(url: str) -> None:
    page = golden("sqlite" if url.startswith("sqlite") else "postgres")
    assert described(url) == page.read_text(), "`python -m tests.store.schema` writes it anew"


async def test_a_database_that_is_up_to_date_is_left_alone(url: str) -> None:
    before = described(url)
    async with open_database(url) as database:
        assert await migrate(database) == []
        assert await applied(database) == list(available(database.dialect))
    assert described(url) == before


async def test_a_failing_migration_leaves_nothing_and_applies_once_when_mended(
    empty_url: str, tmp_path: Path
) -> None:
    scripts = {
        "0001_first.sql": "create table first (id integer);",
        "0002_second.sql": "create table second (id integer);\ninsert into second values (1);\n"
        "insert into nowhere values (1);",
    }
    folder = _folder(tmp_path, scripts)
    async with open_database(empty_url) as database:
        with pytest.raises(Misconfigured, match=r"migration 0002_second failed.*nowhere"):
            await migrate(database, folder)
        assert await applied(database) == ["0001_first"]
        assert await pending(database, folder) == ["0002_second"]
    with outside(empty_url) as connection, pytest.raises(Refused):
        connection.run("select * from second")
    _folder(tmp_path, {"0002_second.sql": scripts["0002_second.sql"].replace("nowhere", "first")})
    async with open_database(empty_url) as database:
        assert await migrate(database, folder) == ["0002_second"]
        assert await migrate(database, folder) == []
    with outside(empty_url) as connection:
        assert connection.run("select * from second") == [(1,)]


async def test_a_file_for_one_database_is_not_run_on_the_other(
    empty_url: str, tmp_path: Path
) -> None:
    folder = _folder(
        tmp_path,
        {
            "0001_both.sql": "create table everywhere (id integer);",
            "0002_kind.sqlite.sql": "create table made_by_sqlite (id integer);",
            "0002_kind.postgres.sql": "create table made_by_postgres (id integer);",
            "README.md": "not a migration",
        },
    )
    kind = "sqlite" if empty_url.startswith("sqlite") else "postgres"
    async with open_database(empty_url) as database:
        assert await migrate(database, folder) == ["0001_both", "0002_kind"]
    with outside(empty_url) as connection:
        assert connection.run(f"select * from made_by_{kind}") == []


async def test_a_database_from_a_newer_release_is_refused(url: str) -> None:
    with outside(url) as connection:
        connection.run("insert into migrations (name) values ('9999_from_the_future')")
    for migrates in (True, False):
        with pytest.raises(Misconfigured, match=r"newer release .*9999_from_the_future"):
            async with open_store(url, migrate=migrates):
                raise AssertionError("it opened")
    with outside(url) as connection:
        connection.run("delete from migrations where name = '9999_from_the_future'")


async def test_a_database_that_lacks_migrations_is_refused_where_none_are_wanted(
    empty_url: str,
) -> None:
    with pytest.raises(Misconfigured, match="consent-service db migrate"):
        async with open_store(empty_url, migrate=False):
            raise AssertionError("it opened")


async def test_five_that_migrate_at_once_take_turns(empty_url: str) -> None:
    async def start() -> None:
        async with open_store(empty_url) as store:
            await store.ping()

    await asyncio.gather(*(start() for _ in range(5)))
    _assert_migrated_once(empty_url)


def test_three_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from consent_service.store import open_store\n"
        "async def main():\n"
        "    async with open_store(sys.argv[1]) as store:\n"
        "        await store.ping()\n"
        "asyncio.run(main())\n"
    )
    started = [subprocess.Popen([sys.executable, "-c", program, empty_url]) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    _assert_migrated_once(empty_url)


def _assert_migrated_once(url: str) -> None:
    kind = "sqlite" if url.startswith("sqlite") else "postgres"
    assert described(url) == golden(kind).read_text()
