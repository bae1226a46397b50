-- Publications that wait: for their time, for a second person, or for both. What was reviewed is
-- frozen in the row; only how it stands changes, and only until it is over.
create table plans (
    id blob primary key check (length(id) = 16),
    site_id integer not null references sites (id),
    -- The draft's revision, and the number of the version that it was compared with.
    revision integer not null check (revision > 0),
    against integer not null check (against >= 0),
    policy blob not null,
    asked blob not null,
    -- 0: as soon as it is approved.
    due_at bigint not null check (due_at >= 0),
    zone text not null,
    announce integer not null check (announce in (0, 1)),
    made_at bigint not null,
    made_by text not null,
    -- Who answers for it: of a token, whoever made it.
    person text not null,
    state text not null check (
        state in ('proposed', 'scheduled', 'published', 'cancelled', 'returned', 'refused')
    ),
    approved_at bigint,
    approved_by text,
    ended_at bigint,
    ended_by text,
    said text not null default '',
    number integer,
    check ((state = 'published') = (number is not null)),
    check ((state in ('proposed', 'scheduled')) = (ended_at is null)),
    foreign key (site_id, number) references versions (site_id, number)
);

-- One at a time for each site, whichever process makes it.
create unique index plans_open on plans (site_id) where state in ('proposed', 'scheduled');
create index plans_due on plans (due_at) where state = 'scheduled';
create index plans_by_site on plans (site_id, made_at, id);

-- Whether nobody publishes alone on this site.
alter table sites add column approval integer not null default 0 check (approval in (0, 1));
