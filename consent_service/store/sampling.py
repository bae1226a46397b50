"""An even sample of a site's receipts, however many there are.

Each receipt has a place in the site's ledger, and the places are whole numbers without a gap: so
every thousandth of them can be looked up by an index. What was erased, and what is no receipt, is
looked up in vain, which is as it should be: the whole is made of it, too.
"""

from typing import NamedTuple

from consent_service.store.database import Database


class Drawn(NamedTuple):
    """Receipts that nothing has replaced, and what they were drawn from."""

    ids: list[bytes]
    drawn: int
    """How many places were looked at."""
    places: int
    """How many there are in all: as many as were looked at, where none was left out."""


async def draw(database: Database, site_id: int, since: int, most: int) -> Drawn:
    """Look at no more than so many of the places that were taken since then."""
    places = await _places(database, site_id, since)
    picked = evenly(places, most)
    if not picked:
        return Drawn([], 0, 0)
    rows = await database.fetch_rows(
        """
        with drawn (site, place) as (:rows)
        select r.id, r.name from drawn d cross join places p join receipts r on r.id = p.id
        where p.site_id = d.site and p.place = d.place""",
        [(site_id, place) for place in picked],
    )
    replaced = await _replaced(database, [(bytes(row["name"]),) for row in rows if row["name"]])
    kept = [row["id"] for row in rows if bytes(row["name"]) not in replaced]
    return Drawn(kept, len(picked), len(places))


def evenly(places: range, most: int) -> list[int]:
    """At most so many of the places, spread over all of them: each as likely as any other."""
    count = min(most, len(places))
    return [places[(at * 2 + 1) * len(places) // (count * 2)] for at in range(count)]


async def _places(database: Database, site_id: int, since: int) -> range:
    first = await database.fetch_one(
        """
        select p.place from receipts r join places p on p.id = r.id
        where r.site_id = :site_id and r.recorded_at >= :since
        order by r.recorded_at, r.id limit 1""",
        site_id=site_id,
        since=since,
    )
    last = await database.fetch_one(
        "select max(place) as place from places where site_id = :site_id", site_id=site_id
    )
    return range(first["place"], last["place"] + 1) if first and last else range(0)


async def _replaced(database: Database, named: list[tuple[bytes]]) -> set[bytes]:
    """Which of these receipts, by the beginning of their hash, another one replaces."""
    if not named:
        return set()
    rows = await database.fetch_rows(
        "select former from receipts where former in (:rows) and length(former) > 0", named
    )
    return {bytes(row["former"]) for row in rows}
