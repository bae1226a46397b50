-- Facts are added, never changed: as in 0003_append_only.

create trigger screens_no_change before update or delete or truncate on screens
    for each statement execute function refuse_change();
alter table screens enable always trigger screens_no_change;

create trigger chain_no_change before update or delete or truncate on chain
    for each statement execute function refuse_change();
alter table chain enable always trigger chain_no_change;
