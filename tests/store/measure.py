"""How many receipts a second the writer stores, each answered after its commit.

`python -m tests.store.measure [FOLDER]` prints it for both databases, by how many wait at once:
rounds in turn, medians. The figures are of this machine and its disk; FOLDER is on the disk meant.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

from consent_service.model import StoredReceipt
from consent_service.settings import Settings
from consent_service.store import ReceiptWriter, open_store
from tests.postgres import running_server
from tests.store import given

WAITING = (1, 16, 64, 256)
ROUNDS = 3
RECEIPTS = 12_000

Address = Callable[[], str]


async def _rate(url: str, waiting: int) -> float:
    """Receipts a second, made beforehand so that signing is not counted."""
    total = RECEIPTS if waiting > 1 else RECEIPTS // 12
    settings = Settings()
    async with open_store(url) as store:
        site = await given.published(store)
        receipts = iter([given.receipt(site.id) for _ in range(total)])
        async with ReceiptWriter(store, settings.receipts_queue, settings.receipts_batch) as writer:
            began = time.perf_counter()
            await asyncio.gather(*(_visitor(writer, receipts) for _ in range(waiting)))
            return total / (time.perf_counter() - began)


async def _visitor(writer: ReceiptWriter, receipts: Iterator[StoredReceipt]) -> None:
    for receipt in receipts:
        await writer.add(receipt)


def _measure(addresses: dict[str, Address]) -> None:
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for waiting in WAITING:
            for kind, address in addresses.items():
                rate = asyncio.run(_rate(address(), waiting))
                rates.setdefault((kind, waiting), []).append(rate)
    print(f"{'receipts/s':10}", *(f"{waiting:>8} waiting" for waiting in WAITING))
    for kind in addresses:
        medians = (statistics.median(rates[kind, waiting]) for waiting in WAITING)
        print(f"{kind:10}", *(f"{median:>16,.0f}" for median in medians))


def main() -> None:
    """Measure, and print one table."""
    place = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=place) as folder, running_server() as server:
        _measure(
            {
                "sqlite": lambda: f"sqlite:///{folder}/{given.uuid()}.db",
                "postgres": server.new_database,
            }
        )


if __name__ == "__main__":
    main()
