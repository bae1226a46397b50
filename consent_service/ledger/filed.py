"""That what is on file is what was entered: policies, banners and screenshots, to the byte.

One at a time, so that memory stays flat however many there are.
"""

from collections.abc import AsyncIterator

from consent_service.exports.verify import screen_digest
from consent_service.model import Screen
from consent_service.signing import b64url, sha256_b64, unb64url
from consent_service.store import Store


async def strays(store: Store, site_id: int) -> AsyncIterator[str]:
    """What is not as it was entered, in words."""
    waiting = {each.digest for each in await store.ledger.pending_events(site_id)}
    async for what, digest, same in _filed(store, site_id):
        if not same:
            yield f"{what} is not, byte for byte, what its hash says"
        if digest not in waiting and not await store.ledger.marks(site_id, digest):
            yield f"{what} was never entered"


async def _filed(store: Store, site_id: int) -> AsyncIterator[tuple[str, bytes, bool]]:
    """Each thing: what it is, what the ledger has of it, and whether its bytes are those."""
    for number in await store.policies.numbers(site_id):
        record = await store.policies.version(site_id, number)
        same = sha256_b64(record.body) == record.digest
        yield f"policy version {number}", unb64url(record.digest), same
        for digest in await store.policies.files_of(site_id, number):
            file = await store.policies.artifact_by_digest(site_id, digest)
            what = f"the {file.part.value} file in {file.language} of version {number}"
            yield what, unb64url(digest), sha256_b64(file.body) == digest
        for screen in await store.screens.of_version(site_id, number):
            what = f"a screenshot of version {number} (layer {screen.layer}, {screen.viewport})"
            yield what, unb64url(screen.entry), await _is_as_it_says(store, screen)


async def _is_as_it_says(store: Store, screen: Screen) -> bool:
    body = await store.screens.body(screen)
    entry = screen_digest(unb64url(screen.banner), screen.layer, screen.viewport, body)
    return (sha256_b64(body), b64url(entry)) == (screen.digest, screen.entry)
