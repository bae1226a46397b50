"""`python -m tests.bench.finding`: how long a receipt's look-up by its id takes, in few and many.

The rows are of the size and the order of ids that they have in life, put in without the guards:
only the look-up is measured. Each id is one of the table's, in no order; the limit is a ratio.
"""

import argparse
import asyncio
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from consent_service import signing
from consent_service.model import Site
from consent_service.store import Store, open_store
from consent_service.store.columns import uuid_bytes
from tests.store import given

FEW, LOOKS = 10_000, 2_000


def main() -> None:
    """Print the median and the 99th percentile for each, and their ratio."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.finding", description=__doc__)
    parser.add_argument("--receipts", type=int, default=10_000_000, help="on file (10,000,000)")
    options = parser.parse_args()
    middles = [asyncio.run(_with(count)) for count in (FEW, options.receipts)]
    print(f"look-up by id, {options.receipts:,} beside {FEW:,}: {middles[1] / middles[0]:.2f} (2)")


async def _with(count: int) -> float:
    with tempfile.TemporaryDirectory(prefix="consent-bench-") as folder:
        path = Path(folder) / "consent.db"
        async with open_store(f"sqlite:///{path}") as store:
            site = await given.published(store)
            await store.receipts.add_all([given.receipt(site.id)])
            ids = _fill(path, count)
            return await _look_up(store, site, ids, count)


def _fill(path: Path, count: int) -> list[str]:
    """Rows like the one that is there; a sample of their ids."""
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
        for (name,) in connection.execute(
            "select name from sqlite_master where type = 'trigger' and tbl_name = 'receipts'"
        ).fetchall():
            connection.execute(f"drop trigger {name}")
        connection.executemany(
            "insert into receipts (id, site_id, recorded_at, version, key, form, payload, "
            "signature, salt, kind, name, former) select ?, site_id, ?, version, key, form, "
            "payload, ?, ?, kind, substr(?, 1, length(name)), former from receipts "
            "where rowid = 1",
            rows(),
        )
        connection.commit()
    return ids


async def _look_up(store: Store, site: Site, ids: list[str], count: int) -> float:
    random.Random(2).shuffle(ids)
    took = []
    for id in ids:
        began = time.process_time()
        await store.receipts.by_id(site.id, id)
        took.append(1e6 * (time.process_time() - began))
    took.sort()
    middle, last = took[len(took) // 2], took[len(took) * 99 // 100]
    print(f"look-up by id among {count:,}: median {middle:,.0f} us, p99 {last:,.0f} us", flush=True)
    return middle


if __name__ == "__main__":
    main()
