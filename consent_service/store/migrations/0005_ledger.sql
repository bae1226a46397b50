-- The ledger of each site: a Merkle tree over all that happened, in tiles, and its signed head.
-- `place` is where in a site's ledger an entry stands, from 0.

-- What many receipts say alike, kept once; a receipt's row then holds only what is its own.
-- 0 is no form: the row holds its payload as it was signed.
create table forms (
    number integer primary key check (number > 0),
    body blob not null unique
);

alter table receipts add column form integer not null default 0;

alter table tombstones add column place bigint;

alter table sites add column retention_years integer not null default 3
    check (retention_years between 1 and 6);
-- A legal hold: while it stands, retention erases nothing.
alter table sites add column hold integer not null default 0 check (hold in (0, 1));
alter table sites add column witnesses text not null default '[]';
alter table sites add column authority text not null default '';

-- The head of each ledger. Whoever appends holds this row; its note is what was signed last.
create table ledgers (
    site_id integer primary key references sites (id),
    origin text not null,
    size bigint not null check (size >= 0),
    root blob not null check (length(root) = 32),
    note blob not null,
    signed_at bigint not null,
    -- Receipts of entries before this were erased together when their time was over.
    pruned bigint not null default 0,
    -- Which process appends, and until when others leave it alone.
    holder text not null default '',
    held_until bigint not null default 0
);

-- The tree: 256 hashes a row, of each level; the last one of a level may hold fewer, and grows.
create table tiles (
    site_id integer not null references ledgers (site_id),
    level integer not null check (level >= 0),
    number bigint not null check (number >= 0),
    body blob not null check (length(body) between 32 and 8192 and length(body) % 32 = 0),
    primary key (site_id, level, number)
);

-- The entries themselves, 78 bytes each, 256 a row.
create table bundles (
    site_id integer not null references ledgers (site_id),
    number bigint not null check (number >= 0),
    body blob not null check (length(body) between 78 and 19968 and length(body) % 78 = 0),
    primary key (site_id, number)
);

-- Every entry that is not a receipt's, to be found by what it is of.
create table marks (
    site_id integer not null references ledgers (site_id),
    place bigint not null check (place >= 0),
    id blob not null check (length(id) = 16),
    type integer not null check (type > 0),
    at bigint not null,
    policy blob not null check (length(policy) = 32),
    digest blob not null check (length(digest) = 32),
    primary key (site_id, place),
    unique (site_id, id)
);

create index marks_by_digest on marks (site_id, digest);

-- Ranges of entries whose receipts were erased together, in clear.
create table prunes (
    site_id integer not null references ledgers (site_id),
    begins bigint not null check (begins >= 0),
    ends bigint not null check (ends > begins),
    at bigint not null,
    receipts bigint not null,
    primary key (site_id, begins)
);

-- Checkpoints that are kept: one an hour, and each that somebody else has signed or stamped.
create table checkpoints (
    site_id integer not null references ledgers (site_id),
    size bigint not null check (size >= 0),
    at bigint not null,
    note blob not null,
    primary key (site_id, size)
);

create table cosignatures (
    site_id integer not null,
    size bigint not null,
    witness text not null,
    at bigint not null,
    line text not null,
    primary key (site_id, size, witness),
    foreign key (site_id, size) references checkpoints (site_id, size)
);

create table stamps (
    site_id integer not null,
    size bigint not null,
    authority text not null,
    at bigint not null,
    token blob not null,
    primary key (site_id, size, authority),
    foreign key (site_id, size) references checkpoints (site_id, size)
);

-- Public keys that have signed checkpoints.
create table ledger_keys (
    public blob primary key check (length(public) = 32),
    created_at bigint not null
);
