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
