CREATE TABLE accounts (
    id integer primary key check (id > 0),
    email text not null,
    email_folded text not null unique,
    name text not null,
    password_hash text,
    session_epoch integer not null default 1,
    disabled integer not null default 0 check (disabled in (0, 1)),
    created_at bigint not null
);

CREATE TABLE artifacts (
    site_id integer not null,
    version integer not null,
    language text not null,
    tag blob not null check (length(tag) = 8),
    digest blob not null check (length(digest) = 32),
    created_at bigint not null,
    body blob not null,
    brotli blob not null,
    gzip blob not null, part text not null default 'banner'
    check (part in ('banner', 'settings')),
    primary key (site_id, digest),
    unique (site_id, tag),
    foreign key (site_id, version) references versions (site_id, number)
);

CREATE INDEX artifacts_by_version on artifacts (site_id, version, language, created_at);

CREATE TRIGGER artifacts_no_delete before delete on artifacts begin
    select raise(abort, 'artifacts are append-only');
end;

CREATE TRIGGER artifacts_no_replace before insert on artifacts
when exists (
    select 1 from artifacts
    where (site_id = new.site_id and digest = new.digest)
        or (site_id = new.site_id and tag = new.tag)
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

CREATE TRIGGER artifacts_no_update before update on artifacts begin
    select raise(abort, 'artifacts are append-only');
end;

CREATE TABLE caught (
    site_id integer not null references sites (id),
    day integer not null,
    declared text not null,
    kind text not null,
    count bigint not null check (count > 0),
    primary key (site_id, day, declared, kind)
);

CREATE TABLE drafts (
    site_id integer primary key references sites (id),
    revision integer not null check (revision > 0),
    body blob not null,
    changed_at bigint not null,
    changed_by text not null
);

CREATE TABLE events (
    id blob primary key check (length(id) = 16),
    at bigint not null,
    actor text not null,
    verb text not null,
    site_id integer references sites (id),
    subject text not null
);

CREATE INDEX events_by_site on events (site_id, at, id);

CREATE INDEX events_by_time on events (at, id);

CREATE TRIGGER events_no_delete before delete on events begin
    select raise(abort, 'events are append-only');
end;

CREATE TRIGGER events_no_replace before insert on events
when exists (
    select 1 from events
    where id = new.id
        or rowid = new.rowid
) begin
    select raise(abort, 'events are append-only');
end;

CREATE TRIGGER events_no_update before update on events begin
    select raise(abort, 'events are append-only');
end;

CREATE TABLE keys (
    number integer primary key check (number > 0),
    kid text not null unique,
    jwk blob not null,
    created_at bigint not null
);

CREATE TRIGGER keys_no_delete before delete on keys begin
    select raise(abort, 'keys are append-only');
end;

CREATE TRIGGER keys_no_replace before insert on keys
when exists (
    select 1 from keys
    where number = new.number or kid = new.kid
) begin
    select raise(ignore);
end;

CREATE TRIGGER keys_no_update before update on keys begin
    select raise(abort, 'keys are append-only');
end;

CREATE TABLE migrations (name text primary key);

CREATE TABLE receipts (
    id blob primary key check (length(id) = 16),
    site_id integer not null,
    recorded_at bigint not null,
    version integer not null,
    key integer not null references keys (number),
    -- Random: with it, what is later entered about this receipt elsewhere can be tied to it;
    -- when it goes with the row, nothing can.
    salt blob not null check (length(salt) = 32),
    signature blob not null check (length(signature) = 64),
    payload blob not null,
    foreign key (site_id, version) references versions (site_id, number)
);

CREATE INDEX receipts_by_time on receipts (site_id, recorded_at, id);

CREATE TRIGGER receipts_no_delete before delete on receipts
when not exists (select 1 from tombstones where id = old.id and site_id = old.site_id) begin
    select raise(abort, 'a receipt is deleted only after its tombstone');
end;

CREATE TRIGGER receipts_no_replace before insert on receipts
when exists (
    select 1 from receipts
    where id = new.id
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

CREATE TRIGGER receipts_no_return before insert on receipts
when exists (select 1 from tombstones where id = new.id) begin
    select raise(ignore);
end;

CREATE TRIGGER receipts_no_update before update on receipts begin
    select raise(abort, 'receipts are append-only');
end;

CREATE TABLE roles (
    account_id integer not null references accounts (id),
    site_id integer not null check (site_id >= 0),
    role text not null check (role in ('admin', 'editor', 'auditor')),
    primary key (account_id, site_id, role)
);

CREATE TABLE sign_in_links (
    hash blob primary key,
    account_id integer not null references accounts (id),
    expires_at bigint not null,
    used_at bigint
);

CREATE TABLE sites (
    id integer primary key check (id > 0),
    key text not null unique,
    name text not null,
    origins text not null,
    max_age integer not null check (max_age >= 0),
    created_at bigint not null
);

CREATE TABLE tokens (
    id text primary key,
    site_id integer not null references sites (id),
    role text not null check (role in ('admin', 'editor', 'auditor')),
    label text not null,
    hash blob not null,
    created_at bigint not null,
    created_by text not null,
    revoked_at bigint
);

CREATE INDEX tokens_by_site on tokens (site_id);

CREATE TABLE tombstones (
    id blob primary key check (length(id) = 16),
    site_id integer not null references sites (id),
    erased_at bigint not null,
    reason integer not null check (reason between 1 and 4)
);

CREATE TRIGGER tombstones_no_delete before delete on tombstones begin
    select raise(abort, 'tombstones are append-only');
end;

CREATE TRIGGER tombstones_no_replace before insert on tombstones
when exists (
    select 1 from tombstones
    where id = new.id
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

CREATE TRIGGER tombstones_no_update before update on tombstones begin
    select raise(abort, 'tombstones are append-only');
end;

CREATE TABLE versions (
    site_id integer not null references sites (id),
    number integer not null check (number > 0),
    digest blob not null check (length(digest) = 32),
    change_class text not null check (change_class in ('major', 'minor', 'patch')),
    published_at bigint not null,
    published_by text not null,
    body blob not null,
    primary key (site_id, number),
    unique (site_id, digest)
);

CREATE TRIGGER versions_no_delete before delete on versions begin
    select raise(abort, 'versions are append-only');
end;

CREATE TRIGGER versions_no_replace before insert on versions
when exists (
    select 1 from versions
    where (site_id = new.site_id and number = new.number)
        or (site_id = new.site_id and digest = new.digest)
        or rowid = new.rowid
) begin
    select raise(abort, 'versions are append-only');
end;

CREATE TRIGGER versions_no_update before update on versions begin
    select raise(abort, 'versions are append-only');
end;
