-- The same guards at half the price: one condition with `or` in it makes SQLite gather rows of both
-- indexes before it answers, two conditions are two look-ups. Each receipt passes both guards.

drop trigger places_no_replace;

create trigger places_no_replace before insert on places
when exists (select 1 from places where id = new.id)
    or exists (select 1 from places where site_id = new.site_id and place = new.place)
begin
    select raise(abort, 'places are append-only');
end;

drop trigger receipts_no_replace;

create trigger receipts_no_replace before insert on receipts
when exists (select 1 from receipts where id = new.id)
    or exists (select 1 from receipts where rowid = new.rowid)
begin
    select raise(ignore);
end;
