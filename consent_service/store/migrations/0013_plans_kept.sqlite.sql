-- What was reviewed is what is published: nothing of it changes, and what is over stays over.
create trigger plans_no_replace before insert on plans
when exists (
    select 1 from plans
    where id = new.id or rowid = new.rowid or (
        site_id = new.site_id and state in ('proposed', 'scheduled')
        and new.state in ('proposed', 'scheduled')
    )
) begin
    select raise(ignore);
end;

create trigger plans_frozen before update on plans
when old.state not in ('proposed', 'scheduled')
    or (old.state = 'scheduled' and new.state = 'proposed')
    or old.rowid is not new.rowid
    or old.id is not new.id
    or old.site_id is not new.site_id
    or old.revision is not new.revision
    or old.against is not new.against
    or old.policy is not new.policy
    or old.asked is not new.asked
    or old.due_at is not new.due_at
    or old.zone is not new.zone
    or old.announce is not new.announce
    or old.made_at is not new.made_at
    or old.made_by is not new.made_by
    or old.person is not new.person
    or (old.approved_at is not null and old.approved_at is not new.approved_at)
    or (old.approved_by is not null and old.approved_by is not new.approved_by)
begin
    select raise(abort, 'plans are frozen');
end;

create trigger plans_no_delete before delete on plans begin
    select raise(abort, 'plans are kept');
end;
