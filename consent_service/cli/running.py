"""What the commands share: a store to work on, and who is at the keyboard."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from consent_service import ledger
from consent_service.audit import Act
from consent_service.settings import Settings
from consent_service.signing import open_keyring
from consent_service.store import Store, open_store

Result = TypeVar("Result")


def with_store(settings: Settings, work: Callable[[Store], Awaitable[Result]]) -> Result:
    """Do `work` with the store of the settings, and close it."""

    async def run() -> Result:
        async with open_store(settings.database) as store:
            return await work(store)

    return asyncio.run(run())


def act() -> Act:
    """Whoever runs the command line is the operator; the audit trail says so."""
    return Act("operator", time.time())


def desk(settings: Settings, store: Store) -> ledger.Desk:
    """What appends to the ledgers from a shell, beside a running service or without one."""
    keyring = open_keyring(settings.keys, int(time.time()))
    outside = ledger.Outside(settings.checkpoints_folder)
    return ledger.Desk(store, keyring, settings.base_url, outside, "operator")
