table accounts
    id integer not null
    email text not null
    email_folded text not null
    name text not null
    password_hash text
    session_epoch integer not null default 1
    disabled integer not null default 0
    created_at bigint not null
    constraint accounts_email_folded_key UNIQUE (email_folded)
    constraint accounts_pkey PRIMARY KEY (id)
    constraint accounts_disabled_check CHECK ((disabled = ANY (ARRAY[0, 1])))
    constraint accounts_id_check CHECK ((id > 0))

table artifacts
    site_id integer not null
    version integer not null
    language text not null
    tag blob not null
    digest blob not null
    created_at bigint not null
    body blob not null
    brotli blob not null
    gzip blob not null
    part text not null default 'banner'::text
    constraint artifacts_pkey PRIMARY KEY (site_id, digest)
    constraint artifacts_site_id_tag_key UNIQUE (site_id, tag)
    constraint artifacts_site_id_version_fkey FOREIGN KEY (site_id, version) REFERENCES versions(site_id, number)
    constraint artifacts_digest_check CHECK ((length((digest)::bytea) = 32))
    constraint artifacts_part_check CHECK ((part = ANY (ARRAY['banner'::text, 'settings'::text])))
    constraint artifacts_tag_check CHECK ((length((tag)::bytea) = 8))

table bundles
    site_id integer not null
    number bigint not null
    body blob not null
    constraint bundles_pkey PRIMARY KEY (site_id, number)
    constraint bundles_site_id_fkey FOREIGN KEY (site_id) REFERENCES ledgers(site_id)
    constraint bundles_body_check CHECK ((((length((body)::bytea) >= 78) AND (length((body)::bytea) <= 19968)) AND ((length((body)::bytea) % 78) = 0)))
    constraint bundles_number_check CHECK ((number >= 0))

table caught
    site_id integer not null
    day integer not null
    declared text not null
    kind text not null
    count bigint not null
    constraint caught_pkey PRIMARY KEY (site_id, day, declared, kind)
    constraint caught_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint caught_count_check CHECK ((count > 0))

table chain
    number integer not null
    event_id blob not null
    hash blob not null
    constraint chain_event_id_key UNIQUE (event_id)
    constraint chain_pkey PRIMARY KEY (number)
    constraint chain_event_id_fkey FOREIGN KEY (event_id) REFERENCES events(id)
    constraint chain_hash_check CHECK ((length((hash)::bytea) = 32))
    constraint chain_number_check CHECK ((number > 0))

table checkpoints
    site_id integer not null
    size bigint not null
    at bigint not null
    note blob not null
    constraint checkpoints_pkey PRIMARY KEY (site_id, size)
    constraint checkpoints_site_id_fkey FOREIGN KEY (site_id) REFERENCES ledgers(site_id)
    constraint checkpoints_size_check CHECK ((size >= 0))

table cosignatures
    site_id integer not null
    size bigint not null
    witness text not null
    at bigint not null
    line text not null
    constraint cosignatures_pkey PRIMARY KEY (site_id, size, witness)
    constraint cosignatures_site_id_size_fkey FOREIGN KEY (site_id, size) REFERENCES checkpoints(site_id, size)

table drafts
    site_id integer not null
    revision integer not null
    body blob not null
    changed_at bigint not null
    changed_by text not null
    constraint drafts_pkey PRIMARY KEY (site_id)
    constraint drafts_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint drafts_revision_check CHECK ((revision > 0))

table errands
    site_id integer not null
    kind text not null
    whom text not null
    due_at bigint not null
    done_at bigint not null default 0
    size bigint not null default 0
    trouble text not null default ''::text
    trouble_at bigint not null default 0
    constraint errands_pkey PRIMARY KEY (site_id, kind, whom)
    constraint errands_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint errands_kind_check CHECK ((kind = ANY (ARRAY['witness'::text, 'stamp'::text, 'mail'::text])))

table events
    id blob not null
    at bigint not null
    actor text not null
    verb text not null
    site_id integer
    subject text not null
    constraint events_pkey PRIMARY KEY (id)
    constraint events_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint events_id_check CHECK ((length((id)::bytea) = 16))

table forms
    number integer not null
    body blob not null
    constraint forms_body_key UNIQUE (body)
    constraint forms_pkey PRIMARY KEY (number)
    constraint forms_number_check CHECK ((number > 0))

table jobs
    id blob not null
    site_id integer not null
    kind text not null
    wanted blob not null
    state text not null
    done bigint not null default 0
    total bigint not null default 0
    said text not null default ''::text
    made_at bigint not null
    made_by text not null
    holder text not null default ''::text
    held_until bigint not null default 0
    constraint jobs_pkey PRIMARY KEY (id)
    constraint jobs_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint jobs_id_check CHECK ((length((id)::bytea) = 16))
    constraint jobs_kind_check CHECK ((kind = ANY (ARRAY['export'::text, 'render'::text])))
    constraint jobs_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'done'::text, 'failed'::text, 'stopped'::text])))

table keys
    number integer not null
    kid text not null
    jwk blob not null
    created_at bigint not null
    constraint keys_kid_key UNIQUE (kid)
    constraint keys_pkey PRIMARY KEY (number)
    constraint keys_number_check CHECK ((number > 0))

table ledger_keys
    public blob not null
    created_at bigint not null
    constraint ledger_keys_pkey PRIMARY KEY (public)
    constraint ledger_keys_public_check CHECK ((length((public)::bytea) = 32))

table ledgers
    site_id integer not null
    origin text not null
    size bigint not null
    root blob not null
    note blob not null
    signed_at bigint not null
    pruned bigint not null default 0
    holder text not null default ''::text
    held_until bigint not null default 0
    constraint ledgers_pkey PRIMARY KEY (site_id)
    constraint ledgers_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint ledgers_root_check CHECK ((length((root)::bytea) = 32))
    constraint ledgers_size_check CHECK ((size >= 0))

table marks
    site_id integer not null
    place bigint not null
    id blob not null
    type integer not null
    at bigint not null
    policy blob not null
    digest blob not null
    constraint marks_pkey PRIMARY KEY (site_id, place)
    constraint marks_site_id_id_key UNIQUE (site_id, id)
    constraint marks_site_id_fkey FOREIGN KEY (site_id) REFERENCES ledgers(site_id)
    constraint marks_digest_check CHECK ((length((digest)::bytea) = 32))
    constraint marks_id_check CHECK ((length((id)::bytea) = 16))
    constraint marks_place_check CHECK ((place >= 0))
    constraint marks_policy_check CHECK ((length((policy)::bytea) = 32))
    constraint marks_type_check CHECK ((type > 0))

table migrations
    name text not null
    constraint migrations_pkey PRIMARY KEY (name)

table pending
    site_id integer not null
    turn integer not null
    at bigint not null
    id blob not null
    type integer not null
    policy blob
    digest blob
    constraint pending_pkey PRIMARY KEY (site_id, turn, at, id)
    constraint pending_digest_check CHECK ((length((digest)::bytea) = 32))
    constraint pending_id_check CHECK ((length((id)::bytea) = 16))
    constraint pending_policy_check CHECK ((length((policy)::bytea) = 32))
    constraint pending_turn_check CHECK ((turn = ANY (ARRAY[0, 1])))
    constraint pending_type_check CHECK ((type > 0))

table places
    id blob not null
    site_id integer not null
    place bigint not null
    constraint places_pkey PRIMARY KEY (id)
    constraint places_id_check CHECK ((length((id)::bytea) = 16))
    constraint places_place_check CHECK ((place >= 0))

table plans
    id blob not null
    site_id integer not null
    revision integer not null
    against integer not null
    policy blob not null
    asked blob not null
    due_at bigint not null
    zone text not null
    announce integer not null
    made_at bigint not null
    made_by text not null
    person text not null
    state text not null
    approved_at bigint
    approved_by text
    ended_at bigint
    ended_by text
    said text not null default ''::text
    number integer
    constraint plans_pkey PRIMARY KEY (id)
    constraint plans_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint plans_site_id_number_fkey FOREIGN KEY (site_id, number) REFERENCES versions(site_id, number)
    constraint plans_against_check CHECK ((against >= 0))
    constraint plans_announce_check CHECK ((announce = ANY (ARRAY[0, 1])))
    constraint plans_check CHECK (((state = 'published'::text) = (number IS NOT NULL)))
    constraint plans_check1 CHECK (((state = ANY (ARRAY['proposed'::text, 'scheduled'::text])) = (ended_at IS NULL)))
    constraint plans_due_at_check CHECK ((due_at >= 0))
    constraint plans_id_check CHECK ((length((id)::bytea) = 16))
    constraint plans_revision_check CHECK ((revision > 0))
    constraint plans_state_check CHECK ((state = ANY (ARRAY['proposed'::text, 'scheduled'::text, 'published'::text, 'cancelled'::text, 'returned'::text, 'refused'::text])))

table prunes
    site_id integer not null
    begins bigint not null
    ends bigint not null
    at bigint not null
    receipts bigint not null
    constraint prunes_pkey PRIMARY KEY (site_id, begins)
    constraint prunes_site_id_fkey FOREIGN KEY (site_id) REFERENCES ledgers(site_id)
    constraint prunes_begins_check CHECK ((begins >= 0))
    constraint prunes_check CHECK ((ends > begins))

table receipts
    id blob not null
    site_id integer not null
    recorded_at bigint not null
    version integer not null
    key integer not null
    salt blob not null
    signature blob not null
    payload blob not null
    form integer not null default 0
    kind integer not null default 0
    name blob not null default '\x'::bytea
    former blob not null default '\x'::bytea
    constraint receipts_pkey PRIMARY KEY (id)
    constraint receipts_key_fkey FOREIGN KEY (key) REFERENCES keys(number)
    constraint receipts_site_id_version_fkey FOREIGN KEY (site_id, version) REFERENCES versions(site_id, number)
    constraint receipts_id_check CHECK ((length((id)::bytea) = 16))
    constraint receipts_salt_check CHECK ((length((salt)::bytea) = 32))
    constraint receipts_signature_check CHECK ((length((signature)::bytea) = 64))

table roles
    account_id integer not null
    site_id integer not null
    role text not null
    constraint roles_pkey PRIMARY KEY (account_id, site_id, role)
    constraint roles_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id)
    constraint roles_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'editor'::text, 'auditor'::text])))
    constraint roles_site_id_check CHECK ((site_id >= 0))

table screens
    site_id integer not null
    banner blob not null
    layer integer not null
    viewport text not null
    taken_at bigint not null
    digest blob not null
    body blob not null
    entry blob not null default '\x'::bytea
    taken_with text not null default ''::text
    constraint screens_pkey PRIMARY KEY (site_id, banner, layer, viewport)
    constraint screens_site_id_banner_fkey FOREIGN KEY (site_id, banner) REFERENCES artifacts(site_id, digest)
    constraint screens_banner_check CHECK ((length((banner)::bytea) = 32))
    constraint screens_digest_check CHECK ((length((digest)::bytea) = 32))
    constraint screens_entry_check CHECK ((length((entry)::bytea) = 32))
    constraint screens_layer_check CHECK ((layer = ANY (ARRAY[1, 2])))
    constraint screens_viewport_check CHECK ((viewport = ANY (ARRAY['narrow'::text, 'medium'::text, 'wide'::text])))

table sign_in_links
    hash blob not null
    account_id integer not null
    expires_at bigint not null
    used_at bigint
    constraint sign_in_links_pkey PRIMARY KEY (hash)
    constraint sign_in_links_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id)

table sites
    id integer not null
    key text not null
    name text not null
    origins text not null
    max_age integer not null
    created_at bigint not null
    retention_years integer not null default 3
    hold integer not null default 0
    witnesses text not null default '[]'::text
    authority text not null default ''::text
    mail_to text not null default '[]'::text
    approval integer not null default 0
    authority_pem text not null default ''::text
    constraint sites_key_key UNIQUE (key)
    constraint sites_pkey PRIMARY KEY (id)
    constraint sites_approval_check CHECK ((approval = ANY (ARRAY[0, 1])))
    constraint sites_hold_check CHECK ((hold = ANY (ARRAY[0, 1])))
    constraint sites_id_check CHECK ((id > 0))
    constraint sites_max_age_check CHECK ((max_age >= 0))
    constraint sites_retention_years_check CHECK (((retention_years >= 1) AND (retention_years <= 6)))

table stamps
    site_id integer not null
    size bigint not null
    authority text not null
    at bigint not null
    token blob not null
    constraint stamps_pkey PRIMARY KEY (site_id, size, authority)
    constraint stamps_site_id_size_fkey FOREIGN KEY (site_id, size) REFERENCES checkpoints(site_id, size)

table tiles
    site_id integer not null
    level integer not null
    number bigint not null
    body blob not null
    constraint tiles_pkey PRIMARY KEY (site_id, level, number)
    constraint tiles_site_id_fkey FOREIGN KEY (site_id) REFERENCES ledgers(site_id)
    constraint tiles_body_check CHECK ((((length((body)::bytea) >= 32) AND (length((body)::bytea) <= 8192)) AND ((length((body)::bytea) % 32) = 0)))
    constraint tiles_level_check CHECK ((level >= 0))
    constraint tiles_number_check CHECK ((number >= 0))

table tokens
    id text not null
    site_id integer not null
    role text not null
    label text not null
    hash blob not null
    created_at bigint not null
    created_by text not null
    revoked_at bigint
    constraint tokens_pkey PRIMARY KEY (id)
    constraint tokens_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint tokens_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'editor'::text, 'auditor'::text])))

table tombstones
    tail blob not null
    site_id integer not null
    erased_at bigint not null
    reason integer not null
    place bigint
    constraint tombstones_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint tombstones_reason_check CHECK (((reason >= 1) AND (reason <= 4)))
    constraint tombstones_tail_check CHECK ((length((tail)::bytea) = 8))

table versions
    site_id integer not null
    number integer not null
    digest blob not null
    change_class text not null
    published_at bigint not null
    published_by text not null
    body blob not null
    constraint versions_pkey PRIMARY KEY (site_id, number)
    constraint versions_site_id_digest_key UNIQUE (site_id, digest)
    constraint versions_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint versions_change_class_check CHECK ((change_class = ANY (ARRAY['major'::text, 'minor'::text, 'patch'::text])))
    constraint versions_digest_check CHECK ((length((digest)::bytea) = 32))
    constraint versions_number_check CHECK ((number > 0))

table witnessed
    origin text not null
    size bigint not null
    root blob not null
    note blob not null
    at bigint not null
    constraint witnessed_pkey PRIMARY KEY (origin)
    constraint witnessed_root_check CHECK ((length((root)::bytea) = 32))
    constraint witnessed_size_check CHECK ((size >= 0))

CREATE UNIQUE INDEX accounts_email_folded_key ON public.accounts USING btree (email_folded)

CREATE UNIQUE INDEX accounts_pkey ON public.accounts USING btree (id)

CREATE INDEX artifacts_by_version ON public.artifacts USING btree (site_id, version, language, created_at)

CREATE UNIQUE INDEX artifacts_pkey ON public.artifacts USING btree (site_id, digest)

CREATE UNIQUE INDEX artifacts_site_id_tag_key ON public.artifacts USING btree (site_id, tag)

CREATE UNIQUE INDEX bundles_pkey ON public.bundles USING btree (site_id, number)

CREATE UNIQUE INDEX caught_pkey ON public.caught USING btree (site_id, day, declared, kind)

CREATE UNIQUE INDEX chain_event_id_key ON public.chain USING btree (event_id)

CREATE UNIQUE INDEX chain_pkey ON public.chain USING btree (number)

CREATE UNIQUE INDEX checkpoints_pkey ON public.checkpoints USING btree (site_id, size)

CREATE UNIQUE INDEX cosignatures_pkey ON public.cosignatures USING btree (site_id, size, witness)

CREATE UNIQUE INDEX drafts_pkey ON public.drafts USING btree (site_id)

CREATE UNIQUE INDEX errands_pkey ON public.errands USING btree (site_id, kind, whom)

CREATE INDEX events_by_site ON public.events USING btree (site_id, at, id)

CREATE INDEX events_by_time ON public.events USING btree (at, id)

CREATE UNIQUE INDEX events_pkey ON public.events USING btree (id)

CREATE UNIQUE INDEX forms_body_key ON public.forms USING btree (body)

CREATE UNIQUE INDEX forms_pkey ON public.forms USING btree (number)

CREATE INDEX jobs_by_site ON public.jobs USING btree (site_id, made_at, id)

CREATE INDEX jobs_by_state ON public.jobs USING btree (state, made_at)

CREATE INDEX jobs_by_wish ON public.jobs USING btree (site_id, kind, wanted)

CREATE UNIQUE INDEX jobs_pkey ON public.jobs USING btree (id)

CREATE UNIQUE INDEX keys_kid_key ON public.keys USING btree (kid)

CREATE UNIQUE INDEX keys_pkey ON public.keys USING btree (number)

CREATE UNIQUE INDEX ledger_keys_pkey ON public.ledger_keys USING btree (public)

CREATE UNIQUE INDEX ledgers_pkey ON public.ledgers USING btree (site_id)

CREATE INDEX marks_by_digest ON public.marks USING btree (site_id, digest)

CREATE UNIQUE INDEX marks_pkey ON public.marks USING btree (site_id, place)

CREATE UNIQUE INDEX marks_site_id_id_key ON public.marks USING btree (site_id, id)

CREATE UNIQUE INDEX migrations_pkey ON public.migrations USING btree (name)

CREATE UNIQUE INDEX pending_pkey ON public.pending USING btree (site_id, turn, at, id)

CREATE UNIQUE INDEX places_by_place ON public.places USING btree (site_id, place)

CREATE UNIQUE INDEX places_pkey ON public.places USING btree (id)

CREATE INDEX plans_by_site ON public.plans USING btree (site_id, made_at, id)

CREATE INDEX plans_due ON public.plans USING btree (due_at) WHERE (state = 'scheduled'::text)

CREATE UNIQUE INDEX plans_open ON public.plans USING btree (site_id) WHERE (state = ANY (ARRAY['proposed'::text, 'scheduled'::text]))

CREATE UNIQUE INDEX plans_pkey ON public.plans USING btree (id)

CREATE UNIQUE INDEX prunes_pkey ON public.prunes USING btree (site_id, begins)

CREATE INDEX receipts_by_former ON public.receipts USING btree (former) WHERE (length((former)::bytea) > 0)

CREATE INDEX receipts_by_kind ON public.receipts USING btree (site_id, kind, form, recorded_at, id)

CREATE INDEX receipts_by_name ON public.receipts USING btree (name) WHERE (length((name)::bytea) > 0)

CREATE INDEX receipts_by_time ON public.receipts USING btree (site_id, recorded_at, id)

CREATE UNIQUE INDEX receipts_pkey ON public.receipts USING btree (id)

CREATE UNIQUE INDEX roles_pkey ON public.roles USING btree (account_id, site_id, role)

CREATE UNIQUE INDEX screens_pkey ON public.screens USING btree (site_id, banner, layer, viewport)

CREATE UNIQUE INDEX sign_in_links_pkey ON public.sign_in_links USING btree (hash)

CREATE UNIQUE INDEX sites_key_key ON public.sites USING btree (key)

CREATE UNIQUE INDEX sites_pkey ON public.sites USING btree (id)

CREATE UNIQUE INDEX stamps_pkey ON public.stamps USING btree (site_id, size, authority)

CREATE UNIQUE INDEX tiles_pkey ON public.tiles USING btree (site_id, level, number)

CREATE INDEX tokens_by_site ON public.tokens USING btree (site_id)

CREATE UNIQUE INDEX tokens_pkey ON public.tokens USING btree (id)

CREATE UNIQUE INDEX tombstones_by_place ON public.tombstones USING btree (site_id, place)

CREATE INDEX tombstones_by_tail ON public.tombstones USING btree (tail)

CREATE UNIQUE INDEX versions_pkey ON public.versions USING btree (site_id, number)

CREATE UNIQUE INDEX versions_site_id_digest_key ON public.versions USING btree (site_id, digest)

CREATE UNIQUE INDEX witnessed_pkey ON public.witnessed USING btree (origin)

CREATE TRIGGER artifacts_enter AFTER INSERT ON public.artifacts REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION enter_artifacts() -- enabled: A

CREATE TRIGGER artifacts_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.artifacts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER bundles_no_change BEFORE DELETE OR TRUNCATE ON public.bundles FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER bundles_only_grow BEFORE UPDATE ON public.bundles FOR EACH ROW EXECUTE FUNCTION refuse_rewriting() -- enabled: A

CREATE TRIGGER chain_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.chain FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER checkpoints_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.checkpoints FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER cosignatures_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.cosignatures FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER events_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER forms_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.forms FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER keys_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER ledger_keys_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER ledgers_no_change BEFORE DELETE OR TRUNCATE ON public.ledgers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER ledgers_only_grow BEFORE UPDATE ON public.ledgers FOR EACH ROW EXECUTE FUNCTION refuse_shrinking() -- enabled: A

CREATE TRIGGER marks_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.marks FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER pending_no_change BEFORE UPDATE OR TRUNCATE ON public.pending FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER pending_no_delete BEFORE DELETE ON public.pending FOR EACH ROW EXECUTE FUNCTION refuse_delete_before_entry() -- enabled: A

CREATE TRIGGER places_no_change BEFORE UPDATE OR TRUNCATE ON public.places FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER places_no_delete BEFORE DELETE ON public.places FOR EACH ROW EXECUTE FUNCTION refuse_delete_before_receipt() -- enabled: A

CREATE TRIGGER plans_frozen BEFORE UPDATE ON public.plans FOR EACH ROW EXECUTE FUNCTION refuse_plan_change() -- enabled: A

CREATE TRIGGER plans_no_delete BEFORE DELETE OR TRUNCATE ON public.plans FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER prunes_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.prunes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER receipts_enter AFTER INSERT ON public.receipts REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION enter_receipts() -- enabled: A

CREATE TRIGGER receipts_no_change BEFORE UPDATE OR TRUNCATE ON public.receipts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER receipts_no_delete BEFORE DELETE ON public.receipts FOR EACH ROW EXECUTE FUNCTION refuse_delete_without_tombstone() -- enabled: A

CREATE TRIGGER receipts_no_return BEFORE INSERT ON public.receipts FOR EACH ROW EXECUTE FUNCTION ignore_erased() -- enabled: A

CREATE TRIGGER screens_enter AFTER INSERT ON public.screens REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION enter_screens() -- enabled: A

CREATE TRIGGER screens_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.screens FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER stamps_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.stamps FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER tiles_no_change BEFORE DELETE OR TRUNCATE ON public.tiles FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER tiles_only_grow BEFORE UPDATE ON public.tiles FOR EACH ROW EXECUTE FUNCTION refuse_rewriting() -- enabled: A

CREATE TRIGGER tombstones_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.tombstones FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER versions_enter AFTER INSERT ON public.versions REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION enter_versions() -- enabled: A

CREATE TRIGGER versions_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER witnessed_no_change BEFORE DELETE OR TRUNCATE ON public.witnessed FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER witnessed_only_grow BEFORE UPDATE ON public.witnessed FOR EACH ROW EXECUTE FUNCTION refuse_forgetting() -- enabled: A

CREATE OR REPLACE FUNCTION public.enter_artifacts()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    insert into pending (site_id, turn, at, id, type, policy, digest)
    select f.site_id, 0, f.created_at, substr(f.digest, 1, 16), 7, v.digest, f.digest
    from fresh f join versions v on v.site_id = f.site_id and v.number = f.version;
    return null;
end $function$


CREATE OR REPLACE FUNCTION public.enter_receipts()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    insert into pending (site_id, turn, at, id, type)
    select site_id, 1, recorded_at, id, 1 from fresh;
    return null;
end $function$


CREATE OR REPLACE FUNCTION public.enter_screens()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO '$user', 'public'
AS $function$
begin
    insert into pending (site_id, turn, at, id, type, policy, digest)
    select f.site_id, 0, f.taken_at, substr(f.entry, 1, 16), 9, v.digest, f.entry
    from fresh f
    join artifacts a on a.site_id = f.site_id and a.digest = f.banner
    join versions v on v.site_id = a.site_id and v.number = a.version;
    return null;
end $function$


CREATE OR REPLACE FUNCTION public.enter_versions()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    insert into pending (site_id, turn, at, id, type, policy, digest)
    select site_id, 0, published_at, substr(digest, 1, 16), 2, digest, digest from fresh;
    return null;
end $function$


CREATE OR REPLACE FUNCTION public.ignore_erased()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    if exists (select 1 from tombstones where tail = substr(new.id, 9)) then
        return null;
    end if;
    return new;
end $function$


CREATE OR REPLACE FUNCTION public.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    raise exception '% are append-only', tg_table_name using errcode = 'restrict_violation';
end $function$


CREATE OR REPLACE FUNCTION public.refuse_delete_before_entry()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    if exists (select 1 from places where id = old.id and site_id = old.site_id)
        or exists (select 1 from marks where id = old.id and site_id = old.site_id)
    then
        return old;
    end if;
    raise exception 'what is pending goes only into the ledger'
        using errcode = 'restrict_violation';
end $function$


CREATE OR REPLACE FUNCTION public.refuse_delete_before_receipt()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    if exists (select 1 from receipts where id = old.id) then
        raise exception 'a place goes with its receipt' using errcode = 'restrict_violation';
    end if;
    return old;
end $function$


CREATE OR REPLACE FUNCTION public.refuse_delete_without_tombstone()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    if exists (
            select 1 from places p
            join tombstones t on t.site_id = p.site_id and t.place = p.place
            where p.id = old.id and p.site_id = old.site_id
        )
        or exists (
            select 1 from places p
            join prunes r on r.site_id = p.site_id and r.begins <= p.place and p.place < r.ends
            where p.id = old.id and p.site_id = old.site_id
        )
    then
        return old;
    end if;
    raise exception 'a receipt is deleted only after its tombstone'
        using errcode = 'restrict_violation';
end $function$


CREATE OR REPLACE FUNCTION public.refuse_forgetting()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO '$user', 'public'
AS $function$
begin
    if new.origin <> old.origin or new.size < old.size
        or (new.size = old.size and new.root <> old.root)
    then
        raise exception 'witnessed only grow' using errcode = 'restrict_violation';
    end if;
    return new;
end $function$


CREATE OR REPLACE FUNCTION public.refuse_plan_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
end $function$


CREATE OR REPLACE FUNCTION public.refuse_rewriting()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    if (to_jsonb(new) - 'body') <> (to_jsonb(old) - 'body')
        or length(new.body) <= length(old.body)
        or substr(new.body, 1, length(old.body)) <> old.body
    then
        raise exception '% only grow', tg_table_name using errcode = 'restrict_violation';
    end if;
    return new;
end $function$


CREATE OR REPLACE FUNCTION public.refuse_shrinking()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    if new.site_id <> old.site_id or new.origin <> old.origin or new.size < old.size
        or (new.size = old.size and new.root <> old.root) or new.pruned < old.pruned
    then
        raise exception 'ledgers only grow' using errcode = 'restrict_violation';
    end if;
    return new;
end $function$

