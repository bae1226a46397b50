"""A process that stores receipts as fast as it can and says which it has: made to be killed.

`python -m tests.faults.burst URL` prints each receipt's id once its `add` has returned.
"""

import asyncio
import os
import sys

from consent_service.errors import NotFound
from consent_service.store import ReceiptWriter, Store, open_store
from tests.store import given

WAITING = 64


async def _site_id(store: Store) -> int:
    for public in given.keyring().public_keys:
        await store.keys.add(public)
    try:
        return (await store.sites.by_key("shop")).id
    except NotFound:
        return (await given.published(store)).id


async def _burst(url: str) -> None:
    async with open_store(url) as store, ReceiptWriter(store, 4096, 256) as writer:
        site_id = await _site_id(store)

        async def visitor() -> None:
            while True:
                stored = await writer.add(given.receipt(site_id))
                # Past every buffer of this process: what is printed has been promised.
                os.write(sys.stdout.fileno(), f"{stored.id}\n".encode())

        await asyncio.gather(*(visitor() for _ in range(WAITING)))


if __name__ == "__main__":
    asyncio.run(_burst(sys.argv[1]))
