-- SQLite's part of the ledger: tables that are looked up by their key alone have no other order,
-- and triggers keep what was entered as 0003 keeps receipts.
-- What happened and is not in the ledger yet. Receipts come after everything else: a policy's
-- entry lies before those of its receipts. Their digest is made when they are taken.
create table pending (
    site_id integer not null,
    turn integer not null check (turn in (0, 1)),
    at bigint not null,
    id blob not null check (length(id) = 16),
    type integer not null check (type > 0),
    policy blob check (length(policy) = 32),
    digest blob check (length(digest) = 32),
    primary key (site_id, turn, at, id)
) without rowid;

-- Where each receipt stands. Goes with the receipt.
create table places (
    id blob primary key check (length(id) = 16),
    site_id integer not null,
    place bigint not null check (place >= 0)
) without rowid;

create unique index places_by_place on places (site_id, place);

-- Whatever is published or received is entered, whichever code stored it.
create trigger versions_enter after insert on versions begin
    insert into pending (site_id, turn, at, id, type, policy, digest)
    values (new.site_id, 0, new.published_at, substr(new.digest, 1, 16), 2, new.digest, new.digest);
end;

create trigger artifacts_enter after insert on artifacts begin
    insert into pending (site_id, turn, at, id, type, policy, digest)
    select new.site_id, 0, new.created_at, substr(new.digest, 1, 16), 7, digest, new.digest
    from versions where site_id = new.site_id and number = new.version;
end;

create trigger receipts_enter after insert on receipts begin
    insert into pending (site_id, turn, at, id, type)
    values (new.site_id, 1, new.recorded_at, new.id, 1);
end;

-- What is on file already comes first: policies and banners, then receipts.
insert into pending (site_id, turn, at, id, type, policy, digest)
select site_id, 0, published_at, substr(digest, 1, 16), 2, digest, digest from versions;

insert into pending (site_id, turn, at, id, type, policy, digest)
select a.site_id, 0, a.created_at, substr(a.digest, 1, 16), 7, v.digest, a.digest
from artifacts a join versions v on v.site_id = a.site_id and v.number = a.version;

insert into pending (site_id, turn, at, id, type)
select site_id, 1, recorded_at, id, 1 from receipts;

-- A receipt may go after its tombstone, or with a range that was pruned.
drop trigger receipts_no_delete;

create trigger receipts_no_delete before delete on receipts
when not exists (select 1 from tombstones where id = old.id and site_id = old.site_id)
    and not exists (
        select 1 from places p
        join prunes r on r.site_id = p.site_id and r.begins <= p.place and p.place < r.ends
        where p.id = old.id and p.site_id = old.site_id
    )
begin
    select raise(abort, 'a receipt is deleted only after its tombstone');
end;

create trigger places_no_replace before insert on places
when exists (
    select 1 from places
    where id = new.id or (site_id = new.site_id and place = new.place)
) begin
    select raise(abort, 'places are append-only');
end;

create trigger places_no_update before update on places begin
    select raise(abort, 'places are append-only');
end;

create trigger places_no_delete before delete on places
when exists (select 1 from receipts where id = old.id) begin
    select raise(abort, 'a place goes with its receipt');
end;

create trigger pending_no_replace before insert on pending
when exists (
    select 1 from pending
    where site_id = new.site_id and turn = new.turn and at = new.at and id = new.id
) begin
    select raise(ignore);
end;

create trigger pending_no_update before update on pending begin
    select raise(abort, 'pending entries are append-only');
end;

create trigger pending_no_delete before delete on pending
when not exists (select 1 from places where id = old.id and site_id = old.site_id)
    and not exists (select 1 from marks where id = old.id and site_id = old.site_id)
begin
    select raise(abort, 'what is pending goes only into the ledger');
end;

-- A ledger grows: it is never smaller, and never another of the same size.
create trigger ledgers_no_replace before insert on ledgers
when exists (select 1 from ledgers where site_id = new.site_id) begin
    select raise(ignore);
end;

create trigger ledgers_only_grow before update on ledgers
when new.site_id <> old.site_id or new.origin <> old.origin or new.size < old.size
    or (new.size = old.size and new.root <> old.root) or new.pruned < old.pruned
begin
    select raise(abort, 'ledgers only grow');
end;

create trigger ledgers_no_delete before delete on ledgers begin
    select raise(abort, 'ledgers only grow');
end;

create trigger tiles_no_replace before insert on tiles
when exists (
    select 1 from tiles
    where (site_id = new.site_id and number = new.number and level = new.level) or rowid = new.rowid
) begin
    select raise(abort, 'tiles only grow');
end;

create trigger tiles_only_grow before update on tiles
when new.site_id <> old.site_id or new.number <> old.number or new.level <> old.level or new.rowid <> old.rowid
    or length(new.body) <= length(old.body)
    or substr(new.body, 1, length(old.body)) <> old.body
begin
    select raise(abort, 'tiles only grow');
end;

create trigger tiles_no_delete before delete on tiles begin
    select raise(abort, 'tiles only grow');
end;

create trigger bundles_no_replace before insert on bundles
when exists (
    select 1 from bundles
    where (site_id = new.site_id and number = new.number) or rowid = new.rowid
) begin
    select raise(abort, 'bundles only grow');
end;

create trigger bundles_only_grow before update on bundles
when new.site_id <> old.site_id or new.number <> old.number or new.rowid <> old.rowid
    or length(new.body) <= length(old.body)
    or substr(new.body, 1, length(old.body)) <> old.body
begin
    select raise(abort, 'bundles only grow');
end;

create trigger bundles_no_delete before delete on bundles begin
    select raise(abort, 'bundles only grow');
end;

create trigger forms_no_replace before insert on forms
when exists (
    select 1 from forms
    where (number = new.number or body = new.body)
) begin
    select raise(ignore);
end;

create trigger forms_no_update before update on forms begin
    select raise(abort, 'forms are append-only');
end;

create trigger forms_no_delete before delete on forms begin
    select raise(abort, 'forms are append-only');
end;

create trigger marks_no_replace before insert on marks
when exists (
    select 1 from marks
    where ((site_id = new.site_id and place = new.place) or (site_id = new.site_id and id = new.id))
        or rowid = new.rowid
) begin
    select raise(abort, 'marks are append-only');
end;

create trigger marks_no_update before update on marks begin
    select raise(abort, 'marks are append-only');
end;

create trigger marks_no_delete before delete on marks begin
    select raise(abort, 'marks are append-only');
end;

create trigger prunes_no_replace before insert on prunes
when exists (
    select 1 from prunes
    where (site_id = new.site_id and begins = new.begins)
        or rowid = new.rowid
) begin
    select raise(abort, 'prunes are append-only');
end;

create trigger prunes_no_update before update on prunes begin
    select raise(abort, 'prunes are append-only');
end;

create trigger prunes_no_delete before delete on prunes begin
    select raise(abort, 'prunes are append-only');
end;

create trigger checkpoints_no_replace before insert on checkpoints
when exists (
    select 1 from checkpoints
    where (site_id = new.site_id and size = new.size)
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

create trigger checkpoints_no_update before update on checkpoints begin
    select raise(abort, 'checkpoints are append-only');
end;

create trigger checkpoints_no_delete before delete on checkpoints begin
    select raise(abort, 'checkpoints are append-only');
end;

create trigger cosignatures_no_replace before insert on cosignatures
when exists (
    select 1 from cosignatures
    where (site_id = new.site_id and size = new.size and witness = new.witness)
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

create trigger cosignatures_no_update before update on cosignatures begin
    select raise(abort, 'cosignatures are append-only');
end;

create trigger cosignatures_no_delete before delete on cosignatures begin
    select raise(abort, 'cosignatures are append-only');
end;

create trigger stamps_no_replace before insert on stamps
when exists (
    select 1 from stamps
    where (site_id = new.site_id and size = new.size and authority = new.authority)
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

create trigger stamps_no_update before update on stamps begin
    select raise(abort, 'stamps are append-only');
end;

create trigger stamps_no_delete before delete on stamps begin
    select raise(abort, 'stamps are append-only');
end;

create trigger ledger_keys_no_replace before insert on ledger_keys
when exists (
    select 1 from ledger_keys
    where (public = new.public)
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

create trigger ledger_keys_no_update before update on ledger_keys begin
    select raise(abort, 'ledger_keys are append-only');
end;

create trigger ledger_keys_no_delete before delete on ledger_keys begin
    select raise(abort, 'ledger_keys are append-only');
end;
