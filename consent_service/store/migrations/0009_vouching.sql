-- Who outside vouches for a site's ledger, and how it stands with each of them.
-- And the other way round: what this service has cosigned of other ledgers, as their witness.

alter table sites add column mail_to text not null default '[]';

-- What is to be done at somebody outside: a checkpoint handed to a witness, stamped, mailed.
create table errands (
    site_id integer not null references sites (id),
    kind text not null check (kind in ('witness', 'stamp', 'mail')),
    -- A witness's key, an authority's address, an e-mail address.
    whom text not null,
    -- Before this nobody goes. Whoever goes moves it on first: of many processes, one goes.
    due_at bigint not null,
    -- When it was last done, and for a checkpoint of how many entries; 0 for never.
    done_at bigint not null default 0,
    size bigint not null default 0,
    -- Why it is not done, and since when; empty where it is.
    trouble text not null default '',
    trouble_at bigint not null default 0,
    primary key (site_id, kind, whom)
);

-- The last checkpoint of each ledger that was cosigned here: the whole memory of a witness.
create table witnessed (
    origin text primary key,
    size bigint not null check (size >= 0),
    root blob not null check (length(root) = 32),
    note blob not null,
    at bigint not null
);
