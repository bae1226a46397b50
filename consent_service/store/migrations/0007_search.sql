-- What auditors search by, and how the receipts of one browser hang together.

-- The action and what was granted, as one number; 0 where it is only in the payload.
alter table receipts add column kind integer not null default 0;
-- The first eight bytes of the SHA-256 of the signed receipt, and of the one that it replaces.
alter table receipts add column name blob not null default '';
alter table receipts add column former blob not null default '';

create index receipts_by_kind on receipts (site_id, kind, form, recorded_at, id);
create index receipts_by_name on receipts (name) where length(name) > 0;
create index receipts_by_former on receipts (former) where length(former) > 0;
