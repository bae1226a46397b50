-- What was cosigned only grows: nobody can make a witness forget, or say two things of one size.

create trigger witnessed_no_replace before insert on witnessed
when exists (
    select 1 from witnessed
    where origin = new.origin or rowid = new.rowid
) begin
    select raise(ignore);
end;

create trigger witnessed_only_grow before update on witnessed
when new.origin <> old.origin or new.size < old.size
    or (new.size = old.size and new.root <> old.root) or new.rowid <> old.rowid
begin
    select raise(abort, 'witnessed only grow');
end;

create trigger witnessed_no_delete before delete on witnessed begin
    select raise(abort, 'witnessed only grow');
end;
