"""`python -m tests.bench.finding`: how long a receipt's look-up by its id takes, in few and many;
and how long it takes to say how many would be asked again.

The rows are of the size and the order of ids that they have in life, put in without the guards:
only reading is measured. Each id is one of the table's, in no order. The two databases are asked in
turns, so that other work on the machine falls on both; the limit is a ratio.
"""

import argparse
import asyncio
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from statistics import median
from typing import NamedTuple

from consent_service import policies, signing
from consent_service.model import OPTIONAL, Site
from consent_service.reach import reach
from consent_service.store import Store, open_store
from consent_service.store.columns import uuid_bytes
from tests.store import given

FEW, LOOKS, ESTIMATES = 10_000, 4_000, 20
FILLING_KIB = 1_000_000


class Pile(NamedTuple):
    """A database full of receipts, and some of their ids in no order."""

    store: Store
    site: Site
    ids: list[str]
    size: int


def main() -> None:
    """Print the median and the 99th percentile for each, and the ratio of the medians."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.finding", description=__doc__)
    parser.add_argument("--receipts", type=int, default=10_000_000, help="on file (10,000,000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="consent-bench-") as folder:
        asyncio.run(_run(Path(folder), (FEW, options.receipts)))


async def _run(folder: Path, counts: tuple[int, int]) -> None:
    async with AsyncExitStack() as opened:
        piles = [await _pile(opened, folder / f"{count}.db", count) for count in counts]
        took = await _look_up(piles)
        for pile, times in zip(piles, took, strict=True):
            _tell("look-up by id", pile, times)
        middles = [median(times) for times in took]
        few, many = (f"{count:,}" for count in counts)
        print(f"look-up by id, {many} beside {few}: {middles[1] / middles[0]:.2f} (limit 2)")
        for pile in piles:
            _tell("who would be asked again", pile, await _estimates(pile))


async def _pile(opened: AsyncExitStack, path: Path, count: int) -> Pile:
    address = f"sqlite:///{path}"
    async with open_store(address) as store:
        site = await given.published_policy(store)
        await store.receipts.add_all([given.receipt(site.id)])
    ids = _fill(path, count)
    return Pile(await opened.enter_async_context(open_store(address)), site, ids, count)


def _fill(path: Path, count: int) -> list[str]:
    """Rows like the one that is there, each with its place; a sample of their ids."""
    wanted = set(random.Random(1).sample(range(count), min(count, LOOKS)))
    ids = list[str]()

    def rows() -> Iterator[tuple[bytes, int, bytes, bytes, bytes]]:
        for number in range(count):
            id = signing.uuid7(given.NOW * 1_000 + number)
            if number in wanted:
                ids.append(id)
            other = os.urandom(128)
            name = other[96:112]
            yield uuid_bytes(id), given.NOW + number // 1_000, other[:64], other[64:96], name

    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = off")
        connection.execute(f"pragma cache_size = -{FILLING_KIB}")
        guards = _dropped(connection, "trigger")
        indexes = _dropped(connection, "index")
        connection.executemany(
            "insert into receipts (id, site_id, recorded_at, version, key, form, payload, "
            "signature, salt, kind, name, former) select ?, site_id, ?, version, key, form, "
            "payload, ?, ?, kind, substr(?, 1, length(name)), former from receipts "
            "where rowid = 1",
            rows(),
        )
        connection.execute(
            "insert into places select id, site_id, rowid - 1 from receipts order by rowid"
        )
        for statement in indexes + guards:
            connection.execute(statement)
        connection.commit()
        connection.execute("pragma journal_mode = wal")
    random.Random(2).shuffle(ids)
    return ids


def _dropped(connection: sqlite3.Connection, kind: str) -> list[str]:
    """What made the things of that kind that are dropped now: to have them at the end is faster."""
    found = connection.execute(
        "select name, sql from sqlite_master where type = ? and sql is not null and tbl_name in "
        "('receipts', 'places')",
        (kind,),
    ).fetchall()
    for name, _ in found:
        connection.execute(f"drop {kind} {name}")
    return [sql for _, sql in found]


async def _look_up(piles: list[Pile]) -> list[list[float]]:
    """Microseconds of the processor for each look-up, in each pile."""
    took: list[list[float]] = [[] for _ in piles]
    for turn in range(LOOKS):
        for pile, times in zip(piles, took, strict=True):
            id = pile.ids[turn % len(pile.ids)]
            began = time.process_time()
            await pile.store.receipts.by_id(pile.site.id, id)
            times.append(1e6 * (time.process_time() - began))
    return took


async def _estimates(pile: Pile) -> list[float]:
    record = await policies.current(pile.store, pile.site)
    version = policies.decode_version(record.body)
    took = []
    for _ in range(ESTIMATES):
        began = time.process_time()
        await reach(pile.store, pile.site, version, OPTIONAL, given.NOW + 1)
        took.append(1e6 * (time.process_time() - began))
    return took


def _tell(what: str, pile: Pile, took: list[float]) -> None:
    last = sorted(took)[len(took) * 99 // 100]
    said = f"median {median(took):,.0f} us, p99 {last:,.0f} us"
    print(f"{what} among {pile.size:,}: {said}", flush=True)


if __name__ == "__main__":
    main()
