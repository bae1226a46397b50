-- A tombstone no longer holds the receipt's id. Its last 8 bytes are enough to know the id again
-- when a browser sends the choice once more, or when its holder asks; they are random, and without
-- the rest they lead to nothing. What a receipt may be deleted for is found by its place.

alter table tombstones drop constraint tombstones_pkey;
alter table tombstones drop constraint tombstones_id_check;
alter table tombstones rename column id to tail;
-- Rewrites the table: the ids are not left in its file.
alter table tombstones alter column tail type blob using substr(tail, 9);
alter table tombstones alter column tail set not null;
alter table tombstones add constraint tombstones_tail_check check (length(tail) = 8);

drop index tombstones_by_place;
create index tombstones_by_tail on tombstones (tail);
create unique index tombstones_by_place on tombstones (site_id, place);

select set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

create or replace function ignore_erased() returns trigger
language plpgsql set search_path from current as $$
begin
    if exists (select 1 from tombstones where tail = substr(new.id, 9)) then
        return null;
    end if;
    return new;
end $$;

create or replace function refuse_delete_without_tombstone() returns trigger
language plpgsql set search_path from current as $$
begin
    if exists (
            select 1 from places p
            join tombstones t on t.site_id = p.site_id and t.place = p.place
            where p.id = old.id and p.site_id = old.site_id
        )
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
