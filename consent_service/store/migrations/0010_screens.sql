-- What the ledger has of each picture, and which browser took it.
-- No picture can be there yet: nothing before this took any.
alter table screens add column entry blob not null default '' check (length(entry) = 32);
alter table screens add column taken_with text not null default '';

create index jobs_by_wish on jobs (site_id, kind, wanted);
