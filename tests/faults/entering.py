"""A process that enters what waits, and erases, as fast as it can: made to be killed.

`python -m tests.faults.entering URL FOLDER` prints the size of the ledger after each round. It also
stores receipts, so that there is always something to enter.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from consent_service import ledger, receipts
from consent_service.audit import Act
from consent_service.errors import NotFound, Unavailable
from consent_service.merkle import Reason
from consent_service.signing import new_secret, open_keyring
from consent_service.store import ReceiptWriter, open_store
from tests.store import given


async def _enter(url: str, folder: Path) -> None:
    keyring = open_keyring(folder / "keys", given.NOW)
    async with open_store(url) as store, ReceiptWriter(store, 4096, 256) as writer:
        for public in given.keyring().public_keys:
            await store.keys.add(public)
        site = await store.sites.by_key("shop")
        desk = given.desk(store, folder, keyring)._replace(holder=new_secret())
        while True:
            made = [given.receipt(site.id) for _ in range(7)]
            await asyncio.gather(*map(writer.add, made))
            try:
                # Past every lease: so that both processes go for the same head.
                await ledger.sequence(desk, site, time.time_ns(), 5)
                await receipts.erase(desk, site, made[0].id, Reason.REQUEST, Act("service", 1))
            except (NotFound, Unavailable):
                continue
            head = await store.ledger.head(site.id)
            os.write(sys.stdout.fileno(), f"{head.size if head else 0}\n".encode())


if __name__ == "__main__":
    asyncio.run(_enter(sys.argv[1], Path(sys.argv[2])))
