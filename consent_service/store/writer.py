"""Group commit: many requests' receipts share one transaction, each is answered after it."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from consent_service.errors import Busy, Conflict, ConsentError, Unavailable
from consent_service.model import StoredReceipt
from consent_service.store.receipts import Receipts

Outcomes = dict[str, StoredReceipt | ConsentError]

_log = logging.getLogger(__name__)


class _Shelves(Protocol):
    receipts: Receipts


class _Waiting(NamedTuple):
    receipt: StoredReceipt
    answer: asyncio.Future[StoredReceipt]


class ReceiptWriter:
    """The way in for receipts, for one process: `async with ReceiptWriter(store, ...) as writer`.

    While one batch is being committed, the next one gathers: under load many receipts share one
    visit to the disk, and a single one never waits for company. Leaving the block stores what
    still waits.
    """

    def __init__(self, store: _Shelves, queue_limit: int, batch_limit: int) -> None:
        self._receipts = store.receipts
        self._queue_limit, self._batch_limit = queue_limit, batch_limit
        self._queue: deque[_Waiting] = deque()
        self._unanswered = 0
        self._arrived = asyncio.Event()
        self._open = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._open = True
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open = False
        self._arrived.set()
        if self._task:
            await self._task

    async def add(self, receipt: StoredReceipt) -> StoredReceipt:
        """Returns once the receipt is durably stored.

        Where one of its id is there already, that one is returned and nothing is stored: the
        caller compares, the site too. Raises `Busy` at once where as many wait as may;
        `Unavailable` where the database does not answer; `Conflict` where the receipt of this id
        was erased, or there is no such version. A caller that is cancelled harms no other; its
        own receipt may be stored or not.

        Never inside a transaction: the writer would wait for it, and it for the writer.
        """
        if not self._open:
            raise Unavailable("receipts are not taken now: the service is stopping")
        if self._unanswered >= self._queue_limit:
            raise Busy("too many receipts are waiting to be stored; try again in a second")
        answer: asyncio.Future[StoredReceipt] = asyncio.get_running_loop().create_future()
        self._unanswered += 1
        answer.add_done_callback(self._answered)
        self._queue.append(_Waiting(receipt, answer))
        self._arrived.set()
        return await answer

    def _answered(self, _: asyncio.Future[StoredReceipt]) -> None:
        self._unanswered -= 1

    async def _run(self) -> None:
        try:
            while self._open or self._queue:
                await self._arrived.wait()
                self._arrived.clear()
                while batch := self._next_batch():
                    await self._store(batch)
        finally:
            self._open = False
            for waiting in self._queue:
                _answer(waiting.answer, _unknown())

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        while self._queue and len(batch) < self._batch_limit:
            waiting = self._queue.popleft()
            if not waiting.answer.done():
                batch.append(waiting)
        return batch

    async def _store(self, batch: Sequence[_Waiting]) -> None:
        # Of two with one id the first is stored, and both are given it.
        receipts = {waiting.receipt.id: waiting.receipt for waiting in reversed(batch)}
        outcomes: Outcomes = {}
        try:
            outcomes = await self._outcomes(list(receipts.values()))
        finally:
            # Nobody is left waiting, also where this task is cancelled or our own code fails.
            for waiting in batch:
                _answer(waiting.answer, outcomes.get(waiting.receipt.id) or _unknown())

    async def _outcomes(self, receipts: Sequence[StoredReceipt]) -> Outcomes:
        try:
            return await self._receipts.add_all(receipts)
        except Unavailable as error:
            return {receipt.id: error for receipt in receipts}
        except ConsentError as error:
            if len(receipts) == 1:
                return {receipts[0].id: _refusal(receipts[0], error)}
        except Exception:
            # Our own mistake must not stop the writer: the next batch may be a better one.
            _log.exception("receipts could not be stored")
            return {receipt.id: _unknown() for receipt in receipts}
        # One of them is refused: by halves, so that it is found and the others are stored.
        middle = len(receipts) // 2
        first = await self._outcomes(receipts[:middle])
        return first | await self._outcomes(receipts[middle:])


def _unknown() -> Unavailable:
    return Unavailable("the receipt may not have been stored; try again")


def _refusal(receipt: StoredReceipt, error: ConsentError) -> ConsentError:
    if isinstance(error, Conflict):
        return Conflict(f"there is no policy version {receipt.version} to answer", "version")
    return error


def _answer(answer: asyncio.Future[StoredReceipt], outcome: StoredReceipt | ConsentError) -> None:
    if answer.done():
        return
    if isinstance(outcome, ConsentError):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
