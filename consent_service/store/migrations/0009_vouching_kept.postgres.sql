-- What was cosigned only grows: nobody can make a witness forget, or say two things of one size.

create function refuse_forgetting() returns trigger
language plpgsql set search_path from current as $$
begin
    if new.origin <> old.origin or new.size < old.size
        or (new.size = old.size and new.root <> old.root)
    then
        raise exception 'witnessed only grow' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create trigger witnessed_only_grow before update on witnessed
    for each row execute function refuse_forgetting();
create trigger witnessed_no_change before delete or truncate on witnessed
    for each statement execute function refuse_change();
alter table witnessed enable always trigger witnessed_only_grow;
alter table witnessed enable always trigger witnessed_no_change;
