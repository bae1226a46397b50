"""`python -m tests.bench.ledger`: the ledger on SQLite, each figure beside its limit.

Entries are appended as the sequencer does it, a transaction and a signed checkpoint a batch;
receipts are stored, entered, verified, and weighed, byte by byte. Real time counts, since the disk
is part of it; only signatures are told in processor time of one core.
"""

import argparse
import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path

from consent_service import ledger
from consent_service.ledger import Wanted
from consent_service.merkle import NO_POLICY, EntryType
from consent_service.model import Site
from consent_service.signing import PublicKeys
from consent_service.store import Store, open_store
from consent_service.store.ledger import RECEIPTS, Pending
from tests.store import given

BATCH = 8_192
TABLES = {
    "row": "receipts",
    "index by id": "sqlite_autoindex_receipts_1",
    "index by time": "receipts_by_time",
    "place in the ledger": "places",
    "index by place": "places_by_place",
    "entry": "bundles",
    "tiles": "tiles",
    "forms": "forms",
}


def main() -> None:
    """Print one line for each figure."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ledger", description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000_000, help="in the tree (10,000,000)")
    parser.add_argument("--receipts", type=int, default=20_000, help="on file (20,000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="consent-bench-") as folder:
        asyncio.run(_tree(Path(folder), options.entries))
        asyncio.run(_receipts(Path(folder), options.receipts))


async def _tree(folder: Path, count: int) -> None:
    async with open_store(f"sqlite:///{folder}/tree.db") as store:
        site, desk = await given.site(store), given.desk(store, folder)
        await ledger.begun(desk, site, given.NOW)
        took = 0.0
        for first in range(0, count, BATCH):
            entries = [_event(number) for number in range(first, min(first + BATCH, count))]
            began = time.perf_counter()
            await _append(store, desk, site, entries)
            took += time.perf_counter() - began
        print(f"append: {count / took:,.0f} entries/s into tiles, {BATCH:,} at a time (100,000)")
        await _proofs(store, site, count)
        await _verify(store, site)


def _event(number: int) -> Pending:
    digest = number.to_bytes(32, "big")
    return Pending(RECEIPTS, given.NOW, digest[16:], EntryType.AUDIT, NO_POLICY, digest)


async def _append(store: Store, desk: ledger.Desk, site: Site, entries: Sequence[Pending]) -> None:
    async with store.transaction() as tx:
        head = await ledger.lock(tx, site)
        await ledger.append(tx, desk, head, entries, given.NOW)


async def _proofs(store: Store, site: Site, count: int) -> None:
    places = random.Random(1).choices(range(count), k=1_000)
    middle, last = await _times(lambda at: ledger.prove_place(store, site.id, places[at]), 1_000)
    print(f"inclusion proof at {count:,}: median {middle:.2f} ms, p99 {last:.2f} ms (3)")


async def _times(do: Callable[[int], Awaitable[object]], times: int) -> tuple[float, float]:
    took = []
    for at in range(times):
        began = time.perf_counter()
        await do(at)
        took.append(1_000 * (time.perf_counter() - began))
    took.sort()
    return took[times // 2], took[times * 99 // 100]


async def _verify(store: Store, site: Site) -> None:
    began = time.perf_counter()
    report = await ledger.verify_ledger(store, site, Wanted(), lambda done, total: None)
    if report.findings:
        raise RuntimeError(f"the ledger does not verify: {report.findings[0]}")
    rate = report.entries / (time.perf_counter() - began)
    print(f"ledger verify: {rate:,.0f} entries/s (200,000)")


async def _receipts(folder: Path, count: int) -> None:
    path = folder / "receipts.db"
    async with open_store(f"sqlite:///{path}") as store:
        site, desk = await given.published(store), given.desk(store, folder)
        for _ in range(0, count, 500):
            await store.receipts.add_all([given.receipt(site.id) for _ in range(500)])
        began = time.perf_counter()
        entered = await given.entered(desk)
        print(f"enter receipts: {entered / (time.perf_counter() - began):,.0f}/s")
        stored = await store.receipts.page(site.id, None, 3_000)
        public = PublicKeys(key.jwk for key in await store.keys.all())
        cpu = time.process_time()
        for receipt in stored:
            public.verify_parts(receipt.payload, receipt.signature, receipt.kid)
        rate = len(stored) / (time.process_time() - cpu)
        print(f"verify stored receipts: {rate:,.0f}/s a core (7,000)")
    _weigh(path, count)


def _weigh(path: Path, count: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        sizes = dict(connection.execute("select name, sum(pgsize) from dbstat group by name"))
    each = {what: sizes.get(name, 0) / count for what, name in TABLES.items()}
    print(f"bytes a receipt, all in: {sum(each.values()):,.0f} (600)")
    for what, size in each.items():
        print(f"    {what:20} {size:6.1f}")


if __name__ == "__main__":
    main()
