-- Requests of data subjects (LGPD art. 18): what was asked, by which right, what came of it, and the deletion of an
-- account as a plan that a second person approves and a job carries out.

ALTER TABLE public.data_subject_requests
  ADD COLUMN right_code text NOT NULL DEFAULT 'access' CHECK (right_code IN (
    'confirmation', 'access', 'correction', 'restriction', 'portability', 'deletion', 'sharing', 'refusal',
    'revocation', 'objection')),
  -- Whichever clock runs out first.
  ADD COLUMN alert_at timestamptz NOT NULL GENERATED ALWAYS AS (least(deadline_at, legal_deadline_at)) STORED,
  -- How the subject was known: the session had two factors.
  ADD COLUMN identity_check text NOT NULL DEFAULT 'session' CHECK (identity_check IN ('session')),
  ADD COLUMN handled_by uuid,
  ADD COLUMN outcome_note text CHECK (length(outcome_note) <= 4000),
  ADD COLUMN refusal_article text CHECK (length(btrim(refusal_article)) BETWEEN 3 AND 200),
  ADD COLUMN version integer NOT NULL DEFAULT 1,
  -- SHA-256 of the secret with which the subject follows the request without an account.
  ADD COLUMN link_hash bytea UNIQUE,
  ADD CONSTRAINT requests_refusal CHECK ((status = 'refused') = (refusal_article IS NOT NULL)),
  ADD CONSTRAINT requests_answered CHECK (status NOT IN ('refused', 'completed') OR outcome_note IS NOT NULL);
ALTER TABLE public.data_subject_requests ALTER COLUMN right_code DROP DEFAULT;
-- One open request for the deletion of an account is enough.
CREATE UNIQUE INDEX requests_one_deletion ON public.data_subject_requests (clinic_id, requester_user_id)
  WHERE right_code = 'deletion' AND status IN ('pending', 'in_progress');

-- The deadlines and the order of states are the database's; the application can move neither.
CREATE OR REPLACE FUNCTION public.fn_request_deadline() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.requested_at := now();
    NEW.created_at := now();
    NEW.version := 1;
    NEW.acknowledged_at := NULL;
  ELSE
    IF NOT (OLD.status = 'pending' AND NEW.status IN ('pending', 'in_progress', 'completed', 'refused', 'cancelled')
            OR OLD.status = 'in_progress' AND NEW.status IN ('in_progress', 'completed', 'refused', 'cancelled')) THEN
      RAISE EXCEPTION 'a request that has ended stays as it is' USING ERRCODE = 'check_violation', CONSTRAINT = 'requests_states';
    END IF;
    NEW.requested_at := OLD.requested_at;
    NEW.created_at := OLD.created_at;
    NEW.requester_user_id := OLD.requester_user_id;
    NEW.right_code := OLD.right_code;
    NEW.request_type := OLD.request_type;
    NEW.version := OLD.version + 1;
    NEW.acknowledged_at := coalesce(OLD.acknowledged_at, CASE WHEN NEW.status <> 'cancelled' THEN now() END);
  END IF;
  NEW.completed_at := CASE WHEN NEW.status = 'completed' THEN now() END;
  NEW.deadline_at := app.add_business_days(NEW.requested_at, 15);
  NEW.legal_deadline_at := CASE WHEN NEW.request_type = 'access' THEN NEW.requested_at + interval '15 days' END;
  RETURN NEW;
END
$$;

-- What happened to a request, in order. Only ever added to.
CREATE TABLE public.request_events (
  clinic_id uuid NOT NULL REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  request_id uuid NOT NULL,
  -- Null where a job did it.
  actor_id uuid,
  kind text NOT NULL CHECK (kind ~ '^[a-z][a-z_]*$'),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, request_id) REFERENCES public.data_subject_requests (clinic_id, id) ON DELETE RESTRICT
);
CREATE INDEX request_events_request ON public.request_events (clinic_id, request_id, id);

-- The deletion of an account: what goes, what is made anonymous, what stays and why, table by table.
CREATE TABLE public.fulfilment_plans (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id(),
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  request_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'approved', 'running', 'executed', 'closed', 'discarded')),
  steps jsonb NOT NULL CHECK (jsonb_typeof(steps) = 'array'),
  -- Rows done so far, by table.
  done jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(done) = 'object'),
  drafted_by uuid NOT NULL DEFAULT app.user_id(),
  drafted_at timestamptz NOT NULL DEFAULT now(),
  approved_by uuid,
  approved_at timestamptz,
  started_at timestamptz,
  executed_at timestamptz,
  receipt jsonb,
  receipt_signature text,
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, request_id) REFERENCES public.data_subject_requests (clinic_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, subject_id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
  CHECK (status IN ('draft', 'discarded') OR approved_by IS NOT NULL),
  CHECK ((status IN ('executed', 'closed')) = (executed_at IS NOT NULL)),
  CHECK ((status = 'closed') = (receipt IS NOT NULL)),
  CHECK ((receipt IS NULL) = (receipt_signature IS NULL)),
  CHECK (approved_by IS DISTINCT FROM subject_id)
);
CREATE UNIQUE INDEX fulfilment_plans_live ON public.fulfilment_plans (clinic_id, request_id) WHERE status <> 'discarded';

-- A second person approves. Where nobody else could, the same one may after a day, so that no haste deletes an account.
CREATE FUNCTION public.fn_plan_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.status := 'draft';
    NEW.drafted_at := now();
    IF NOT EXISTS (SELECT FROM public.data_subject_requests r
                    WHERE r.clinic_id = NEW.clinic_id AND r.id = NEW.request_id AND r.requester_user_id = NEW.subject_id
                      AND r.right_code = 'deletion' AND r.status = 'in_progress') THEN
      RAISE EXCEPTION 'no open request for deletion' USING ERRCODE = 'check_violation', CONSTRAINT = 'plans_request';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.steps IS DISTINCT FROM OLD.steps OR NEW.subject_id <> OLD.subject_id OR NEW.request_id <> OLD.request_id THEN
    RAISE EXCEPTION 'a plan is not rewritten' USING ERRCODE = 'check_violation', CONSTRAINT = 'plans_fixed';
  END IF;
  IF NOT (OLD.status = NEW.status AND NEW.status IN ('running')
          OR OLD.status = 'draft' AND NEW.status IN ('approved', 'discarded')
          OR OLD.status = 'approved' AND NEW.status IN ('running', 'discarded')
          OR OLD.status = 'running' AND NEW.status = 'executed'
          OR OLD.status = 'executed' AND NEW.status = 'closed') THEN
    RAISE EXCEPTION 'not from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation', CONSTRAINT = 'plans_states';
  END IF;
  IF OLD.status = 'draft' AND NEW.status = 'approved' THEN
    NEW.approved_at := now();
    IF NEW.approved_by = OLD.drafted_by
       AND (OLD.drafted_at > now() - interval '24 hours'
            OR EXISTS (SELECT FROM public.members m
                        WHERE m.clinic_id = OLD.clinic_id AND m.status = 'active' AND m.roles && ARRAY['owner', 'dpo']
                          AND m.user_id NOT IN (OLD.drafted_by, OLD.subject_id))) THEN
      RAISE EXCEPTION 'a second person approves' USING ERRCODE = 'check_violation', CONSTRAINT = 'plans_second_look';
    END IF;
  END IF;
  RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION public.fn_plan_guard() FROM PUBLIC;
ALTER FUNCTION public.fn_plan_guard() OWNER TO sigilo_gate;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON public.fulfilment_plans
  FOR EACH ROW EXECUTE FUNCTION public.fn_plan_guard();
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON public.fulfilment_plans
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();

-- Writes the events of a request and of its plan; nobody has to remember them.
CREATE FUNCTION public.fn_request_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  who uuid := (SELECT w.user_id FROM app.whoami() w);
BEGIN
  IF TG_TABLE_NAME = 'data_subject_requests' THEN
    IF TG_OP = 'INSERT' OR NEW.status IS DISTINCT FROM OLD.status THEN
      INSERT INTO public.request_events (clinic_id, request_id, actor_id, kind)
      VALUES (NEW.clinic_id, NEW.id, who, CASE WHEN TG_OP = 'INSERT' THEN 'created' ELSE NEW.status END);
    END IF;
  ELSIF TG_OP = 'INSERT' OR NEW.status IS DISTINCT FROM OLD.status THEN
    INSERT INTO public.request_events (clinic_id, request_id, actor_id, kind)
    VALUES (NEW.clinic_id, NEW.request_id, who, 'plan_' || NEW.status);
  END IF;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION public.fn_request_event() FROM PUBLIC;
ALTER FUNCTION public.fn_request_event() OWNER TO sigilo_trail;
CREATE TRIGGER events AFTER INSERT OR UPDATE ON public.data_subject_requests
  FOR EACH ROW EXECUTE FUNCTION public.fn_request_event();
CREATE TRIGGER events AFTER INSERT OR UPDATE ON public.fulfilment_plans
  FOR EACH ROW EXECUTE FUNCTION public.fn_request_event();

-- Row-level security ------------------------------------------------------------------------

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['request_events', 'fulfilment_plans'] LOOP
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY clinic_floor ON public.%I AS RESTRICTIVE TO sigilo_app
                      USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()))', t);
    EXECUTE format('CREATE POLICY audit ON public.%I FOR SELECT TO sigilo_auditor USING (true)', t);
    EXECUTE format('GRANT SELECT ON public.%I TO sigilo_auditor', t);
    PERFORM ops.open_to_console(format('public.%I', t)::regclass);
  END LOOP;
END
$$;

-- Whoever answers for the clinic or its data sees every request, and decides on everybody's but their own.
CREATE POLICY managers ON public.data_subject_requests FOR SELECT TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')));
CREATE POLICY managers_decide ON public.data_subject_requests FOR UPDATE TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND requester_user_id <> (SELECT app.user_id()))
  WITH CHECK (status <> 'cancelled');
-- The subject may take back what nobody has begun, and nothing else.
DROP POLICY own_rows ON public.data_subject_requests;
CREATE POLICY own_rows ON public.data_subject_requests FOR SELECT TO sigilo_app
  USING (requester_user_id = (SELECT app.user_id()));
CREATE POLICY own_request ON public.data_subject_requests FOR INSERT TO sigilo_app
  WITH CHECK (requester_user_id = (SELECT app.user_id()) AND status = 'pending');
CREATE POLICY own_withdrawal ON public.data_subject_requests FOR UPDATE TO sigilo_app
  USING (requester_user_id = (SELECT app.user_id()) AND status = 'pending') WITH CHECK (status = 'cancelled');
GRANT INSERT (right_code, link_hash), UPDATE (status, outcome_note, refusal_article, handled_by)
  ON public.data_subject_requests TO sigilo_app;

CREATE POLICY readers ON public.request_events FOR SELECT TO sigilo_app
  USING (EXISTS (SELECT FROM public.data_subject_requests r WHERE r.id = request_id));
CREATE POLICY writer ON public.request_events FOR INSERT TO sigilo_trail WITH CHECK (true);
GRANT SELECT ON public.request_events TO sigilo_app;
GRANT INSERT ON public.request_events TO sigilo_trail;

CREATE POLICY managers ON public.fulfilment_plans TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND subject_id <> (SELECT app.user_id()))
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND subject_id <> (SELECT app.user_id()));
CREATE POLICY own_word ON public.fulfilment_plans AS RESTRICTIVE FOR UPDATE TO sigilo_app
  USING (status IN ('draft', 'approved')) WITH CHECK (status = 'discarded' OR approved_by = (SELECT app.user_id()));
GRANT SELECT, INSERT (request_id, subject_id, steps), UPDATE (status, approved_by) ON public.fulfilment_plans TO sigilo_app;
CREATE POLICY gate ON public.data_subject_requests FOR SELECT TO sigilo_gate USING (true);
GRANT SELECT ON public.data_subject_requests TO sigilo_gate;


-- Carrying a plan out ------------------------------------------------------------------------

-- The scheduler may touch rows of a member only while an approved plan of theirs is running: whatever a job believes, the
-- policies decide.
CREATE FUNCTION app.is_being_deleted(clinic uuid, member uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT EXISTS (SELECT FROM public.fulfilment_plans p
                  WHERE p.clinic_id = clinic AND p.subject_id = member AND p.status = 'running')
$$;
REVOKE EXECUTE ON FUNCTION app.is_being_deleted(uuid, uuid) FROM PUBLIC;
ALTER FUNCTION app.is_being_deleted(uuid, uuid) OWNER TO sigilo_gate;
GRANT EXECUTE ON FUNCTION app.is_being_deleted(uuid, uuid) TO sigilo_jobs;
CREATE POLICY gate ON public.fulfilment_plans FOR SELECT TO sigilo_gate USING (true);
GRANT SELECT ON public.fulfilment_plans TO sigilo_gate;

-- Whether an account is nobody's any more: no active membership but the one that is being deleted.
CREATE FUNCTION app.is_last_membership(clinic uuid, member uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT app.is_being_deleted(clinic, member)
     AND NOT EXISTS (SELECT FROM public.members m
                      WHERE m.user_id = member AND m.status = 'active' AND m.clinic_id <> clinic)
$$;
REVOKE EXECUTE ON FUNCTION app.is_last_membership(uuid, uuid) FROM PUBLIC;
ALTER FUNCTION app.is_last_membership(uuid, uuid) OWNER TO sigilo_gate;
GRANT EXECUTE ON FUNCTION app.is_last_membership(uuid, uuid) TO sigilo_jobs;

CREATE POLICY fulfilment ON public.fulfilment_plans TO sigilo_jobs
  USING (status IN ('approved', 'running', 'executed', 'closed')) WITH CHECK (true);
GRANT SELECT, UPDATE (status, done, started_at, executed_at, receipt, receipt_signature) ON public.fulfilment_plans TO sigilo_jobs;
CREATE POLICY fulfilment ON public.data_subject_requests TO sigilo_jobs
  USING (EXISTS (SELECT FROM public.fulfilment_plans p WHERE p.request_id = data_subject_requests.id AND p.status IN ('executed', 'closed')))
  WITH CHECK (status = 'completed');
GRANT SELECT, UPDATE (status, outcome_note) ON public.data_subject_requests TO sigilo_jobs;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['ai_answers', 'messages', 'conversations', 'assistant_preferences', 'consent_records'] LOOP
    EXECUTE format('CREATE POLICY fulfilment ON public.%I TO sigilo_jobs
                      USING (app.is_being_deleted(clinic_id, user_id)) WITH CHECK (app.is_being_deleted(clinic_id, user_id))', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['identities', 'passkeys', 'totp', 'recovery_codes'] LOOP
    EXECUTE format('CREATE POLICY fulfilment ON auth.%I TO sigilo_jobs
                      USING (EXISTS (SELECT FROM public.fulfilment_plans p
                                      WHERE p.subject_id = user_id AND app.is_last_membership(p.clinic_id, p.subject_id)))', t);
    EXECUTE format('GRANT SELECT, DELETE ON auth.%I TO sigilo_jobs', t);
  END LOOP;
END
$$;
GRANT SELECT, DELETE ON public.ai_answers, public.messages, public.conversations, public.assistant_preferences TO sigilo_jobs;
GRANT SELECT, UPDATE (granted, withdrawal_method) ON public.consent_records TO sigilo_jobs;
CREATE POLICY fulfilment ON public.profiles TO sigilo_jobs
  USING (app.is_being_deleted(clinic_id, id)) WITH CHECK (app.is_being_deleted(clinic_id, id));
GRANT SELECT, UPDATE (full_name, crm_number, crm_state, specialty, council_validation, updated_at) ON public.profiles TO sigilo_jobs;
CREATE POLICY fulfilment ON public.members TO sigilo_jobs
  USING (app.is_being_deleted(clinic_id, user_id)) WITH CHECK (app.is_being_deleted(clinic_id, user_id));
GRANT SELECT, UPDATE (display_name, status, updated_at) ON public.members TO sigilo_jobs;
CREATE POLICY fulfilment ON auth.users TO sigilo_jobs
  USING (EXISTS (SELECT FROM public.fulfilment_plans p
                  WHERE p.subject_id = users.id AND app.is_last_membership(p.clinic_id, p.subject_id)))
  WITH CHECK (status = 'deactivated' AND email_sealed IS NULL);
GRANT SELECT, UPDATE (email_sealed, email_index, email_verified, status) ON auth.users TO sigilo_jobs;

-- One bounded piece of the work: some rows of the first table that still has some. Returns how many; 0 when there is
-- nothing left to do anywhere. Interrupted, it goes on where the last committed piece ended.
CREATE FUNCTION ops.fulfil_batch(size integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  plan public.fulfilment_plans;
  touched bigint;
  target text;
BEGIN
  UPDATE public.fulfilment_plans SET status = 'running', started_at = now() WHERE status = 'approved';
  SELECT * INTO plan FROM public.fulfilment_plans p WHERE p.status = 'running' ORDER BY p.id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;

  FOREACH target IN ARRAY ARRAY['ai_answers', 'messages', 'conversations', 'assistant_preferences'] LOOP
    EXECUTE format('DELETE FROM public.%1$I WHERE ctid IN (
                      SELECT ctid FROM public.%1$I WHERE clinic_id = $1 AND user_id = $2 LIMIT $3)', target)
      USING plan.clinic_id, plan.subject_id, size;
    GET DIAGNOSTICS touched = ROW_COUNT;
    IF touched > 0 THEN
      UPDATE public.fulfilment_plans p
         SET done = p.done || jsonb_build_object(target, coalesce((p.done ->> target)::bigint, 0) + touched)
       WHERE p.clinic_id = plan.clinic_id AND p.id = plan.id;
      RETURN touched;
    END IF;
  END LOOP;

  -- What is left are a few rows: all of them in one piece, with the end of the plan.
  UPDATE public.consent_records SET granted = false, withdrawal_method = 'account_deletion'
   WHERE clinic_id = plan.clinic_id AND user_id = plan.subject_id AND granted;
  UPDATE public.profiles
     SET full_name = 'Conta encerrada', crm_number = 'PENDENTE', crm_state = 'XX', specialty = NULL,
         council_validation = 'pending', updated_at = now()
   WHERE clinic_id = plan.clinic_id AND id = plan.subject_id;
  DELETE FROM auth.identities WHERE user_id = plan.subject_id;
  DELETE FROM auth.passkeys WHERE user_id = plan.subject_id;
  DELETE FROM auth.totp WHERE user_id = plan.subject_id;
  DELETE FROM auth.recovery_codes WHERE user_id = plan.subject_id;
  UPDATE auth.users SET email_sealed = NULL, email_index = NULL, email_verified = false, status = 'deactivated'
   WHERE id = plan.subject_id;
  UPDATE auth.sessions SET ended_at = now(), ended_reason = 'deleted'
   WHERE user_id = plan.subject_id AND clinic_id = plan.clinic_id AND ended_at IS NULL;
  UPDATE public.members SET display_name = 'Conta encerrada', status = 'deactivated', updated_at = now()
   WHERE clinic_id = plan.clinic_id AND user_id = plan.subject_id;
  UPDATE public.fulfilment_plans p SET status = 'executed', executed_at = now()
   WHERE p.clinic_id = plan.clinic_id AND p.id = plan.id;
  RETURN 1;
END
$$;
REVOKE EXECUTE ON FUNCTION ops.fulfil_batch(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.fulfil_batch(integer) TO sigilo_jobs;

-- What the subject may know with the secret link, signed in or not.
CREATE FUNCTION app.request_by_link(token text)
RETURNS TABLE (right_code text, status text, requested_at timestamptz, alert_at timestamptz, completed_at timestamptz,
               outcome_note text, refusal_article text, receipt jsonb, receipt_signature text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT r.right_code, r.status, r.requested_at, r.alert_at, r.completed_at, r.outcome_note, r.refusal_article,
         p.receipt, p.receipt_signature
    FROM public.data_subject_requests r
    LEFT JOIN public.fulfilment_plans p ON p.clinic_id = r.clinic_id AND p.request_id = r.id AND p.status = 'closed'
   WHERE r.link_hash = sha256(convert_to(token, 'UTF8'))
$$;
REVOKE EXECUTE ON FUNCTION app.request_by_link(text) FROM PUBLIC;
ALTER FUNCTION app.request_by_link(text) OWNER TO sigilo_gate;
GRANT EXECUTE ON FUNCTION app.request_by_link(text) TO sigilo_auth;

-- How many rows of a subject each table has, for the plan. Only numbers, only for who may draft it, only while a request
-- for deletion is open.
CREATE FUNCTION app.count_for_plan(request uuid) RETURNS TABLE (table_name text, row_count bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  subject uuid;
  t text;
BEGIN
  IF NOT (app.has_role('owner') OR app.has_role('dpo')) THEN
    RAISE EXCEPTION 'not a manager' USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT r.requester_user_id INTO subject FROM public.data_subject_requests r
   WHERE r.clinic_id = app.clinic_id() AND r.id = request AND r.right_code = 'deletion' AND r.status = 'in_progress';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no open request for deletion' USING ERRCODE = 'no_data_found';
  END IF;
  FOREACH t IN ARRAY ARRAY['ai_answers', 'messages', 'conversations', 'assistant_preferences', 'consent_records',
                           'anonymization_logs', 'sensitive_data_detection_logs', 'image_processing_logs',
                           'explainability_logs', 'ai_reference_checks', 'ai_review_events'] LOOP
    table_name := t;
    EXECUTE format('SELECT count(*) FROM public.%I WHERE clinic_id = $1 AND user_id = $2', t)
      INTO row_count USING app.clinic_id(), subject;
    RETURN NEXT;
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION app.count_for_plan(uuid) FROM PUBLIC;
ALTER FUNCTION app.count_for_plan(uuid) OWNER TO sigilo_gate;
GRANT EXECUTE ON FUNCTION app.count_for_plan(uuid) TO sigilo_app;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['ai_answers', 'messages', 'conversations', 'assistant_preferences', 'consent_records',
                           'anonymization_logs', 'sensitive_data_detection_logs', 'image_processing_logs',
                           'explainability_logs', 'ai_reference_checks', 'ai_review_events'] LOOP
    EXECUTE format('CREATE POLICY counting_for_plans ON public.%I FOR SELECT TO sigilo_gate USING (true)', t);
    EXECUTE format('GRANT SELECT (clinic_id, user_id) ON public.%I TO sigilo_gate', t);
  END LOOP;
END
$$;

-- What the auditor's queries of the manual look for, in the order in which they want it.
CREATE INDEX audit_logs_resource_id ON public.audit_logs (resource_id);
CREATE INDEX access_logs_clinic ON public.access_logs (clinic_id, created_at DESC);
CREATE INDEX access_logs_failures ON public.access_logs (clinic_id, created_at DESC) WHERE NOT success;

-- Who of the clinic looked at what concerns the signed-in member: their requests at the desk, and the audit console's
-- queries, which may have shown rows of theirs.
CREATE FUNCTION app.who_saw_me()
RETURNS TABLE (seen_at timestamptz, who text, what text, subject text, unmasked boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  clinic uuid := app.clinic_id();
  me uuid := app.user_id();
BEGIN
  RETURN QUERY
    SELECT s.at, m.display_name, s.kind, s.about, s.shown
      FROM (SELECT t.created_at AS at, t.user_id AS actor, 'request'::text AS kind, r.right_code AS about, true AS shown
              FROM public.audit_trail t
              JOIN public.data_subject_requests r ON r.clinic_id = clinic AND r.id::text = t.resource_id AND r.requester_user_id = me
             WHERE t.clinic_id = clinic AND t.resource = 'subject_request_viewed' AND t.user_id <> me
            UNION ALL
            SELECT c.started_at, c.user_id, 'audit', c.kind, c.unmasked
              FROM public.audit_console_runs c
             WHERE c.clinic_id = clinic AND c.user_id <> me AND c.outcome = 'done') s
      LEFT JOIN public.members m ON m.clinic_id = clinic AND m.user_id = s.actor
     ORDER BY s.at DESC LIMIT 50;
END
$$;
REVOKE EXECUTE ON FUNCTION app.who_saw_me() FROM PUBLIC;
ALTER FUNCTION app.who_saw_me() OWNER TO sigilo_gate;
GRANT EXECUTE ON FUNCTION app.who_saw_me() TO sigilo_app;
CREATE POLICY gate ON public.audit_trail FOR SELECT TO sigilo_gate USING (resource = 'subject_request_viewed');
GRANT SELECT (clinic_id, user_id, resource, resource_id, created_at) ON public.audit_trail TO sigilo_gate;
CREATE POLICY gate ON public.audit_console_runs FOR SELECT TO sigilo_gate USING (true);
GRANT SELECT (clinic_id, user_id, kind, unmasked, outcome, started_at) ON public.audit_console_runs TO sigilo_gate;
