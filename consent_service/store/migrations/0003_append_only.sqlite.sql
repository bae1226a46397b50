-- Facts are added, never changed, whoever asks and with whatever settings of the connection.
--
-- `insert or replace` deletes the old row without a delete trigger, unless the connection has
-- asked for recursive triggers. So an insert over what is there is stopped before it begins: it is
-- ignored where a repetition is usual, and refused where it is a mistake. The rowid counts as
-- well: it is the one other key by which a row could be replaced.

create trigger versions_no_replace before insert on versions
when exists (
    select 1 from versions
    where (site_id = new.site_id and number = new.number)
        or (site_id = new.site_id and digest = new.digest)
        or rowid = new.rowid
) begin
    select raise(abort, 'versions are append-only');
end;

create trigger versions_no_update before update on versions begin
    select raise(abort, 'versions are append-only');
end;

create trigger versions_no_delete before delete on versions begin
    select raise(abort, 'versions are append-only');
end;

create trigger artifacts_no_replace before insert on artifacts
when exists (
    select 1 from artifacts
    where (site_id = new.site_id and digest = new.digest)
        or (site_id = new.site_id and tag = new.tag)
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

create trigger artifacts_no_update before update on artifacts begin
    select raise(abort, 'artifacts are append-only');
end;

create trigger artifacts_no_delete before delete on artifacts begin
    select raise(abort, 'artifacts are append-only');
end;

create trigger keys_no_replace before insert on keys
when exists (
    select 1 from keys
    where number = new.number or kid = new.kid
) begin
    select raise(ignore);
end;

create trigger keys_no_update before update on keys begin
    select raise(abort, 'keys are append-only');
end;

create trigger keys_no_delete before delete on keys begin
    select raise(abort, 'keys are append-only');
end;

create trigger receipts_no_replace before insert on receipts
when exists (
    select 1 from receipts
    where id = new.id
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

create trigger receipts_no_update before update on receipts begin
    select raise(abort, 'receipts are append-only');
end;

create trigger receipts_no_delete before delete on receipts
when not exists (select 1 from tombstones where id = old.id and site_id = old.site_id) begin
    select raise(abort, 'a receipt is deleted only after its tombstone');
end;

-- What was erased stays erased: a browser that tries again brings nothing back.
create trigger receipts_no_return before insert on receipts
when exists (select 1 from tombstones where id = new.id) begin
    select raise(ignore);
end;

create trigger tombstones_no_replace before insert on tombstones
when exists (
    select 1 from tombstones
    where id = new.id
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

create trigger tombstones_no_update before update on tombstones begin
    select raise(abort, 'tombstones are append-only');
end;

create trigger tombstones_no_delete before delete on tombstones begin
    select raise(abort, 'tombstones are append-only');
end;

create trigger events_no_replace before insert on events
when exists (
    select 1 from events
    where id = new.id
        or rowid = new.rowid
) begin
    select raise(abort, 'events are append-only');
end;

create trigger events_no_update before update on events begin
    select raise(abort, 'events are append-only');
end;

create trigger events_no_delete before delete on events begin
    select raise(abort, 'events are append-only');
end;
