"""A ledger whose database was put back: it stands still, and everything else goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from consent_service import ledger
from consent_service.exports.verify import HOLDS, OPEN, check_bundle
from consent_service.merkle import Checkpoint, format_checkpoint, format_note, log_key
from consent_service.merkle.opening import sign_note
from consent_service.signing import open_keyring
from tests.api.pages.people import Person, recorded
from tests.api.pages.test_ledger import _outside, entered
from tests.served import Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")


@contextmanager
def replaced(file: Path, content: bytes) -> Iterator[None]:
    kept = file.read_bytes()
    file.write_bytes(content)
    try:
        yield
    finally:
        file.write_bytes(kept)


async def longer(shop: Shop) -> bytes:
    """The ledger's checkpoint from before its database was put back: 900 entries more."""
    head = await ledger.head_of(shop.house.store, shop.site.id)
    pen = open_keyring(shop.house.settings.keys, shop.house.clock.now).ledger
    text = format_checkpoint(Checkpoint(head.origin, head.size + 900, b"r" * 32))
    return format_note(sign_note(text, log_key(head.origin, pen.public), pen.sign))


async def test_a_stale_checkpoint_holds_up_neither_banners_nor_receipts(
    shop: Shop, auditor: Person
) -> None:
    before = await recorded(shop)
    await entered(shop)
    size = (await ledger.head_of(shop.house.store, shop.site.id)).size
    with replaced(await _outside(shop), await longer(shop)):
        assert (await shop.get("/banner.js")).status_code == 200
        during = await recorded(shop)
        assert (await shop.get(f"/receipts/{during}")).status_code == 200
        assert (await shop.get(f"/receipts/{during}/proof")).status_code == 202
        assert (await shop.get(f"/receipts/{before}/proof")).status_code == 200
        zipped = await auditor.get(f"/sites/{shop.site.key}/receipts/{during}/evidence.zip")
        found = {each.name: each for each in check_bundle(zipped.content)}
        assert (found["signature"].state, found["texts"].state) == (HOLDS, HOLDS)
        assert found["ledger"].state == OPEN
        assert "no receipt.tlog-proof" in found["ledger"].text
        assert (await ledger.head_of(shop.house.store, shop.site.id)).size == size
    await entered(shop)
    assert (await shop.get(f"/receipts/{during}/proof")).status_code == 200
