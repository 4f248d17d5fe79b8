-- What makes the ledger provable: every row takes a number and the name of its transaction, so that a sealer with a role of
-- its own finds each exactly once; what a row said before and after lies beside it, encrypted; and everything that guards
-- the ledger is also on its partitions and can be counted.

-- The ledger's rows ---------------------------------------------------------------------------

-- CACHE 1: a later writer of the same record, who waits for its lock, draws a later number.
CREATE SEQUENCE trail.audit_seq CACHE 1;
GRANT USAGE ON SEQUENCE trail.audit_seq TO sigilo_trail;
ALTER TABLE public.audit_logs
  ADD COLUMN seq bigint NOT NULL DEFAULT nextval('trail.audit_seq'),
  ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE UNIQUE INDEX audit_logs_seq ON public.audit_logs (seq, created_at);
CREATE INDEX audit_logs_xid ON public.audit_logs (xid);
CREATE INDEX audit_logs_changes ON public.audit_logs (resource_type, resource_id, seq DESC) WHERE category = 'data';

-- The salt of a row's commitments and, encrypted, what they commit to. Apart from the ledger, because it can be removed
-- (a redaction, a month that has expired) without touching a row that is sealed.
CREATE TABLE trail.audit_details (
  seq bigint NOT NULL,
  created_at timestamptz NOT NULL,
  clinic_id uuid,
  salt bytea NOT NULL CHECK (length(salt) = 16),
  -- AES-256-CBC, the first 16 bytes being the initial vector. The commitment is what authenticates it.
  old_image bytea,
  new_image bytea,
  -- The key of both, in ops.image_keys; null where the writer had none, and then there are no images.
  image_key uuid,
  PRIMARY KEY (seq, created_at),
  CHECK (image_key IS NOT NULL OR (old_image IS NULL AND new_image IS NULL))
) PARTITION BY RANGE (created_at);
ALTER TABLE trail.audit_details ENABLE ROW LEVEL SECURITY;
ALTER TABLE trail.audit_details FORCE ROW LEVEL SECURITY;
CREATE POLICY writer ON trail.audit_details FOR ALL TO sigilo_trail USING (true) WITH CHECK (true);
GRANT USAGE ON SCHEMA trail TO sigilo_trail;
GRANT SELECT, INSERT ON trail.audit_details TO sigilo_trail;

-- Keys of images, themselves sealed under the installation's root key. A process makes one when it starts.
CREATE TABLE ops.image_keys (
  id uuid PRIMARY KEY,
  key_sealed bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE ops.image_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.image_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON ops.image_keys TO sigilo_owner USING (true) WITH CHECK (true);

-- Out of every login's reach: only the trail encrypts.
CREATE SCHEMA crypto;
GRANT USAGE ON SCHEMA crypto TO sigilo_trail;
CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA crypto;

-- Commitment and image of rows, in one place for the trigger and for the baseline.
CREATE FUNCTION trail.commitment(salt bytea, image jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog
AS $$ SELECT jsonb_build_object('algorithm', 'sha256(salt || row)',
                                'hash', encode(sha256(salt || convert_to(image::text, 'UTF8')), 'hex')) $$;
CREATE FUNCTION trail.encrypted(image jsonb, key bytea) RETURNS bytea
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog
AS $$
DECLARE iv bytea;
BEGIN
  IF image IS NULL OR key IS NULL THEN RETURN NULL; END IF;
  iv := uuid_send(gen_random_uuid());
  RETURN iv || crypto.encrypt_iv(convert_to(image::text, 'UTF8'), key, iv, 'aes-cbc');
END
$$;
REVOKE EXECUTE ON FUNCTION trail.commitment(bytea, jsonb), trail.encrypted(jsonb, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trail.commitment(bytea, jsonb), trail.encrypted(jsonb, bytea) TO sigilo_trail;

-- Writes the ledger's rows for the changes of one statement on a watched table. A plan of its own for each array would be made
-- anew at every call, which costs more than the call: hence the generic one. `before` and `after` are images of the
-- same record at the same place; either may be missing as a whole.
CREATE FUNCTION trail.record(source text, operation text, before jsonb[], after jsonb[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' SET plan_cache_mode = 'force_generic_plan'
AS $$
DECLARE
  who record;
  key uuid := app.setting('image_key_id')::uuid;
  secret bytea := CASE WHEN key IS NOT NULL THEN decode(app.setting('image_key'), 'hex') END;
  kind text := CASE operation WHEN 'INSERT' THEN 'create' WHEN 'DELETE' THEN 'delete' ELSE 'update' END;
BEGIN
  SELECT * INTO who FROM app.whoami();
  WITH changes AS MATERIALIZED (
    SELECT nextval('trail.audit_seq') AS seq, uuid_send(gen_random_uuid()) AS salt, b AS before, a AS after,
           coalesce(a, b) AS subject,
           (SELECT array_agg(f.key ORDER BY f.key COLLATE "C") FROM jsonb_each(a) f
             WHERE b IS NOT NULL AND f.value IS DISTINCT FROM b -> f.key) AS fields
      FROM unnest(before, after) AS pair (b, a)
  ), kept AS (
    INSERT INTO trail.audit_details (seq, created_at, clinic_id, salt, old_image, new_image, image_key)
    SELECT c.seq, now(), (c.subject ->> 'clinic_id')::uuid, c.salt, trail.encrypted(c.before, secret),
           trail.encrypted(c.after, secret), key
      FROM changes c WHERE c.fields IS NOT NULL OR operation <> 'UPDATE'
  )
  INSERT INTO public.audit_logs (seq, audit_trail_id, clinic_id, user_id, patient_id, action, action_type, resource_type,
                                 resource_id, details, old_data, new_data, changed_fields, request_id, session_id,
                                 ip_address, user_agent, category)
  SELECT c.seq, app.setting('trail_id')::uuid,
         coalesce(CASE WHEN source = 'clinics' THEN (c.subject ->> 'id')::uuid ELSE (c.subject ->> 'clinic_id')::uuid END,
                  who.clinic_id),
         coalesce(who.user_id, (c.subject ->> 'user_id')::uuid, (c.subject ->> 'requester_user_id')::uuid,
                  CASE WHEN source = 'profiles' THEN (c.subject ->> 'id')::uuid END),
         (c.subject ->> 'patient_id')::uuid,
         CASE
           WHEN operation = 'BASELINE' THEN 'baseline'
           WHEN source = 'consent_records' AND operation = 'INSERT' AND (c.after ->> 'granted')::boolean THEN 'consent_granted'
           WHEN source = 'consent_records' AND operation = 'UPDATE' AND NOT (c.after ->> 'granted')::boolean
                AND (c.before ->> 'granted')::boolean THEN 'consent_revoked'
           WHEN source = 'data_subject_requests' AND operation = 'INSERT' THEN 'data_request_created'
           WHEN source = 'data_subject_requests' AND operation = 'UPDATE' AND c.after ->> 'status' = 'completed'
                AND c.before ->> 'status' <> 'completed' THEN 'data_request_completed'
           ELSE kind END,
         kind, source, coalesce(c.subject ->> 'id', c.subject ->> 'user_id'),
         jsonb_strip_nulls(jsonb_build_object(
           'operation', operation, 'changed', to_jsonb(c.fields),
           'consent_type', c.subject -> 'consent_type', 'consent_version', c.subject -> 'consent_version',
           'request_type', c.subject -> 'request_type', 'status', c.subject -> 'status',
           'deadline_at', c.subject -> 'deadline_at',
           'role', CASE WHEN source = 'messages' THEN c.subject -> 'role' END,
           'content_hash', c.subject -> 'content_hash')),
         trail.commitment(c.salt, c.before), trail.commitment(c.salt, c.after), c.fields,
         app.setting('request_id')::uuid, who.session_id, app.setting('ip')::inet, app.setting('user_agent'), 'data'
    FROM changes c WHERE c.fields IS NOT NULL OR operation <> 'UPDATE';
END
$$;
REVOKE EXECUTE ON FUNCTION trail.record(text, text, jsonb[], jsonb[]) FROM PUBLIC;

-- One row of the ledger for each changed row of a watched table; nobody has to remember it. That a row was touched is no
-- change, so its image is without `updated_at`. By statement, so that ten
-- thousand rows are one insert.
CREATE OR REPLACE FUNCTION public.fn_audit_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' SET plan_cache_mode = 'force_generic_plan'
AS $$
DECLARE
  before jsonb[];
  after jsonb[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT array_agg(to_jsonb(n.*) - 'updated_at') INTO after FROM come n;
  ELSIF TG_OP = 'DELETE' THEN
    SELECT array_agg(to_jsonb(o.*) - 'updated_at') INTO before FROM gone o;
  ELSE
    SELECT array_agg(o.image), array_agg(n.image) INTO before, after
      FROM (SELECT i AS image, ARRAY[i ->> 'clinic_id', coalesce(i ->> 'id', i ->> 'user_id')] AS key
              FROM (SELECT to_jsonb(x.*) - 'updated_at' AS i FROM gone x) x) o
      FULL JOIN (SELECT i AS image, ARRAY[i ->> 'clinic_id', coalesce(i ->> 'id', i ->> 'user_id')] AS key
              FROM (SELECT to_jsonb(x.*) - 'updated_at' AS i FROM come x) x) n ON n.key = o.key;
  END IF;
  IF coalesce(before, after) IS NOT NULL THEN
    PERFORM trail.record(TG_TABLE_NAME, TG_OP, before, after);
  END IF;
  RETURN NULL;
END
$$;

DO $$
DECLARE f text;
BEGIN
  GRANT CREATE ON SCHEMA trail TO sigilo_trail;
  FOREACH f IN ARRAY ARRAY['trail.record(text, text, jsonb[], jsonb[])'] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO sigilo_trail', f);
  END LOOP;
  REVOKE CREATE ON SCHEMA trail FROM sigilo_trail;
END
$$;

-- Watching a table ----------------------------------------------------------------------------

-- From now on every change of the table is in the ledger, and the table can be compared with it.
CREATE FUNCTION ops.watch(wanted regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  EXECUTE format('DROP TRIGGER IF EXISTS audit ON %s', wanted);
  EXECUTE format('CREATE TRIGGER audit_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS come
                    FOR EACH STATEMENT EXECUTE FUNCTION public.fn_audit_trigger()', wanted);
  EXECUTE format('CREATE TRIGGER audit_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS gone NEW TABLE AS come
                    FOR EACH STATEMENT EXECUTE FUNCTION public.fn_audit_trigger()', wanted);
  EXECUTE format('CREATE TRIGGER audit_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS gone
                    FOR EACH STATEMENT EXECUTE FUNCTION public.fn_audit_trigger()', wanted);
  EXECUTE format('CREATE POLICY compared ON %s FOR SELECT TO sigilo_trail USING (true)', wanted);
  EXECUTE format('GRANT SELECT ON %s TO sigilo_trail', wanted);
END
$$;
SELECT ops.watch(t::regclass) FROM unnest(ARRAY[
  'public.clinics', 'public.members', 'public.profiles', 'public.consent_records', 'public.data_subject_requests',
  'public.conversations', 'public.messages', 'public.explainability_logs', 'public.audit_grants',
  'public.fulfilment_plans', 'public.security_incident_logs', 'public.recipient_notices', 'public.request_evidence',
  'public.incident_drafts', 'public.canaries', 'public.small_agent_declarations']) AS t;

-- The tables that are watched.
CREATE FUNCTION ops.watched() RETURNS SETOF regclass
LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$ SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = 'audit_insert' AND NOT tgisinternal ORDER BY tgrelid::regclass::text $$;

-- Comparing tables with the ledger ------------------------------------------------------------

-- What a watched table looked like when its rows were last entered as they were: a migration that adds or takes away a
-- column changes the image of every row.
CREATE TABLE ops.baselines (
  table_name text PRIMARY KEY,
  shape text NOT NULL,
  entered integer NOT NULL CHECK (entered >= 0),
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE ops.baselines ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.baselines FORCE ROW LEVEL SECURITY;
CREATE POLICY trail ON ops.baselines TO sigilo_trail USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON ops.baselines TO sigilo_trail;

-- The records of a watched table that are not what the ledger last said of them. With a limit, because an attack on a whole
-- table is found just as well by its first rows.
CREATE FUNCTION ops.reconcile(wanted regclass, most integer)
RETURNS TABLE (clinic_id uuid, resource_id text, finding text, seq bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC'
AS $$
DECLARE
  called text := (SELECT relname FROM pg_class WHERE oid = wanted);
BEGIN
  IF NOT EXISTS (SELECT FROM ops.watched() w WHERE w = wanted) THEN
    RAISE EXCEPTION '% is not watched', wanted USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY EXECUTE format($q$
    WITH said AS (
      SELECT DISTINCT ON (a.resource_id, a.clinic_id) a.clinic_id, a.resource_id, a.seq, a.action_type, a.new_data,
             coalesce(d.salt, uuid_send(a.nonce)) AS salt
        FROM public.audit_logs a LEFT JOIN trail.audit_details d ON d.seq = a.seq AND d.created_at = a.created_at
       WHERE a.resource_type = %1$L AND a.category = 'data' ORDER BY a.resource_id, a.clinic_id, a.seq DESC
    ), present AS (
      SELECT %3$s AS clinic_id, coalesce(i.image ->> 'id', i.image ->> 'user_id') AS resource_id, i.image
        FROM (SELECT to_jsonb(r.*) - 'updated_at' AS image FROM %2$s r) i
    )
    SELECT coalesce(i.clinic_id, s.clinic_id), coalesce(i.resource_id, s.resource_id),
           CASE WHEN i.resource_id IS NULL THEN 'removed' WHEN s.resource_id IS NULL THEN 'added' ELSE 'changed' END, s.seq
      FROM present i FULL JOIN said s ON s.resource_id = i.resource_id AND s.clinic_id IS NOT DISTINCT FROM i.clinic_id
     WHERE (i.resource_id IS NULL AND s.action_type <> 'delete')
        OR (i.resource_id IS NOT NULL AND (s.resource_id IS NULL OR s.action_type = 'delete'
            OR s.new_data ->> 'hash' IS DISTINCT FROM encode(sha256(s.salt || convert_to(i.image::text, 'UTF8')), 'hex')))
     ORDER BY 2 LIMIT $1
  $q$, called, wanted, CASE WHEN called = 'clinics' THEN '(i.image ->> ''id'')::uuid' ELSE '(i.image ->> ''clinic_id'')::uuid' END)
  USING most;
END
$$;

-- Enters every row of the watched tables whose shape has changed since it was last done, and says how many. Migrations end
-- with it; what differs from the ledger before a migration is not healed by it, because a reconciliation goes first.
CREATE FUNCTION ops.baseline() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' SET plan_cache_mode = 'force_generic_plan'
AS $$
DECLARE
  t regclass;
  form text;
  images jsonb[];
  total bigint := 0;
BEGIN
  FOR t IN SELECT ops.watched() LOOP
    SELECT string_agg(a.attname || ' ' || a.atttypid::regtype, ', ' ORDER BY a.attname) INTO form
      FROM pg_attribute a WHERE a.attrelid = t AND a.attnum > 0 AND NOT a.attisdropped;
    CONTINUE WHEN EXISTS (SELECT FROM ops.baselines b WHERE b.table_name = t::text AND b.shape = form);
    EXECUTE format('SELECT array_agg(to_jsonb(r.*) - ''updated_at'') FROM %s r', t) INTO images;
    IF images IS NOT NULL THEN
      PERFORM trail.record((SELECT relname FROM pg_class WHERE oid = t), 'BASELINE', NULL, images);
    END IF;
    INSERT INTO ops.baselines (table_name, shape, entered) VALUES (t::text, form, coalesce(cardinality(images), 0))
      ON CONFLICT (table_name) DO UPDATE SET shape = excluded.shape, entered = excluded.entered, created_at = now();
    total := total + coalesce(cardinality(images), 0);
  END LOOP;
  RETURN total;
END
$$;

-- The logs ------------------------------------------------------------------------------------

-- Sealing. A log is a clinic's, or that of rows of no clinic (the nil identifier), or the platform's (all ones), whose
-- leaves are the rounds.
CREATE TABLE trail.rounds (
  -- From 0: the index of the entry in the platform's log.
  round bigint PRIMARY KEY CHECK (round >= 0),
  sealed_at timestamptz NOT NULL,
  -- What was visible: the next round takes what was not.
  snapshot pg_snapshot NOT NULL,
  -- The server that the snapshot means something on.
  system text NOT NULL,
  entry text NOT NULL,
  -- Of the platform's log with this round.
  root bytea NOT NULL CHECK (length(root) = 32),
  note text NOT NULL,
  leaves integer NOT NULL CHECK (leaves >= 0)
);
CREATE TABLE trail.heads (
  log_id uuid NOT NULL,
  round bigint NOT NULL REFERENCES trail.rounds ON DELETE RESTRICT,
  -- Of the log after this round.
  size bigint NOT NULL CHECK (size > 0),
  root bytea NOT NULL CHECK (length(root) = 32),
  -- The leaves that this round added, in order: their rows and their hashes.
  seqs bigint[] NOT NULL CHECK (cardinality(seqs) > 0),
  hashes bytea NOT NULL,
  oldest timestamptz NOT NULL,
  newest timestamptz NOT NULL,
  PRIMARY KEY (log_id, round),
  UNIQUE (log_id, size),
  CHECK (length(hashes) = 32 * cardinality(seqs)),
  CHECK (size >= cardinality(seqs))
);
CREATE INDEX heads_rows ON trail.heads (log_id, newest);
-- The roots of every 256 leaves that are whole: from them any proof is a few hashes away.
CREATE TABLE trail.tiles (
  log_id uuid NOT NULL,
  n bigint NOT NULL CHECK (n >= 0),
  root bytea NOT NULL CHECK (length(root) = 32),
  PRIMARY KEY (log_id, n)
);
-- Checkpoints that are shown to others: with both signatures.
CREATE TABLE trail.checkpoints (
  round bigint PRIMARY KEY REFERENCES trail.rounds ON DELETE RESTRICT,
  note text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE trail.witnesses (
  name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 200),
  verifier_key text NOT NULL,
  url text,
  -- Whether somebody outside the operator's control runs it.
  independent boolean NOT NULL DEFAULT false,
  -- The last size it has cosigned, as far as we know.
  size bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
  seen_at timestamptz,
  problem text CHECK (length(problem) <= 500),
  -- It has seen another history than this one.
  contradicts boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE trail.cosignatures (
  round bigint NOT NULL REFERENCES trail.checkpoints ON DELETE RESTRICT,
  witness text NOT NULL REFERENCES trail.witnesses ON DELETE RESTRICT,
  line text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (round, witness)
);
CREATE TABLE trail.stamps (
  round bigint NOT NULL REFERENCES trail.checkpoints ON DELETE RESTRICT,
  authority text NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'granted')),
  token bytea,
  gen_time timestamptz,
  tries integer NOT NULL DEFAULT 0,
  next_try_at timestamptz NOT NULL DEFAULT now(),
  problem text CHECK (length(problem) <= 500),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (round, authority),
  CHECK ((status = 'granted') = (token IS NOT NULL AND gen_time IS NOT NULL))
);
-- What an examination of the whole trail found, the latest last. `findings` is a list of sentences for people.
CREATE TABLE trail.examinations (
  id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL DEFAULT now(),
  rounds bigint NOT NULL,
  leaves bigint NOT NULL,
  tables bigint NOT NULL,
  findings jsonb NOT NULL CHECK (jsonb_typeof(findings) = 'array'),
  finding_count integer NOT NULL CHECK (finding_count >= 0)
);

DO $$
DECLARE t text;
BEGIN
  GRANT USAGE ON SCHEMA trail TO sigilo_sealer;
  FOREACH t IN ARRAY ARRAY['rounds', 'heads', 'tiles', 'checkpoints', 'witnesses', 'cosignatures', 'stamps', 'examinations'] LOOP
    EXECUTE format('ALTER TABLE trail.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE trail.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY sealer ON trail.%I TO sigilo_sealer USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, INSERT ON trail.%I TO sigilo_sealer', t);
  END LOOP;
  -- What was sealed never changes; what others answer to it does.
  FOREACH t IN ARRAY ARRAY['rounds', 'heads', 'tiles', 'checkpoints', 'cosignatures', 'examinations'] LOOP
    EXECUTE format('CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON trail.%I
                      FOR EACH ROW EXECUTE FUNCTION app.fn_append_only()', t);
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON trail.%I
                      FOR EACH STATEMENT EXECUTE FUNCTION app.fn_append_only()', t);
    EXECUTE format('ALTER TABLE trail.%I ENABLE ALWAYS TRIGGER no_change', t);
    EXECUTE format('ALTER TABLE trail.%I ENABLE ALWAYS TRIGGER no_truncate', t);
  END LOOP;
END
$$;
GRANT UPDATE (verifier_key, url, independent, size, seen_at, problem, contradicts), DELETE ON trail.witnesses TO sigilo_sealer;
GRANT UPDATE (status, token, gen_time, tries, next_try_at, problem) ON trail.stamps TO sigilo_sealer;

-- Which server and which database this is: the names of transactions mean something only here.
CREATE FUNCTION app.system_name() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$ SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) $$;
REVOKE EXECUTE ON FUNCTION app.system_name() FROM PUBLIC;
GRANT USAGE ON SCHEMA app TO sigilo_sealer;
GRANT EXECUTE ON FUNCTION app.system_name() TO sigilo_sealer;

-- The sealer reads the ledger whole and nothing else of anybody.
GRANT USAGE ON SCHEMA public, ops TO sigilo_sealer;
CREATE POLICY sealer ON public.audit_logs FOR SELECT TO sigilo_sealer USING (true);
GRANT SELECT ON public.audit_logs TO sigilo_sealer;
DO $$
DECLARE f text;
BEGIN
  GRANT CREATE ON SCHEMA ops TO sigilo_trail;
  FOREACH f IN ARRAY ARRAY['ops.reconcile(regclass, integer)', 'ops.baseline()'] LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('ALTER FUNCTION %s OWNER TO sigilo_trail', f);
  END LOOP;
  REVOKE CREATE ON SCHEMA ops FROM sigilo_trail;
END
$$;
GRANT USAGE ON SCHEMA ops TO sigilo_trail;
REVOKE EXECUTE ON FUNCTION ops.watch(regclass), ops.watched() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.watched() TO sigilo_trail, sigilo_sealer;
GRANT EXECUTE ON FUNCTION ops.reconcile(regclass, integer) TO sigilo_sealer;
GRANT EXECUTE ON FUNCTION ops.baseline() TO sigilo_owner;
CREATE POLICY compared ON public.audit_logs FOR SELECT TO sigilo_trail USING (category = 'data');
GRANT SELECT ON public.audit_logs TO sigilo_trail;

-- What a change of a record of the session's clinic made of it, for who may audit. Still encrypted.
CREATE FUNCTION app.audit_images(wanted bigint)
RETURNS TABLE (resource_type text, old_image bytea, new_image bytea, key_sealed bytea, image_key uuid, salt bytea,
               old_commitment text, new_commitment text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  IF NOT app.may_audit() THEN
    RAISE EXCEPTION 'not an auditor' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY
    SELECT a.resource_type, d.old_image, d.new_image, k.key_sealed, d.image_key, d.salt, a.old_data ->> 'hash', a.new_data ->> 'hash'
      FROM public.audit_logs a
      JOIN trail.audit_details d ON d.seq = a.seq AND d.created_at = a.created_at
      LEFT JOIN ops.image_keys k ON k.id = d.image_key
     WHERE a.seq = wanted AND a.clinic_id = app.clinic_id() AND a.category = 'data';
END
$$;
REVOKE EXECUTE ON FUNCTION app.audit_images(bigint) FROM PUBLIC;
GRANT CREATE ON SCHEMA app TO sigilo_trail;
ALTER FUNCTION app.audit_images(bigint) OWNER TO sigilo_trail;
REVOKE CREATE ON SCHEMA app FROM sigilo_trail;
GRANT EXECUTE ON FUNCTION app.audit_images(bigint) TO sigilo_app;
GRANT EXECUTE ON FUNCTION app.may_audit(), app.clinic_id() TO sigilo_trail;
CREATE POLICY trail ON ops.image_keys FOR SELECT TO sigilo_trail USING (true);
GRANT SELECT ON ops.image_keys TO sigilo_trail;

-- What an examination finds is a suspicion like others: drafted, then judged by a person.
CREATE OR REPLACE FUNCTION app.suspicion_rules() RETURNS TABLE (rule text, threshold integer, minutes integer)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  VALUES ('failed_sign_ins', 10, 10), ('mass_reading', 60, 10), ('refusals', 20, 10), ('canary', 1, 1440),
    -- A record that is not what was sealed has no innocent frequency.
    ('trail_altered', 1, 1440)
$$;
ALTER TABLE public.incident_drafts
  DROP CONSTRAINT incident_drafts_rule_check,
  DROP CONSTRAINT incident_drafts_subject_kind_check,
  DROP CONSTRAINT incident_drafts_evidence_table_check,
  ADD CONSTRAINT incident_drafts_rule_check
    CHECK (rule IN ('failed_sign_ins', 'mass_reading', 'refusals', 'canary', 'trail_altered')),
  ADD CONSTRAINT incident_drafts_subject_kind_check CHECK (subject_kind IN ('member', 'address', 'canary', 'trail')),
  ADD CONSTRAINT incident_drafts_evidence_table_check
    CHECK (evidence_table IN ('access_logs', 'audit_trail', 'canary_sightings', 'examinations'));
CREATE POLICY sealer ON public.incident_drafts TO sigilo_sealer
  USING (rule = 'trail_altered') WITH CHECK (rule = 'trail_altered' AND status = 'open');
GRANT SELECT, INSERT (clinic_id, rule, subject_kind, subject_id, event_count, threshold, window_minutes, first_seen_at,
                      last_seen_at, evidence_table, evidence),
  UPDATE (event_count, last_seen_at, evidence) ON public.incident_drafts TO sigilo_sealer;
GRANT EXECUTE ON FUNCTION app.suspicion_rules() TO sigilo_sealer;
-- The log's public keys, in the form of C2SP, one a line: which key belongs to this database.
ALTER TABLE ops.settings ADD COLUMN log_keys text CHECK (length(log_keys) <= 8000);
CREATE POLICY sealer ON ops.settings FOR SELECT TO sigilo_sealer USING (true);
GRANT SELECT (log_keys) ON ops.settings TO sigilo_sealer;

-- Guards --------------------------------------------------------------------------------------

-- Everything that must guard the ledger, as one row a guard: what is written and what is there is compared at each start.
CREATE FUNCTION ops.trail_gaps() RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
  WITH parent AS (
    SELECT c.oid, c.relname FROM pg_class c
     WHERE c.oid IN ('public.audit_logs'::regclass, 'public.audit_trail'::regclass, 'public.access_logs'::regclass)
  ), part AS (
    SELECT i.inhrelid AS oid, p.relname AS parent FROM pg_inherits i JOIN parent p ON p.oid = i.inhparent
  ), wanted AS (
    SELECT oid, 'trigger' AS kind, g AS name FROM (SELECT oid FROM parent UNION ALL SELECT oid FROM part) t,
           unnest(ARRAY['no_change', 'no_truncate']) AS g
    UNION ALL
    SELECT oid, 'rule', relname || r FROM parent, unnest(ARRAY['_no_update', '_no_delete']) AS r WHERE relname = 'audit_logs'
    UNION ALL
    SELECT oid, 'rule', parent || r FROM part, unnest(ARRAY['_no_update', '_no_delete']) AS r WHERE parent = 'audit_logs'
    UNION ALL
    SELECT t.oid, 'trigger', g FROM pg_class t, unnest(ARRAY['no_change', 'no_truncate']) AS g
     WHERE t.oid IN ('trail.rounds'::regclass, 'trail.heads'::regclass, 'trail.tiles'::regclass,
                     'trail.checkpoints'::regclass, 'trail.cosignatures'::regclass, 'trail.examinations'::regclass)
    UNION ALL
    SELECT w, 'watch', g FROM ops.watched() w, unnest(ARRAY['audit_insert', 'audit_update', 'audit_delete']) AS g
  )
  SELECT format('%s %s on %s', kind, name, oid::regclass) FROM wanted w
   WHERE CASE WHEN kind = 'rule'
     THEN NOT EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = w.oid AND r.rulename = w.name AND r.ev_enabled = 'A')
     ELSE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = w.oid AND t.tgname = w.name
                         AND t.tgenabled = CASE WHEN kind = 'watch' THEN 'O' ELSE 'A' END) END
  UNION ALL
  SELECT format('event trigger %s', name) FROM unnest(ARRAY['sigilo_guard_drop', 'sigilo_guard_alter']) AS name
   WHERE NOT EXISTS (SELECT FROM pg_event_trigger WHERE evtname = name AND evtenabled = 'A')
  UNION ALL
  SELECT format('partition of %s for %s', relname, to_char(month, 'YYYY-MM'))
    FROM parent, generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'),
                                 date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months', interval '1 month') AS month
   WHERE to_regclass(format('trail.%I', relname || '_' || to_char(month, 'YYYY_MM'))) IS NULL
$$;
REVOKE EXECUTE ON FUNCTION ops.trail_gaps() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.trail_gaps() TO sigilo_owner, sigilo_sealer;

-- Rules and guards for one partition of the ledger: none of the parent's rules reach it.
CREATE FUNCTION ops.guard_partition(part regclass, parent text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', part);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', part);
  IF parent = 'audit_details' THEN RETURN; END IF;
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = part AND tgname = 'no_truncate') THEN
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %s
                      FOR EACH STATEMENT EXECUTE FUNCTION app.fn_append_only()', part);
  END IF;
  IF parent = 'audit_logs' THEN
    -- Each is made and fixed before the next: an event trigger looks after every ALTER TABLE.
    EXECUTE format('CREATE OR REPLACE RULE audit_logs_no_update AS ON UPDATE TO %s DO INSTEAD NOTHING', part);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS RULE audit_logs_no_update', part);
    EXECUTE format('CREATE OR REPLACE RULE audit_logs_no_delete AS ON DELETE TO %s DO INSTEAD NOTHING', part);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS RULE audit_logs_no_delete', part);
  END IF;
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER no_truncate', part);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER no_change', part);
END
$$;
REVOKE EXECUTE ON FUNCTION ops.guard_partition(regclass, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION ops.ensure_partitions(ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  home text;
  parent text;
  month date;
  part text;
  made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('sigilo.ensure_partitions'));
  FOR home, parent IN VALUES ('public', 'audit_logs'), ('public', 'audit_trail'), ('public', 'access_logs'), ('trail', 'audit_details') LOOP
    FOR step IN 0 .. ahead LOOP
      month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => step))::date;
      part := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
      CONTINUE WHEN to_regclass(format('trail.%I', part)) IS NOT NULL;
      EXECUTE format('CREATE TABLE trail.%I PARTITION OF %I.%I FOR VALUES FROM (%L) TO (%L)', part, home, parent,
                     to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00',
                     to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
      PERFORM ops.guard_partition(format('trail.%I', part)::regclass, parent);
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;
SELECT ops.guard_partition(i.inhrelid::regclass, p.relname)
  FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent WHERE p.relname IN ('audit_logs', 'audit_trail', 'access_logs');
SELECT ops.ensure_partitions(3);
SELECT ops.baseline();
