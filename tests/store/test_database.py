"""The seam: what its contract promises holds on both databases."""

import asyncio
import random
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consent_service.errors import Conflict, ConsentError, Invalid, Misconfigured, Unavailable
from consent_service.store import Store, open_store
from consent_service.store.database import Database
from consent_service.store.opening import open_database
from consent_service.store.postgres import Postgres, _converted
from tests.postgres import Server, running_server
from tests.store import given
from tests.store.outside import outside


@pytest.fixture
async def database(empty_url: str) -> AsyncIterator[Database]:
    """A database with one small table."""
    async with open_database(empty_url) as database:
        await database.run_script("create table things (id integer primary key, name text);")
        yield database


async def _add(database: Database, number: int, name: str = "") -> None:
    await database.execute(
        "insert into things (id, name) values (:id, :name)", id=number, name=name
    )


async def _count(database: Database) -> int:
    row = await database.fetch_one("select count(*) as things from things")
    assert row is not None
    return int(row["things"])


async def test_all_of_a_transaction_is_kept_or_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        await _add(tx, 1)
        await _add(tx, 2)
        assert await _count(tx) == 2, "it sees its own writes"
        assert await _count(database) == 0, "others do not"
    assert await _count(database) == 2
    with pytest.raises(ZeroDivisionError):
        await _break_off(database)
    assert await _count(database) == 2


async def _break_off(database: Database) -> None:
    async with database.transaction() as tx:
        await _add(tx, 3)
        raise ZeroDivisionError


async def test_a_transaction_within_a_transaction_is_the_same_one(database: Database) -> None:
    async def nested() -> None:
        async with database.transaction() as tx:
            async with tx.transaction() as inner:
                await _add(inner, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await nested()
    assert await _count(database) == 0


async def test_a_swallowed_error_does_not_let_half_of_a_transaction_commit(
    database: Database,
) -> None:
    async def swallow(goes_on: bool) -> None:
        async with database.transaction() as tx:
            await _add(tx, 2)
            with pytest.raises(Conflict):
                await _add(tx, 1)
            if goes_on:
                with pytest.raises(ConsentError):
                    await _add(tx, 3)

    await _add(database, 1)
    for goes_on in (False, True):
        with pytest.raises(ConsentError):
            await swallow(goes_on)
    assert await _count(database) == 1
    await _add(database, 2)


async def test_a_script_runs_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(ConsentError):
        await database.run_script("""
            insert into things values (1, 'one; and a half');
            create table others (id integer);
            insert into things values (1, 'again');""")
    assert await _count(database) == 0
    await database.run_script("create table others (id integer); insert into others values (1)")
    assert await database.fetch_all("select id from others") != []


async def test_a_client_that_goes_away_inside_a_transaction_rolls_it_back(
    database: Database,
) -> None:
    inside = asyncio.Event()

    async def abandoned() -> None:
        async with database.transaction() as tx:
            await _add(tx, 1)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(abandoned())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(30):
        await _add(database, 2)
    assert await _count(database) == 1


async def test_cancelled_at_any_moment_a_transaction_is_whole_or_absent(
    database: Database,
) -> None:
    generator = random.Random(20)

    async def pair(number: int) -> None:
        async with database.transaction() as tx:
            await _add(tx, 2 * number)
            await _add(tx, 2 * number + 1)

    async with asyncio.timeout(60):
        for round_number in range(25):
            tasks = [asyncio.create_task(pair(round_number * 4 + n)) for n in range(4)]
            for task in generator.sample(tasks, 3):
                await asyncio.sleep(generator.random() * 0.004)
                task.cancel()
                if generator.random() < 0.5:
                    await asyncio.sleep(0)
                    task.cancel()
            await asyncio.wait(tasks)
            assert not [t for t in tasks if not t.cancelled() and t.exception()]
        kept = {row["id"] for row in await database.fetch_all("select id from things")}
        assert all(number ^ 1 in kept for number in kept), "half of a transaction was kept"
        await _add(database, -1)


async def test_writing_beside_ones_own_transaction_is_a_mistake_that_is_told(
    tmp_path: Path,
) -> None:
    async with open_database(f"sqlite:///{tmp_path}/consent.db") as database:
        await database.run_script("create table things (id integer primary key, name text);")
        async with database.transaction():
            with pytest.raises(RuntimeError, match="the store that it gave"):
                await _add(database, 1)


async def test_rows_go_in_and_come_out_by_name(database: Database) -> None:
    rows = [(number, f"number {number}") for number in range(2000)]
    added = await database.fetch_rows(
        "insert into things (id, name) :rows on conflict (id) do nothing returning id", rows
    )
    assert {row["id"] for row in added} == set(range(2000))
    again = await database.fetch_rows(
        "insert into things (id, name) :rows on conflict (id) do nothing returning id",
        [(1999, "other"), (2000, "new")],
    )
    assert [row["id"] for row in again] == [2000]
    found = await database.fetch_rows(
        "select name from things where id in (:rows) order by id", [(7,), (5000,), (3,)]
    )
    assert [row["name"] for row in found] == ["number 3", "number 7"]


async def test_execute_tells_how_many_rows_it_touched(database: Database) -> None:
    for number in range(3):
        await _add(database, number)
    sql = "update things set name = 'x' where id > :least"
    assert await database.execute(sql, least=0) == 2
    assert await database.execute(sql, least=5) == 0


UNSTORABLE = {
    "NUL": "a\0b",
    "half a character": "\ud800",
}


@pytest.mark.parametrize("text", UNSTORABLE.values(), ids=UNSTORABLE)
async def test_text_that_no_database_keeps_is_invalid(database: Database, text: str) -> None:
    with pytest.raises(Invalid):
        await _add(database, 1, text)
    with pytest.raises(Invalid):
        await database.fetch_all("select * from things where name = :name", name=text)
    async with database.transaction() as tx:
        await _add(tx, 1, "å \U0001f36a \u2028 '; drop table things; --")
    assert await _count(database) == 1


async def test_a_number_beyond_64_bits_is_one_of_our_errors(database: Database) -> None:
    with pytest.raises(Invalid):
        await _add(database, 2**64)


async def test_bad_sql_is_no_drivers_exception(database: Database) -> None:
    with pytest.raises(Unavailable) as caught:
        await database.fetch_all("select nothing from nowhere")
    assert "nowhere" not in caught.value.message
    assert caught.value.__cause__ is not None


async def test_exclusive_transactions_of_two_processes_take_turns(
    database: Database, empty_url: str
) -> None:
    seen: list[str] = []

    async def turn(one: Database, name: str) -> None:
        async with one.exclusive():
            seen.append(f"{name} begins")
            await asyncio.sleep(0.05)
            seen.append(f"{name} ends")

    async with open_database(empty_url) as other:
        await asyncio.gather(turn(database, "one"), turn(other, "other"))
    assert [word.split()[1] for word in seen] == ["begins", "ends"] * 2
    assert seen[0].split()[0] == seen[1].split()[0]


async def test_a_closed_database_is_unavailable(empty_url: str) -> None:
    async with open_store(empty_url) as store:
        await store.ping()
    with pytest.raises(Unavailable):
        await store.ping()
    with pytest.raises(Unavailable):
        await given.site(store)


ADDRESSES = {
    "": "must begin with",
    "mysql://localhost/consent": "must begin with",
    "sqlite://consent.db": "must begin with",
    "sqlite:///": "must name a file",
    "sqlite:///:memory:": "must name a file",
    "sqlite:////proc/nowhere/consent.db": "cannot open",
    "sqlite:////etc/hostname": "cannot open",
    "postgresql://a b:c@/[": "malformed",
}


@pytest.mark.parametrize("url", ADDRESSES)
async def test_an_address_that_leads_nowhere_stops_the_start(url: str) -> None:
    with pytest.raises(Misconfigured, match=ADDRESSES[url]):
        async with open_store(url):
            raise AssertionError("it opened")


async def test_a_server_that_is_not_there_is_unavailable_and_keeps_its_password_to_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("consent_service.store.postgres.WAIT_SECONDS", 0.3)
    with pytest.raises(Unavailable) as caught:
        async with open_store(f"postgresql://me:secret@/consent?host={tmp_path}"):
            raise AssertionError("it opened")
    assert "secret" not in caught.value.message


CONVERSIONS = {
    "select :name": "select %(name)s",
    "select :a::text, :b_2": "select %(a)s::text, %(b_2)s",
    "select ':a', \":b\", 'it''s :c', :d": "select ':a', \":b\", 'it''s :c', %(d)s",
    "select 1 -- not :this\n, :that": "select 1 -- not :this\n, %(that)s",
    "select 10 % :a, 'x%'": "select 10 %% %(a)s, 'x%%'",
    "select '12:30', a[1:2]": "select '12:30', a[1:2]",
}


@pytest.mark.parametrize("ours", CONVERSIONS)
def test_named_parameters_become_psycopgs_and_nothing_else_does(ours: str) -> None:
    assert _converted(ours).decode() == CONVERSIONS[ours]


async def test_sqlite_is_set_to_survive_a_power_cut(tmp_path: Path) -> None:
    expected = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "secure_delete": 1}
    async with open_database(f"sqlite:///{tmp_path}/consent.db") as database:
        for pragma, value in expected.items():
            row = await database.fetch_one(f"pragma {pragma}")
            assert row is not None
            assert row[pragma] == value


async def test_a_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path}/deep/down/consent.db") as store:
        await given.site(store)
        for name in ("consent.db", "consent.db-wal"):
            mode = (tmp_path / "deep/down" / name).stat().st_mode
            assert stat.S_IMODE(mode) == 0o600


async def test_postgres_commits_to_the_disk_where_the_server_is_told_otherwise(
    server: Server,
) -> None:
    url = server.new_database()
    with outside(url) as connection:
        connection.run(f"alter database {server.name(url)} set synchronous_commit = off")
    async with open_database(url) as database:
        row = await database.fetch_one("show synchronous_commit")
    assert row is not None
    assert row["synchronous_commit"] == "on"


async def test_a_server_that_restarts_fails_one_request_and_not_one_for_each_connection() -> None:
    with running_server() as server:
        async with open_database(server.url()) as database:

            async def eight_at_once() -> None:
                asked = (database.fetch_one("select pg_sleep(0.2)") for _ in range(8))
                await asyncio.gather(*asked)

            await eight_at_once()
            server.crash()
            server.start()
            with pytest.raises(Unavailable):
                await database.fetch_one("select 1")
            assert isinstance(database, Postgres)
            await asyncio.gather(*database._checks)
            await eight_at_once()


async def test_ping_answers(store: Store) -> None:
    await store.ping()
