"""A batch of receipts: one statement, and each of them is told what became of it."""

from pathlib import Path

import pytest

from consent_service.errors import Conflict
from consent_service.store import Store
from tests.store import given


async def test_new_old_and_erased_ids_of_one_batch_are_told_apart(
    store: Store, folder: Path
) -> None:
    site = await given.published(store)
    old, gone, new = (given.receipt(site.id) for _ in range(3))
    await store.receipts.add_all([old, gone])
    await given.erased(given.desk(store, folder), site, gone.id)
    retry = given.receipt(site.id, old.id, action="reject_all")
    outcomes = await store.receipts.add_all([gone, new, retry])
    erased = outcomes.pop(gone.id)
    assert isinstance(erased, Conflict)
    assert outcomes == {old.id: old, new.id: new}
    assert await store.receipts.count(site.id) == 2


@pytest.mark.parametrize("size", [1, 2, 256, 2_000])
async def test_a_batch_of_any_size_that_may_be_set_is_stored_whole(store: Store, size: int) -> None:
    site = await given.published(store)
    receipts = [given.receipt(site.id) for _ in range(size)]
    outcomes = await store.receipts.add_all(receipts)
    assert outcomes == {receipt.id: receipt for receipt in receipts}
    assert await store.receipts.count(site.id) == size
