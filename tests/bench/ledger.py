"""`python -m tests.bench.ledger`: the ledger on SQLite, each figure beside its limit.

Entries are appended as the sequencer does it, a transaction and a signed checkpoint a batch; the
tree is proved and verified whole; receipts are stored, entered, verified, and weighed, byte by
byte. Rates are told by the processor's time, all threads of it, which holds on a busy machine, and
by the clock, which has the disk in it. The first line says what the machine gives now.
"""

import argparse
import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

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
    tell_machine()
    with tempfile.TemporaryDirectory(prefix="consent-bench-") as folder:
        asyncio.run(_tree(Path(folder), options.entries))
        asyncio.run(_receipts(Path(folder), options.receipts))


class Clock:
    """The processor's time and the real time since it was made."""

    def __init__(self) -> None:
        self._cpu, self._real = time.process_time(), time.perf_counter()

    def tell(self, what: str, count: int, limit: str) -> None:
        """Print the rate of so many by then."""
        cpu, real = time.process_time() - self._cpu, time.perf_counter() - self._real
        print(
            f"{what}: {count / cpu:,.0f}/s by the processor's time ({limit}), "
            f"{1e6 * cpu / count:.1f} us each; {count / real:,.0f}/s by the clock",
            flush=True,
        )


def tell_machine() -> None:
    """What the machine gives now: LIMITS of another one are compared by this."""
    key = Ed25519PrivateKey.generate()
    signature, public, clock = key.sign(bytes(1_500)), key.public_key(), Clock()
    for _ in range(2_000):
        public.verify(signature, bytes(1_500))
    clock.tell("one Ed25519 verification by itself", 2_000, "9,400 on a quiet machine")


async def _tree(folder: Path, count: int) -> None:
    async with open_store(f"sqlite:///{folder}/tree.db") as store:
        site, desk = await given.site(store), given.desk(store, folder)
        await ledger.begun(desk, site, given.NOW)
        batches = (range(at, min(at + BATCH, count)) for at in range(0, count, BATCH))
        cpu = real = 0.0
        for batch in batches:
            entries = list(map(_event, batch))
            cpu, real = cpu - time.process_time(), real - time.perf_counter()
            await _append(store, desk, site, entries)
            cpu, real = cpu + time.process_time(), real + time.perf_counter()
        print(
            f"append, {BATCH:,} at a time: {count / cpu:,.0f}/s by the processor's time (100,000), "
            f"{1e6 * cpu / count:.1f} us each; {count / real:,.0f}/s by the clock",
            flush=True,
        )
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
    by_clock, by_cpu = list[float](), list[float]()
    for place in places:
        cpu, real = time.process_time(), time.perf_counter()
        await ledger.prove_place(store, site.id, place)
        by_cpu.append(1_000 * (time.process_time() - cpu))
        by_clock.append(1_000 * (time.perf_counter() - real))
    for what, took in (("the processor's time", by_cpu), ("the clock", by_clock)):
        took.sort()
        middle, last = took[len(took) // 2], took[len(took) * 99 // 100]
        said = f"median {middle:.2f} ms, p99 {last:.2f} ms by {what} (3)"
        print(f"inclusion proof at {count:,}: {said}", flush=True)


async def _verify(store: Store, site: Site) -> None:
    clock = Clock()
    report = await ledger.verify_ledger(store, site, Wanted(), lambda done, total: None)
    if report.findings:
        raise RuntimeError(f"the ledger does not verify: {report.findings[0]}")
    clock.tell("ledger verify", report.entries, "200,000")


async def _receipts(folder: Path, count: int) -> None:
    path = folder / "receipts.db"
    async with open_store(f"sqlite:///{path}") as store:
        site, desk = await given.published(store), given.desk(store, folder)
        for _ in range(0, count, 500):
            await store.receipts.add_all([given.receipt(site.id) for _ in range(500)])
        clock = Clock()
        clock.tell("enter receipts", await given.entered(desk), "no limit")
        stored = await store.receipts.page(site.id, None, 3_000)
        public = PublicKeys(key.jwk for key in await store.keys.all())
        clock = Clock()
        for receipt in stored:
            public.verify_parts(receipt.payload, receipt.signature, receipt.kid)
        clock.tell("verify stored receipts", len(stored), "7,000")
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
