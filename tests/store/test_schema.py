"""What the schema has no room for, and how it finds things."""

import re

from consent_service.store import Store
from consent_service.store.ledger import TILES_OF
from tests.store import given
from tests.store.outside import Outside, outside

TRACES = re.compile(
    r"(^|_)(ip|ips|addr|address|remote|peer|agent|ua|browser|device|fingerprint|referr?er|referral"
    r"|path|url|uri|href|query|page|host|location|latitude|longitude|city|country|phone|visitor"
    r"|subject_id|cookie|user)(_|$)"
)

COLUMNS = {
    "receipts": {
        "id",
        "site_id",
        "recorded_at",
        "version",
        "key",
        "salt",
        "signature",
        "form",
        "payload",
        "kind",
        "name",
        "former",
    },
    "tombstones": {"tail", "site_id", "erased_at", "reason", "place"},
    "pending": {"site_id", "turn", "at", "id", "type", "policy", "digest"},
    "places": {"id", "site_id", "place"},
    "marks": {"site_id", "place", "id", "type", "at", "policy", "digest"},
    "forms": {"number", "body"},
    "events": {"id", "at", "actor", "verb", "site_id", "subject"},
    "caught": {"site_id", "day", "declared", "kind", "count"},
}


def _columns(connection: Outside, sqlite: bool) -> dict[str, set[str]]:
    if sqlite:
        rows = connection.run(
            "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c "
            "where m.type in ('table', 'view')"
        )
    else:
        rows = connection.run(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = 'public'"
        )
    columns: dict[str, set[str]] = {}
    for table, column in rows:
        columns.setdefault(table, set()).add(column)
    return columns


def test_r46_no_table_has_room_for_an_address_a_browser_or_a_page(url: str) -> None:
    with outside(url) as connection:
        columns = _columns(connection, url.startswith("sqlite"))
    assert len(columns) == 32, "a new table is to be looked at here"
    named = {(table, name) for table, names in columns.items() for name in names}
    assert {(table, name) for table, name in named if TRACES.search(name)} == set()
    for table, expected in COLUMNS.items():
        assert columns[table] == expected


async def test_receipts_of_a_site_by_time_are_found_by_an_index(store: Store, url: str) -> None:
    await given.published(store)
    sql = (
        "select id from receipts where site_id = 1 and (recorded_at, id) < (5, {}) "
        "order by recorded_at desc, id desc limit 50"
    )
    with outside(url) as connection:
        if url.startswith("sqlite"):
            plan = connection.run("explain query plan " + sql.format("x'00'"))
        else:
            connection.run("set enable_seqscan = off")
            plan = connection.run("explain " + sql.format(r"'\x00'"))
    assert "receipts_by_time" in str(plan)
    assert "TEMP B-TREE" not in str(plan), "it sorts what the index has in order"
    assert "Sort" not in str(plan)


def test_tiles_are_found_by_their_index_however_many_there_are(url: str) -> None:
    asked = TILES_OF.replace(":rows", "values (1, 0, 0), (1, 0, 1)")
    with outside(url) as connection:
        if url.startswith("sqlite"):
            plan = connection.run(f"explain query plan {asked}")
        else:
            connection.run("set enable_seqscan = off")
            plan = connection.run(f"explain {asked}")
    assert re.search(r"sqlite_autoindex_tiles_1|tiles_pkey", str(plan))
    assert not re.search(r"SCAN t\b|Seq Scan", str(plan))
