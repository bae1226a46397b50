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

table caught
    site_id integer not null
    day integer not null
    declared text not null
    kind text not null
    count bigint not null
    constraint caught_pkey PRIMARY KEY (site_id, day, declared, kind)
    constraint caught_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint caught_count_check CHECK ((count > 0))

table drafts
    site_id integer not null
    revision integer not null
    body blob not null
    changed_at bigint not null
    changed_by text not null
    constraint drafts_pkey PRIMARY KEY (site_id)
    constraint drafts_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint drafts_revision_check CHECK ((revision > 0))

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

table keys
    number integer not null
    kid text not null
    jwk blob not null
    created_at bigint not null
    constraint keys_kid_key UNIQUE (kid)
    constraint keys_pkey PRIMARY KEY (number)
    constraint keys_number_check CHECK ((number > 0))

table migrations
    name text not null
    constraint migrations_pkey PRIMARY KEY (name)

table receipts
    id blob not null
    site_id integer not null
    recorded_at bigint not null
    version integer not null
    key integer not null
    salt blob not null
    signature blob not null
    payload blob not null
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
    constraint sites_key_key UNIQUE (key)
    constraint sites_pkey PRIMARY KEY (id)
    constraint sites_id_check CHECK ((id > 0))
    constraint sites_max_age_check CHECK ((max_age >= 0))

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
    id blob not null
    site_id integer not null
    erased_at bigint not null
    reason integer not null
    constraint tombstones_pkey PRIMARY KEY (id)
    constraint tombstones_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites(id)
    constraint tombstones_id_check CHECK ((length((id)::bytea) = 16))
    constraint tombstones_reason_check CHECK (((reason >= 1) AND (reason <= 4)))

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

CREATE UNIQUE INDEX accounts_email_folded_key ON public.accounts USING btree (email_folded)

CREATE UNIQUE INDEX accounts_pkey ON public.accounts USING btree (id)

CREATE INDEX artifacts_by_version ON public.artifacts USING btree (site_id, version, language, created_at)

CREATE UNIQUE INDEX artifacts_pkey ON public.artifacts USING btree (site_id, digest)

CREATE UNIQUE INDEX artifacts_site_id_tag_key ON public.artifacts USING btree (site_id, tag)

CREATE UNIQUE INDEX caught_pkey ON public.caught USING btree (site_id, day, declared, kind)

CREATE UNIQUE INDEX drafts_pkey ON public.drafts USING btree (site_id)

CREATE INDEX events_by_site ON public.events USING btree (site_id, at, id)

CREATE INDEX events_by_time ON public.events USING btree (at, id)

CREATE UNIQUE INDEX events_pkey ON public.events USING btree (id)

CREATE UNIQUE INDEX keys_kid_key ON public.keys USING btree (kid)

CREATE UNIQUE INDEX keys_pkey ON public.keys USING btree (number)

CREATE UNIQUE INDEX migrations_pkey ON public.migrations USING btree (name)

CREATE INDEX receipts_by_time ON public.receipts USING btree (site_id, recorded_at, id)

CREATE UNIQUE INDEX receipts_pkey ON public.receipts USING btree (id)

CREATE UNIQUE INDEX roles_pkey ON public.roles USING btree (account_id, site_id, role)

CREATE UNIQUE INDEX sign_in_links_pkey ON public.sign_in_links USING btree (hash)

CREATE UNIQUE INDEX sites_key_key ON public.sites USING btree (key)

CREATE UNIQUE INDEX sites_pkey ON public.sites USING btree (id)

CREATE INDEX tokens_by_site ON public.tokens USING btree (site_id)

CREATE UNIQUE INDEX tokens_pkey ON public.tokens USING btree (id)

CREATE UNIQUE INDEX tombstones_pkey ON public.tombstones USING btree (id)

CREATE UNIQUE INDEX versions_pkey ON public.versions USING btree (site_id, number)

CREATE UNIQUE INDEX versions_site_id_digest_key ON public.versions USING btree (site_id, digest)

CREATE TRIGGER artifacts_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.artifacts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER events_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER keys_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER receipts_no_change BEFORE UPDATE OR TRUNCATE ON public.receipts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER receipts_no_delete BEFORE DELETE ON public.receipts FOR EACH ROW EXECUTE FUNCTION refuse_delete_without_tombstone() -- enabled: A

CREATE TRIGGER receipts_no_return BEFORE INSERT ON public.receipts FOR EACH ROW EXECUTE FUNCTION ignore_erased() -- enabled: A

CREATE TRIGGER tombstones_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.tombstones FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE TRIGGER versions_no_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change() -- enabled: A

CREATE OR REPLACE FUNCTION public.ignore_erased()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    if exists (select 1 from tombstones where id = new.id) then
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


CREATE OR REPLACE FUNCTION public.refuse_delete_without_tombstone()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    if exists (select 1 from tombstones where id = old.id and site_id = old.site_id) then
        return old;
    end if;
    raise exception 'a receipt is deleted only after its tombstone'
        using errcode = 'restrict_violation';
end $function$

