-- The trail: access logs, the audit ledger and its event headers. Append-only, in monthly
-- partitions that live in schema `trail`, out of every login's reach.
--
-- There are no foreign keys here on purpose: a row of the trail outlives what it speaks of,
-- and ON DELETE actions cannot pass the rules below.

-- Sign-ins, sign-outs and failures (Marco Civil da Internet, art. 15). A failure may belong
-- to no clinic and no account, so both columns may be null.
CREATE TABLE public.access_logs (
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  clinic_id uuid,
  user_id uuid,
  session_id uuid,
  action text NOT NULL CHECK (action IN ('login', 'logout', 'failed_login', 'unlock', 'session_ended')),
  ip_address inet,
  user_agent text,
  geo_location jsonb,
  success boolean NOT NULL,
  failure_reason text,
  session_duration_seconds integer CHECK (session_duration_seconds >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (id, created_at),
  CHECK (success = (failure_reason IS NULL))
) PARTITION BY RANGE (created_at);
CREATE INDEX access_logs_user ON public.access_logs (user_id, created_at DESC);
CREATE INDEX access_logs_action ON public.access_logs (action, created_at DESC);

-- One row an audited request: who, from where, what kind of act, at which risk.
CREATE TABLE public.audit_trail (
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  clinic_id uuid,
  user_id uuid,
  patient_id uuid,
  action text NOT NULL CHECK (action IN ('view', 'create', 'update', 'delete', 'export', 'login', 'logout')),
  resource text NOT NULL,
  resource_type text NOT NULL,
  resource_id text,
  ip_address inet,
  user_agent text,
  session_id uuid,
  request_id uuid,
  status text NOT NULL DEFAULT 'success' CHECK (status IN ('success', 'refused', 'failed')),
  risk_level text NOT NULL DEFAULT 'low' CHECK (risk_level IN ('low', 'medium', 'high', 'critical')),
  additional_info jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX audit_trail_clinic ON public.audit_trail (clinic_id, created_at DESC);

-- The ledger: every event and every change of the watched tables. It holds no clinical and
-- no identifying data (SBIS NGS1.07.06): names of changed fields, hashes and pointers.
CREATE TABLE public.audit_logs (
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  audit_trail_id uuid,
  clinic_id uuid,
  user_id uuid,
  patient_id uuid,
  action text NOT NULL CHECK (action ~ '^[a-z][a-z_]*$'),
  action_type text NOT NULL CHECK (action_type IN ('view', 'create', 'update', 'delete', 'export', 'login', 'logout')),
  resource_type text NOT NULL,
  resource_id text,
  entity_type text GENERATED ALWAYS AS (resource_type) STORED,
  entity_id text GENERATED ALWAYS AS (resource_id) STORED,
  details jsonb NOT NULL DEFAULT '{}',
  -- Snapshots would put personal data into rows that can never be erased: what is stored is
  -- {"hash": …} over (nonce, row image), and the names of the fields.
  old_data jsonb CHECK (old_data IS NULL OR (old_data ?& ARRAY['hash'] AND old_data - ARRAY['hash', 'algorithm'] = '{}')),
  new_data jsonb CHECK (new_data IS NULL OR (new_data ?& ARRAY['hash'] AND new_data - ARRAY['hash', 'algorithm'] = '{}')),
  changed_fields text[],
  nonce uuid NOT NULL DEFAULT gen_random_uuid(),
  request_id uuid,
  session_id uuid,
  ip_address inet,
  user_agent text,
  risk_level text NOT NULL DEFAULT 'low' CHECK (risk_level IN ('low', 'medium', 'high', 'critical')),
  compliance_status text,
  violation_type text,
  category text NOT NULL DEFAULT 'data',
  severity text NOT NULL DEFAULT 'info' CHECK (severity IN ('info', 'warning', 'critical')),
  created_at timestamptz NOT NULL DEFAULT now(),
  -- A row of the ledger never changes: the column exists for readers of the other model.
  updated_at timestamptz GENERATED ALWAYS AS (created_at) STORED,
  PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX audit_logs_clinic ON public.audit_logs (clinic_id, created_at DESC);
CREATE INDEX audit_logs_action ON public.audit_logs (action, created_at DESC);
CREATE INDEX audit_logs_resource ON public.audit_logs (resource_type, resource_id);
CREATE INDEX audit_logs_user ON public.audit_logs (user_id, created_at DESC);

-- Append-only -----------------------------------------------------------------------------

CREATE FUNCTION app.fn_append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: the trail is append-only', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE RULE audit_logs_no_update AS ON UPDATE TO public.audit_logs DO INSTEAD NOTHING;
CREATE RULE audit_logs_no_delete AS ON DELETE TO public.audit_logs DO INSTEAD NOTHING;
ALTER TABLE public.audit_logs ENABLE ALWAYS RULE audit_logs_no_update;
ALTER TABLE public.audit_logs ENABLE ALWAYS RULE audit_logs_no_delete;

-- The rules answer silently and stop neither TRUNCATE nor a statement on a partition.
-- These guards raise, on the parents here and on each partition where it is made.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['audit_logs', 'audit_trail', 'access_logs'] LOOP
    EXECUTE format('CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON public.%I
                      FOR EACH ROW EXECUTE FUNCTION app.fn_append_only()', t);
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON public.%I
                      FOR EACH STATEMENT EXECUTE FUNCTION app.fn_append_only()', t);
    EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER no_change', t);
    EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER no_truncate', t);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY clinic_floor ON public.%I AS RESTRICTIVE TO sigilo_app
                      USING (clinic_id = (SELECT app.clinic_id()))', t);
    EXECUTE format('CREATE POLICY own_rows ON public.%I FOR SELECT TO sigilo_app
                      USING (user_id = (SELECT app.user_id()))', t);
    EXECUTE format('CREATE POLICY writer ON public.%I FOR INSERT TO sigilo_trail WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY audit ON public.%I FOR SELECT TO sigilo_auditor USING (true)', t);
    EXECUTE format('GRANT INSERT ON public.%I TO sigilo_trail', t);
    EXECUTE format('GRANT SELECT ON public.%I TO sigilo_auditor', t);
  END LOOP;
END
$$;
GRANT SELECT ON public.access_logs TO sigilo_app;

-- Makes the partitions of this month and of the next `ahead` months, with every guard.
-- Returns how many were missing. Safe to repeat and to run twice at once.
CREATE FUNCTION ops.ensure_partitions(ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  parent text;
  month date;
  part text;
  made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('sigilo.ensure_partitions'));
  FOREACH parent IN ARRAY ARRAY['audit_logs', 'audit_trail', 'access_logs'] LOOP
    FOR step IN 0 .. ahead LOOP
      month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => step))::date;
      part := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
      CONTINUE WHEN to_regclass(format('trail.%I', part)) IS NOT NULL;
      EXECUTE format('CREATE TABLE trail.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)', part, parent,
                     to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00',
                     to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
      EXECUTE format('ALTER TABLE trail.%I ENABLE ROW LEVEL SECURITY', part);
      EXECUTE format('ALTER TABLE trail.%I FORCE ROW LEVEL SECURITY', part);
      EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON trail.%I
                        FOR EACH STATEMENT EXECUTE FUNCTION app.fn_append_only()', part);
      EXECUTE format('ALTER TABLE trail.%I ENABLE ALWAYS TRIGGER no_truncate', part);
      EXECUTE format('ALTER TABLE trail.%I ENABLE ALWAYS TRIGGER no_change', part);
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;
GRANT EXECUTE ON FUNCTION ops.ensure_partitions(integer) TO sigilo_jobs;
SELECT ops.ensure_partitions(3);

-- Writers ---------------------------------------------------------------------------------

-- A setting of the request, or null where none was made. Without a search path of its own, so that the planner can
-- write it into its callers, which all have one.
CREATE FUNCTION app.setting(name text) RETURNS text
LANGUAGE sql STABLE
AS $$ SELECT nullif(pg_catalog.current_setting('app.' OPERATOR(pg_catalog.||) name, true), '') $$;
GRANT EXECUTE ON FUNCTION app.setting(text) TO sigilo_trail;

-- Appends the event of a write: its header and its row of the ledger, under one id that the
-- rows written by triggers in the same transaction carry too.
CREATE FUNCTION app.audit(action text, action_type text, resource_type text, resource_id text,
                          details jsonb, risk_level text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  who record;
  header uuid := coalesce(app.setting('trail_id')::uuid, app.uuid_v7());
BEGIN
  SELECT * INTO who FROM app.whoami();
  INSERT INTO public.audit_trail (id, clinic_id, user_id, action, resource, resource_type, resource_id,
                                  ip_address, user_agent, session_id, request_id, risk_level)
  VALUES (header, who.clinic_id, who.user_id, audit.action_type, audit.action, audit.resource_type, audit.resource_id,
          app.setting('ip')::inet, app.setting('user_agent'), who.session_id, app.setting('request_id')::uuid,
          audit.risk_level);
  INSERT INTO public.audit_logs (audit_trail_id, clinic_id, user_id, action, action_type, resource_type, resource_id,
                                 details, request_id, session_id, ip_address, user_agent, risk_level, category)
  VALUES (header, who.clinic_id, who.user_id, audit.action, audit.action_type, audit.resource_type, audit.resource_id,
          audit.details, app.setting('request_id')::uuid, who.session_id, app.setting('ip')::inet,
          app.setting('user_agent'), audit.risk_level, 'event');
END
$$;

-- Records a sign-in, a sign-out or a failure in both logs. For the sign-in code and the jobs,
-- which run outside a session and therefore name the account themselves.
CREATE FUNCTION app.log_access(clinic_id uuid, user_id uuid, session_id uuid, action text,
                               failure_reason text, duration_seconds integer) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  header uuid := app.uuid_v7();
  kind text := CASE WHEN log_access.action IN ('logout', 'session_ended') THEN 'logout' ELSE 'login' END;
  failed boolean := log_access.failure_reason IS NOT NULL;
BEGIN
  INSERT INTO public.access_logs (clinic_id, user_id, session_id, action, ip_address, user_agent, success,
                                  failure_reason, session_duration_seconds)
  VALUES (log_access.clinic_id, log_access.user_id, log_access.session_id, log_access.action,
          app.setting('ip')::inet, app.setting('user_agent'), NOT failed,
          log_access.failure_reason, log_access.duration_seconds);
  INSERT INTO public.audit_trail (id, clinic_id, user_id, action, resource, resource_type, resource_id, ip_address,
                                  user_agent, session_id, request_id, status, risk_level)
  VALUES (header, log_access.clinic_id, log_access.user_id, kind, log_access.action, 'session',
          log_access.session_id::text, app.setting('ip')::inet, app.setting('user_agent'), log_access.session_id,
          app.setting('request_id')::uuid, CASE WHEN failed THEN 'refused' ELSE 'success' END,
          CASE WHEN failed THEN 'medium' ELSE 'low' END);
  INSERT INTO public.audit_logs (audit_trail_id, clinic_id, user_id, action, action_type, resource_type, resource_id,
                                 details, request_id, session_id, ip_address, user_agent, risk_level, category, severity)
  VALUES (header, log_access.clinic_id, log_access.user_id, log_access.action, kind, 'session',
          log_access.session_id::text,
          jsonb_strip_nulls(jsonb_build_object('success', NOT failed, 'failure_reason', log_access.failure_reason,
                                               'session_duration_seconds', log_access.duration_seconds)),
          app.setting('request_id')::uuid, log_access.session_id, app.setting('ip')::inet, app.setting('user_agent'),
          CASE WHEN failed THEN 'medium' ELSE 'low' END, 'access',
          CASE WHEN failed THEN 'warning' ELSE 'info' END);
END
$$;

-- Writes the ledger's row for a change of a watched table; nobody has to remember it.
CREATE FUNCTION public.fn_audit_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC'
AS $$
DECLARE
  who record;
  before jsonb;
  after jsonb;
  seed uuid := gen_random_uuid();
  kind text := CASE TG_OP WHEN 'INSERT' THEN 'create' WHEN 'UPDATE' THEN 'update' ELSE 'delete' END;
  named text := kind;
  fields text[];
  subject jsonb;
BEGIN
  IF TG_OP <> 'INSERT' THEN before := to_jsonb(OLD); END IF;
  IF TG_OP <> 'DELETE' THEN after := to_jsonb(NEW); END IF;
  subject := coalesce(after, before);

  IF TG_OP = 'UPDATE' THEN
    SELECT array_agg(key ORDER BY key COLLATE "C") INTO fields
      FROM jsonb_each(after) WHERE value IS DISTINCT FROM before -> key AND key <> 'updated_at';
    IF fields IS NULL THEN RETURN NULL; END IF;
  END IF;

  named := CASE
    WHEN TG_TABLE_NAME = 'consent_records' AND TG_OP = 'INSERT' AND (after ->> 'granted')::boolean THEN 'consent_granted'
    WHEN TG_TABLE_NAME = 'consent_records' AND TG_OP = 'UPDATE' AND NOT (after ->> 'granted')::boolean
         AND (before ->> 'granted')::boolean THEN 'consent_revoked'
    WHEN TG_TABLE_NAME = 'data_subject_requests' AND TG_OP = 'INSERT' THEN 'data_request_created'
    WHEN TG_TABLE_NAME = 'data_subject_requests' AND TG_OP = 'UPDATE' AND after ->> 'status' = 'completed'
         AND before ->> 'status' <> 'completed' THEN 'data_request_completed'
    ELSE kind END;

  SELECT * INTO who FROM app.whoami();
  INSERT INTO public.audit_logs (audit_trail_id, clinic_id, user_id, patient_id, action, action_type, resource_type,
                                 resource_id, details, old_data, new_data, changed_fields, nonce, request_id, session_id,
                                 ip_address, user_agent, category)
  VALUES (
    app.setting('trail_id')::uuid,
    coalesce(who.clinic_id, (subject ->> 'clinic_id')::uuid),
    coalesce(who.user_id, (subject ->> 'user_id')::uuid, (subject ->> 'requester_user_id')::uuid,
             CASE WHEN TG_TABLE_NAME = 'profiles' THEN (subject ->> 'id')::uuid END),
    (subject ->> 'patient_id')::uuid,
    named, kind, TG_TABLE_NAME, subject ->> 'id',
    jsonb_strip_nulls(jsonb_build_object(
      'operation', TG_OP,
      'changed', to_jsonb(fields),
      'consent_type', subject -> 'consent_type', 'consent_version', subject -> 'consent_version',
      'request_type', subject -> 'request_type', 'status', subject -> 'status', 'deadline_at', subject -> 'deadline_at',
      'role', CASE WHEN TG_TABLE_NAME = 'messages' THEN subject -> 'role' END,
      'content_hash', subject -> 'content_hash')),
    CASE WHEN before IS NOT NULL THEN jsonb_build_object('algorithm', 'sha256(nonce || row)',
      'hash', encode(sha256(uuid_send(seed) || convert_to(before::text, 'UTF8')), 'hex')) END,
    CASE WHEN after IS NOT NULL THEN jsonb_build_object('algorithm', 'sha256(nonce || row)',
      'hash', encode(sha256(uuid_send(seed) || convert_to(after::text, 'UTF8')), 'hex')) END,
    fields, seed, app.setting('request_id')::uuid, who.session_id, app.setting('ip')::inet, app.setting('user_agent'),
    'data');
  RETURN NULL;
END
$$;

DO $$
DECLARE f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['app.audit(text, text, text, text, jsonb, text)',
                           'app.log_access(uuid, uuid, uuid, text, text, integer)', 'public.fn_audit_trigger()'] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO sigilo_trail', f);
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION app.audit(text, text, text, text, jsonb, text) TO sigilo_app, sigilo_auth;
GRANT EXECUTE ON FUNCTION app.log_access(uuid, uuid, uuid, text, text, integer) TO sigilo_auth, sigilo_jobs;

CREATE TRIGGER audit AFTER INSERT OR UPDATE ON public.profiles
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();
