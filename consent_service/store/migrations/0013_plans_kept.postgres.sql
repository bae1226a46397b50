-- What was reviewed is what is published: nothing of it changes, and what is over stays over.
create function refuse_plan_change() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if old.state not in ('proposed', 'scheduled')
        or (old.state = 'scheduled' and new.state = 'proposed')
        or (old.id, old.site_id, old.revision, old.against, old.policy, old.asked, old.due_at,
            old.zone, old.announce, old.made_at, old.made_by, old.person)
            is distinct from
            (new.id, new.site_id, new.revision, new.against, new.policy, new.asked, new.due_at,
            new.zone, new.announce, new.made_at, new.made_by, new.person)
        or (old.approved_at is not null and old.approved_at is distinct from new.approved_at)
        or (old.approved_by is not null and old.approved_by is distinct from new.approved_by)
    then
        raise exception 'plans are frozen' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create trigger plans_frozen before update on plans
    for each row execute function refuse_plan_change();
alter table plans enable always trigger plans_frozen;

create trigger plans_no_delete before delete or truncate on plans
    for each statement execute function refuse_change();
alter table plans enable always trigger plans_no_delete;
