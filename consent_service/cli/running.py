"""What the commands share: a store to work on, and who is at the keyboard."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from consent_service.audit import Act
from consent_service.settings import Settings
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
