-- A tombstone no longer holds the receipt's id. Its last 8 bytes are enough to know the id again
-- when a browser sends the choice once more, or when its holder asks; they are random, and without
-- the rest they lead to nothing. What a receipt may be deleted for is found by its place.

drop trigger receipts_no_delete;
drop trigger receipts_no_return;

create table tails (
    tail blob not null check (length(tail) = 8),
    site_id integer not null references sites (id),
    erased_at bigint not null,
    reason integer not null check (reason between 1 and 4),
    place bigint
);

insert into tails (tail, site_id, erased_at, reason, place)
select substr(id, 9), site_id, erased_at, reason, place from tombstones;

-- With its triggers and indexes; what they held is overwritten in the file (`secure_delete`).
drop table tombstones;
alter table tails rename to tombstones;

create index tombstones_by_tail on tombstones (tail);
create unique index tombstones_by_place on tombstones (site_id, place);

create trigger tombstones_no_replace before insert on tombstones
when exists (
    select 1 from tombstones
    where (site_id = new.site_id and place = new.place)
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

create trigger receipts_no_delete before delete on receipts
when not exists (
        select 1 from places p
        join tombstones t on t.site_id = p.site_id and t.place = p.place
        where p.id = old.id and p.site_id = old.site_id
    )
    and not exists (
        select 1 from places p
        join prunes r on r.site_id = p.site_id and r.begins <= p.place and p.place < r.ends
        where p.id = old.id and p.site_id = old.site_id
    )
begin
    select raise(abort, 'a receipt is deleted only after its tombstone');
end;

-- What was erased stays erased: a browser that tries again brings nothing back.
create trigger receipts_no_return before insert on receipts
when exists (select 1 from tombstones where tail = substr(cast(new.id as blob), 9)) begin
    select raise(ignore);
end;
