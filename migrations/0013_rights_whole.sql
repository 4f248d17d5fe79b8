-- Requests of data subjects, the rest: who must be told of what was done, requests that came another way, and those that
-- nobody moves.

-- Telling the recipients (LGPD art. 18, § 6) -------------------------------------------------------

-- Where a question went: the kind of provider does not tell a model on the clinic's own machine from one outside.
ALTER TABLE public.explainability_logs ADD COLUMN sent_to text CHECK (length(sent_to) BETWEEN 1 AND 253);
GRANT INSERT (sent_to) ON public.explainability_logs TO sigilo_app;
GRANT SELECT (sent_to) ON public.explainability_logs TO sigilo_gate;
-- Until now an address was not kept; Anthropic's own is the one that is set up by default.
ALTER TABLE public.explainability_logs NO FORCE ROW LEVEL SECURITY;
UPDATE public.explainability_logs SET sent_to = 'api.anthropic.com' WHERE provider = 'anthropic';
ALTER TABLE public.explainability_logs FORCE ROW LEVEL SECURITY;

CREATE POLICY gate ON auth.identities FOR SELECT TO sigilo_gate USING (true);
GRANT SELECT (user_id, issuer) ON auth.identities TO sigilo_gate;

CREATE TABLE public.recipient_notices (
  clinic_id uuid NOT NULL REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  request_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('language_model', 'identity_provider')),
  recipient text NOT NULL CHECK (length(recipient) BETWEEN 1 AND 500),
  created_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz,
  done_by uuid,
  evidence text CHECK (length(btrim(evidence)) BETWEEN 10 AND 2000),
  PRIMARY KEY (clinic_id, id),
  UNIQUE (clinic_id, request_id, kind, recipient),
  FOREIGN KEY (clinic_id, request_id) REFERENCES public.data_subject_requests (clinic_id, id) ON DELETE RESTRICT,
  CONSTRAINT notices_whole CHECK ((done_at IS NULL) = (evidence IS NULL) AND (done_at IS NULL) = (done_by IS NULL))
);

-- One notice a recipient, as soon as a correction or restriction is fulfilled; for a deletion when it begins, while the
-- account's ties to its identity provider are still there.
CREATE FUNCTION public.fn_recipients() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  asked uuid;
  person uuid;
BEGIN
  IF TG_TABLE_NAME = 'fulfilment_plans' THEN
    asked := NEW.request_id;
    person := NEW.subject_id;
  ELSE
    asked := NEW.id;
    person := NEW.requester_user_id;
  END IF;
  INSERT INTO public.recipient_notices (clinic_id, request_id, kind, recipient)
  SELECT NEW.clinic_id, asked, 'language_model', l.sent_to
    FROM public.explainability_logs l
   WHERE l.clinic_id = NEW.clinic_id AND l.user_id = person AND l.sent_to IS NOT NULL GROUP BY l.sent_to
  UNION ALL
  SELECT NEW.clinic_id, asked, 'identity_provider', i.issuer
    FROM auth.identities i WHERE i.user_id = person GROUP BY i.issuer;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION public.fn_recipients() FROM PUBLIC;
ALTER FUNCTION public.fn_recipients() OWNER TO sigilo_gate;
CREATE TRIGGER recipients AFTER UPDATE ON public.data_subject_requests FOR EACH ROW
  WHEN (NEW.status = 'completed' AND OLD.status <> 'completed' AND NEW.right_code IN ('correction', 'restriction'))
  EXECUTE FUNCTION public.fn_recipients();
CREATE TRIGGER recipients AFTER UPDATE ON public.fulfilment_plans FOR EACH ROW
  WHEN (NEW.status = 'running' AND OLD.status = 'approved') EXECUTE FUNCTION public.fn_recipients();

-- What was told stays told, by whom and when is the database's word.
CREATE FUNCTION public.fn_notice() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF OLD.done_at IS NOT NULL THEN
    RAISE EXCEPTION 'told already' USING ERRCODE = 'check_violation', CONSTRAINT = 'notices_final';
  END IF;
  NEW.done_at := now();
  NEW.done_by := app.user_id();
  RETURN NEW;
END
$$;
CREATE TRIGGER told BEFORE UPDATE ON public.recipient_notices FOR EACH ROW EXECUTE FUNCTION public.fn_notice();
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON public.recipient_notices
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();

CREATE OR REPLACE FUNCTION public.fn_request_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  who uuid := (SELECT w.user_id FROM app.whoami() w);
  request uuid;
  what text;
BEGIN
  CASE TG_TABLE_NAME
    WHEN 'data_subject_requests' THEN
      request := NEW.id;
      what := CASE WHEN TG_OP = 'INSERT' THEN 'created' WHEN NEW.status IS DISTINCT FROM OLD.status THEN NEW.status END;
    WHEN 'fulfilment_plans' THEN
      request := NEW.request_id;
      what := CASE WHEN TG_OP = 'INSERT' OR NEW.status IS DISTINCT FROM OLD.status THEN 'plan_' || NEW.status END;
    ELSE
      request := NEW.request_id;
      what := 'recipient_told';
  END CASE;
  IF what IS NOT NULL THEN
    INSERT INTO public.request_events (clinic_id, request_id, actor_id, kind) VALUES (NEW.clinic_id, request, who, what);
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER events AFTER UPDATE ON public.recipient_notices
  FOR EACH ROW EXECUTE FUNCTION public.fn_request_event();

ALTER TABLE public.recipient_notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.recipient_notices FORCE ROW LEVEL SECURITY;
CREATE POLICY clinic_floor ON public.recipient_notices AS RESTRICTIVE TO sigilo_app
  USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()));
CREATE POLICY managers ON public.recipient_notices FOR SELECT TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')));
-- Nobody says of the own request that others were told.
CREATE POLICY managers_tell ON public.recipient_notices FOR UPDATE TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo'))
         AND EXISTS (SELECT FROM public.data_subject_requests r
                      WHERE r.id = request_id AND r.requester_user_id <> (SELECT app.user_id())))
  WITH CHECK (done_by = (SELECT app.user_id()));
GRANT SELECT, UPDATE (evidence) ON public.recipient_notices TO sigilo_app;
CREATE POLICY gate ON public.recipient_notices FOR INSERT TO sigilo_gate WITH CHECK (true);
GRANT INSERT (clinic_id, request_id, kind, recipient) ON public.recipient_notices TO sigilo_gate;
CREATE POLICY receipts ON public.recipient_notices FOR SELECT TO sigilo_jobs USING (true);
GRANT SELECT (clinic_id, id, request_id, kind, recipient) ON public.recipient_notices TO sigilo_jobs;
CREATE POLICY audit ON public.recipient_notices FOR SELECT TO sigilo_auditor USING (true);
GRANT SELECT ON public.recipient_notices TO sigilo_auditor;
SELECT ops.open_to_console('public.recipient_notices');
SELECT ops.open_to_review('public.recipient_notices', 'created_at');

-- Requests that came another way ---------------------------------------------------------------------

ALTER TABLE public.data_subject_requests
  DROP CONSTRAINT data_subject_requests_identity_check_check,
  ADD CONSTRAINT requests_identity CHECK (identity_check IN ('session', 'document_seen', 'document_copy', 'notarised', 'signature')),
  ADD COLUMN channel text NOT NULL DEFAULT 'session' CHECK (channel IN ('session', 'counter', 'letter', 'email')),
  -- Who wrote down what came another way.
  ADD COLUMN registered_by uuid,
  ADD CONSTRAINT requests_arrival CHECK ((channel = 'session') = (registered_by IS NULL)
                                         AND (channel = 'session') = (identity_check = 'session'));

CREATE OR REPLACE FUNCTION public.fn_request_deadline() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- Only what came another way may have come before it was written down, and no more than 30 days.
    IF NEW.registered_by IS NULL THEN
      NEW.requested_at := now();
    ELSIF NEW.requested_at > now()
          OR (NEW.requested_at AT TIME ZONE 'America/Sao_Paulo')::date < (now() AT TIME ZONE 'America/Sao_Paulo')::date - 30 THEN
      RAISE EXCEPTION 'received too long ago, or not yet' USING ERRCODE = 'check_violation', CONSTRAINT = 'requests_received';
    END IF;
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
    NEW.channel := OLD.channel;
    NEW.registered_by := OLD.registered_by;
    NEW.identity_check := OLD.identity_check;
    NEW.version := OLD.version + 1;
    NEW.acknowledged_at := coalesce(OLD.acknowledged_at, CASE WHEN NEW.status <> 'cancelled' THEN now() END);
  END IF;
  NEW.completed_at := CASE WHEN NEW.status = 'completed' THEN now() END;
  NEW.deadline_at := app.add_business_days(NEW.requested_at, 15);
  NEW.legal_deadline_at := CASE WHEN NEW.request_type = 'access' THEN NEW.requested_at + interval '15 days' END;
  RETURN NEW;
END
$$;

DROP POLICY own_request ON public.data_subject_requests;
CREATE POLICY own_request ON public.data_subject_requests FOR INSERT TO sigilo_app
  WITH CHECK (requester_user_id = (SELECT app.user_id()) AND status = 'pending' AND registered_by IS NULL);
-- For somebody else, and in the own name.
CREATE POLICY managers_register ON public.data_subject_requests FOR INSERT TO sigilo_app
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND requester_user_id <> (SELECT app.user_id())
              AND registered_by = (SELECT app.user_id()) AND status = 'pending');
-- The form brings the identifier, so that what is sent twice is kept once.
GRANT INSERT (id, requester_user_id, requested_at, channel, registered_by, identity_check) ON public.data_subject_requests TO sigilo_app;

-- What proves who asked: a file, and who asked for the subject. Both only sealed; never changed.
CREATE TABLE public.request_evidence (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id(),
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  request_id uuid NOT NULL,
  -- Null: the subject in person.
  representation text CHECK (representation IN ('procuracao', 'curatela', 'responsavel', 'inventariante')),
  representative_sealed bytea CHECK (octet_length(representative_sealed) <= 4096),
  file_sealed bytea NOT NULL CHECK (octet_length(file_sealed) <= 5 * 1024 * 1024 + 64),
  file_type text NOT NULL CHECK (file_type IN ('application/pdf', 'image/jpeg', 'image/png')),
  file_size integer NOT NULL CHECK (file_size BETWEEN 1 AND 5 * 1024 * 1024),
  file_sha256 text NOT NULL CHECK (file_sha256 ~ '^[0-9a-f]{64}$'),
  created_by uuid NOT NULL DEFAULT app.user_id(),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  UNIQUE (clinic_id, request_id),
  FOREIGN KEY (clinic_id, request_id) REFERENCES public.data_subject_requests (clinic_id, id) ON DELETE RESTRICT,
  CHECK ((representation IS NULL) = (representative_sealed IS NULL))
);
CREATE TRIGGER audit AFTER INSERT ON public.request_evidence
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();
ALTER TABLE public.request_evidence ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.request_evidence FORCE ROW LEVEL SECURITY;
CREATE POLICY clinic_floor ON public.request_evidence AS RESTRICTIVE TO sigilo_app
  USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()));
CREATE POLICY managers ON public.request_evidence FOR SELECT TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')));
CREATE POLICY registrar ON public.request_evidence FOR INSERT TO sigilo_app
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND created_by = (SELECT app.user_id())
              AND EXISTS (SELECT FROM public.data_subject_requests r
                           WHERE r.id = request_id AND r.registered_by = (SELECT app.user_id())));
GRANT SELECT, INSERT (id, request_id, representation, representative_sealed, file_sealed, file_type, file_size, file_sha256)
  ON public.request_evidence TO sigilo_app;
CREATE POLICY audit ON public.request_evidence FOR SELECT TO sigilo_auditor USING (true);
GRANT SELECT ON public.request_evidence TO sigilo_auditor;
SELECT ops.open_to_console('public.request_evidence');
SELECT ops.open_to_review('public.request_evidence', 'created_at');

-- Requests that nobody moves --------------------------------------------------------------------------

-- Why a request stands still and since when, the reason that a person can mend first. The sweep and the desk share it.
CREATE FUNCTION app.stalls(status text, created_at timestamptz, alert_at timestamptz, plan_status text, approved_at timestamptz,
                           executed_at timestamptz)
RETURNS TABLE (why text, since timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
  SELECT v.why, v.since
    FROM (VALUES
      (1, 'stuck_executed', CASE WHEN plan_status = 'executed' AND executed_at < now() - interval '10 minutes' THEN executed_at END),
      (2, 'stuck_approved', CASE WHEN plan_status IN ('approved', 'running') AND approved_at < now() - interval '1 hour' THEN approved_at END),
      (3, 'stuck_pending', CASE WHEN status = 'pending' AND app.add_business_days(created_at, 3) < now() THEN created_at END),
      (4, 'overdue', CASE WHEN status IN ('pending', 'in_progress') AND alert_at < now() THEN alert_at END)
    ) AS v (rank, why, since)
   WHERE v.since IS NOT NULL ORDER BY v.rank
$$;
REVOKE EXECUTE ON FUNCTION app.stalls(text, timestamptz, timestamptz, text, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.stalls(text, timestamptz, timestamptz, text, timestamptz, timestamptz) TO sigilo_app, sigilo_jobs;

-- Each reason once in a request's history, however often the sweep runs.
CREATE UNIQUE INDEX request_events_stalls ON public.request_events (clinic_id, request_id, kind)
  WHERE kind IN ('stuck_executed', 'stuck_approved', 'stuck_pending', 'overdue');
CREATE POLICY sweep ON public.request_events FOR INSERT TO sigilo_jobs
  WITH CHECK (actor_id IS NULL AND kind IN ('stuck_executed', 'stuck_approved', 'stuck_pending', 'overdue'));
GRANT INSERT (clinic_id, request_id, kind) ON public.request_events TO sigilo_jobs;
-- Every open request, and of it only its clocks.
CREATE POLICY sweep ON public.data_subject_requests FOR SELECT TO sigilo_jobs USING (status IN ('pending', 'in_progress'));
REVOKE SELECT ON public.data_subject_requests FROM sigilo_jobs;
GRANT SELECT (clinic_id, id, status, created_at, alert_at) ON public.data_subject_requests TO sigilo_jobs;
