-- Times are unix seconds. Ids of receipts and events are the 16 bytes of a UUIDv7, digests the
-- 32 bytes of a SHA-256. Nothing here has room for an address, a browser or a page (R46).

create table sites (
    id integer primary key check (id > 0),
    key text not null unique,
    name text not null,
    origins text not null,
    max_age integer not null check (max_age >= 0),
    created_at bigint not null
);

create table drafts (
    site_id integer primary key references sites (id),
    revision integer not null check (revision > 0),
    body blob not null,
    changed_at bigint not null,
    changed_by text not null
);

create table versions (
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

create table artifacts (
    site_id integer not null,
    version integer not null,
    language text not null,
    tag blob not null check (length(tag) = 8),
    digest blob not null check (length(digest) = 32),
    created_at bigint not null,
    body blob not null,
    brotli blob not null,
    gzip blob not null,
    primary key (site_id, digest),
    unique (site_id, tag),
    foreign key (site_id, version) references versions (site_id, number)
);

create index artifacts_by_version on artifacts (site_id, version, language, created_at);

-- Short numbers for keys: a receipt's row names its key in one byte, not in 43.
create table keys (
    number integer primary key check (number > 0),
    kid text not null unique,
    jwk blob not null,
    created_at bigint not null
);

create table receipts (
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

create index receipts_by_time on receipts (site_id, recorded_at, id);

create table tombstones (
    id blob primary key check (length(id) = 16),
    site_id integer not null references sites (id),
    erased_at bigint not null,
    reason integer not null check (reason between 1 and 4)
);

create table accounts (
    id integer primary key check (id > 0),
    email text not null,
    email_folded text not null unique,
    name text not null,
    password_hash text,
    session_epoch integer not null default 1,
    disabled integer not null default 0 check (disabled in (0, 1)),
    created_at bigint not null
);

-- Site 0 is every site, also those made later.
create table roles (
    account_id integer not null references accounts (id),
    site_id integer not null check (site_id >= 0),
    role text not null check (role in ('admin', 'editor', 'auditor')),
    primary key (account_id, site_id, role)
);

create table sign_in_links (
    hash blob primary key,
    account_id integer not null references accounts (id),
    expires_at bigint not null,
    used_at bigint
);

create table tokens (
    id text primary key,
    site_id integer not null references sites (id),
    role text not null check (role in ('admin', 'editor', 'auditor')),
    label text not null,
    hash blob not null,
    created_at bigint not null,
    created_by text not null,
    revoked_at bigint
);

create index tokens_by_site on tokens (site_id);

create table events (
    id blob primary key check (length(id) = 16),
    at bigint not null,
    actor text not null,
    verb text not null,
    site_id integer references sites (id),
    subject text not null
);

create index events_by_time on events (at, id);
create index events_by_site on events (site_id, at, id);
