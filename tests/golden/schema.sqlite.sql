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

CREATE TRIGGER artifacts_enter after insert on artifacts begin
    insert into pending (site_id, turn, at, id, type, policy, digest)
    select new.site_id, 0, new.created_at, substr(new.digest, 1, 16), 7, digest, new.digest
    from versions where site_id = new.site_id and number = new.version;
end;

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

CREATE TABLE bundles (
    site_id integer not null references ledgers (site_id),
    number bigint not null check (number >= 0),
    body blob not null check (length(body) between 78 and 19968 and length(body) % 78 = 0),
    primary key (site_id, number)
);

CREATE TRIGGER bundles_no_delete before delete on bundles begin
    select raise(abort, 'bundles only grow');
end;

CREATE TRIGGER bundles_no_replace before insert on bundles
when exists (
    select 1 from bundles
    where (site_id = new.site_id and number = new.number) or rowid = new.rowid
) begin
    select raise(abort, 'bundles only grow');
end;

CREATE TRIGGER bundles_only_grow before update on bundles
when new.site_id <> old.site_id or new.number <> old.number or new.rowid <> old.rowid
    or length(new.body) <= length(old.body)
    or substr(new.body, 1, length(old.body)) <> old.body
begin
    select raise(abort, 'bundles only grow');
end;

CREATE TABLE caught (
    site_id integer not null references sites (id),
    day integer not null,
    declared text not null,
    kind text not null,
    count bigint not null check (count > 0),
    primary key (site_id, day, declared, kind)
);

CREATE TABLE chain (
    number integer primary key check (number > 0),
    event_id blob not null unique references events (id),
    hash blob not null check (length(hash) = 32)
);

CREATE TRIGGER chain_no_delete before delete on chain begin
    select raise(abort, 'chain are append-only');
end;

CREATE TRIGGER chain_no_replace before insert on chain
when exists (
    select 1 from chain
    where number = new.number or event_id = new.event_id
) begin
    select raise(abort, 'chain are append-only');
end;

CREATE TRIGGER chain_no_update before update on chain begin
    select raise(abort, 'chain are append-only');
end;

CREATE TABLE checkpoints (
    site_id integer not null references ledgers (site_id),
    size bigint not null check (size >= 0),
    at bigint not null,
    note blob not null,
    primary key (site_id, size)
);

CREATE TRIGGER checkpoints_no_delete before delete on checkpoints begin
    select raise(abort, 'checkpoints are append-only');
end;

CREATE TRIGGER checkpoints_no_replace before insert on checkpoints
when exists (
    select 1 from checkpoints
    where (site_id = new.site_id and size = new.size)
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

CREATE TRIGGER checkpoints_no_update before update on checkpoints begin
    select raise(abort, 'checkpoints are append-only');
end;

CREATE TABLE cosignatures (
    site_id integer not null,
    size bigint not null,
    witness text not null,
    at bigint not null,
    line text not null,
    primary key (site_id, size, witness),
    foreign key (site_id, size) references checkpoints (site_id, size)
);

CREATE TRIGGER cosignatures_no_delete before delete on cosignatures begin
    select raise(abort, 'cosignatures are append-only');
end;

CREATE TRIGGER cosignatures_no_replace before insert on cosignatures
when exists (
    select 1 from cosignatures
    where (site_id = new.site_id and size = new.size and witness = new.witness)
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

CREATE TRIGGER cosignatures_no_update before update on cosignatures begin
    select raise(abort, 'cosignatures are append-only');
end;

CREATE TABLE drafts (
    site_id integer primary key references sites (id),
    revision integer not null check (revision > 0),
    body blob not null,
    changed_at bigint not null,
    changed_by text not null
);

CREATE TABLE errands (
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

CREATE TABLE forms (
    number integer primary key check (number > 0),
    body blob not null unique
);

CREATE TRIGGER forms_no_delete before delete on forms begin
    select raise(abort, 'forms are append-only');
end;

CREATE TRIGGER forms_no_replace before insert on forms
when exists (
    select 1 from forms
    where (number = new.number or body = new.body)
) begin
    select raise(ignore);
end;

CREATE TRIGGER forms_no_update before update on forms begin
    select raise(abort, 'forms are append-only');
end;

CREATE TABLE jobs (
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

CREATE INDEX jobs_by_site on jobs (site_id, made_at, id);

CREATE INDEX jobs_by_state on jobs (state, made_at);

CREATE INDEX jobs_by_wish on jobs (site_id, kind, wanted);

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

CREATE TABLE ledger_keys (
    public blob primary key check (length(public) = 32),
    created_at bigint not null
);

CREATE TRIGGER ledger_keys_no_delete before delete on ledger_keys begin
    select raise(abort, 'ledger_keys are append-only');
end;

CREATE TRIGGER ledger_keys_no_replace before insert on ledger_keys
when exists (
    select 1 from ledger_keys
    where (public = new.public)
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

CREATE TRIGGER ledger_keys_no_update before update on ledger_keys begin
    select raise(abort, 'ledger_keys are append-only');
end;

CREATE TABLE ledgers (
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

CREATE TRIGGER ledgers_no_delete before delete on ledgers begin
    select raise(abort, 'ledgers only grow');
end;

CREATE TRIGGER ledgers_no_replace before insert on ledgers
when exists (select 1 from ledgers where site_id = new.site_id) begin
    select raise(ignore);
end;

CREATE TRIGGER ledgers_only_grow before update on ledgers
when new.site_id <> old.site_id or new.origin <> old.origin or new.size < old.size
    or (new.size = old.size and new.root <> old.root) or new.pruned < old.pruned
begin
    select raise(abort, 'ledgers only grow');
end;

CREATE TABLE marks (
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

CREATE INDEX marks_by_digest on marks (site_id, digest);

CREATE TRIGGER marks_no_delete before delete on marks begin
    select raise(abort, 'marks are append-only');
end;

CREATE TRIGGER marks_no_replace before insert on marks
when exists (
    select 1 from marks
    where ((site_id = new.site_id and place = new.place) or (site_id = new.site_id and id = new.id))
        or rowid = new.rowid
) begin
    select raise(abort, 'marks are append-only');
end;

CREATE TRIGGER marks_no_update before update on marks begin
    select raise(abort, 'marks are append-only');
end;

CREATE TABLE migrations (name text primary key);

CREATE TABLE pending (
    site_id integer not null,
    turn integer not null check (turn in (0, 1)),
    at bigint not null,
    id blob not null check (length(id) = 16),
    type integer not null check (type > 0),
    policy blob check (length(policy) = 32),
    digest blob check (length(digest) = 32),
    primary key (site_id, turn, at, id)
) without rowid;

CREATE TRIGGER pending_no_delete before delete on pending
when not exists (select 1 from places where id = old.id and site_id = old.site_id)
    and not exists (select 1 from marks where id = old.id and site_id = old.site_id)
begin
    select raise(abort, 'what is pending goes only into the ledger');
end;

CREATE TRIGGER pending_no_replace before insert on pending
when exists (
    select 1 from pending
    where site_id = new.site_id and turn = new.turn and at = new.at and id = new.id
) begin
    select raise(ignore);
end;

CREATE TRIGGER pending_no_update before update on pending begin
    select raise(abort, 'pending entries are append-only');
end;

CREATE TABLE places (
    id blob primary key check (length(id) = 16),
    site_id integer not null,
    place bigint not null check (place >= 0)
) without rowid;

CREATE UNIQUE INDEX places_by_place on places (site_id, place);

CREATE TRIGGER places_no_delete before delete on places
when exists (select 1 from receipts where id = old.id) begin
    select raise(abort, 'a place goes with its receipt');
end;

CREATE TRIGGER places_no_replace before insert on places
when exists (select 1 from places where id = new.id)
    or exists (select 1 from places where site_id = new.site_id and place = new.place)
begin
    select raise(abort, 'places are append-only');
end;

CREATE TRIGGER places_no_update before update on places begin
    select raise(abort, 'places are append-only');
end;

CREATE TABLE plans (
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

CREATE INDEX plans_by_site on plans (site_id, made_at, id);

CREATE INDEX plans_due on plans (due_at) where state = 'scheduled';

CREATE UNIQUE INDEX plans_open on plans (site_id) where state in ('proposed', 'scheduled');

CREATE TRIGGER plans_frozen before update on plans
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

CREATE TRIGGER plans_no_delete before delete on plans begin
    select raise(abort, 'plans are kept');
end;

CREATE TRIGGER plans_no_replace before insert on plans
when exists (
    select 1 from plans
    where id = new.id or rowid = new.rowid or (
        site_id = new.site_id and state in ('proposed', 'scheduled')
        and new.state in ('proposed', 'scheduled')
    )
) begin
    select raise(ignore);
end;

CREATE TABLE prunes (
    site_id integer not null references ledgers (site_id),
    begins bigint not null check (begins >= 0),
    ends bigint not null check (ends > begins),
    at bigint not null,
    receipts bigint not null,
    primary key (site_id, begins)
);

CREATE TRIGGER prunes_no_delete before delete on prunes begin
    select raise(abort, 'prunes are append-only');
end;

CREATE TRIGGER prunes_no_replace before insert on prunes
when exists (
    select 1 from prunes
    where (site_id = new.site_id and begins = new.begins)
        or rowid = new.rowid
) begin
    select raise(abort, 'prunes are append-only');
end;

CREATE TRIGGER prunes_no_update before update on prunes begin
    select raise(abort, 'prunes are append-only');
end;

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
    payload blob not null, form integer not null default 0, kind integer not null default 0, name blob not null default '', former blob not null default '',
    foreign key (site_id, version) references versions (site_id, number)
);

CREATE INDEX receipts_by_former on receipts (former) where length(former) > 0;

CREATE INDEX receipts_by_kind on receipts (site_id, kind, form, recorded_at, id);

CREATE INDEX receipts_by_name on receipts (name) where length(name) > 0;

CREATE INDEX receipts_by_time on receipts (site_id, recorded_at, id);

CREATE TRIGGER receipts_enter after insert on receipts begin
    insert into pending (site_id, turn, at, id, type)
    values (new.site_id, 1, new.recorded_at, new.id, 1);
end;

CREATE TRIGGER receipts_no_delete before delete on receipts
when not exists (
        select 1 from places p
        join tombstones t on t.site_id = p.site_id and t.place = p.place
        where p.id = old.id and p.site_id = old.site_id
    )
    and not exists (
        select 1 from places p
        join prunes r on r.site_id = p.site_id and r.begins <= p.place and p.place < r.ends
        where p.id = old.id and p.site_id = old.site_id
    )
begin
    select raise(abort, 'a receipt is deleted only after its tombstone');
end;

CREATE TRIGGER receipts_no_replace before insert on receipts
when exists (select 1 from receipts where id = new.id)
    or exists (select 1 from receipts where rowid = new.rowid)
begin
    select raise(ignore);
end;

CREATE TRIGGER receipts_no_return before insert on receipts
when exists (select 1 from tombstones where tail = substr(cast(new.id as blob), 9)) begin
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

CREATE TABLE screens (
    site_id integer not null,
    banner blob not null check (length(banner) = 32),
    layer integer not null check (layer in (1, 2)),
    viewport text not null check (viewport in ('narrow', 'medium', 'wide')),
    taken_at bigint not null,
    digest blob not null check (length(digest) = 32),
    body blob not null, entry blob not null default '' check (length(entry) = 32), taken_with text not null default '',
    primary key (site_id, banner, layer, viewport),
    foreign key (site_id, banner) references artifacts (site_id, digest)
);

CREATE TRIGGER screens_enter after insert on screens begin
    insert into pending (site_id, turn, at, id, type, policy, digest)
    select new.site_id, 0, new.taken_at, substr(new.entry, 1, 16), 9, v.digest, new.entry
    from artifacts a join versions v on v.site_id = a.site_id and v.number = a.version
    where a.site_id = new.site_id and a.digest = new.banner;
end;

CREATE TRIGGER screens_no_delete before delete on screens begin
    select raise(abort, 'screens are append-only');
end;

CREATE TRIGGER screens_no_replace before insert on screens
when exists (
    select 1 from screens
    where (site_id = new.site_id and banner = new.banner and layer = new.layer
            and viewport = new.viewport)
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

CREATE TRIGGER screens_no_update before update on screens begin
    select raise(abort, 'screens are append-only');
end;

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
, retention_years integer not null default 3
    check (retention_years between 1 and 6), hold integer not null default 0 check (hold in (0, 1)), witnesses text not null default '[]', authority text not null default '', mail_to text not null default '[]', approval integer not null default 0 check (approval in (0, 1)), authority_pem text not null default '');

CREATE TABLE stamps (
    site_id integer not null,
    size bigint not null,
    authority text not null,
    at bigint not null,
    token blob not null,
    primary key (site_id, size, authority),
    foreign key (site_id, size) references checkpoints (site_id, size)
);

CREATE TRIGGER stamps_no_delete before delete on stamps begin
    select raise(abort, 'stamps are append-only');
end;

CREATE TRIGGER stamps_no_replace before insert on stamps
when exists (
    select 1 from stamps
    where (site_id = new.site_id and size = new.size and authority = new.authority)
        or rowid = new.rowid
) begin
    select raise(ignore);
end;

CREATE TRIGGER stamps_no_update before update on stamps begin
    select raise(abort, 'stamps are append-only');
end;

CREATE TABLE tiles (
    site_id integer not null references ledgers (site_id),
    level integer not null check (level >= 0),
    number bigint not null check (number >= 0),
    body blob not null check (length(body) between 32 and 8192 and length(body) % 32 = 0),
    primary key (site_id, level, number)
);

CREATE TRIGGER tiles_no_delete before delete on tiles begin
    select raise(abort, 'tiles only grow');
end;

CREATE TRIGGER tiles_no_replace before insert on tiles
when exists (
    select 1 from tiles
    where (site_id = new.site_id and number = new.number and level = new.level) or rowid = new.rowid
) begin
    select raise(abort, 'tiles only grow');
end;

CREATE TRIGGER tiles_only_grow before update on tiles
when new.site_id <> old.site_id or new.number <> old.number or new.level <> old.level or new.rowid <> old.rowid
    or length(new.body) <= length(old.body)
    or substr(new.body, 1, length(old.body)) <> old.body
begin
    select raise(abort, 'tiles only grow');
end;

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

CREATE TABLE "tombstones" (
    tail blob not null check (length(tail) = 8),
    site_id integer not null references sites (id),
    erased_at bigint not null,
    reason integer not null check (reason between 1 and 4),
    place bigint
);

CREATE UNIQUE INDEX tombstones_by_place on tombstones (site_id, place);

CREATE INDEX tombstones_by_tail on tombstones (tail);

CREATE TRIGGER tombstones_no_delete before delete on tombstones begin
    select raise(abort, 'tombstones are append-only');
end;

CREATE TRIGGER tombstones_no_replace before insert on tombstones
when exists (
    select 1 from tombstones
    where (site_id = new.site_id and place = new.place)
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

CREATE TRIGGER versions_enter after insert on versions begin
    insert into pending (site_id, turn, at, id, type, policy, digest)
    values (new.site_id, 0, new.published_at, substr(new.digest, 1, 16), 2, new.digest, new.digest);
end;

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

CREATE TABLE witnessed (
    origin text primary key,
    size bigint not null check (size >= 0),
    root blob not null check (length(root) = 32),
    note blob not null,
    at bigint not null
);

CREATE TRIGGER witnessed_no_delete before delete on witnessed begin
    select raise(abort, 'witnessed only grow');
end;

CREATE TRIGGER witnessed_no_replace before insert on witnessed
when exists (
    select 1 from witnessed
    where origin = new.origin or rowid = new.rowid
) begin
    select raise(ignore);
end;

CREATE TRIGGER witnessed_only_grow before update on witnessed
when new.origin <> old.origin or new.size < old.size
    or (new.size = old.size and new.root <> old.root) or new.rowid <> old.rowid
begin
    select raise(abort, 'witnessed only grow');
end;
