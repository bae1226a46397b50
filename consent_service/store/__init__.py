"""Where everything is kept: one shelf for each noun, all SQL, two databases.

    async with open_store("sqlite:///data/consent.db") as store:
        site = await store.sites.by_key("shop")
        async with store.transaction() as tx:
            await tx.policies.claim_draft(site.id, 3)
            await tx.policies.add_version(record)

Receipts, versions, artifacts, tombstones, keys, events and the ledger are append-only in the
database itself: triggers refuse every change, whoever asks.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from consent_service.store.accounts import Accounts
from consent_service.store.caught import CaughtShelf
from consent_service.store.columns import Cursor
from consent_service.store.database import Database
from consent_service.store.errands import Errands
from consent_service.store.events import Events
from consent_service.store.finding import Asked
from consent_service.store.jobs import Jobs
from consent_service.store.keys import Keys
from consent_service.store.ledger import Ledger
from consent_service.store.migrate import migrate as apply_migrations
from consent_service.store.migrate import require_migrated
from consent_service.store.opening import open_database
from consent_service.store.plans import Plans
from consent_service.store.policies import Policies
from consent_service.store.receipts import Receipts
from consent_service.store.screens import Screens
from consent_service.store.sites import Sites
from consent_service.store.witnessed import Witnessed
from consent_service.store.writer import ReceiptWriter

__all__ = ["Asked", "Cursor", "ReceiptWriter", "Store", "open_store"]


class Store:
    """One shelf for each noun, over one database or one transaction of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.sites = Sites(database)
        self.policies = Policies(database)
        self.plans = Plans(database)
        self.receipts = Receipts(database)
        self.keys = Keys(database)
        self.ledger = Ledger(database)
        self.accounts = Accounts(database)
        self.events = Events(database)
        self.jobs = Jobs(database)
        self.screens = Screens(database)
        self.caught = CaughtShelf(database)
        self.errands = Errands(database)
        self.witnessed = Witnessed(database)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Store"]:
        """A store of which everything commits together when the block ends, or nothing does.

        Inside the block, use the store that it gives. Any error or cancellation rolls back, and
        a block that swallowed an error of the database cannot commit.
        """
        async with self._database.transaction() as database:
            yield Store(database)

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator["Store"]:
        """A transaction that overlaps with no other exclusive one, of whatever process."""
        async with self._database.exclusive() as database:
            yield Store(database)

    async def ping(self) -> None:
        """Ask the database for a sign of life. Raises `Unavailable`."""
        await self._database.fetch_one("select 1 as alive")


@asynccontextmanager
async def open_store(url: str, migrate: bool = True) -> AsyncIterator[Store]:
    """The store at `sqlite:///path` or `postgresql://...`, migrated unless `migrate` is False.

    Raises `Misconfigured` where the address is malformed, where a newer release has migrated the
    database, or where migrations are missing and `migrate` is False; `Unavailable` where no
    database answers.
    """
    async with open_database(url) as database:
        await (apply_migrations(database) if migrate else require_migrated(database))
        yield Store(database)
