"""What was done to policies, banners and screenshots is named when the ledger is verified."""

from pathlib import Path

import msgspec
import pytest

from consent_service.exports.verify import screen_digest
from consent_service.merkle import parse_checkpoint, parse_note
from consent_service.signing import b64url, sha256_b64, unb64url
from consent_service.store import Store, open_store
from tests.store import given
from tests.store.given import NOW
from tests.store.test_ledger_verify import Kept, _forced, _verified

PICTURE = b"\x89PNG\r\n\x1a\n a picture"


@pytest.fixture
async def kept(tmp_path: Path) -> Kept:
    """A SQLite of the test's own, with a version, its banners and one screenshot, all entered."""
    url = f"sqlite:///{tmp_path}/consent.db"
    async with open_store(url) as store:
        site = await given.published_policy(store)
        await _pictured(store, site.id)
        await given.entered(given.desk(store, tmp_path), NOW + 400)
        head = await store.ledger.head(site.id)
    assert head is not None
    return Kept(url, site, parse_checkpoint(parse_note(head.note).text))


async def _pictured(store: Store, site_id: int) -> None:
    banner = (await store.policies.banners_of(site_id, 1))[0].digest
    screen = msgspec.structs.replace(
        given.screen(site_id, banner, 2, "wide"),
        digest=sha256_b64(PICTURE),
        entry=b64url(screen_digest(unb64url(banner), 2, "wide", PICTURE)),
    )
    assert await store.screens.add(screen, PICTURE)


async def test_what_is_as_it_was_entered_is_no_finding(kept: Kept) -> None:
    assert (await _verified(kept)).findings == []


async def test_what_still_waits_for_its_entry_is_no_finding(kept: Kept) -> None:
    async with open_store(kept.url) as store:
        banner = (await store.policies.banners_of(kept.site.id, 1))[1].digest
        entry = b64url(screen_digest(unb64url(banner), 1, "narrow", PICTURE))
        screen = given.screen(kept.site.id, banner, 1, "narrow")
        waits = msgspec.structs.replace(screen, digest=sha256_b64(PICTURE), entry=entry)
        await store.screens.add(waits, PICTURE)
    assert (await _verified(kept)).findings == []


_BYTES = "is not, byte for byte, what its hash says"
_SHOT = "a screenshot of version 1"
DONE = {
    "a text was changed": (
        "update versions set body = cast(body || ' ' as blob)",
        f"policy version 1 {_BYTES}",
    ),
    "a banner was changed": (
        "update artifacts set body = cast(body || ' ' as blob) "
        "where part = 'banner' and language = 'sv'",
        f"the banner file in sv of version 1 {_BYTES}",
    ),
    "a second layer was changed": (
        "update artifacts set body = cast(body || ' ' as blob) "
        "where part = 'settings' and language = 'en'",
        f"the settings file in en of version 1 {_BYTES}",
    ),
    "a picture was changed": (
        "update screens set body = cast(body || ' ' as blob)",
        f"{_SHOT} (layer 2, wide) {_BYTES}",
    ),
    "a picture is said to be of another layer": (
        "update screens set layer = 1",
        f"{_SHOT} (layer 1, wide) {_BYTES}",
    ),
    "a picture is said to be of another width": (
        "update screens set viewport = 'narrow'",
        f"{_SHOT} (layer 2, narrow) {_BYTES}",
    ),
    "a picture is said to be of another language": (
        "update screens set banner = (select digest from artifacts where language = 'sv' "
        "and part = 'banner')",
        f"{_SHOT} (layer 2, wide) {_BYTES}",
    ),
    "a picture was put past the service": (
        "insert into screens (site_id, banner, layer, viewport, taken_at, digest, entry, body) "
        "select site_id, banner, 1, viewport, taken_at, digest, randomblob(32), body from screens",
        f"{_SHOT} (layer 1, wide) was never entered",
    ),
}


@pytest.mark.parametrize(("sql", "text"), DONE.values(), ids=DONE)
async def test_what_was_done_to_it_is_named(kept: Kept, sql: str, text: str) -> None:
    with _forced(kept) as connection:
        connection.run("pragma foreign_keys = off")
        connection.run(sql)
    found = [finding.text for finding in (await _verified(kept)).findings]
    assert text in found
    assert len(found) <= 2, "nothing else is suspected"
