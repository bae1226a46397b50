-- A picture is entered into the ledger, whichever code stored it: as in 0005_ledger_kept.
create function enter_screens() returns trigger
language plpgsql set search_path from current as $$
begin
    insert into pending (site_id, turn, at, id, type, policy, digest)
    select f.site_id, 0, f.taken_at, substr(f.entry, 1, 16), 9, v.digest, f.entry
    from fresh f
    join artifacts a on a.site_id = f.site_id and a.digest = f.banner
    join versions v on v.site_id = a.site_id and v.number = a.version;
    return null;
end $$;

create trigger screens_enter after insert on screens
    referencing new table as fresh for each statement execute function enter_screens();
alter table screens enable always trigger screens_enter;
