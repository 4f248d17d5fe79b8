-- The audit console: who may look, for how long, what was asked, and the role that reads for it.

-- Permission to use the console, for a period. Nobody gives it to themselves.
CREATE TABLE public.audit_grants (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  granted_to uuid NOT NULL,
  -- Null where the installation's operator gave it, from the command line.
  granted_by uuid,
  purpose text NOT NULL CHECK (length(btrim(purpose)) BETWEEN 5 AND 300),
  starts_at timestamptz NOT NULL DEFAULT now(),
  ends_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoked_by uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, granted_to) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, granted_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, revoked_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CONSTRAINT audit_grants_not_to_oneself CHECK (granted_by IS DISTINCT FROM granted_to),
  CONSTRAINT audit_grants_period CHECK (ends_at > starts_at AND ends_at <= starts_at + interval '90 days'),
  CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX audit_grants_live ON public.audit_grants (clinic_id, granted_to, ends_at) WHERE revoked_at IS NULL;

-- Whom it goes to, and by whose word, are the database's own knowledge.
CREATE FUNCTION public.fn_audit_grant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.starts_at := now();
    NEW.created_at := now();
    IF NOT EXISTS (SELECT FROM public.members m
                    WHERE m.clinic_id = NEW.clinic_id AND m.user_id = NEW.granted_to AND m.status = 'active'
                      AND m.roles && ARRAY['dpo', 'auditor']) THEN
      RAISE EXCEPTION 'only to an active auditor or DPO' USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_grants_to';
    END IF;
  ELSE
    IF OLD.revoked_at IS NOT NULL THEN
      RAISE EXCEPTION 'revoked once' USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_grants_once';
    END IF;
    NEW.revoked_at := now();
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON public.audit_grants
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_grant();
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON public.audit_grants
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();

-- What was asked in the console: written before it runs, finished afterwards. A row that stays `running` was interrupted.
CREATE TABLE public.audit_console_runs (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL DEFAULT app.user_id(),
  kind text NOT NULL CHECK (kind IN ('manual', 'sql', 'table', 'csv', 'json')),
  query_number integer CHECK (query_number BETWEEN 1 AND 34),
  sql_text text NOT NULL CHECK (length(sql_text) BETWEEN 1 AND 20000),
  unmasked boolean NOT NULL DEFAULT false,
  reason text CHECK (length(btrim(reason)) BETWEEN 5 AND 300),
  outcome text NOT NULL DEFAULT 'running'
    CHECK (outcome IN ('running', 'done', 'refused', 'failed', 'timeout')),
  detail text CHECK (length(detail) <= 500),
  row_count bigint CHECK (row_count >= 0),
  byte_count bigint CHECK (byte_count >= 0),
  truncated boolean,
  duration_ms integer CHECK (duration_ms >= 0),
  result_hash text CHECK (result_hash ~ '^[0-9a-f]{64}$'),
  verdict text CHECK (verdict IN ('ok', 'attention', 'problem', 'empty', 'information')),
  started_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, user_id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK (NOT unmasked OR reason IS NOT NULL),
  CHECK ((outcome = 'running') = (finished_at IS NULL)),
  CHECK ((outcome = 'done') = (result_hash IS NOT NULL))
);
CREATE INDEX audit_console_runs_recent ON public.audit_console_runs (clinic_id, started_at DESC, id DESC);

-- A run is finished once, and nothing else of it changes.
CREATE FUNCTION public.fn_console_run() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.started_at := now();
  ELSE
    IF OLD.outcome <> 'running' THEN
      RAISE EXCEPTION 'a run is finished once' USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_console_runs_once';
    END IF;
    NEW.finished_at := clock_timestamp();
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON public.audit_console_runs
  FOR EACH ROW EXECUTE FUNCTION public.fn_console_run();

-- Who may look ------------------------------------------------------------------------------

-- Whether the signed-in member is an auditor or DPO under a live grant. Asked again by every query, so that an end or a
-- revocation takes effect at once.
CREATE FUNCTION app.may_audit() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  RETURN (app.has_role('dpo') OR app.has_role('auditor'))
     AND EXISTS (SELECT FROM public.audit_grants g
                  WHERE g.clinic_id = app.clinic_id() AND g.granted_to = app.user_id() AND g.revoked_at IS NULL
                    AND g.starts_at <= now() AND g.ends_at > now());
END
$$;

-- Puts the session into a transaction of the console. Errors: SG401 without a live session, SG403 without a live grant.
CREATE FUNCTION app.enter_console(token text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  PERFORM set_config('app.token', enter_console.token, true);
  IF NOT app.may_audit() THEN
    RAISE EXCEPTION 'no live grant' USING ERRCODE = 'SG403';
  END IF;
END
$$;

DO $$
DECLARE f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['app.may_audit()', 'app.enter_console(text)', 'public.fn_audit_grant()'] LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('ALTER FUNCTION %s OWNER TO sigilo_gate', f);
  END LOOP;
END
$$;
GRANT USAGE ON SCHEMA app TO sigilo_console;
GRANT EXECUTE ON FUNCTION app.may_audit() TO sigilo_app, sigilo_console;
GRANT EXECUTE ON FUNCTION app.enter_console(text), app.clinic_id() TO sigilo_console;

-- Row-level security ------------------------------------------------------------------------

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['audit_grants', 'audit_console_runs'] LOOP
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY clinic_floor ON public.%I AS RESTRICTIVE TO sigilo_app
                      USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()))', t);
    EXECUTE format('CREATE POLICY audit ON public.%I FOR SELECT TO sigilo_auditor USING (true)', t);
    EXECUTE format('GRANT SELECT ON public.%I TO sigilo_auditor', t);
  END LOOP;
END
$$;

CREATE POLICY own_grants ON public.audit_grants FOR SELECT TO sigilo_app USING (granted_to = (SELECT app.user_id()));
CREATE POLICY managers ON public.audit_grants TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')))
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')));
-- By whose word is not for the application to say.
CREATE POLICY own_word ON public.audit_grants AS RESTRICTIVE FOR INSERT TO sigilo_app
  WITH CHECK (granted_by = (SELECT app.user_id()));
CREATE POLICY own_revocation ON public.audit_grants AS RESTRICTIVE FOR UPDATE TO sigilo_app
  USING (true) WITH CHECK (revoked_by = (SELECT app.user_id()));
ALTER TABLE public.audit_grants ALTER COLUMN granted_by SET DEFAULT app.user_id();
GRANT SELECT, INSERT (granted_to, purpose, ends_at), UPDATE (revoked_by) ON public.audit_grants TO sigilo_app;
CREATE POLICY operator ON public.audit_grants FOR INSERT TO sigilo_auth WITH CHECK (granted_by IS NULL);
GRANT INSERT (clinic_id, granted_to, granted_by, purpose, ends_at) ON public.audit_grants TO sigilo_auth;
CREATE POLICY gate ON public.audit_grants FOR SELECT TO sigilo_gate USING (true);
GRANT SELECT ON public.audit_grants TO sigilo_gate;

CREATE POLICY auditors ON public.audit_console_runs FOR SELECT TO sigilo_app
  USING ((SELECT app.may_audit() OR app.has_role('owner')));
CREATE POLICY own_run ON public.audit_console_runs FOR INSERT TO sigilo_app
  WITH CHECK (user_id = (SELECT app.user_id()) AND (SELECT app.may_audit()));
-- A run that began under a grant may be finished although the grant has ended meanwhile.
CREATE POLICY own_end ON public.audit_console_runs FOR UPDATE TO sigilo_app
  USING (user_id = (SELECT app.user_id())) WITH CHECK (user_id = (SELECT app.user_id()));
CREATE POLICY own_runs ON public.audit_console_runs FOR SELECT TO sigilo_app USING (user_id = (SELECT app.user_id()));
GRANT SELECT, INSERT (kind, query_number, sql_text, unmasked, reason),
  UPDATE (outcome, detail, row_count, byte_count, truncated, duration_ms, result_hash, verdict)
  ON public.audit_console_runs TO sigilo_app;

-- Who grants needs to see whom; who audits, who it was.
CREATE POLICY colleagues ON public.members FOR SELECT TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo') OR app.may_audit()));

-- Opens a table of schema public to the console: the clinic and the live grant are the floor.
CREATE FUNCTION ops.open_to_console(wanted regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  own text := CASE WHEN wanted = 'public.clinics'::regclass THEN 'id' ELSE 'clinic_id' END;
BEGIN
  EXECUTE format('CREATE POLICY console_floor ON %s AS RESTRICTIVE FOR SELECT TO sigilo_console
                    USING (%I = (SELECT app.clinic_id()) AND (SELECT app.may_audit()))', wanted, own);
  EXECUTE format('CREATE POLICY console ON %s FOR SELECT TO sigilo_console USING (true)', wanted);
  EXECUTE format('GRANT SELECT ON %s TO sigilo_console', wanted);
END
$$;
SELECT ops.open_to_console(c.oid::regclass) FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p');
