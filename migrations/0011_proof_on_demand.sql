-- What a manager shows an auditor: simulations, which run the manual's eight demonstrations in a clinic of their own, and
-- reports.

-- A simulation, registered in the clinic that asked for it.
CREATE TABLE public.audit_simulations (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL DEFAULT app.user_id(),
  -- The clinics that were made up for it. Whoever asked cannot read them; only the simulation's own people can.
  simulated_clinics uuid[] NOT NULL DEFAULT '{}',
  -- What was done and found, one object a demonstration, as the report has it.
  demonstrations jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(demonstrations) = 'array'),
  -- As the worst demonstration; null while it runs.
  outcome text CHECK (outcome IN ('ok', 'attention', 'problem')),
  detail text CHECK (length(detail) <= 500),
  product_version text NOT NULL CHECK (length(product_version) BETWEEN 1 AND 60),
  started_at timestamptz NOT NULL DEFAULT now(),
  -- When it last got on. What has not for minutes was interrupted.
  moved_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, user_id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK ((outcome IS NULL) = (finished_at IS NULL))
);
-- One at a time: it makes people and asks the assistant.
CREATE UNIQUE INDEX audit_simulations_running ON public.audit_simulations (clinic_id) WHERE finished_at IS NULL;

CREATE FUNCTION public.fn_simulation() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  NEW.moved_at := clock_timestamp();
  IF TG_OP = 'INSERT' THEN
    NEW.started_at := now();
  ELSIF OLD.finished_at IS NOT NULL THEN
    RAISE EXCEPTION 'a finished simulation stays as it is' USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_simulations_final';
  ELSE
    NEW.finished_at := CASE WHEN NEW.outcome IS NOT NULL THEN clock_timestamp() END;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON public.audit_simulations
  FOR EACH ROW EXECUTE FUNCTION public.fn_simulation();

-- A report that was issued.
CREATE TABLE public.audit_reports (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  -- Stands in the report itself, so the application may choose it.
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL DEFAULT app.user_id(),
  simulation_id uuid,
  period_from date NOT NULL,
  period_to date NOT NULL,
  -- How many of the manual's queries came out how.
  queries_ok integer NOT NULL CHECK (queries_ok >= 0),
  queries_attention integer NOT NULL CHECK (queries_attention >= 0),
  queries_problem integer NOT NULL CHECK (queries_problem >= 0),
  queries_other integer NOT NULL CHECK (queries_other >= 0),
  product_version text NOT NULL CHECK (length(product_version) BETWEEN 1 AND 60),
  issued_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, user_id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, simulation_id) REFERENCES public.audit_simulations (clinic_id, id) ON DELETE RESTRICT,
  CONSTRAINT audit_reports_period CHECK (period_from <= period_to),
  CHECK (queries_ok + queries_attention + queries_problem + queries_other <= 34)
);
CREATE INDEX audit_reports_recent ON public.audit_reports (clinic_id, created_at DESC);

-- Its files, as they were handed out: whoever has one can find out whether it is one of these.
CREATE TABLE public.audit_report_files (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id(),
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  report_id uuid NOT NULL,
  form text NOT NULL CHECK (form IN ('pdf', 'html', 'json')),
  content bytea NOT NULL CHECK (length(content) BETWEEN 1 AND 33554432),
  -- The database's own: nobody says what a file's hash is.
  content_hash text NOT NULL GENERATED ALWAYS AS (encode(sha256(content), 'hex')) STORED,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  UNIQUE (clinic_id, report_id, form),
  FOREIGN KEY (clinic_id, report_id) REFERENCES public.audit_reports (clinic_id, id) ON DELETE RESTRICT
);
CREATE INDEX audit_report_files_hash ON public.audit_report_files (content_hash);
-- Already compressed, or compressed poorly: read as a whole either way.
ALTER TABLE public.audit_report_files ALTER COLUMN content SET STORAGE EXTERNAL;

-- Who may ------------------------------------------------------------------------------------

DO $$
DECLARE t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['public.audit_simulations', 'public.audit_reports', 'public.audit_report_files']::regclass[] LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY clinic_floor ON %s AS RESTRICTIVE TO sigilo_app
      USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()))', t);
    EXECUTE format('CREATE POLICY readers ON %s FOR SELECT TO sigilo_app
      USING ((SELECT app.may_audit() OR app.has_role(''owner'') OR app.has_role(''dpo'')))', t);
    EXECUTE format('CREATE POLICY audit ON %s FOR SELECT TO sigilo_auditor USING (true)', t);
    EXECUTE format('GRANT SELECT ON %s TO sigilo_auditor', t);
    EXECUTE format('GRANT SELECT ON %s TO sigilo_app', t);
    PERFORM ops.open_to_console(t);
  END LOOP;
END
$$;

-- What somebody did stays theirs to see when they audit no more (LGPD art. 18, II).
CREATE POLICY own ON public.audit_simulations FOR SELECT TO sigilo_app USING (user_id = (SELECT app.user_id()));
CREATE POLICY own ON public.audit_reports FOR SELECT TO sigilo_app USING (user_id = (SELECT app.user_id()));

CREATE POLICY makers ON public.audit_simulations FOR INSERT TO sigilo_app
  WITH CHECK (user_id = (SELECT app.user_id())
              AND (SELECT app.may_audit() OR app.has_role('owner') OR app.has_role('dpo')));
-- Also somebody else's, where it was interrupted and is to be closed.
CREATE POLICY movers ON public.audit_simulations FOR UPDATE TO sigilo_app
  USING ((SELECT app.may_audit() OR app.has_role('owner') OR app.has_role('dpo')))
  WITH CHECK ((SELECT app.may_audit() OR app.has_role('owner') OR app.has_role('dpo')));
GRANT INSERT (product_version), UPDATE (simulated_clinics, demonstrations, outcome, detail)
  ON public.audit_simulations TO sigilo_app;

-- Reports read by the console, so they need its grant. Never changed, never deleted.
CREATE POLICY issuers ON public.audit_reports FOR INSERT TO sigilo_app
  WITH CHECK (user_id = (SELECT app.user_id()) AND (SELECT app.may_audit()));
GRANT INSERT (id, simulation_id, period_from, period_to, queries_ok, queries_attention, queries_problem, queries_other,
              product_version, issued_at) ON public.audit_reports TO sigilo_app;
CREATE POLICY issuers ON public.audit_report_files FOR INSERT TO sigilo_app WITH CHECK ((SELECT app.may_audit()));
GRANT INSERT (report_id, form, content) ON public.audit_report_files TO sigilo_app;

-- Whether a file is a report of this installation. Whoever can name its hash has the file, and reads no more here than
-- its cover says.
CREATE POLICY gate ON public.audit_reports FOR SELECT TO sigilo_gate USING (true);
CREATE POLICY gate ON public.audit_report_files FOR SELECT TO sigilo_gate USING (true);
GRANT SELECT ON public.audit_reports, public.audit_report_files TO sigilo_gate;
CREATE FUNCTION app.report_by_hash(hash text)
RETURNS TABLE (clinic_name text, form text, report_id uuid, period_from date, period_to date, issued_at timestamptz, product_version text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT c.name, f.form, r.id, r.period_from, r.period_to, r.issued_at, r.product_version
    FROM public.audit_report_files f
    JOIN public.audit_reports r ON (r.clinic_id, r.id) = (f.clinic_id, f.report_id)
    JOIN public.clinics c ON c.id = r.clinic_id
   WHERE f.content_hash = report_by_hash.hash
   LIMIT 1
$$;
REVOKE EXECUTE ON FUNCTION app.report_by_hash(text) FROM PUBLIC;
ALTER FUNCTION app.report_by_hash(text) OWNER TO sigilo_gate;
GRANT EXECUTE ON FUNCTION app.report_by_hash(text) TO sigilo_auth;
