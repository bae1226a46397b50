"""The five checks of a receipt, all of them true at once: what its page shows is what is so."""

from pathlib import Path

import pytest

from consent_service.exports.verify import HOLDS, OPEN
from consent_service.store import Store
from tests.store import given
from tests.store.given import NOW
from tests.store.test_screens_late import checks, pictured, received
from tests.store.test_witnesses import EAST, EVERY, Clock, pointed, rounds, witness

FIVE = {
    "signature": "one of the bundle's keys, signed this receipt, and not one bit has changed since",
    "texts": "byte for byte, the texts that the visitor was asked under: version 1, in en. It is",
    "banner": "screens/en-narrow-2.png, with the SHA-256 ",
    "ledger": "it cannot be taken out, moved or replaced without that being seen",
    "time": "not before 2023-11-14 22:13:20 UTC",
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_each_holds_and_says_what_it_proves(store: Store, folder: Path, clock: Clock) -> None:
    site, desk = await given.published_policy(store), given.desk(store, folder)
    await given.entered(desk)
    async with witness(store, EAST, clock) as east:
        site = await pointed(store, site, east)
        await rounds(store, clock).round()
        receipt = await received(store, site)
        await pictured(store, site, receipt)
        await given.entered(desk, NOW + 5)
        seen_once = await checks(store, site, receipt)
        assert seen_once["time"].state == OPEN, "nobody has seen it yet"
        clock.time += EVERY
        await rounds(store, clock).round()
    found = await checks(store, site, receipt)
    assert {name: found[name].state for name in FIVE} == dict.fromkeys(FIVE, HOLDS), found
    for name, said in FIVE.items():
        assert said in found[name].text, found[name].text
    assert "It existed by 2023-11-14 22:14:20 UTC: the witness east.example/w" in found["time"].text
