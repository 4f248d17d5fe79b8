-- Incidents that the system suspects by itself. A suspicion is a draft: it is no incident and starts no clock until a person
-- confirms it. It holds counts, a period and identifiers, never what was read or typed.

-- What counts as too much, in one place. The reasons for people are in docs/manual/conformidade.md.
CREATE FUNCTION app.suspicion_rules() RETURNS TABLE (rule text, threshold integer, minutes integer)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  VALUES
    -- Five failures lock an account: whoever goes on after the lock is no doctor who has forgotten a code.
    ('failed_sign_ins', 10, 10),
    -- A full day in a consulting room opens some thirty records; twice as many in ten minutes are not read, they are taken.
    ('mass_reading', 60, 10),
    -- The pages offer nobody a door that is closed to them; a stale link or two are no pattern.
    ('refusals', 20, 10),
    -- Nobody has a reason to write an invented patient down. A day, so that a scheduler that was off misses none.
    ('canary', 1, 1440)
$$;
GRANT EXECUTE ON FUNCTION app.suspicion_rules() TO sigilo_app, sigilo_jobs;

CREATE TABLE public.incident_drafts (
  clinic_id uuid NOT NULL REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  rule text NOT NULL CHECK (rule IN ('failed_sign_ins', 'mass_reading', 'refusals', 'canary')),
  -- Whom it is about: a member's account; an address, as the row of access_logs that has it; a canary.
  subject_kind text NOT NULL CHECK (subject_kind IN ('member', 'address', 'canary')),
  subject_id uuid NOT NULL,
  -- The member who did it, where the subject is not a member and the clinic may know.
  actor_id uuid,
  event_count integer NOT NULL CHECK (event_count > 0),
  -- The rule as it was when this was drafted.
  threshold integer NOT NULL,
  window_minutes integer NOT NULL,
  first_seen_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  -- The latest rows that show it.
  evidence_table text NOT NULL CHECK (evidence_table IN ('access_logs', 'audit_trail', 'canary_sightings')),
  evidence uuid[] NOT NULL CHECK (cardinality(evidence) BETWEEN 1 AND 20),
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'confirmed', 'dismissed')),
  dismissal_reason text CHECK (length(btrim(dismissal_reason)) BETWEEN 10 AND 2000),
  incident_id uuid,
  decided_by uuid,
  decided_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  CHECK (last_seen_at >= first_seen_at),
  CONSTRAINT incident_drafts_whole CHECK ((status = 'confirmed') = (incident_id IS NOT NULL)
    AND (status = 'dismissed') = (dismissal_reason IS NOT NULL)
    AND (status = 'open') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL))
);
ALTER TABLE public.security_incident_logs ADD CONSTRAINT incidents_of_clinic UNIQUE (clinic_id, id);
ALTER TABLE public.incident_drafts ADD FOREIGN KEY (clinic_id, incident_id)
  REFERENCES public.security_incident_logs (clinic_id, id) ON DELETE RESTRICT;
-- One draft of a rule and a subject waits at a time.
CREATE UNIQUE INDEX incident_drafts_open ON public.incident_drafts
  (clinic_id, rule, subject_id, coalesce(actor_id, '00000000-0000-0000-0000-000000000000')) WHERE status = 'open';
CREATE INDEX incident_drafts_subject ON public.incident_drafts (clinic_id, rule, subject_id, id DESC);

-- Decided once; by whom and when is the database's own knowledge.
CREATE FUNCTION public.fn_incident_draft() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF OLD.status <> 'open' THEN
    RAISE EXCEPTION 'a draft is decided once' USING ERRCODE = 'check_violation', CONSTRAINT = 'incident_drafts_once';
  END IF;
  IF NEW.status <> 'open' THEN
    NEW.decided_by := app.user_id();
    NEW.decided_at := now();
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE UPDATE ON public.incident_drafts
  FOR EACH ROW EXECUTE FUNCTION public.fn_incident_draft();
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON public.incident_drafts
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();

ALTER TABLE public.incident_drafts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.incident_drafts FORCE ROW LEVEL SECURITY;
CREATE POLICY clinic_floor ON public.incident_drafts AS RESTRICTIVE TO sigilo_app
  USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()));
CREATE POLICY managers ON public.incident_drafts FOR SELECT TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')));
CREATE POLICY managers_decide ON public.incident_drafts FOR UPDATE TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')))
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND status <> 'open');
GRANT SELECT, UPDATE (status, dismissal_reason, incident_id) ON public.incident_drafts TO sigilo_app;
-- The scheduler drafts and counts on; it decides nothing.
CREATE POLICY suspicions ON public.incident_drafts TO sigilo_jobs USING (true) WITH CHECK (status = 'open');
GRANT SELECT, INSERT (clinic_id, rule, subject_kind, subject_id, actor_id, event_count, threshold, window_minutes,
                      first_seen_at, last_seen_at, evidence_table, evidence),
  UPDATE (event_count, last_seen_at, evidence) ON public.incident_drafts TO sigilo_jobs;
CREATE POLICY audit ON public.incident_drafts FOR SELECT TO sigilo_auditor USING (true);
GRANT SELECT ON public.incident_drafts TO sigilo_auditor;
SELECT ops.open_to_console('public.incident_drafts');

-- What the scheduler may see of the logs: failures, and that something was read or refused. No contents, nothing old.
CREATE POLICY suspicions ON public.access_logs FOR SELECT TO sigilo_jobs
  USING (action = 'failed_login' AND created_at > now() - interval '2 days');
GRANT SELECT (id, clinic_id, user_id, ip_address, action, created_at) ON public.access_logs TO sigilo_jobs;
CREATE POLICY suspicions ON public.audit_trail FOR SELECT TO sigilo_jobs
  USING (action IN ('view', 'export') AND created_at > now() - interval '2 days');
GRANT SELECT (id, clinic_id, user_id, action, resource, resource_type, resource_id, created_at) ON public.audit_trail TO sigilo_jobs;
CREATE POLICY suspicions ON public.clinics FOR SELECT TO sigilo_jobs USING (true);
GRANT SELECT (id) ON public.clinics TO sigilo_jobs;
CREATE POLICY suspicions ON public.audit_simulations FOR SELECT TO sigilo_jobs USING (true);
GRANT SELECT (simulated_clinics) ON public.audit_simulations TO sigilo_jobs;

-- Somebody signed in asked for what their role may not do, or for what does not exist for them. Whose it would have been
-- is not known: row security hides that. The route is the pattern, never the address as it was sent.
CREATE FUNCTION app.log_refusal(route text, http_status integer) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  who record;
  header uuid := coalesce(app.setting('trail_id')::uuid, app.uuid_v7());
BEGIN
  IF log_refusal.route !~ '^/[a-z0-9_/{}.-]{0,200}$' THEN
    RAISE EXCEPTION 'a pattern of a route' USING ERRCODE = 'check_violation', CONSTRAINT = 'refusal_route';
  END IF;
  SELECT * INTO who FROM app.whoami();
  INSERT INTO public.audit_trail (id, clinic_id, user_id, action, resource, resource_type, ip_address, user_agent,
                                  session_id, request_id, status, risk_level)
  VALUES (header, who.clinic_id, who.user_id, 'view', 'access_refused', 'route', app.setting('ip')::inet,
          app.setting('user_agent'), who.session_id, app.setting('request_id')::uuid, 'refused', 'medium');
  INSERT INTO public.audit_logs (audit_trail_id, clinic_id, user_id, action, action_type, resource_type, details,
                                 request_id, session_id, ip_address, user_agent, risk_level, category, severity)
  VALUES (header, who.clinic_id, who.user_id, 'access_refused', 'view', 'route',
          jsonb_build_object('route', log_refusal.route, 'status', log_refusal.http_status),
          app.setting('request_id')::uuid, who.session_id, app.setting('ip')::inet, app.setting('user_agent'),
          'medium', 'access', 'warning');
END
$$;
REVOKE EXECUTE ON FUNCTION app.log_refusal(text, integer) FROM PUBLIC;
ALTER FUNCTION app.log_refusal(text, integer) OWNER TO sigilo_trail;
GRANT EXECUTE ON FUNCTION app.log_refusal(text, integer) TO sigilo_app;

-- Canaries: invented patients, known only by keyed hashes. Whoever writes one down has found it where it was planted.
CREATE TABLE public.canaries (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  label text NOT NULL CHECK (length(btrim(label)) BETWEEN 3 AND 80),
  -- The same keys for every clinic, or a canary would not be known outside its own.
  cpf_index bytea NOT NULL CHECK (length(cpf_index) = 16),
  name_index bytea NOT NULL CHECK (length(name_index) = 16),
  created_by uuid NOT NULL DEFAULT app.user_id(),
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_by uuid,
  retired_at timestamptz,
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, created_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK ((retired_at IS NULL) = (retired_by IS NULL))
);
CREATE UNIQUE INDEX canaries_cpf ON public.canaries (cpf_index) WHERE retired_at IS NULL;
CREATE INDEX canaries_name ON public.canaries (name_index) WHERE retired_at IS NULL;

CREATE FUNCTION public.fn_canary() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF OLD.retired_at IS NOT NULL THEN
    RAISE EXCEPTION 'retired once' USING ERRCODE = 'check_violation', CONSTRAINT = 'canaries_once';
  END IF;
  NEW.retired_by := app.user_id();
  NEW.retired_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE UPDATE ON public.canaries FOR EACH ROW EXECUTE FUNCTION public.fn_canary();
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON public.canaries
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();

-- That a canary was written into a message. Of a stranger only that it was one: which clinic it was, whose text and what
-- else it said, the canary's clinic does not learn. The request leads the installation's operator to the trail of the other
-- clinic, which the canary's clinic cannot read. No trigger writes of it into the trail: that row would lie in the other
-- clinic's.
CREATE TABLE public.canary_sightings (
  clinic_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  canary_id uuid NOT NULL,
  matched text NOT NULL CHECK (matched IN ('cpf', 'name', 'both')),
  -- Null: from outside.
  member_id uuid,
  request_id uuid,
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, canary_id) REFERENCES public.canaries (clinic_id, id) ON DELETE RESTRICT
);
CREATE INDEX canary_sightings_recent ON public.canary_sightings (seen_at DESC);
CREATE INDEX canary_sightings_canary ON public.canary_sightings (clinic_id, canary_id);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['canaries', 'canary_sightings'] LOOP
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY clinic_floor ON public.%I AS RESTRICTIVE TO sigilo_app
                      USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()))', t);
    EXECUTE format('CREATE POLICY managers ON public.%I FOR SELECT TO sigilo_app
                      USING ((SELECT app.has_role(''owner'') OR app.has_role(''dpo'')))', t);
    EXECUTE format('CREATE POLICY audit ON public.%I FOR SELECT TO sigilo_auditor USING (true)', t);
    EXECUTE format('CREATE POLICY gate ON public.%I FOR SELECT TO sigilo_gate USING (true)', t);
    EXECUTE format('GRANT SELECT ON public.%I TO sigilo_app, sigilo_auditor, sigilo_gate', t);
    PERFORM ops.open_to_console(format('public.%I', t)::regclass);
  END LOOP;
END
$$;
CREATE POLICY managers_make ON public.canaries FOR INSERT TO sigilo_app
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND created_by = (SELECT app.user_id()));
CREATE POLICY managers_retire ON public.canaries FOR UPDATE TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')))
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')));
GRANT INSERT (label, cpf_index, name_index), UPDATE (retired_at) ON public.canaries TO sigilo_app;
CREATE POLICY seen ON public.canary_sightings FOR INSERT TO sigilo_gate WITH CHECK (true);
GRANT INSERT ON public.canary_sightings TO sigilo_gate;
CREATE POLICY suspicions ON public.canary_sightings FOR SELECT TO sigilo_jobs USING (seen_at > now() - interval '2 days');
GRANT SELECT (clinic_id, id, canary_id, member_id, seen_at) ON public.canary_sightings TO sigilo_jobs;

-- Looks for canaries of any clinic among what a message held, and tells the caller nothing.
CREATE FUNCTION app.canary_look(cpfs bytea[], names bytea[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  INSERT INTO public.canary_sightings (clinic_id, canary_id, matched, member_id, request_id)
  SELECT c.clinic_id, c.id,
         CASE WHEN c.cpf_index = ANY (cpfs) AND c.name_index = ANY (names) THEN 'both'
              WHEN c.cpf_index = ANY (cpfs) THEN 'cpf' ELSE 'name' END,
         CASE WHEN c.clinic_id = app.clinic_id() THEN app.user_id() END,
         app.setting('request_id')::uuid
    FROM public.canaries c
   WHERE c.retired_at IS NULL AND (c.cpf_index = ANY (cpfs) OR c.name_index = ANY (names));
END
$$;
REVOKE EXECUTE ON FUNCTION app.canary_look(bytea[], bytea[]) FROM PUBLIC;
ALTER FUNCTION app.canary_look(bytea[], bytea[]) OWNER TO sigilo_gate;
GRANT EXECUTE ON FUNCTION app.canary_look(bytea[], bytea[]) TO sigilo_app;
GRANT EXECUTE ON FUNCTION app.setting(text) TO sigilo_gate;

-- One look at the last minutes. Returns how many drafts were made or grew. What a draft of the same subject has seen
-- already counts no second time, whatever was decided about it.
CREATE FUNCTION ops.suspect() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  touched bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('sigilo.suspect'));
  WITH rules AS MATERIALIZED (
    SELECT r.rule, r.threshold, r.minutes, now() - make_interval(mins => r.minutes) AS since FROM app.suspicion_rules() r),
  failures AS MATERIALIZED (
    SELECT l.* FROM (SELECT id, clinic_id, user_id, ip_address, created_at FROM public.access_logs
                      WHERE action = 'failed_login'
                        AND created_at > (SELECT since FROM rules WHERE rule = 'failed_sign_ins')) l),
  -- Clinics that simulations of an audit made up are nobody's.
  real AS MATERIALIZED (
    SELECT c.id FROM public.clinics c
     WHERE NOT EXISTS (SELECT FROM public.audit_simulations s WHERE c.id = ANY (s.simulated_clinics))),
  -- Failures that were about no known account belong to every clinic that the address has failed at, or to the only one.
  tried AS (
    SELECT clinic_id, ip_address FROM failures WHERE clinic_id IS NOT NULL
    UNION
    SELECT c.id, f.ip_address FROM real c CROSS JOIN failures f WHERE (SELECT count(*) FROM real) = 1),
  by_address AS MATERIALIZED (
    SELECT clinic_id, ip_address, id, user_id, created_at FROM failures WHERE clinic_id IS NOT NULL AND ip_address IS NOT NULL
    UNION ALL
    SELECT t.clinic_id, f.ip_address, f.id, f.user_id, f.created_at
      FROM failures f JOIN tried t ON t.ip_address = f.ip_address WHERE f.clinic_id IS NULL),
  -- One account from one address is the account's own matter. An earlier draft knows the address by another of its rows.
  addresses AS (
    SELECT b.clinic_id, b.ip_address,
           coalesce((SELECT d.subject_id FROM public.incident_drafts d JOIN public.access_logs l ON l.id = d.subject_id
                      WHERE d.clinic_id = b.clinic_id AND d.rule = 'failed_sign_ins' AND d.subject_kind = 'address'
                        AND l.ip_address = b.ip_address AND l.action = 'failed_login'
                      ORDER BY d.id DESC LIMIT 1), (array_agg(b.id ORDER BY b.created_at, b.id))[1]) AS subject
      FROM by_address b GROUP BY b.clinic_id, b.ip_address
    HAVING count(DISTINCT b.user_id) > 1 OR bool_or(b.user_id IS NULL)),
  reads AS MATERIALIZED (
    SELECT t.* FROM public.clinics c CROSS JOIN LATERAL (
      SELECT id, clinic_id, user_id, resource, resource_type, resource_id, created_at FROM public.audit_trail
       WHERE clinic_id = c.id AND action IN ('view', 'export') AND user_id IS NOT NULL
         AND created_at > (SELECT min(since) FROM rules WHERE rule IN ('mass_reading', 'refusals'))) t),
  seen (rule, clinic_id, kind, subject, actor, source, evidence, what, at) AS (
    SELECT 'failed_sign_ins', clinic_id, 'member', user_id, NULL::uuid, 'access_logs', id, id::text, created_at
      FROM failures WHERE clinic_id IS NOT NULL AND user_id IS NOT NULL
    UNION ALL
    SELECT 'failed_sign_ins', b.clinic_id, 'address', a.subject, NULL, 'access_logs', b.id, b.id::text, b.created_at
      FROM by_address b JOIN addresses a ON a.clinic_id = b.clinic_id AND a.ip_address = b.ip_address
    UNION ALL
    -- The same record twice is one record.
    SELECT 'mass_reading', clinic_id, 'member', user_id, NULL, 'audit_trail', id, resource_type || ' ' || resource_id, created_at
      FROM reads WHERE resource_id IS NOT NULL
    UNION ALL
    SELECT 'refusals', clinic_id, 'member', user_id, NULL, 'audit_trail', id, id::text, created_at
      FROM reads WHERE resource = 'access_refused'
    UNION ALL
    SELECT 'canary', clinic_id, 'canary', canary_id, member_id, 'canary_sightings', id, id::text, seen_at
      FROM public.canary_sightings WHERE seen_at > (SELECT since FROM rules WHERE rule = 'canary')),
  subjects AS (SELECT DISTINCT rule, clinic_id, kind, subject, actor FROM seen),
  latest AS (
    SELECT s.*, d.id AS draft, d.status, d.last_seen_at
      FROM subjects s LEFT JOIN LATERAL (
        SELECT d.id, d.status, d.last_seen_at FROM public.incident_drafts d
         WHERE d.clinic_id = s.clinic_id AND d.rule = s.rule AND d.subject_id = s.subject
           AND d.actor_id IS NOT DISTINCT FROM s.actor
         ORDER BY d.id DESC LIMIT 1) d ON true),
  fresh AS (
    SELECT l.rule, l.clinic_id, l.kind, l.subject, l.actor, l.draft, l.status, s.source, r.threshold, r.minutes,
           count(DISTINCT s.what)::integer AS events, min(s.at) AS first_at, max(s.at) AS last_at,
           (array_agg(s.evidence ORDER BY s.at DESC, s.evidence))[1:20] AS evidence
      FROM latest l
      JOIN rules r ON r.rule = l.rule
      JOIN seen s ON s.rule = l.rule AND s.clinic_id = l.clinic_id AND s.kind = l.kind AND s.subject = l.subject
                 AND s.actor IS NOT DISTINCT FROM l.actor
     WHERE s.at > r.since AND s.at > coalesce(l.last_seen_at, '-infinity')
     GROUP BY l.rule, l.clinic_id, l.kind, l.subject, l.actor, l.draft, l.status, s.source, r.threshold, r.minutes),
  grown AS (
    UPDATE public.incident_drafts d
       SET event_count = d.event_count + f.events, last_seen_at = f.last_at, evidence = (f.evidence || d.evidence)[1:20]
      FROM fresh f WHERE d.clinic_id = f.clinic_id AND d.id = f.draft AND d.status = 'open'
    RETURNING 1),
  drafted AS (
    INSERT INTO public.incident_drafts (clinic_id, rule, subject_kind, subject_id, actor_id, event_count, threshold,
                                        window_minutes, first_seen_at, last_seen_at, evidence_table, evidence)
    SELECT clinic_id, rule, kind, subject, actor, events, threshold, minutes, first_at, last_at, source, evidence
      FROM fresh WHERE status IS DISTINCT FROM 'open' AND events >= threshold
    ON CONFLICT DO NOTHING
    RETURNING 1)
  SELECT (SELECT count(*) FROM grown) + (SELECT count(*) FROM drafted) INTO touched;
  RETURN touched;
END
$$;
REVOKE EXECUTE ON FUNCTION ops.suspect() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.suspect() TO sigilo_jobs;

-- Small agents (Resolução CD/ANPD nº 2/2022, art. 14, II) ------------------------------------

-- The clinic's word that it is one, or is one no longer, and why. Only ever added to: the latest counts.
CREATE TABLE public.small_agent_declarations (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  small_agent boolean NOT NULL,
  reason text NOT NULL CHECK (length(btrim(reason)) BETWEEN 20 AND 2000),
  declared_by uuid NOT NULL DEFAULT app.user_id(),
  declared_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, declared_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT
);
CREATE INDEX small_agent_declarations_latest ON public.small_agent_declarations (clinic_id, declared_at DESC, id DESC);
CREATE TRIGGER audit AFTER INSERT ON public.small_agent_declarations
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();
ALTER TABLE public.small_agent_declarations ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.small_agent_declarations FORCE ROW LEVEL SECURITY;
CREATE POLICY clinic_floor ON public.small_agent_declarations AS RESTRICTIVE TO sigilo_app
  USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()));
CREATE POLICY managers ON public.small_agent_declarations FOR SELECT TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')));
-- Whoever answers for the clinic answers for this.
CREATE POLICY owners_declare ON public.small_agent_declarations FOR INSERT TO sigilo_app
  WITH CHECK ((SELECT app.has_role('owner')) AND declared_by = (SELECT app.user_id()));
GRANT SELECT, INSERT (small_agent, reason) ON public.small_agent_declarations TO sigilo_app;
CREATE POLICY audit ON public.small_agent_declarations FOR SELECT TO sigilo_auditor USING (true);
GRANT SELECT ON public.small_agent_declarations TO sigilo_auditor;
SELECT ops.open_to_console('public.small_agent_declarations');

ALTER TABLE public.security_incident_logs
  -- Whether the clinic was one when it was registered; later words change no clock that runs.
  ADD COLUMN small_agent boolean NOT NULL DEFAULT false,
  -- It may harm people's physical or moral integrity: then the periods are everybody's.
  ADD COLUMN integrity_risk boolean NOT NULL DEFAULT false;
GRANT UPDATE (integrity_risk) ON public.security_incident_logs TO sigilo_app;

CREATE OR REPLACE FUNCTION public.fn_incident() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  times integer;
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.created_at := now();
    NEW.version := 1;
    NEW.status := 'open';
    NEW.resolved_at := NULL;
    NEW.anpd_reported_at := NULL;
    NEW.supplement_reported_at := NULL;
    NEW.subjects_notified_at := NULL;
    NEW.small_agent := coalesce((SELECT d.small_agent FROM public.small_agent_declarations d
                                  WHERE d.clinic_id = NEW.clinic_id ORDER BY d.declared_at DESC, d.id DESC LIMIT 1), false);
  ELSE
    IF OLD.status = 'closed' THEN
      RAISE EXCEPTION 'a closed incident stays as it is' USING ERRCODE = 'check_violation', CONSTRAINT = 'incidents_final';
    END IF;
    NEW.created_at := OLD.created_at;
    NEW.created_by := OLD.created_by;
    NEW.clinic_id := OLD.clinic_id;
    NEW.is_simulation := OLD.is_simulation;
    NEW.small_agent := OLD.small_agent;
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
  times := CASE WHEN NEW.small_agent AND NOT NEW.integrity_risk THEN 2 ELSE 1 END;
  NEW.anpd_deadline_at := app.add_business_days(NEW.knowledge_at, 3 * times);
  NEW.supplement_deadline_at := app.add_business_days(NEW.knowledge_at, 20 * times);
  NEW.subjects_deadline_at := app.add_business_days(NEW.knowledge_at, 3 * times);
  RETURN NEW;
END
$$;

SELECT ops.open_to_review('public.incident_drafts', 'created_at'), ops.open_to_review('public.canaries', 'created_at'),
       ops.open_to_review('public.canary_sightings', 'seen_at'),
       ops.open_to_review('public.small_agent_declarations', 'declared_at');
