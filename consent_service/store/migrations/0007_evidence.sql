-- Work that takes its time: exports, screenshots. Of all that auditors see only the state of a job
-- changes.
create table jobs (
    id blob primary key check (length(id) = 16),
    site_id integer not null references sites (id),
    kind text not null check (kind in ('export', 'render')),
    wanted blob not null,
    state text not null check (state in ('waiting', 'running', 'done', 'failed', 'stopped')),
    done bigint not null default 0,
    total bigint not null default 0,
    said text not null default '',
    made_at bigint not null,
    made_by text not null,
    -- Which process is at it, and until when others leave it alone.
    holder text not null default '',
    held_until bigint not null default 0
);

create index jobs_by_site on jobs (site_id, made_at, id);
create index jobs_by_state on jobs (state, made_at);

-- How a banner looked: one picture for each layer and width of window.
create table screens (
    site_id integer not null,
    banner blob not null check (length(banner) = 32),
    layer integer not null check (layer in (1, 2)),
    viewport text not null check (viewport in ('narrow', 'medium', 'wide')),
    taken_at bigint not null,
    digest blob not null check (length(digest) = 32),
    body blob not null,
    primary key (site_id, banner, layer, viewport),
    foreign key (site_id, banner) references artifacts (site_id, digest)
);

-- Each event's hash is over the one before it as well: none can be changed, dropped or put in
-- between without all that come after it being others.
create table chain (
    number integer primary key check (number > 0),
    event_id blob not null unique references events (id),
    hash blob not null check (length(hash) = 32)
);
