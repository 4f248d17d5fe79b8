-- The doctor's conversations. What is stored is de-identified; the original text has no column.

CREATE TABLE public.conversations (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL DEFAULT app.user_id(),
  title text NOT NULL CHECK (length(btrim(title)) BETWEEN 1 AND 200),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'deleted')),
  -- The doctor's "delete" hides; rows go only by retention or by a fulfilled request.
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  UNIQUE (clinic_id, id, user_id),
  FOREIGN KEY (clinic_id, user_id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
);
CREATE INDEX conversations_recent ON public.conversations (clinic_id, user_id, updated_at DESC) WHERE status = 'active';

CREATE TABLE public.messages (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id(),
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  conversation_id uuid NOT NULL,
  user_id uuid NOT NULL DEFAULT app.user_id(),
  role text NOT NULL CHECK (role IN ('user', 'assistant')),
  content text NOT NULL CHECK (length(content) BETWEEN 1 AND 200000),
  content_hash text NOT NULL GENERATED ALWAYS AS (app.sha256_hex(content)) STORED,
  has_image boolean NOT NULL DEFAULT false,
  tokens_used integer CHECK (tokens_used >= 0),
  model_used text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, conversation_id, user_id)
    REFERENCES public.conversations (clinic_id, id, user_id) ON DELETE RESTRICT
);
CREATE INDEX messages_conversation ON public.messages (clinic_id, conversation_id, created_at, id);

-- The logs below prove what was done to a message and are kept longer than the message itself,
-- so they point at it without a foreign key.

CREATE TABLE public.anonymization_logs (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL DEFAULT app.user_id(),
  message_id uuid NOT NULL,
  -- Keyed: a plain hash of a short text could be reversed by trying (LGPD art. 12, §1).
  original_content_hash text NOT NULL CHECK (original_content_hash ~ '^[0-9a-f]{64}$'),
  original_hash_algorithm text NOT NULL,
  anonymized_content_hash text NOT NULL CHECK (anonymized_content_hash ~ '^[0-9a-f]{64}$'),
  entities_detected jsonb NOT NULL,
  anonymization_method text NOT NULL,
  sensitive_data_found boolean NOT NULL,
  processing_time_ms double precision NOT NULL CHECK (processing_time_ms >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id)
);
CREATE INDEX anonymization_logs_message ON public.anonymization_logs (clinic_id, message_id);
CREATE INDEX anonymization_logs_recent ON public.anonymization_logs (created_at DESC);

CREATE TABLE public.sensitive_data_detection_logs (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL DEFAULT app.user_id(),
  message_id uuid NOT NULL,
  detection_type text NOT NULL,
  detection_method text NOT NULL,
  confidence_score real NOT NULL CHECK (confidence_score BETWEEN 0 AND 1),
  action_taken text NOT NULL DEFAULT 'removed' CHECK (action_taken IN ('removed', 'kept', 'generalised')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id)
);
CREATE INDEX sensitive_data_detection_logs_message ON public.sensitive_data_detection_logs (clinic_id, message_id);
CREATE INDEX sensitive_data_detection_logs_recent ON public.sensitive_data_detection_logs (created_at DESC);

CREATE TABLE public.image_processing_logs (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL DEFAULT app.user_id(),
  conversation_id uuid NOT NULL,
  image_hash text NOT NULL CHECK (image_hash ~ '^[0-9a-f]{64}$'),
  image_size_bytes integer NOT NULL CHECK (image_size_bytes BETWEEN 1 AND 5242880),
  image_mime_type text NOT NULL CHECK (image_mime_type IN ('image/jpeg', 'image/png', 'image/webp')),
  purpose text NOT NULL DEFAULT 'diagnostic_aid' CHECK (purpose = 'diagnostic_aid'),
  processed_at timestamptz NOT NULL,
  discarded_at timestamptz NOT NULL CHECK (discarded_at >= processed_at),
  processing_duration_ms integer NOT NULL CHECK (processing_duration_ms >= 0),
  storage_proof text NOT NULL CHECK (storage_proof IN ('never_stored', 'processed_in_memory')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id)
);
CREATE INDEX image_processing_logs_recent ON public.image_processing_logs (created_at DESC);

CREATE TABLE public.explainability_logs (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL DEFAULT app.user_id(),
  message_id uuid NOT NULL,
  conversation_id uuid NOT NULL,
  ai_model_used text NOT NULL,
  explanation_level text NOT NULL,
  explanation_content text NOT NULL,
  confidence_score real CHECK (confidence_score BETWEEN 0 AND 1),
  disclaimer_shown boolean NOT NULL,
  human_in_the_loop_confirmed boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id)
);
CREATE INDEX explainability_logs_recent ON public.explainability_logs (created_at DESC);

CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON public.conversations
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();
CREATE TRIGGER audit AFTER INSERT ON public.messages
  FOR EACH ROW EXECUTE FUNCTION public.fn_audit_trigger();

-- Row-level security: the clinic is the floor, the row's owner decides above it. A doctor's
-- conversations are that doctor's alone, the clinic's administrators included.
DO $$
DECLARE t text; owner_column text;
BEGIN
  FOREACH t IN ARRAY ARRAY['consent_records', 'data_subject_requests', 'security_incident_logs', 'conversations',
                           'messages', 'anonymization_logs', 'sensitive_data_detection_logs',
                           'image_processing_logs', 'explainability_logs'] LOOP
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY clinic_floor ON public.%I AS RESTRICTIVE TO sigilo_app
                      USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()))', t);
    EXECUTE format('CREATE POLICY audit ON public.%I FOR SELECT TO sigilo_auditor USING (true)', t);
    EXECUTE format('GRANT SELECT ON public.%I TO sigilo_auditor', t);
  END LOOP;

  FOREACH t IN ARRAY ARRAY['consent_records', 'data_subject_requests', 'conversations', 'anonymization_logs',
                           'sensitive_data_detection_logs', 'image_processing_logs', 'explainability_logs'] LOOP
    owner_column := CASE t WHEN 'data_subject_requests' THEN 'requester_user_id' ELSE 'user_id' END;
    EXECUTE format('CREATE POLICY own_rows ON public.%I TO sigilo_app
                      USING (%I = (SELECT app.user_id())) WITH CHECK (%I = (SELECT app.user_id()))',
                   t, owner_column, owner_column);
  END LOOP;
END
$$;

CREATE POLICY own_rows ON public.messages FOR SELECT TO sigilo_app USING (user_id = (SELECT app.user_id()));
-- The assistant is closed to whom has not consented to it, whatever the application believes.
CREATE POLICY own_words ON public.messages FOR INSERT TO sigilo_app
  WITH CHECK (user_id = (SELECT app.user_id()) AND (SELECT app.has_consent('ai_processing')));
CREATE POLICY professionals ON public.conversations AS RESTRICTIVE FOR INSERT TO sigilo_app
  WITH CHECK ((SELECT app.has_role('professional')));

GRANT SELECT, INSERT, UPDATE (granted, withdrawal_method, withdrawal_reason) ON public.consent_records TO sigilo_app;
GRANT SELECT, INSERT (request_type, legal_article, description) ON public.data_subject_requests TO sigilo_app;
GRANT SELECT, INSERT (title), UPDATE (title, status, deleted_at, updated_at) ON public.conversations TO sigilo_app;
GRANT SELECT, INSERT (conversation_id, role, content, has_image, tokens_used, model_used) ON public.messages TO sigilo_app;
GRANT SELECT, INSERT ON public.anonymization_logs, public.sensitive_data_detection_logs, public.image_processing_logs,
  public.explainability_logs TO sigilo_app;
