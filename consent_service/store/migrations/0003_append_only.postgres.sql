-- Facts are added, never changed, whoever asks. `enable always`: also in a session that plays a
-- replica's part, where triggers are otherwise silent.

-- The functions look here, and last among what is temporary: else a temporary table called
-- tombstones would be asked instead of ours.
select set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

create function refuse_change() returns trigger
language plpgsql set search_path from current as $$
begin
    raise exception '% are append-only', tg_table_name using errcode = 'restrict_violation';
end $$;

create function refuse_delete_without_tombstone() returns trigger
language plpgsql set search_path from current as $$
begin
    if exists (select 1 from tombstones where id = old.id and site_id = old.site_id) then
        return old;
    end if;
    raise exception 'a receipt is deleted only after its tombstone'
        using errcode = 'restrict_violation';
end $$;

-- What was erased stays erased: a browser that tries again brings nothing back.
create function ignore_erased() returns trigger
language plpgsql set search_path from current as $$
begin
    if exists (select 1 from tombstones where id = new.id) then
        return null;
    end if;
    return new;
end $$;

create trigger versions_no_change before update or delete or truncate on versions
    for each statement execute function refuse_change();
alter table versions enable always trigger versions_no_change;

create trigger artifacts_no_change before update or delete or truncate on artifacts
    for each statement execute function refuse_change();
alter table artifacts enable always trigger artifacts_no_change;

create trigger keys_no_change before update or delete or truncate on keys
    for each statement execute function refuse_change();
alter table keys enable always trigger keys_no_change;

create trigger receipts_no_change before update or truncate on receipts
    for each statement execute function refuse_change();
create trigger receipts_no_delete before delete on receipts
    for each row execute function refuse_delete_without_tombstone();
create trigger receipts_no_return before insert on receipts
    for each row execute function ignore_erased();
alter table receipts enable always trigger receipts_no_change;
alter table receipts enable always trigger receipts_no_delete;
alter table receipts enable always trigger receipts_no_return;

create trigger tombstones_no_change before update or delete or truncate on tombstones
    for each statement execute function refuse_change();
alter table tombstones enable always trigger tombstones_no_change;

create trigger events_no_change before update or delete or truncate on events
    for each statement execute function refuse_change();
alter table events enable always trigger events_no_change;
