"""`python -m tests.bench.exports`: how fast receipts are taken away, found and checked, on SQLite.

Receipts are stored, then exported as CSV and as JSON Lines, searched by what they say, and checked
by the verifier. Rates are by processor time, so that they hold on a busy machine too; but those of
exports by the clock, the best of some turns, since two other processes make them: beside each is
what this process worked for it. The memory is the most that any of them had by then.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from consent_service import signing
from consent_service.exports import verify
from consent_service.exports.parts import Wanted
from consent_service.exports.period import Source, export
from consent_service.model import Site, StoredReceipt
from consent_service.store import Asked, Store, open_store
from tests.bench.ledger import tell_machine
from tests.store import given
from tests.store.given import NOW

LOT, TURNS = 1_500, 3
Result = TypeVar("Result")


def main() -> None:
    """Print one line for each figure, beside its limit."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.exports", description=__doc__)
    parser.add_argument("--receipts", type=int, default=600_000, help="on file (600,000)")
    parser.add_argument("--checked", type=int, default=5_000, help="by the verifier (5,000)")
    options = parser.parse_args()
    tell_machine()
    with tempfile.TemporaryDirectory(prefix="consent-bench-") as folder:
        asyncio.run(_run(Path(folder), options.receipts, options.checked))


async def _run(folder: Path, count: int, checked: int) -> None:
    database = f"sqlite:///{folder}/consent.db"
    async with open_store(database) as store:
        site = await given.published(store)
        await _filled(store, site, count)
        keys = signing.jwks(key.jwk for key in await store.keys.all())
        source = Source(store, site, keys, NOW + count, database)
        for name in ("csv", "jsonl"):
            wanted = Wanted(format=name, begin=0, end=NOW + count)
            turns = [await _exported(source, wanted, folder / name) for _ in range(TURNS)]
            clock, here = min(turns)
            _print(f"export as {name}", count / clock, "receipts a second", 80_000)
            print(f"  in {clock:.2f} s by the clock; this process worked {here:.2f} of them")
        for asked in (Asked(action="accept_all"), Asked(denied=("marketing",)), Asked(version=1)):
            _, took = await _timed(store.receipts.search(site, asked, None, 51))
            print(f"search {asked.action or asked.denied or asked.version}: {took * 1e3:.1f} ms")
        few = Wanted(format="jsonl", begin=0, end=NOW + checked // 100)
        file, _ = await _timed(export(source, few, folder / "few", _told))
    start = time.process_time()
    results = verify.check_export(file)
    took = time.process_time() - start
    assert verify.exit_code(results) == 0, results
    _print("verify.py, an export", checked / took, "receipts a second", 7_000)


async def _filled(store: Store, site: Site, count: int) -> None:
    """Receipts, a hundred a second, each truly signed."""
    one = given.receipt(site.id)
    for begin in range(0, count, LOT):
        numbers = range(begin, min(begin + LOT, count))
        await store.receipts.add_all([_receipt(one, site, number) for number in numbers])


def _receipt(one: StoredReceipt, site: Site, number: int) -> StoredReceipt:
    at, name = NOW + number // 100, signing.uuid7(NOW * 1_000 + number)
    payload = one.payload.replace(one.id.encode(), name.encode())
    payload = payload.replace(b'"iat":%d' % NOW, b'"iat":%d' % at)
    payload = payload.replace(b":%d" % (NOW + 182 * 86_400), b":%d" % (at + 182 * 86_400))
    signed = given.keyring().sign_receipt(payload)
    return replace(
        one, id=name, site_id=site.id, recorded_at=at, payload=payload, signature=signed.signature
    )


async def _told(done: int, total: int) -> None:
    """Nobody looks."""


async def _exported(source: Source, wanted: Wanted, folder: Path) -> tuple[float, float]:
    """Seconds by the clock, and of this process's time."""
    began = time.perf_counter()
    file, worked = await _timed(export(source, wanted, folder, _told))
    file.unlink()
    return time.perf_counter() - began, worked


async def _timed(work: Awaitable[Result]) -> tuple[Result, float]:
    start = time.process_time()
    result = await work
    return result, time.process_time() - start


def _print(what: str, rate: float, unit: str, limit: int) -> None:
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    most = max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024
    print(f"{what}: {rate:,.0f} {unit} (limit {limit:,}), {most:.0f} MB at the most")


if __name__ == "__main__":
    main()
