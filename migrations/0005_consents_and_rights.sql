-- Consents of users and patients, requests of data subjects, security incidents.

-- One row an act of consent. Whose it is: exactly one of a user and a patient. A grant is never
-- edited; it can only be withdrawn, and a new grant is a new row.
CREATE TABLE public.consent_records (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  user_id uuid,
  patient_id uuid,
  consent_type text NOT NULL CHECK (consent_type IN (
    'terms_of_service', 'data_processing', 'ai_processing', 'image_processing')),
  consent_version text NOT NULL,
  consent_text_hash text NOT NULL CHECK (consent_text_hash ~ '^[0-9a-f]{64}$'),
  purpose text NOT NULL,
  legal_basis text NOT NULL,
  data_categories text[] NOT NULL DEFAULT '{}',
  granted boolean NOT NULL,
  granted_at timestamptz NOT NULL DEFAULT now(),
  withdrawn_at timestamptz,
  withdrawal_method text,
  withdrawal_reason text CHECK (length(withdrawal_reason) <= 500),
  expires_at timestamptz,
  status text NOT NULL GENERATED ALWAYS AS (
    CASE WHEN withdrawn_at IS NOT NULL THEN 'withdrawn' WHEN granted THEN 'granted' ELSE 'refused' END) STORED,
  collection_method text NOT NULL DEFAULT 'web_form',
  ip_address inet,
  user_agent text,
  evidence jsonb,
  retention_justification text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, user_id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK (num_nonnulls(user_id, patient_id) = 1),
  CHECK (NOT (granted AND withdrawn_at IS NOT NULL))
);
CREATE UNIQUE INDEX consent_records_live ON public.consent_records (clinic_id, user_id, consent_type) WHERE granted;
CREATE INDEX consent_records_user ON public.consent_records (clinic_id, user_id, created_at);

-- The server's clock and the request's origin, not the caller's word.
CREATE FUNCTION public.fn_consent_stamp() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.granted_at := now();
    NEW.created_at := now();
    NEW.ip_address := nullif(current_setting('app.ip', true), '')::inet;
    NEW.user_agent := nullif(current_setting('app.user_agent', true), '');
  ELSE
    IF NOT OLD.granted OR NEW.granted THEN
      RAISE EXCEPTION 'a consent can only be withdrawn, once' USING ERRCODE = 'check_violation';
    END IF;
    NEW.withdrawn_at := now();
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON public.consent_records
  FOR EACH ROW EXECUTE FUNCTION public.fn_consent_stamp();
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON public.consent_records
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();

-- Whether the signed-in user holds a live consent. Reads under the caller's own policies.
CREATE FUNCTION app.has_consent(wanted text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog
AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM public.consent_records c
     WHERE c.user_id = app.user_id() AND c.consent_type = wanted AND c.granted
       AND (c.expires_at IS NULL OR c.expires_at > now()));
END
$$;
GRANT EXECUTE ON FUNCTION app.has_consent(text) TO sigilo_app;

-- Requests of data subjects (LGPD art. 18). The database computes both clocks.
CREATE TABLE public.data_subject_requests (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  requester_user_id uuid NOT NULL DEFAULT app.user_id(),
  request_type text NOT NULL CHECK (request_type IN ('access', 'rectification', 'deletion', 'portability', 'objection')),
  legal_article text NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'in_progress', 'completed', 'refused', 'cancelled')),
  description text CHECK (length(description) <= 4000),
  requested_at timestamptz NOT NULL DEFAULT now(),
  deadline_at timestamptz NOT NULL,
  legal_deadline_at timestamptz,
  acknowledged_at timestamptz,
  completed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, requester_user_id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK ((status = 'completed') = (completed_at IS NOT NULL))
);
CREATE INDEX data_subject_requests_open ON public.data_subject_requests (deadline_at) WHERE status IN ('pending', 'in_progress');

-- 15 business days from the request (audit manual, step 7); for access, also the 15 calendar
-- days of LGPD art. 19, II. Neither can be supplied or moved by the application.
CREATE FUNCTION public.fn_request_deadline() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.requested_at := now();
    NEW.created_at := now();
  ELSE
    NEW.requested_at := OLD.requested_at;
    NEW.created_at := OLD.created_at;
  END IF;
  NEW.deadline_at := app.add_business_days(NEW.requested_at, 15);
  NEW.legal_deadline_at := CASE WHEN NEW.request_type = 'access' THEN NEW.requested_at + interval '15 days' END;
  RETURN NEW;
END
$$;
CREATE TRIGGER deadline BEFORE INSERT OR UPDATE ON public.data_subject_requests
  FOR EACH ROW EXECUTE FUNCTION public.fn_request_deadline();
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON public.data_subject_requests
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();

CREATE TABLE public.security_incident_logs (
  clinic_id uuid REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7() PRIMARY KEY,
  incident_type text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
  description text NOT NULL CHECK (length(description) <= 8000),
  affected_users_count integer NOT NULL DEFAULT 0 CHECK (affected_users_count >= 0),
  detected_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz,
  reported_to_anpd boolean NOT NULL DEFAULT false,
  is_simulation boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now()
);
