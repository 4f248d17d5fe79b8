-- Consents that prove themselves: texts that were reviewed before anybody is asked to agree, one proof beside each act, a
-- history that only grows, and one gate that closes what is done without a live consent.

-- Purposes ------------------------------------------------------------------------------------

-- What a consent may be for, the kind of act it comes with, and what stands closed without it: a table whose policies ask,
-- or null where the feature that it will close does not exist yet and will ask app.has_purpose.
CREATE FUNCTION app.purposes() RETURNS TABLE (purpose text, consent_type text, closes text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
  VALUES ('platform_use', 'terms_of_service', NULL), ('account_data', 'data_processing', NULL),
         ('ai_assistant', 'ai_processing', 'public.messages'), ('image_analysis', 'image_processing', 'public.messages'),
         ('treatment', 'treatment', NULL), ('marketing', 'marketing', NULL), ('research', 'research', NULL),
         ('data_sharing', 'data_sharing', NULL), ('photo_record', 'photo_use', NULL), ('photo_education', 'photo_use', NULL),
         ('photo_publicity', 'photo_use', NULL), ('telemedicine', 'telemedicine', NULL),
         ('telemedicine_recording', 'telemedicine', NULL), ('ai_in_care', 'ai_in_care', NULL)
$$;
GRANT EXECUTE ON FUNCTION app.purposes() TO sigilo_app, sigilo_gate, sigilo_jobs;
CREATE FUNCTION app.are_purposes(wanted text[], kind text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$ SELECT cardinality(wanted) > 0 AND wanted <@ (SELECT array_agg(p.purpose) FROM app.purposes() p WHERE p.consent_type = kind) $$;
GRANT EXECUTE ON FUNCTION app.are_purposes(text[], text) TO sigilo_app, sigilo_gate, sigilo_jobs;

-- Texts ---------------------------------------------------------------------------------------

-- One version of what is agreed to. Without a clinic: the product's own, for all. A clinic's approved text goes before it.
CREATE TABLE public.consent_texts (
  clinic_id uuid DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7() PRIMARY KEY,
  consent_type text NOT NULL,
  version text NOT NULL CHECK (version ~ '^[0-9A-Za-z][0-9A-Za-z._-]{0,19}$'),
  language text NOT NULL DEFAULT 'pt-BR' CHECK (language ~ '^[a-z]{2,3}(-[A-Z]{2})?$'),
  title text NOT NULL CHECK (length(btrim(title)) BETWEEN 3 AND 200),
  summary text NOT NULL CHECK (length(btrim(summary)) BETWEEN 10 AND 500),
  body text NOT NULL CHECK (length(btrim(body)) BETWEEN 50 AND 20000),
  -- The purpose in words, and by code.
  purpose text NOT NULL CHECK (length(btrim(purpose)) BETWEEN 3 AND 300),
  purposes text[] NOT NULL,
  legal_basis text NOT NULL CHECK (length(btrim(legal_basis)) BETWEEN 3 AND 200),
  data_categories text[] NOT NULL CHECK (cardinality(data_categories) BETWEEN 1 AND 20),
  retention_justification text NOT NULL CHECK (length(btrim(retention_justification)) BETWEEN 10 AND 1000),
  -- How long a consent to it lives; null: until it is withdrawn.
  valid_months integer CHECK (valid_months BETWEEN 1 AND 240),
  -- SHA-256 of what is shown: title, summary and body, parted by an empty line.
  text_hash text NOT NULL GENERATED ALWAYS AS (app.sha256_hex(title || E'\n\n' || summary || E'\n\n' || body)) STORED,
  status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'reviewed', 'approved', 'retired')),
  author_id uuid,
  reviewed_by uuid,
  reviewed_at timestamptz,
  review_notes text CHECK (length(btrim(review_notes)) BETWEEN 10 AND 4000),
  approved_by uuid,
  approved_at timestamptz,
  retired_by uuid,
  retired_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (clinic_id, consent_type, language, version),
  CONSTRAINT texts_purposes CHECK (app.are_purposes(purposes, consent_type)),
  CONSTRAINT texts_review CHECK (status IN ('draft', 'retired') OR clinic_id IS NULL
                                 OR (reviewed_by IS NOT NULL AND reviewed_at IS NOT NULL AND review_notes IS NOT NULL)),
  CONSTRAINT texts_approval CHECK (status <> 'approved' OR approved_at IS NOT NULL AND (clinic_id IS NULL OR approved_by IS NOT NULL)),
  -- Somebody else than who wrote or reviewed it.
  CONSTRAINT texts_two_people CHECK (approved_by IS NULL OR (approved_by <> author_id AND approved_by <> reviewed_by))
);

-- One order of states; who and when are the database's word; what was reviewed no longer changes.
CREATE FUNCTION public.fn_consent_text() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  moving text[] := ARRAY['status', 'reviewed_by', 'reviewed_at', 'review_notes', 'approved_by', 'approved_at', 'retired_by',
                         'retired_at', 'text_hash'];
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.clinic_id IS NOT NULL THEN
      NEW.status := 'draft';
      NEW.author_id := app.user_id();
      NEW.reviewed_by := NULL; NEW.reviewed_at := NULL; NEW.review_notes := NULL;
      NEW.approved_by := NULL; NEW.approved_at := NULL;
      NEW.retired_by := NULL; NEW.retired_at := NULL;
    END IF;
    NEW.created_at := now();
    RETURN NEW;
  END IF;
  IF OLD.status <> 'draft' AND to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving
     OR NEW.id <> OLD.id OR NEW.clinic_id IS DISTINCT FROM OLD.clinic_id OR NEW.author_id IS DISTINCT FROM OLD.author_id THEN
    RAISE EXCEPTION 'a text that was reviewed stays as it is' USING ERRCODE = 'check_violation', CONSTRAINT = 'texts_final';
  END IF;
  IF OLD.status || '>' || NEW.status NOT IN ('draft>draft', 'draft>reviewed', 'draft>retired', 'reviewed>draft',
                                             'reviewed>approved', 'reviewed>retired', 'approved>retired') THEN
    RAISE EXCEPTION 'no such step' USING ERRCODE = 'check_violation', CONSTRAINT = 'texts_states';
  END IF;
  NEW.reviewed_by := OLD.reviewed_by; NEW.reviewed_at := OLD.reviewed_at;
  NEW.approved_by := OLD.approved_by; NEW.approved_at := OLD.approved_at;
  NEW.retired_by := OLD.retired_by; NEW.retired_at := OLD.retired_at;
  CASE NEW.status
    WHEN 'draft' THEN
      NEW.reviewed_by := NULL; NEW.reviewed_at := NULL; NEW.review_notes := NULL;
    WHEN 'reviewed' THEN
      NEW.reviewed_by := app.user_id(); NEW.reviewed_at := now();
    WHEN 'approved' THEN
      NEW.review_notes := OLD.review_notes;
      NEW.approved_by := app.user_id(); NEW.approved_at := now();
    ELSE
      NEW.review_notes := OLD.review_notes;
      NEW.retired_by := app.user_id(); NEW.retired_at := now();
  END CASE;
  RETURN NEW;
END
$$;
CREATE TRIGGER workflow BEFORE INSERT OR UPDATE ON public.consent_texts
  FOR EACH ROW EXECUTE FUNCTION public.fn_consent_text();

CREATE TRIGGER no_delete BEFORE DELETE ON public.consent_texts FOR EACH ROW EXECUTE FUNCTION app.fn_append_only();

-- One approved text a kind and language in a clinic: a new one retires the one before.
CREATE FUNCTION public.fn_consent_text_replaces() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  UPDATE public.consent_texts t SET status = 'retired'
   WHERE t.clinic_id = NEW.clinic_id AND t.consent_type = NEW.consent_type AND t.language = NEW.language
     AND t.status = 'approved' AND t.id <> NEW.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER replaces AFTER UPDATE ON public.consent_texts FOR EACH ROW
  WHEN (NEW.status = 'approved' AND OLD.status = 'reviewed') EXECUTE FUNCTION public.fn_consent_text_replaces();

ALTER TABLE public.consent_texts ENABLE ROW LEVEL SECURITY;
-- The product's texts are entered below, before it is forced.
CREATE POLICY clinic_floor ON public.consent_texts AS RESTRICTIVE TO sigilo_app
  USING (clinic_id IS NULL OR clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()));
CREATE POLICY members ON public.consent_texts FOR SELECT TO sigilo_app USING (true);
CREATE POLICY managers_write ON public.consent_texts FOR INSERT TO sigilo_app
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')));
CREATE POLICY managers_decide ON public.consent_texts FOR UPDATE TO sigilo_app
  USING (clinic_id = (SELECT app.clinic_id()) AND (SELECT app.has_role('owner') OR app.has_role('dpo')))
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')));
GRANT SELECT, INSERT (consent_type, version, language, title, summary, body, purpose, purposes, legal_basis, data_categories,
                      retention_justification, valid_months),
  UPDATE (version, title, summary, body, purpose, purposes, legal_basis, data_categories, retention_justification,
          valid_months, status, review_notes) ON public.consent_texts TO sigilo_app;
CREATE POLICY audit ON public.consent_texts FOR SELECT TO sigilo_auditor USING (true);
GRANT SELECT ON public.consent_texts TO sigilo_auditor;
SELECT ops.open_to_console('public.consent_texts');
SELECT ops.open_to_review('public.consent_texts', 'created_at');

-- The product's own texts, as people have agreed to them until now.
INSERT INTO public.consent_texts (clinic_id, consent_type, version, title, summary, body, purpose, purposes, legal_basis,
                                  data_categories, retention_justification, status, approved_at) VALUES
  (NULL, 'terms_of_service', '1.0', 'Termos de uso',
   'Concordo em usar a plataforma conforme as regras abaixo.',
   'A Sigilo é uma plataforma de apoio à prática de saúde. Você a usa com a sua própria conta, que é pessoal e intransferível, e responde pelo que registra nela.

As sugestões da plataforma são apoio: o diagnóstico e a conduta são sempre decisão sua, como profissional. Não inclua nas conversas dados que identifiquem o paciente; se acontecer por engano, eles são removidos antes de qualquer armazenamento.

A clínica pode encerrar o seu acesso, e você pode pedir o encerramento da sua conta quando quiser. Os registros que a lei manda guardar continuam guardados pelo prazo da lei, e só por ele.

Você pode revogar este aceite a qualquer momento na página da sua conta. Sem ele não é possível usar a plataforma.',
   'Uso da plataforma conforme os termos', ARRAY['platform_use'], 'Art. 7, I',
   ARRAY['identificação profissional', 'registros de acesso'],
   'Prova do consentimento: enquanto durar a relação e por 5 anos após a revogação (LGPD, art. 8º, § 2º, e art. 16, I)', 'approved', now()),
  (NULL, 'data_processing', '1.0', 'Tratamento dos meus dados pessoais',
   'Autorizo o tratamento dos meus dados de cadastro e de acesso.',
   'São tratados o seu nome, o seu e-mail (cifrado), o número e o estado do seu CRM, a sua especialidade e os registros dos seus acessos: data, hora, endereço IP e navegador.

Servem para identificar você, proteger a conta e provar, diante de uma auditoria, quem fez o quê. Não são vendidos nem usados para publicidade, e ficam no servidor da própria clínica.

O perfil é guardado enquanto a conta existir; os registros de acesso, por no mínimo 6 meses (Marco Civil da Internet, art. 15); a trilha de auditoria, por 5 anos.

Você pode ver os seus dados e revogar esta autorização a qualquer momento na página da sua conta. Para corrigir dados ou receber uma cópia deles, peça à clínica. A revogação não desfaz o que foi feito antes dela.',
   'Identificação do profissional, segurança da conta e prestação de contas', ARRAY['account_data'], 'Art. 7, I',
   ARRAY['identificação', 'contato', 'identificação profissional', 'registros de acesso'],
   'Prova do consentimento: enquanto durar a relação e por 5 anos após a revogação (LGPD, art. 8º, § 2º, e art. 16, I)', 'approved', now()),
  (NULL, 'ai_processing', '1.0', 'Uso de inteligência artificial',
   'Autorizo que as minhas mensagens, já sem dados pessoais, sejam processadas por inteligência artificial.',
   'O assistente usa inteligência artificial para sugerir hipóteses e referências a partir do que você escreve. Antes de ser guardado ou enviado, o texto passa pela remoção automática de dados pessoais; o original não é armazenado.

As respostas podem conter erros. São apoio ao raciocínio clínico, com indicação das fontes, e não substituem a sua avaliação nem são decisão automatizada sobre pessoas (LGPD, art. 20). Cada resposta fica registrada com a explicação de como foi produzida.

Esta autorização é opcional: sem ela o assistente fica fechado e o restante da plataforma continua disponível.

Você pode revogar a autorização a qualquer momento na página da sua conta, com um clique.',
   'Apoio ao diagnóstico com inteligência artificial', ARRAY['ai_assistant'], 'Art. 7, I / Art. 20',
   ARRAY['texto clínico sem identificação'],
   'Prova do consentimento: enquanto durar a relação e por 5 anos após a revogação (LGPD, art. 8º, § 2º, e art. 16, I)', 'approved', now()),
  (NULL, 'image_processing', '1.1', 'Envio e processamento de imagens',
   'Autorizo o processamento, só em memória, das imagens de exames que eu enviar.',
   'Imagens de exames são dados sensíveis de saúde (LGPD, art. 11). Quando você envia uma, ela é processada em memória, só para a resposta daquela mensagem, e apagada em seguida: nunca é gravada em disco nem no banco de dados. Se a instalação usa um modelo de inteligência artificial de fora, a imagem vai até ele só para essa resposta.

Os metadados do arquivo (como data, aparelho e localização) são retirados antes. O que está desenhado na própria imagem não é examinado: o programa não lê nomes escritos nos pixels.

Ficam registrados o resumo criptográfico (SHA-256), o tamanho, o tipo e os horários de processamento e de descarte, como prova de que a imagem não foi guardada.

Cabe a você retirar da imagem nomes e outros dados que identifiquem o paciente antes do envio.

Esta autorização é opcional: sem ela o envio de imagens fica fechado. Você pode revogar a autorização a qualquer momento na página da sua conta.',
   'Processamento de imagens de exames em memória', ARRAY['image_analysis'], 'Art. 11, I',
   ARRAY['imagens de exames'],
   'Prova do consentimento: enquanto durar a relação e por 5 anos após a revogação (LGPD, art. 8º, § 2º, e art. 16, I)', 'approved', now());
ALTER TABLE public.consent_texts FORCE ROW LEVEL SECURITY;

-- Acts ----------------------------------------------------------------------------------------

-- What the acts of before were for follows from their kind. They have no proof, which nothing can make up for afterwards.
ALTER TABLE public.consent_records
  DROP CONSTRAINT consent_records_consent_type_check,
  ADD COLUMN purposes text[] NOT NULL DEFAULT '{}',
  -- How a consent ended that was not withdrawn: another one took its place.
  ADD COLUMN ended_as text CHECK (ended_as = 'renewed'),
  DROP COLUMN status,
  ADD COLUMN status text NOT NULL GENERATED ALWAYS AS (
    CASE WHEN withdrawn_at IS NOT NULL THEN 'withdrawn' WHEN granted THEN 'granted'
         WHEN ended_as IS NOT NULL THEN ended_as ELSE 'refused' END) STORED;
DROP TRIGGER stamp ON public.consent_records;
ALTER TABLE public.consent_records NO FORCE ROW LEVEL SECURITY;
UPDATE public.consent_records c
   SET purposes = (SELECT array_agg(p.purpose) FROM app.purposes() p WHERE p.consent_type = c.consent_type);
ALTER TABLE public.consent_records FORCE ROW LEVEL SECURITY;
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON public.consent_records
  FOR EACH ROW EXECUTE FUNCTION public.fn_consent_stamp();
ALTER TABLE public.consent_records
  ADD CONSTRAINT consents_purposes CHECK (app.are_purposes(purposes, consent_type));
CREATE UNIQUE INDEX consent_records_live_patient ON public.consent_records (clinic_id, patient_id, consent_type)
  WHERE granted AND patient_id IS NOT NULL;

-- The server's clock and the request's origin, not the caller's word; and what was agreed to is the approved text's word.
CREATE OR REPLACE FUNCTION public.fn_consent_stamp() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  moving text[] := ARRAY['granted', 'withdrawn_at', 'withdrawal_method', 'withdrawal_reason', 'ended_as', 'status'];
  shown public.consent_texts;
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT * INTO shown FROM public.consent_texts t
     WHERE (t.clinic_id IS NULL OR t.clinic_id = NEW.clinic_id) AND t.consent_type = NEW.consent_type
       AND t.version = NEW.consent_version AND t.text_hash = NEW.consent_text_hash AND t.status = 'approved'
     ORDER BY t.clinic_id NULLS LAST LIMIT 1;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'no approved text' USING ERRCODE = 'check_violation', CONSTRAINT = 'consents_approved_text';
    END IF;
    IF cardinality(NEW.purposes) = 0 THEN
      NEW.purposes := shown.purposes;
    ELSIF NOT NEW.purposes <@ shown.purposes THEN
      RAISE EXCEPTION 'purposes that the text does not name' USING ERRCODE = 'check_violation', CONSTRAINT = 'consents_purposes';
    END IF;
    NEW.purpose := shown.purpose;
    NEW.legal_basis := shown.legal_basis;
    NEW.data_categories := shown.data_categories;
    NEW.retention_justification := shown.retention_justification;
    NEW.expires_at := least(NEW.expires_at, now() + make_interval(months => shown.valid_months));
    IF NEW.expires_at <= now() THEN
      RAISE EXCEPTION 'over before it began' USING ERRCODE = 'check_violation', CONSTRAINT = 'consents_period';
    END IF;
    NEW.ended_as := NULL;
    NEW.withdrawn_at := NULL;
    NEW.granted_at := now();
    NEW.created_at := now();
    NEW.ip_address := nullif(current_setting('app.ip', true), '')::inet;
    NEW.user_agent := nullif(current_setting('app.user_agent', true), '');
    RETURN NEW;
  END IF;
  IF NOT OLD.granted OR NEW.granted THEN
    RAISE EXCEPTION 'a consent can only be withdrawn, once' USING ERRCODE = 'check_violation', CONSTRAINT = 'consents_final';
  END IF;
  IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving THEN
    RAISE EXCEPTION 'a consent is never edited' USING ERRCODE = 'check_violation', CONSTRAINT = 'consents_final';
  END IF;
  IF NEW.ended_as IS NULL THEN
    NEW.withdrawn_at := now();
  ELSE
    NEW.withdrawn_at := NULL; NEW.withdrawal_method := NULL; NEW.withdrawal_reason := NULL;
  END IF;
  RETURN NEW;
END
$$;

-- Patients' consents are collected by the people who receive them. The patients themselves come with their own feature.
CREATE FUNCTION app.collects_consents() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
  SELECT app.has_role('professional') OR app.has_role('receptionist') OR app.has_role('administrator')
      OR app.has_role('owner') OR app.has_role('dpo')
$$;
GRANT EXECUTE ON FUNCTION app.collects_consents() TO sigilo_app;
CREATE POLICY patients ON public.consent_records TO sigilo_app
  USING (patient_id IS NOT NULL AND (SELECT app.collects_consents()))
  WITH CHECK (patient_id IS NOT NULL AND (SELECT app.collects_consents()));
GRANT UPDATE (ended_as) ON public.consent_records TO sigilo_app;
GRANT SELECT ON public.consent_records TO sigilo_gate;

-- Whether somebody agrees to a purpose now: a patient, or the signed-in member. Features ask it in their policies.
CREATE FUNCTION app.has_purpose(wanted text, patient uuid DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM app.purposes() p WHERE p.purpose = wanted) THEN
    RAISE EXCEPTION 'no such purpose' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN EXISTS (
    SELECT FROM public.consent_records c
     WHERE c.granted AND wanted = ANY (c.purposes) AND (c.expires_at IS NULL OR c.expires_at > now())
       AND CASE WHEN patient IS NULL THEN c.user_id = app.user_id() ELSE c.patient_id = patient END);
END
$$;
GRANT EXECUTE ON FUNCTION app.has_purpose(text, uuid) TO sigilo_app;

-- Proofs --------------------------------------------------------------------------------------

-- What proves one act: exactly one row for each. Who agreed stands here only sealed. Neither the device's fingerprint nor
-- its place is collected: nothing about the act becomes more certain by them, and both would follow the person elsewhere.
CREATE TABLE public.lgpd_consents (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id(),
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  consent_id uuid NOT NULL,
  user_id uuid,
  patient_id uuid,
  consent_type text NOT NULL,
  consent_version text NOT NULL,
  consent_text text NOT NULL,
  consent_text_hash text NOT NULL CHECK (consent_text_hash ~ '^[0-9a-f]{64}$'),
  -- In public.consent_texts, where nothing is deleted; the product's texts have no clinic, so that no key can carry it.
  text_id uuid NOT NULL,
  consent_language text NOT NULL,
  processing_purpose text NOT NULL,
  purposes text[] NOT NULL,
  legal_basis text NOT NULL,
  data_categories text[] NOT NULL,
  regulatory_frameworks text[] NOT NULL DEFAULT '{LGPD}',
  consent_status text NOT NULL DEFAULT 'granted' CHECK (consent_status IN ('granted', 'withdrawn', 'expired', 'renewed')),
  collection_method text NOT NULL,
  session_id uuid,
  requested_at timestamptz NOT NULL DEFAULT now(),
  given_at timestamptz NOT NULL,
  withdrawn_at timestamptz,
  expired_at timestamptz,
  withdrawal_reason text,
  withdrawal_method text,
  withdrawal_confirmed boolean NOT NULL DEFAULT false,
  withdrawal_processed_at timestamptz,
  withdrawal_signature bytea CHECK (length(withdrawal_signature) = 64),
  -- Name, birth date, CPF and representative.
  subject_sealed bytea NOT NULL,
  -- Without it the hash below says nothing.
  salt_sealed bytea NOT NULL,
  has_representative boolean NOT NULL DEFAULT false,
  -- What shows that the representative is one: a file, sealed.
  representative_evidence_sealed bytea CHECK (length(representative_evidence_sealed) <= 5300000),
  consent_hash text NOT NULL UNIQUE CHECK (consent_hash ~ '^[0-9a-f]{64}$'),
  -- Salted commitments to each part, as they were signed.
  cryptographic_proof json NOT NULL,
  digital_signature bytea NOT NULL CHECK (length(digital_signature) = 64),
  signature_key bytea NOT NULL CHECK (length(signature_key) = 32),
  subject_signature_kind text CHECK (subject_signature_kind IN ('drawn', 'icp_brasil', 'paper')),
  subject_signature_sealed bytea CHECK (length(subject_signature_sealed) <= 5300000),
  subject_signature_binding bytea CHECK (length(subject_signature_binding) = 64),
  subject_signed_at timestamptz,
  -- A token over the seal. Until there is one, the stamps of the trail's checkpoints cover the act.
  timestamp_status text NOT NULL DEFAULT 'pending' CHECK (timestamp_status IN ('pending', 'granted')),
  timestamp_token bytea CHECK (length(timestamp_token) <= 65536),
  timestamp_time timestamptz,
  timestamp_tries integer NOT NULL DEFAULT 0 CHECK (timestamp_tries >= 0),
  timestamp_next_try_at timestamptz NOT NULL DEFAULT now(),
  timestamp_problem text CHECK (length(timestamp_problem) <= 500),
  -- Only the root of many hashes would ever be anchored outside; null without an anchor.
  blockchain_tx_hash text CHECK (length(blockchain_tx_hash) <= 200),
  -- The code of the public page: as a hash to find it, sealed to print it again.
  code_hash bytea NOT NULL UNIQUE CHECK (length(code_hash) = 32),
  code_sealed bytea NOT NULL,
  data_portability_granted boolean NOT NULL DEFAULT false,
  data_erasure_requested boolean NOT NULL DEFAULT false,
  data_rectification_requested boolean NOT NULL DEFAULT false,
  data_processing_restricted boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  UNIQUE (clinic_id, consent_id),
  FOREIGN KEY (clinic_id, consent_id) REFERENCES public.consent_records (clinic_id, id) ON DELETE RESTRICT,
  CHECK (num_nonnulls(user_id, patient_id) = 1),
  CONSTRAINT proofs_stamp CHECK ((timestamp_status = 'granted') = (timestamp_token IS NOT NULL AND timestamp_time IS NOT NULL)),
  CONSTRAINT proofs_own_signature CHECK (num_nonnulls(subject_signature_kind, subject_signature_sealed,
                                                      subject_signature_binding, subject_signed_at) IN (0, 4)),
  CONSTRAINT proofs_withdrawal CHECK (withdrawal_signature IS NULL OR withdrawn_at IS NOT NULL)
);
CREATE INDEX lgpd_consents_subject ON public.lgpd_consents (clinic_id, user_id, given_at);
CREATE INDEX lgpd_consents_stamps ON public.lgpd_consents (timestamp_next_try_at) WHERE timestamp_status = 'pending';

-- Beside the act, in its words; afterwards only what may come later comes, each once.
CREATE FUNCTION public.fn_lgpd_consent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  act public.consent_records;
  shown public.consent_texts;
  moving text[] := ARRAY['consent_status', 'withdrawn_at', 'expired_at', 'withdrawal_reason', 'withdrawal_method',
    'withdrawal_confirmed', 'withdrawal_processed_at', 'withdrawal_signature', 'subject_signature_kind',
    'subject_signature_sealed', 'subject_signature_binding', 'subject_signed_at', 'timestamp_status', 'timestamp_token',
    'timestamp_time', 'timestamp_tries', 'timestamp_next_try_at', 'timestamp_problem', 'blockchain_tx_hash',
    'data_portability_granted', 'data_erasure_requested', 'data_rectification_requested', 'data_processing_restricted',
    'updated_at'];
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT * INTO act FROM public.consent_records c WHERE c.clinic_id = NEW.clinic_id AND c.id = NEW.consent_id;
    SELECT * INTO shown FROM public.consent_texts t
     WHERE t.id = NEW.text_id AND t.text_hash = act.consent_text_hash AND t.version = act.consent_version
       AND (t.clinic_id IS NULL OR t.clinic_id = NEW.clinic_id);
    IF act.id IS NULL OR shown.id IS NULL OR act.created_at <> now() THEN
      RAISE EXCEPTION 'a proof is made with its act' USING ERRCODE = 'check_violation', CONSTRAINT = 'proofs_act';
    END IF;
    NEW.user_id := act.user_id;
    NEW.patient_id := act.patient_id;
    NEW.consent_type := act.consent_type;
    NEW.consent_version := act.consent_version;
    NEW.consent_text := shown.title || E'\n\n' || shown.summary || E'\n\n' || shown.body;
    NEW.consent_text_hash := act.consent_text_hash;
    NEW.consent_language := shown.language;
    NEW.processing_purpose := act.purpose;
    NEW.purposes := act.purposes;
    NEW.legal_basis := act.legal_basis;
    NEW.data_categories := act.data_categories;
    NEW.collection_method := act.collection_method;
    NEW.session_id := (SELECT w.session_id FROM app.whoami() w);
    NEW.requested_at := now();
    NEW.given_at := act.granted_at;
    NEW.consent_status := 'granted';
    NEW.created_at := now();
    RETURN NEW;
  END IF;
  IF to_jsonb(NEW) - moving IS DISTINCT FROM to_jsonb(OLD) - moving
     OR (OLD.withdrawal_signature IS NOT NULL AND NEW.withdrawal_signature IS DISTINCT FROM OLD.withdrawal_signature)
     OR (OLD.subject_signed_at IS NOT NULL AND (NEW.subject_signed_at, NEW.subject_signature_kind, NEW.subject_signature_sealed)
           IS DISTINCT FROM (OLD.subject_signed_at, OLD.subject_signature_kind, OLD.subject_signature_sealed))
     OR (OLD.timestamp_status = 'granted' AND NEW.timestamp_token IS DISTINCT FROM OLD.timestamp_token)
     OR (OLD.blockchain_tx_hash IS NOT NULL AND NEW.blockchain_tx_hash IS DISTINCT FROM OLD.blockchain_tx_hash) THEN
    RAISE EXCEPTION 'a proof is never edited' USING ERRCODE = 'check_violation', CONSTRAINT = 'proofs_final';
  END IF;
  IF OLD.subject_signed_at IS NULL AND NEW.subject_signed_at IS NOT NULL THEN
    NEW.subject_signed_at := now();
  END IF;
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON public.lgpd_consents
  FOR EACH ROW EXECUTE FUNCTION public.fn_lgpd_consent();

-- No act without its proof: asked when the transaction ends.
CREATE FUNCTION public.fn_consent_proved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.lgpd_consents p WHERE p.clinic_id = NEW.clinic_id AND p.consent_id = NEW.id) THEN
    RAISE EXCEPTION 'a consent without its proof' USING ERRCODE = 'check_violation', CONSTRAINT = 'consents_proved';
  END IF;
  RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER proved AFTER INSERT ON public.consent_records DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.granted) EXECUTE FUNCTION public.fn_consent_proved();

-- History -------------------------------------------------------------------------------------

-- Every act about a consent, in its order. Only added to, and only by triggers.
CREATE TABLE public.consent_events (
  clinic_id uuid NOT NULL REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  consent_id uuid NOT NULL,
  user_id uuid,
  patient_id uuid,
  kind text NOT NULL CHECK (kind IN ('granted', 'withdrawn', 'renewed', 'reminded', 'expired', 'signed', 'stamped')),
  actor_id uuid,
  method text,
  reason text CHECK (length(reason) <= 500),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, consent_id) REFERENCES public.consent_records (clinic_id, id) ON DELETE RESTRICT
);
CREATE INDEX consent_events_consent ON public.consent_events (clinic_id, consent_id, created_at);
CREATE UNIQUE INDEX consent_events_once ON public.consent_events (clinic_id, consent_id, kind);
CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON public.consent_events
  FOR EACH ROW EXECUTE FUNCTION app.fn_append_only();

CREATE FUNCTION public.fn_consent_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  who uuid := (SELECT w.user_id FROM app.whoami() w);
  consent uuid;
  what text;
BEGIN
  IF TG_TABLE_NAME = 'lgpd_consents' THEN
    consent := NEW.consent_id;
    IF TG_OP = 'INSERT' THEN
      what := 'granted';
    ELSIF OLD.subject_signed_at IS NULL AND NEW.subject_signed_at IS NOT NULL THEN
      what := 'signed';
    ELSIF OLD.timestamp_status = 'pending' AND NEW.timestamp_status = 'granted' THEN
      what := 'stamped';
    END IF;
  ELSE
    consent := NEW.id;
    what := CASE WHEN NEW.ended_as IS NULL THEN 'withdrawn' ELSE NEW.ended_as END;
    UPDATE public.lgpd_consents p
       SET consent_status = what, withdrawn_at = NEW.withdrawn_at, withdrawal_method = NEW.withdrawal_method,
           withdrawal_reason = NEW.withdrawal_reason, withdrawal_confirmed = NEW.withdrawn_at IS NOT NULL,
           withdrawal_processed_at = NEW.withdrawn_at
     WHERE p.clinic_id = NEW.clinic_id AND p.consent_id = NEW.id;
  END IF;
  IF what IS NOT NULL THEN
    INSERT INTO public.consent_events (clinic_id, consent_id, user_id, patient_id, kind, actor_id, method, reason)
    SELECT c.clinic_id, c.id, c.user_id, c.patient_id, what, who,
           CASE WHEN what = 'withdrawn' THEN c.withdrawal_method WHEN what = 'granted' THEN c.collection_method END,
           CASE WHEN what = 'withdrawn' THEN c.withdrawal_reason END
      FROM public.consent_records c WHERE c.clinic_id = NEW.clinic_id AND c.id = consent;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER events AFTER INSERT OR UPDATE ON public.lgpd_consents
  FOR EACH ROW EXECUTE FUNCTION public.fn_consent_event();
CREATE TRIGGER events AFTER UPDATE ON public.consent_records FOR EACH ROW
  WHEN (OLD.granted AND NOT NEW.granted) EXECUTE FUNCTION public.fn_consent_event();

-- Rights that were asked for show on the consents of who asked (LGPD art. 18).
CREATE FUNCTION public.fn_consent_rights() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  UPDATE public.lgpd_consents p
     SET data_erasure_requested = p.data_erasure_requested OR NEW.right_code = 'deletion',
         data_rectification_requested = p.data_rectification_requested OR NEW.right_code = 'correction',
         data_processing_restricted = p.data_processing_restricted OR (NEW.right_code = 'restriction' AND NEW.status = 'completed'),
         data_portability_granted = p.data_portability_granted OR (NEW.right_code = 'portability' AND NEW.status = 'completed')
   WHERE p.clinic_id = NEW.clinic_id AND p.user_id = NEW.requester_user_id;
  RETURN NULL;
END
$$;
CREATE TRIGGER consents AFTER INSERT OR UPDATE OF status ON public.data_subject_requests FOR EACH ROW
  WHEN (NEW.right_code IN ('deletion', 'correction', 'restriction', 'portability'))
  EXECUTE FUNCTION public.fn_consent_rights();

-- What ends: a reminder a month before, and the end itself, each once. Whether a consent still holds never waits for this.
CREATE FUNCTION ops.sweep_consents(size integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  done bigint;
BEGIN
  WITH due AS (
    SELECT c.clinic_id, c.id, c.user_id, c.patient_id, CASE WHEN c.expires_at <= now() THEN 'expired' ELSE 'reminded' END AS kind
      FROM public.consent_records c
     WHERE c.granted AND c.expires_at <= now() + interval '30 days'
       AND NOT EXISTS (SELECT FROM public.consent_events e
                        WHERE e.clinic_id = c.clinic_id AND e.consent_id = c.id
                          AND e.kind = CASE WHEN c.expires_at <= now() THEN 'expired' ELSE 'reminded' END)
     LIMIT size
  ), told AS (
    INSERT INTO public.consent_events (clinic_id, consent_id, user_id, patient_id, kind)
    SELECT d.clinic_id, d.id, d.user_id, d.patient_id, d.kind FROM due d ON CONFLICT DO NOTHING RETURNING kind
  ), ended AS (
    UPDATE public.lgpd_consents p SET consent_status = 'expired', expired_at = now()
      FROM due d WHERE d.kind = 'expired' AND p.clinic_id = d.clinic_id AND p.consent_id = d.id RETURNING p.id
  )
  SELECT count(*) INTO done FROM told;
  RETURN done;
END
$$;
REVOKE EXECUTE ON FUNCTION ops.sweep_consents(integer) FROM PUBLIC;

-- What the holder of a code may know, and nothing about whom or where.
CREATE FUNCTION app.consent_by_code(code bytea)
RETURNS TABLE (consent_status text, given_at timestamptz, ended_at timestamptz, expires_at timestamptz, consent_type text,
               consent_version text, consent_language text, consent_text_hash text, consent_hash text, parts text,
               digital_signature bytea, signature_key bytea, timestamp_status text, timestamp_token bytea,
               subject_signature_kind text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT CASE WHEN c.granted AND c.expires_at <= now() THEN 'expired' ELSE c.status END, p.given_at,
         CASE WHEN c.withdrawn_at IS NOT NULL THEN c.withdrawn_at WHEN c.expires_at <= now() THEN c.expires_at END, c.expires_at,
         p.consent_type, p.consent_version, p.consent_language, p.consent_text_hash, p.consent_hash, p.cryptographic_proof::text,
         p.digital_signature, p.signature_key, p.timestamp_status, p.timestamp_token, p.subject_signature_kind
    FROM public.lgpd_consents p
    JOIN public.consent_records c ON (c.clinic_id, c.id) = (p.clinic_id, p.consent_id)
   WHERE p.code_hash = sha256(code)
$$;
REVOKE EXECUTE ON FUNCTION app.consent_by_code(bytea) FROM PUBLIC;

-- Policies ------------------------------------------------------------------------------------

DO $$
DECLARE t text; f text;
BEGIN
  FOREACH t IN ARRAY ARRAY['lgpd_consents', 'consent_events'] LOOP
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY clinic_floor ON public.%I AS RESTRICTIVE TO sigilo_app
                      USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()))', t);
    EXECUTE format('CREATE POLICY own_rows ON public.%I TO sigilo_app
                      USING (user_id = (SELECT app.user_id())) WITH CHECK (user_id = (SELECT app.user_id()))', t);
    EXECUTE format('CREATE POLICY patients ON public.%I TO sigilo_app
                      USING (patient_id IS NOT NULL AND (SELECT app.collects_consents()))
                      WITH CHECK (patient_id IS NOT NULL AND (SELECT app.collects_consents()))', t);
    EXECUTE format('CREATE POLICY gate ON public.%I TO sigilo_gate USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY audit ON public.%I FOR SELECT TO sigilo_auditor USING (true)', t);
    EXECUTE format('GRANT SELECT ON public.%I TO sigilo_auditor, sigilo_app, sigilo_gate', t);
    EXECUTE format('SELECT ops.open_to_console(%L)', 'public.' || t);
  END LOOP;
  GRANT CREATE ON SCHEMA ops TO sigilo_gate;
  FOREACH f IN ARRAY ARRAY['public.fn_lgpd_consent()', 'public.fn_consent_proved()', 'public.fn_consent_event()',
                           'public.fn_consent_rights()', 'ops.sweep_consents(integer)', 'app.consent_by_code(bytea)'] LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('ALTER FUNCTION %s OWNER TO sigilo_gate', f);
  END LOOP;
  REVOKE CREATE ON SCHEMA ops FROM sigilo_gate;
END
$$;
CREATE POLICY gate ON public.consent_texts FOR SELECT TO sigilo_gate USING (true);
GRANT SELECT ON public.consent_texts TO sigilo_gate;
GRANT UPDATE (consent_status, withdrawn_at, withdrawal_method, withdrawal_reason, withdrawal_confirmed, withdrawal_processed_at,
              expired_at, data_portability_granted, data_erasure_requested, data_rectification_requested,
              data_processing_restricted) ON public.lgpd_consents TO sigilo_gate;
GRANT INSERT ON public.consent_events TO sigilo_gate;
GRANT INSERT (consent_id, text_id, subject_sealed, salt_sealed, has_representative, representative_evidence_sealed,
              consent_hash, cryptographic_proof, digital_signature, signature_key, code_hash, code_sealed),
  UPDATE (withdrawal_signature, subject_signature_kind, subject_signature_sealed, subject_signature_binding,
          subject_signed_at) ON public.lgpd_consents TO sigilo_app;
GRANT EXECUTE ON FUNCTION ops.sweep_consents(integer) TO sigilo_jobs;
GRANT EXECUTE ON FUNCTION app.consent_by_code(bytea) TO sigilo_auth;
SELECT ops.open_to_review('public.lgpd_consents', 'withdrawn_at'), ops.open_to_review('public.consent_events', 'created_at');

-- Whoever asks the authority of time sees what it is to stamp, and nothing of whom.
CREATE POLICY stamps ON public.lgpd_consents FOR SELECT TO sigilo_sealer USING (true);
CREATE POLICY stamping ON public.lgpd_consents FOR UPDATE TO sigilo_sealer USING (timestamp_status = 'pending') WITH CHECK (true);
GRANT SELECT (clinic_id, id, consent_hash, cryptographic_proof, timestamp_status, timestamp_tries, timestamp_next_try_at),
  UPDATE (timestamp_status, timestamp_token, timestamp_time, timestamp_tries, timestamp_next_try_at, timestamp_problem)
  ON public.lgpd_consents TO sigilo_sealer;

-- Trail ---------------------------------------------------------------------------------------

SELECT ops.watch(t::regclass) FROM unnest(ARRAY['public.consent_texts', 'public.lgpd_consents', 'public.consent_events']) AS t;
SELECT ops.baseline();
