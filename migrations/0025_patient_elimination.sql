-- The end of a patient's registration, for good: two people decide, the rows that say who the patient is go, the patient's key
-- is destroyed, and a signed receipt says so. The record keeps its number, so that the trail stays understandable and no number
-- is given twice.

-- What must stay -------------------------------------------------------------------------------

-- A patient's data can be held, too (LGPD, art. 16, I). A hold is on a member or on a patient.
ALTER TABLE public.legal_holds
  ALTER COLUMN subject_id DROP NOT NULL,
  ADD COLUMN patient_id uuid,
  ADD FOREIGN KEY (clinic_id, patient_id) REFERENCES public.patients (clinic_id, id) ON DELETE RESTRICT,
  DROP CONSTRAINT legal_holds_check1,
  ADD CONSTRAINT legal_holds_own CHECK (subject_id IS NULL OR (placed_by <> subject_id AND released_by IS DISTINCT FROM subject_id)),
  ADD CONSTRAINT legal_holds_whose CHECK (num_nonnulls(subject_id, patient_id) = 1);
CREATE INDEX legal_holds_patient ON public.legal_holds (clinic_id, patient_id) WHERE released_at IS NULL AND patient_id IS NOT NULL;
DROP POLICY managers ON public.legal_holds;
CREATE POLICY managers ON public.legal_holds TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND subject_id IS DISTINCT FROM (SELECT app.user_id()))
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND subject_id IS DISTINCT FROM (SELECT app.user_id()));
GRANT INSERT (patient_id) ON public.legal_holds TO sigilo_app;

-- Who answers for the data decides by the record's number, without learning who it is about.
CREATE POLICY numbers ON public.patients FOR SELECT TO sigilo_app USING ((SELECT app.has_role('dpo')));

-- Until when a patient's record must be kept; null where there is none. Each table of the record adds itself here, with the day
-- twenty years after its last entry (Lei 13.787/2018, art. 6), and nothing else has to know of it.
CREATE FUNCTION app.patient_record_until(clinic uuid, patient uuid) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT greatest(p.data_retention_until) FROM public.patients p WHERE p.clinic_id = clinic AND p.id = patient
$$;

-- The rule that forbids an elimination now, if one does.
CREATE FUNCTION app.elimination_bar(clinic uuid, patient uuid, why text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT CASE
    WHEN EXISTS (SELECT FROM public.legal_holds h
                  WHERE h.clinic_id = clinic AND h.patient_id = patient AND h.released_at IS NULL) THEN 'eliminations_held'
    WHEN app.patient_record_until(clinic, patient) >= (app.clock() AT TIME ZONE 'America/Sao_Paulo')::date THEN 'eliminations_record'
    WHEN why = 'term_over' AND p.updated_at + interval '20 years' > app.clock() THEN 'eliminations_term' END
    FROM public.patients p WHERE p.clinic_id = clinic AND p.id = patient
$$;

-- What was decided -----------------------------------------------------------------------------

CREATE TABLE public.patient_eliminations (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  patient_id uuid NOT NULL,
  reason text NOT NULL CHECK (reason IN ('subject_request', 'mistaken_registration', 'term_over')),
  basis_note text NOT NULL CHECK (length(btrim(basis_note)) BETWEEN 10 AND 1000),
  -- executed: the rows are gone; the key follows, and then the receipt.
  status text NOT NULL DEFAULT 'asked' CHECK (status IN ('asked', 'approved', 'refused', 'withdrawn', 'executed')),
  asked_by uuid NOT NULL DEFAULT app.user_id(),
  asked_at timestamptz NOT NULL DEFAULT now(),
  decided_by uuid,
  decided_at timestamptz,
  decision_note text CHECK (length(btrim(decision_note)) BETWEEN 10 AND 1000),
  executed_at timestamptz,
  -- What went, in rows.
  done jsonb NOT NULL DEFAULT '{}',
  -- The transaction that took the rows: by it, who holds names in memory learns that one is no more.
  gone_in xid8,
  keys_destroyed_at timestamptz,
  receipt jsonb,
  receipt_signature text,
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, patient_id) REFERENCES public.patients (clinic_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, asked_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, decided_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK ((status = 'asked') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
  CONSTRAINT eliminations_two_people CHECK (status IN ('asked', 'withdrawn') OR decided_by <> asked_by),
  CONSTRAINT eliminations_refusal CHECK (status <> 'refused' OR decision_note IS NOT NULL),
  CHECK ((executed_at IS NULL) = (status <> 'executed') AND (gone_in IS NULL) = (status <> 'executed')),
  CHECK (keys_destroyed_at IS NULL OR status = 'executed'),
  CHECK ((receipt IS NULL) = (receipt_signature IS NULL) AND (receipt IS NULL OR keys_destroyed_at IS NOT NULL))
);
CREATE UNIQUE INDEX patient_eliminations_open ON public.patient_eliminations (clinic_id, patient_id)
  WHERE status IN ('asked', 'approved', 'executed');
CREATE INDEX patient_eliminations_gone ON public.patient_eliminations (clinic_id, gone_in) WHERE gone_in IS NOT NULL;
CREATE INDEX patient_eliminations_waiting ON public.patient_eliminations (id) WHERE status IN ('approved', 'executed') AND receipt IS NULL;

-- One order of states, who and when by the database's word, and never both words by one person, however few they are.
CREATE FUNCTION public.fn_patient_elimination() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  bar text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM FROM public.patients p WHERE p.clinic_id = NEW.clinic_id AND p.id = NEW.patient_id;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'no such patient' USING ERRCODE = 'no_data_found';
    END IF;
    NEW.status := 'asked';
    NEW.asked_by := app.user_id();
    NEW.asked_at := now();
  ELSIF OLD.status = 'executed' THEN
    IF NEW.status <> 'executed' OR OLD.receipt IS NOT NULL
       OR OLD.keys_destroyed_at IS NOT NULL AND NEW.keys_destroyed_at IS DISTINCT FROM OLD.keys_destroyed_at THEN
      RAISE EXCEPTION 'executed is the end' USING ERRCODE = 'check_violation', CONSTRAINT = 'eliminations_states';
    END IF;
    RETURN NEW;
  ELSIF NOT (OLD.status = 'asked' AND NEW.status IN ('approved', 'refused', 'withdrawn')
             OR OLD.status = 'approved' AND NEW.status IN ('executed', 'refused', 'withdrawn')) THEN
    RAISE EXCEPTION 'not from % to %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'eliminations_states';
  ELSIF NEW.status = 'executed' THEN
    RETURN NEW;
  ELSE
    NEW.decided_by := app.user_id();
    NEW.decided_at := now();
    IF (NEW.status = 'withdrawn') <> (NEW.decided_by = OLD.asked_by) THEN
      RAISE EXCEPTION 'a second person decides, and who asked takes it back'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'eliminations_second_look';
    END IF;
  END IF;
  IF NEW.status IN ('asked', 'approved') THEN
    bar := app.elimination_bar(NEW.clinic_id, NEW.patient_id, NEW.reason);
    IF bar IS NOT NULL THEN
      RAISE EXCEPTION 'it must stay' USING ERRCODE = 'check_violation', CONSTRAINT = bar;
    END IF;
  END IF;
  RETURN NEW;
END
$$;

-- Whether a patient's rows are to go now: what the job may touch.
CREATE FUNCTION app.is_being_eliminated(clinic uuid, patient uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT EXISTS (SELECT FROM public.patient_eliminations e
                  WHERE e.clinic_id = clinic AND e.patient_id = patient AND e.status = 'approved'
                    AND app.elimination_bar(clinic, patient, e.reason) IS NULL)
$$;

-- Nothing more is written about somebody who was eliminated. The lock lets an elimination that is at work finish first.
CREATE FUNCTION public.fn_patient_is_there() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  PERFORM FROM public.patients p WHERE p.clinic_id = NEW.clinic_id AND p.id = NEW.patient_id FOR KEY SHARE;
  PERFORM FROM public.patients p
    WHERE p.clinic_id = NEW.clinic_id AND p.id = NEW.patient_id AND p.data_anonymized_at IS NOT NULL;
  IF FOUND THEN
    RAISE EXCEPTION 'the patient was eliminated' USING ERRCODE = 'check_violation', CONSTRAINT = 'patients_eliminated';
  END IF;
  RETURN NEW;
END
$$;

-- An eliminated record stays inactive: nobody but the job can write one of the two, nor undo it.
ALTER TABLE public.patients
  DROP CONSTRAINT patients_inactive_reason_check,
  ADD CONSTRAINT patients_inactive_reason_check CHECK (inactive_reason IN ('moved', 'deceased', 'duplicate', 'other', 'eliminated')),
  ADD CONSTRAINT patients_eliminated CHECK ((coalesce(inactive_reason, '') = 'eliminated') = (data_anonymized_at IS NOT NULL));

-- Carrying it out --------------------------------------------------------------------------------

-- Takes one patient's rows, all at once, and what the trail had kept of them. How many patients: 0 when none is left. What the
-- law wants kept meanwhile waits.
CREATE FUNCTION ops.eliminate_patient() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  wanted public.patient_eliminations;
  consents bigint;
  identities bigint;
BEGIN
  SELECT * INTO wanted FROM public.patient_eliminations e
   WHERE e.status = 'approved' AND app.is_being_eliminated(e.clinic_id, e.patient_id)
   ORDER BY e.id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  -- Whoever is placing a hold, or registering a consent, is done before it or waits until it is over.
  PERFORM FROM public.patients p WHERE p.clinic_id = wanted.clinic_id AND p.id = wanted.patient_id FOR UPDATE;
  IF NOT app.is_being_eliminated(wanted.clinic_id, wanted.patient_id) THEN
    RETURN 0;
  END IF;
  UPDATE public.consent_records SET granted = false, withdrawal_method = 'elimination'
   WHERE clinic_id = wanted.clinic_id AND patient_id = wanted.patient_id AND granted;
  GET DIAGNOSTICS consents = ROW_COUNT;
  DELETE FROM public.patient_identities WHERE clinic_id = wanted.clinic_id AND patient_id = wanted.patient_id;
  GET DIAGNOSTICS identities = ROW_COUNT;
  UPDATE public.patients
     SET is_active = false, inactive_reason = 'eliminated', data_anonymized_at = now(), data_anonymization_scheduled = NULL,
         no_show_risk_score = NULL, right_to_forget_requested = wanted.reason = 'subject_request'
   WHERE clinic_id = wanted.clinic_id AND id = wanted.patient_id;
  UPDATE public.patient_eliminations e
     SET status = 'executed', executed_at = now(), gone_in = pg_current_xact_id(),
         done = jsonb_build_object('patient_identities', identities, 'consent_records', consents, 'audit_details', trail.redact(e.id))
   WHERE e.clinic_id = wanted.clinic_id AND e.id = wanted.id;
  RETURN 1;
END
$$;

-- Takes what the trail still said of the records that this very transaction has deleted, for a plan or an elimination that is
-- being carried out, and, where it is a member's, of the person's name. The last word on a record that goes on existing stays:
-- the table is compared with it.
CREATE OR REPLACE FUNCTION trail.redact(wanted uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  clinic uuid;
  subject uuid;
  touched bigint;
BEGIN
  SELECT p.clinic_id, p.subject_id INTO clinic, subject FROM public.fulfilment_plans p WHERE p.id = wanted AND p.status = 'running'
  UNION ALL
  SELECT e.clinic_id, e.patient_id FROM public.patient_eliminations e WHERE e.id = wanted AND e.status = 'approved';
  IF clinic IS NULL THEN
    RAISE EXCEPTION 'no plan is being carried out' USING ERRCODE = 'insufficient_privilege';
  END IF;
  WITH done AS (
    SELECT DISTINCT a.resource_type, a.resource_id, a.action_type = 'delete' AS gone
      FROM public.audit_logs a
     WHERE a.xid = pg_current_xact_id() AND a.category = 'data' AND a.clinic_id = clinic
       AND (a.action_type = 'delete' OR (a.resource_type IN ('members', 'profiles') AND a.resource_id = subject::text))
  ), said AS (
    SELECT a.seq, a.created_at,
           NOT done.gone AND row_number() OVER (PARTITION BY a.resource_type, a.resource_id ORDER BY a.seq DESC) = 1 AS last_word
      FROM done JOIN public.audit_logs a USING (resource_type, resource_id)
     WHERE a.category = 'data' AND a.clinic_id = clinic
  )
  UPDATE trail.audit_details d
     SET salt = CASE WHEN said.last_word THEN d.salt END,
         old_image = NULL,
         new_image = CASE WHEN said.last_word THEN d.new_image END,
         image_key = CASE WHEN said.last_word AND d.new_image IS NOT NULL THEN d.image_key END,
         redacted_by = wanted
    FROM said
   WHERE d.seq = said.seq AND d.created_at = said.created_at AND d.redacted_by IS NULL;
  GET DIAGNOSTICS touched = ROW_COUNT;
  RETURN touched;
END
$$;

-- Every row of a log of a month, and why it stays, if it does.
CREATE OR REPLACE FUNCTION trail.expired(log uuid, month date) RETURNS TABLE (seq bigint, header uuid, leaf bigint, stays text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC'
AS $$
  WITH mine AS (
    SELECT a.seq, a.audit_trail_id AS header, l.leaf, a.resource_type, a.resource_id, a.clinic_id, a.action_type, a.category,
           CASE
             WHEN a.patient_id IS NOT NULL AND a.created_at > app.clock() - interval '20 years' THEN 'medical_record'
             WHEN a.category = 'retention' THEN 'retention'
             WHEN EXISTS (SELECT FROM public.legal_holds h
                           WHERE h.clinic_id = a.clinic_id AND h.released_at IS NULL
                             AND (coalesce(h.subject_id, h.patient_id) IN (a.user_id, a.patient_id)
                                  OR coalesce(h.subject_id, h.patient_id)::text = a.resource_id)) THEN 'legal_hold'
             WHEN l.leaf IS NULL OR l.sealed_at > app.clock() - interval '5 years' THEN 'sealed_late'
             -- Records are compared with the last that the trail said of them.
             WHEN a.category = 'data' AND a.action_type <> 'delete'
                  AND NOT EXISTS (SELECT FROM public.audit_logs later
                                   WHERE later.resource_type = a.resource_type AND later.resource_id = a.resource_id
                                     AND later.category = 'data' AND later.clinic_id IS NOT DISTINCT FROM a.clinic_id
                                     AND later.seq > a.seq) THEN 'last_word'
           END AS stays
      FROM public.audit_logs a LEFT JOIN trail.leaves(log, month) l ON l.seq = a.seq
     WHERE a.clinic_id IS NOT DISTINCT FROM nullif(log, '00000000-0000-0000-0000-000000000000')
       AND a.created_at >= month AND a.created_at < month + interval '1 month'
  )
  SELECT m.seq, m.header, m.leaf,
         -- That a record was deleted is its last word as long as an earlier one is there.
         CASE WHEN m.stays IS NULL AND m.category = 'data' AND m.action_type = 'delete'
                   AND EXISTS (SELECT FROM public.audit_logs earlier
                                WHERE earlier.resource_type = m.resource_type AND earlier.resource_id = m.resource_id
                                  AND earlier.category = 'data' AND earlier.clinic_id IS NOT DISTINCT FROM m.clinic_id
                                  AND earlier.seq < m.seq
                                  AND NOT EXISTS (SELECT FROM mine too WHERE too.seq = earlier.seq AND too.stays IS NULL))
              THEN 'last_word' ELSE m.stays END
    FROM mine m
$$;
GRANT SELECT (patient_id) ON public.legal_holds TO sigilo_trail;

-- Who may what -----------------------------------------------------------------------------------

ALTER TABLE public.patient_eliminations ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.patient_eliminations FORCE ROW LEVEL SECURITY;
CREATE POLICY clinic_floor ON public.patient_eliminations AS RESTRICTIVE TO sigilo_app
  USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()));
CREATE POLICY managers ON public.patient_eliminations TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')))
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND status IN ('asked', 'approved', 'refused', 'withdrawn'));
-- Who searches must learn of whom nothing is there any more.
CREATE POLICY desk ON public.patient_eliminations FOR SELECT TO sigilo_app
  USING (status = 'executed' AND (SELECT app.sees_patients()));
CREATE POLICY elimination ON public.patient_eliminations TO sigilo_jobs
  USING (status IN ('approved', 'executed')) WITH CHECK (status = 'executed');
CREATE POLICY gate ON public.patient_eliminations FOR SELECT TO sigilo_gate USING (true);
CREATE POLICY audit ON public.patient_eliminations FOR SELECT TO sigilo_auditor USING (true);
GRANT SELECT, INSERT (patient_id, reason, basis_note), UPDATE (status, decision_note) ON public.patient_eliminations TO sigilo_app;
GRANT SELECT, UPDATE (status, executed_at, done, gone_in, keys_destroyed_at, receipt, receipt_signature)
  ON public.patient_eliminations TO sigilo_jobs;
GRANT SELECT ON public.patient_eliminations TO sigilo_auditor, sigilo_gate;
SELECT ops.open_to_console('public.patient_eliminations');
SELECT ops.open_to_review('public.patient_eliminations', 'asked_at');
SELECT ops.watch('public.patient_eliminations');

-- The job reaches a patient's rows only while an approved elimination of that patient stands, and nothing forbids it.
CREATE POLICY elimination ON public.patients TO sigilo_jobs
  USING (app.is_being_eliminated(clinic_id, id)) WITH CHECK (inactive_reason = 'eliminated');
CREATE POLICY elimination_receipt ON public.patients FOR SELECT TO sigilo_jobs USING (inactive_reason = 'eliminated');
GRANT SELECT (clinic_id, id, medical_record_number, inactive_reason),
  UPDATE (is_active, inactive_reason, data_anonymized_at, data_anonymization_scheduled, no_show_risk_score, right_to_forget_requested)
  ON public.patients TO sigilo_jobs;
CREATE POLICY elimination ON public.patient_identities TO sigilo_jobs
  USING (app.is_being_eliminated(clinic_id, patient_id)) WITH CHECK (false);
GRANT SELECT (clinic_id, patient_id), DELETE ON public.patient_identities TO sigilo_jobs;
CREATE POLICY elimination ON public.consent_records TO sigilo_jobs
  USING (patient_id IS NOT NULL AND app.is_being_eliminated(clinic_id, patient_id))
  WITH CHECK (patient_id IS NOT NULL AND app.is_being_eliminated(clinic_id, patient_id));

DO $$
DECLARE f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['app.patient_record_until(uuid, uuid)', 'app.elimination_bar(uuid, uuid, text)',
                           'app.is_being_eliminated(uuid, uuid)', 'public.fn_patient_elimination()', 'public.fn_patient_is_there()'] LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('ALTER FUNCTION %s OWNER TO sigilo_gate', f);
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION ops.eliminate_patient() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.eliminate_patient(), app.is_being_eliminated(uuid, uuid) TO sigilo_jobs;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON public.patient_eliminations
  FOR EACH ROW EXECUTE FUNCTION public.fn_patient_elimination();
CREATE TRIGGER there BEFORE INSERT ON public.patient_identities FOR EACH ROW EXECUTE FUNCTION public.fn_patient_is_there();
CREATE TRIGGER there BEFORE INSERT ON public.consent_records FOR EACH ROW
  WHEN (NEW.patient_id IS NOT NULL) EXECUTE FUNCTION public.fn_patient_is_there();

SELECT ops.baseline();
