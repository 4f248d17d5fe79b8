-- Patients: what runs the clinic's day in one table, and who they are in another, sealed under each patient's own key.

-- Who works with patients' identification: the front desk, professionals, and who runs the clinic.
CREATE FUNCTION app.sees_patients() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
  SELECT app.has_role('receptionist') OR app.has_role('professional') OR app.has_role('administrator') OR app.has_role('owner')
$$;
GRANT EXECUTE ON FUNCTION app.sees_patients() TO sigilo_app;

CREATE TABLE public.patients (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  -- One after the other in each clinic; given by the database and never again.
  medical_record_number bigint NOT NULL DEFAULT 0 CHECK (medical_record_number > 0),
  is_active boolean NOT NULL DEFAULT true,
  inactive_reason text CHECK (inactive_reason IN ('moved', 'deceased', 'duplicate', 'other')),
  data_consent_status text NOT NULL DEFAULT 'pending' CHECK (data_consent_status IN ('pending', 'granted', 'withdrawn')),
  no_show_risk_score integer CHECK (no_show_risk_score BETWEEN 0 AND 100),
  data_retention_until date,
  data_anonymization_scheduled date,
  data_anonymized_at timestamptz,
  right_to_forget_requested boolean NOT NULL DEFAULT false,
  registered_by uuid NOT NULL DEFAULT app.user_id(),
  -- Counts changes of the record and of its identification: whoever saves says which one they saw.
  version integer NOT NULL DEFAULT 1 CHECK (version > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  UNIQUE (clinic_id, medical_record_number),
  FOREIGN KEY (clinic_id, registered_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK (is_active = (inactive_reason IS NULL))
);
CREATE INDEX patients_active ON public.patients (clinic_id, is_active, medical_record_number DESC);

CREATE FUNCTION public.fn_patient() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- One registration at a time in a clinic draws a number, so that none is given twice and none is left out.
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.clinic_id::text, 24));
    SELECT coalesce(max(p.medical_record_number), 0) + 1 INTO NEW.medical_record_number
      FROM public.patients p WHERE p.clinic_id = NEW.clinic_id;
    RETURN NEW;
  END IF;
  -- How the consents stand is nobody's edit of the record.
  IF NEW.data_consent_status = OLD.data_consent_status THEN
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER numbered BEFORE INSERT OR UPDATE ON public.patients FOR EACH ROW EXECUTE FUNCTION public.fn_patient();

-- Who a patient is. Each cell opens only with the patient's key, in this column. The fingerprints, under the clinic's key for
-- indexes, are what a number is found by.
CREATE TABLE public.patient_identities (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id(),
  patient_id uuid NOT NULL,
  full_name_sealed bytea NOT NULL,
  social_name_sealed bytea,
  birth_date_sealed bytea NOT NULL,
  sex_sealed bytea,
  race_color_sealed bytea,
  mother_name_sealed bytea,
  cpf_sealed bytea,
  cns_sealed bytea,
  rg_sealed bytea,
  phone_primary_sealed bytea,
  phone_secondary_sealed bytea,
  email_sealed bytea,
  address_sealed bytea,
  guardian_name_sealed bytea,
  guardian_relation_sealed bytea,
  guardian_document_sealed bytea,
  -- Why there is neither CPF nor CNS.
  without_document text CHECK (without_document IN ('foreigner', 'newborn', 'undocumented', 'emergency')),
  cpf_index bytea CHECK (length(cpf_index) = 16),
  cns_index bytea CHECK (length(cns_index) = 16),
  phone_primary_index bytea CHECK (length(phone_primary_index) = 16),
  phone_secondary_index bytea CHECK (length(phone_secondary_index) = 16),
  email_index bytea CHECK (length(email_index) = 16),
  name_birth_index bytea CHECK (length(name_birth_index) = 16),
  index_version integer NOT NULL CHECK (index_version > 0),
  -- The transaction that last wrote it: by it, who holds names in memory learns which to read again.
  changed_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, patient_id),
  FOREIGN KEY (clinic_id, patient_id) REFERENCES public.patients (clinic_id, id) ON DELETE RESTRICT,
  CONSTRAINT patient_identities_cpf UNIQUE (clinic_id, cpf_index),
  CONSTRAINT patient_identities_cns UNIQUE (clinic_id, cns_index),
  CHECK ((cpf_sealed IS NULL) = (cpf_index IS NULL) AND (cns_sealed IS NULL) = (cns_index IS NULL)),
  CONSTRAINT patient_identities_document CHECK (cpf_sealed IS NOT NULL OR cns_sealed IS NOT NULL OR without_document IS NOT NULL)
);
CREATE INDEX patient_identities_phone ON public.patient_identities (clinic_id, phone_primary_index);
CREATE INDEX patient_identities_other_phone ON public.patient_identities (clinic_id, phone_secondary_index)
  WHERE phone_secondary_index IS NOT NULL;
CREATE INDEX patient_identities_email ON public.patient_identities (clinic_id, email_index) WHERE email_index IS NOT NULL;
CREATE INDEX patient_identities_name_birth ON public.patient_identities (clinic_id, name_birth_index);
CREATE INDEX patient_identities_changed ON public.patient_identities (clinic_id, changed_in);

CREATE FUNCTION public.fn_patient_identity() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  NEW.changed_in := pg_current_xact_id();
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER noted BEFORE UPDATE ON public.patient_identities FOR EACH ROW EXECUTE FUNCTION public.fn_patient_identity();

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['patients', 'patient_identities'] LOOP
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY clinic_floor ON public.%I AS RESTRICTIVE TO sigilo_app
                      USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()))', t);
    EXECUTE format('CREATE POLICY desk ON public.%I TO sigilo_app
                      USING ((SELECT app.sees_patients())) WITH CHECK ((SELECT app.sees_patients()))', t);
    EXECUTE format('CREATE POLICY audit ON public.%I FOR SELECT TO sigilo_auditor USING (true)', t);
    EXECUTE format('GRANT SELECT ON public.%I TO sigilo_app, sigilo_auditor', t);
    PERFORM ops.open_to_console(format('public.%I', t)::regclass);
    PERFORM ops.open_to_review(format('public.%I', t)::regclass, 'created_at');
    PERFORM ops.watch(format('public.%I', t)::regclass);
  END LOOP;
END
$$;
GRANT INSERT (id), UPDATE (is_active, inactive_reason, updated_at) ON public.patients TO sigilo_app;
GRANT INSERT (patient_id, full_name_sealed, social_name_sealed, birth_date_sealed, sex_sealed, race_color_sealed,
              mother_name_sealed, cpf_sealed, cns_sealed, rg_sealed, phone_primary_sealed, phone_secondary_sealed, email_sealed,
              address_sealed, guardian_name_sealed, guardian_relation_sealed, guardian_document_sealed, without_document,
              cpf_index, cns_index, phone_primary_index, phone_secondary_index, email_index, name_birth_index, index_version),
      UPDATE (full_name_sealed, social_name_sealed, birth_date_sealed, sex_sealed, race_color_sealed, mother_name_sealed,
              cpf_sealed, cns_sealed, rg_sealed, phone_primary_sealed, phone_secondary_sealed, email_sealed, address_sealed,
              guardian_name_sealed, guardian_relation_sealed, guardian_document_sealed, without_document, cpf_index, cns_index,
              phone_primary_index, phone_secondary_index, email_index, name_birth_index, index_version)
  ON public.patient_identities TO sigilo_app;

-- A consent is of a patient that there is, and the record says how the patient's consents stand.
ALTER TABLE public.consent_records
  ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES public.patients (clinic_id, id) ON DELETE RESTRICT;
CREATE FUNCTION public.fn_patient_consents() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  standing text := CASE WHEN EXISTS (SELECT FROM public.consent_records c
                                      WHERE c.clinic_id = NEW.clinic_id AND c.patient_id = NEW.patient_id AND c.granted)
                        THEN 'granted' ELSE 'withdrawn' END;
BEGIN
  UPDATE public.patients p SET data_consent_status = standing
   WHERE p.clinic_id = NEW.clinic_id AND p.id = NEW.patient_id AND p.data_consent_status <> standing;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION public.fn_patient_consents() FROM PUBLIC;
ALTER FUNCTION public.fn_patient_consents() OWNER TO sigilo_gate;
CREATE POLICY gate ON public.patients TO sigilo_gate USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (data_consent_status) ON public.patients TO sigilo_gate;
CREATE TRIGGER patient_consents AFTER INSERT OR UPDATE OF granted ON public.consent_records FOR EACH ROW
  WHEN (NEW.patient_id IS NOT NULL) EXECUTE FUNCTION public.fn_patient_consents();

-- An event about a patient names the patient, in the header and in the ledger.
CREATE OR REPLACE FUNCTION app.audit(action text, action_type text, resource_type text, resource_id text,
                                     details jsonb, risk_level text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  who record;
  header uuid := coalesce(app.setting('trail_id')::uuid, app.uuid_v7());
  patient uuid := CASE WHEN audit.resource_type = 'patients' THEN audit.resource_id::uuid END;
BEGIN
  SELECT * INTO who FROM app.whoami();
  INSERT INTO public.audit_trail (id, clinic_id, user_id, patient_id, action, resource, resource_type, resource_id,
                                  ip_address, user_agent, session_id, request_id, risk_level)
  VALUES (header, who.clinic_id, who.user_id, patient, audit.action_type, audit.action, audit.resource_type, audit.resource_id,
          app.setting('ip')::inet, app.setting('user_agent'), who.session_id, app.setting('request_id')::uuid,
          audit.risk_level);
  INSERT INTO public.audit_logs (audit_trail_id, clinic_id, user_id, patient_id, action, action_type, resource_type, resource_id,
                                 details, request_id, session_id, ip_address, user_agent, risk_level, category)
  VALUES (header, who.clinic_id, who.user_id, patient, audit.action, audit.action_type, audit.resource_type, audit.resource_id,
          audit.details, app.setting('request_id')::uuid, who.session_id, app.setting('ip')::inet,
          app.setting('user_agent'), audit.risk_level, 'event');
END
$$;

SELECT ops.baseline();
