-- Which of a range of entries were erased: asked when a ledger is verified.
create index tombstones_by_place on tombstones (site_id, place);
