"""`python -m tests.bench.exports`: how fast receipts are taken away, found and checked, on SQLite.

Receipts are stored, then exported as CSV and as JSON Lines, searched by what they say, and checked
by the verifier. Rates are by processor time, so that they hold on a busy machine too; the memory is
the most that the process had by then.
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
from consent_service.exports.period import Source, Wanted, export
from consent_service.model import Site, StoredReceipt
from consent_service.store import Asked, Store, open_store
from tests.store import given
from tests.store.given import NOW

LOT = 1_500
Result = TypeVar("Result")


def main() -> None:
    """Print one line for each figure, beside its limit."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.exports", description=__doc__)
    parser.add_argument("--receipts", type=int, default=200_000, help="on file (200,000)")
    parser.add_argument("--checked", type=int, default=5_000, help="by the verifier (5,000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="consent-bench-") as folder:
        asyncio.run(_run(Path(folder), options.receipts, options.checked))


async def _run(folder: Path, count: int, checked: int) -> None:
    async with open_store(f"sqlite:///{folder}/consent.db") as store:
        site = await given.published(store)
        await _filled(store, site, count)
        keys = signing.jwks(key.jwk for key in await store.keys.all())
        source = Source(store, site, keys, NOW + count)
        for name in ("csv", "jsonl"):
            wanted = Wanted(format=name, begin=0, end=NOW + count)
            _, took = await _timed(export(source, wanted, folder / name, _told))
            _print(f"export as {name}", count / took, "receipts a second", 80_000)
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


async def _timed(work: Awaitable[Result]) -> tuple[Result, float]:
    start = time.process_time()
    result = await work
    return result, time.process_time() - start


def _print(what: str, rate: float, unit: str, limit: int) -> None:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what}: {rate:,.0f} {unit} (limit {limit:,}), {most:.0f} MB at the most")


if __name__ == "__main__":
    main()
