-- Security incidents as Resolução CD/ANPD nº 15/2024 wants them: when it became known, whether it must be told, the clocks,
-- and the contents of the notice. The register is never deleted and keeps also what was not told (art. 10).

ALTER TABLE public.security_incident_logs
  ALTER COLUMN clinic_id SET DEFAULT app.clinic_id(),
  ADD COLUMN status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
  ADD COLUMN occurred_at timestamptz,
  -- When the clinic came to know that personal data were affected: the clocks run from here (art. 6).
  ADD COLUMN knowledge_at timestamptz,
  -- Whether it must be told; null while nobody has judged.
  ADD COLUMN notifiable boolean,
  ADD COLUMN not_notifiable_reason text CHECK (length(btrim(not_notifiable_reason)) BETWEEN 10 AND 4000),
  ADD COLUMN anpd_deadline_at timestamptz,
  ADD COLUMN supplement_deadline_at timestamptz,
  ADD COLUMN subjects_deadline_at timestamptz,
  ADD COLUMN anpd_reported_at timestamptz,
  ADD COLUMN supplement_reported_at timestamptz,
  ADD COLUMN subjects_notified_at timestamptz,
  -- The contents of the notice (art. 6, § 2), by their code.
  ADD COLUMN contents jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(contents) = 'object'),
  ADD COLUMN created_by uuid,
  ADD COLUMN version integer NOT NULL DEFAULT 1,
  ADD CONSTRAINT incidents_judged CHECK (notifiable IS DISTINCT FROM false OR not_notifiable_reason IS NOT NULL),
  ADD CONSTRAINT incidents_order CHECK (supplement_reported_at IS NULL OR anpd_reported_at IS NOT NULL),
  ADD CONSTRAINT incidents_closed CHECK ((status = 'closed') = (resolved_at IS NOT NULL)),
  -- Nothing is closed before it is judged, and what must be told was told.
  ADD CONSTRAINT incidents_whole CHECK (status = 'open' OR notifiable IS NOT NULL
    AND (NOT notifiable OR (anpd_reported_at IS NOT NULL AND subjects_notified_at IS NOT NULL)));

CREATE FUNCTION public.fn_incident() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.created_at := now();
    NEW.version := 1;
    NEW.status := 'open';
    NEW.resolved_at := NULL;
    NEW.anpd_reported_at := NULL;
    NEW.supplement_reported_at := NULL;
    NEW.subjects_notified_at := NULL;
  ELSE
    IF OLD.status = 'closed' THEN
      RAISE EXCEPTION 'a closed incident stays as it is' USING ERRCODE = 'check_violation', CONSTRAINT = 'incidents_final';
    END IF;
    NEW.created_at := OLD.created_at;
    NEW.created_by := OLD.created_by;
    NEW.clinic_id := OLD.clinic_id;
    NEW.is_simulation := OLD.is_simulation;
    NEW.version := OLD.version + 1;
    -- What was done is done, and its instant is the database's.
    NEW.anpd_reported_at := coalesce(OLD.anpd_reported_at, CASE WHEN NEW.anpd_reported_at IS NOT NULL THEN now() END);
    NEW.supplement_reported_at := coalesce(OLD.supplement_reported_at, CASE WHEN NEW.supplement_reported_at IS NOT NULL THEN now() END);
    NEW.subjects_notified_at := coalesce(OLD.subjects_notified_at, CASE WHEN NEW.subjects_notified_at IS NOT NULL THEN now() END);
    NEW.resolved_at := CASE WHEN NEW.status = 'closed' THEN now() END;
  END IF;
  IF NEW.knowledge_at > now() OR NEW.occurred_at > now() THEN
    RAISE EXCEPTION 'not yet' USING ERRCODE = 'check_violation', CONSTRAINT = 'incidents_future';
  END IF;
  NEW.reported_to_anpd := NEW.anpd_reported_at IS NOT NULL AND NOT NEW.is_simulation;
  NEW.anpd_deadline_at := app.add_business_days(NEW.knowledge_at, 3);
  NEW.supplement_deadline_at := app.add_business_days(NEW.knowledge_at, 20);
  NEW.subjects_deadline_at := app.add_business_days(NEW.knowledge_at, 3);
  RETURN NEW;
END
$$;
CREATE TRIGGER clocks BEFORE INSERT OR UPDATE ON public.security_incident_logs
  FOR EACH ROW EXECUTE FUNCTION public.fn_incident();
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON public.security_incident_logs
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();
ALTER TABLE public.security_incident_logs ALTER COLUMN created_by SET DEFAULT app.user_id();

CREATE POLICY managers ON public.security_incident_logs TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')))
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')));
GRANT SELECT,
  INSERT (incident_type, severity, description, affected_users_count, detected_at, occurred_at, knowledge_at, is_simulation),
  UPDATE (severity, description, affected_users_count, occurred_at, knowledge_at, notifiable, not_notifiable_reason,
          anpd_reported_at, supplement_reported_at, subjects_notified_at, contents, status)
  ON public.security_incident_logs TO sigilo_app;
