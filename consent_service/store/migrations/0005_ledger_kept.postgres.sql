-- PostgreSQL's part of the ledger: as for SQLite, in its own words.

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
);

-- Where each receipt stands. Goes with the receipt.
create table places (
    id blob primary key check (length(id) = 16),
    site_id integer not null,
    place bigint not null check (place >= 0)
);

create unique index places_by_place on places (site_id, place);

select set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- Whatever is published or received is entered, whichever code stored it.
create function enter_versions() returns trigger
language plpgsql set search_path from current as $$
begin
    insert into pending (site_id, turn, at, id, type, policy, digest)
    select site_id, 0, published_at, substr(digest, 1, 16), 2, digest, digest from fresh;
    return null;
end $$;

create function enter_artifacts() returns trigger
language plpgsql set search_path from current as $$
begin
    insert into pending (site_id, turn, at, id, type, policy, digest)
    select f.site_id, 0, f.created_at, substr(f.digest, 1, 16), 7, v.digest, f.digest
    from fresh f join versions v on v.site_id = f.site_id and v.number = f.version;
    return null;
end $$;

create function enter_receipts() returns trigger
language plpgsql set search_path from current as $$
begin
    insert into pending (site_id, turn, at, id, type)
    select site_id, 1, recorded_at, id, 1 from fresh;
    return null;
end $$;

-- What is on file already comes first: policies and banners, then receipts.
insert into pending (site_id, turn, at, id, type, policy, digest)
select site_id, 0, published_at, substr(digest, 1, 16), 2, digest, digest from versions;

insert into pending (site_id, turn, at, id, type, policy, digest)
select a.site_id, 0, a.created_at, substr(a.digest, 1, 16), 7, v.digest, a.digest
from artifacts a join versions v on v.site_id = a.site_id and v.number = a.version;

insert into pending (site_id, turn, at, id, type)
select site_id, 1, recorded_at, id, 1 from receipts;

-- A receipt may go after its tombstone, or with a range that was pruned.
create or replace function refuse_delete_without_tombstone() returns trigger
language plpgsql set search_path from current as $$
begin
    if exists (select 1 from tombstones where id = old.id and site_id = old.site_id)
        or exists (
            select 1 from places p
            join prunes r on r.site_id = p.site_id and r.begins <= p.place and p.place < r.ends
            where p.id = old.id and p.site_id = old.site_id
        )
    then
        return old;
    end if;
    raise exception 'a receipt is deleted only after its tombstone'
        using errcode = 'restrict_violation';
end $$;

create function refuse_delete_before_receipt() returns trigger
language plpgsql set search_path from current as $$
begin
    if exists (select 1 from receipts where id = old.id) then
        raise exception 'a place goes with its receipt' using errcode = 'restrict_violation';
    end if;
    return old;
end $$;

create function refuse_delete_before_entry() returns trigger
language plpgsql set search_path from current as $$
begin
    if exists (select 1 from places where id = old.id and site_id = old.site_id)
        or exists (select 1 from marks where id = old.id and site_id = old.site_id)
    then
        return old;
    end if;
    raise exception 'what is pending goes only into the ledger'
        using errcode = 'restrict_violation';
end $$;

-- A ledger grows: it is never smaller, and never another of the same size.
create function refuse_shrinking() returns trigger
language plpgsql set search_path from current as $$
begin
    if new.site_id <> old.site_id or new.origin <> old.origin or new.size < old.size
        or (new.size = old.size and new.root <> old.root) or new.pruned < old.pruned
    then
        raise exception 'ledgers only grow' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create function refuse_rewriting() returns trigger
language plpgsql set search_path from current as $$
begin
    if (to_jsonb(new) - 'body') <> (to_jsonb(old) - 'body')
        or length(new.body) <= length(old.body)
        or substr(new.body, 1, length(old.body)) <> old.body
    then
        raise exception '% only grow', tg_table_name using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create trigger versions_enter after insert on versions
    referencing new table as fresh for each statement execute function enter_versions();
create trigger artifacts_enter after insert on artifacts
    referencing new table as fresh for each statement execute function enter_artifacts();
create trigger receipts_enter after insert on receipts
    referencing new table as fresh for each statement execute function enter_receipts();
alter table versions enable always trigger versions_enter;
alter table artifacts enable always trigger artifacts_enter;
alter table receipts enable always trigger receipts_enter;

create trigger places_no_change before update or truncate on places
    for each statement execute function refuse_change();
create trigger places_no_delete before delete on places
    for each row execute function refuse_delete_before_receipt();
alter table places enable always trigger places_no_change;
alter table places enable always trigger places_no_delete;

create trigger pending_no_change before update or truncate on pending
    for each statement execute function refuse_change();
create trigger pending_no_delete before delete on pending
    for each row execute function refuse_delete_before_entry();
alter table pending enable always trigger pending_no_change;
alter table pending enable always trigger pending_no_delete;

create trigger ledgers_only_grow before update on ledgers
    for each row execute function refuse_shrinking();
create trigger ledgers_no_change before delete or truncate on ledgers
    for each statement execute function refuse_change();
alter table ledgers enable always trigger ledgers_only_grow;
alter table ledgers enable always trigger ledgers_no_change;

create trigger tiles_only_grow before update on tiles
    for each row execute function refuse_rewriting();
create trigger tiles_no_change before delete or truncate on tiles
    for each statement execute function refuse_change();
alter table tiles enable always trigger tiles_only_grow;
alter table tiles enable always trigger tiles_no_change;

create trigger bundles_only_grow before update on bundles
    for each row execute function refuse_rewriting();
create trigger bundles_no_change before delete or truncate on bundles
    for each statement execute function refuse_change();
alter table bundles enable always trigger bundles_only_grow;
alter table bundles enable always trigger bundles_no_change;

create trigger forms_no_change before update or delete or truncate on forms
    for each statement execute function refuse_change();
alter table forms enable always trigger forms_no_change;

create trigger marks_no_change before update or delete or truncate on marks
    for each statement execute function refuse_change();
alter table marks enable always trigger marks_no_change;

create trigger prunes_no_change before update or delete or truncate on prunes
    for each statement execute function refuse_change();
alter table prunes enable always trigger prunes_no_change;

create trigger checkpoints_no_change before update or delete or truncate on checkpoints
    for each statement execute function refuse_change();
alter table checkpoints enable always trigger checkpoints_no_change;

create trigger cosignatures_no_change before update or delete or truncate on cosignatures
    for each statement execute function refuse_change();
alter table cosignatures enable always trigger cosignatures_no_change;

create trigger stamps_no_change before update or delete or truncate on stamps
    for each statement execute function refuse_change();
alter table stamps enable always trigger stamps_no_change;

create trigger ledger_keys_no_change before update or delete or truncate on ledger_keys
    for each statement execute function refuse_change();
alter table ledger_keys enable always trigger ledger_keys_no_change;
