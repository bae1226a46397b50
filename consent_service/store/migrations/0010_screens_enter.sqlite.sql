-- A picture is entered into the ledger, whichever code stored it: as in 0005_ledger_kept.
create trigger screens_enter after insert on screens begin
    insert into pending (site_id, turn, at, id, type, policy, digest)
    select new.site_id, 0, new.taken_at, substr(new.entry, 1, 16), 9, v.digest, new.entry
    from artifacts a join versions v on v.site_id = a.site_id and v.number = a.version
    where a.site_id = new.site_id and a.digest = new.banner;
end;
