-- Facts are added, never changed: as in 0003_append_only.

create trigger screens_no_replace before insert on screens
when exists (
    select 1 from screens
    where (site_id = new.site_id and banner = new.banner and layer = new.layer
            and viewport = new.viewport)
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

create trigger screens_no_update before update on screens begin
    select raise(abort, 'screens are append-only');
end;

create trigger screens_no_delete before delete on screens begin
    select raise(abort, 'screens are append-only');
end;

create trigger chain_no_replace before insert on chain
when exists (
    select 1 from chain
    where number = new.number or event_id = new.event_id
) begin
    select raise(abort, 'chain are append-only');
end;

create trigger chain_no_update before update on chain begin
    select raise(abort, 'chain are append-only');
end;

create trigger chain_no_delete before delete on chain begin
    select raise(abort, 'chain are append-only');
end;
