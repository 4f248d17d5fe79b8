-- A deletion that is final: it waits while the law wants the data kept, takes what the trail had kept of the deleted
-- records, and is closed only after the person's keys were destroyed, which ends what copies hold of them too.

-- Legal holds ---------------------------------------------------------------------------------

-- Data that must be kept, whoever asks for its deletion (LGPD, art. 16, I, and art. 7, VI). Placed and released with a
-- reason; while one is open no plan that deletes the person is approved or carried out.
CREATE TABLE public.legal_holds (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  subject_id uuid NOT NULL,
  basis text NOT NULL CHECK (basis IN ('legal_duty', 'exercise_of_rights', 'authority')),
  reason text NOT NULL CHECK (length(btrim(reason)) BETWEEN 10 AND 1000),
  -- A hold without an end would be a way not to delete.
  review_on date NOT NULL,
  placed_by uuid NOT NULL DEFAULT app.user_id(),
  placed_at timestamptz NOT NULL DEFAULT now(),
  released_by uuid,
  released_at timestamptz,
  release_reason text CHECK (length(btrim(release_reason)) BETWEEN 10 AND 1000),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, subject_id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, placed_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, released_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CONSTRAINT legal_holds_review CHECK (review_on > (placed_at AT TIME ZONE 'America/Sao_Paulo')::date
    AND review_on <= (placed_at AT TIME ZONE 'America/Sao_Paulo')::date + 366),
  CHECK ((released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (release_reason IS NULL)),
  CHECK (placed_by <> subject_id AND released_by IS DISTINCT FROM subject_id)
);
CREATE INDEX legal_holds_open ON public.legal_holds (clinic_id, subject_id) WHERE released_at IS NULL;

CREATE FUNCTION public.fn_legal_hold() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF OLD.released_at IS NOT NULL THEN
    RAISE EXCEPTION 'released once' USING ERRCODE = 'check_violation', CONSTRAINT = 'legal_holds_once';
  END IF;
  NEW.released_by := app.user_id();
  NEW.released_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE UPDATE ON public.legal_holds FOR EACH ROW EXECUTE FUNCTION public.fn_legal_hold();

ALTER TABLE public.legal_holds ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.legal_holds FORCE ROW LEVEL SECURITY;
CREATE POLICY clinic_floor ON public.legal_holds AS RESTRICTIVE TO sigilo_app
  USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()));
-- Nobody holds or frees their own data.
CREATE POLICY managers ON public.legal_holds TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND subject_id <> (SELECT app.user_id()))
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND subject_id <> (SELECT app.user_id()));
CREATE POLICY audit ON public.legal_holds FOR SELECT TO sigilo_auditor USING (true);
CREATE POLICY gate ON public.legal_holds FOR SELECT TO sigilo_gate USING (true);
CREATE POLICY jobs ON public.legal_holds FOR SELECT TO sigilo_jobs USING (released_at IS NULL);
GRANT SELECT, INSERT (subject_id, basis, reason, review_on), UPDATE (release_reason) ON public.legal_holds TO sigilo_app;
GRANT SELECT ON public.legal_holds TO sigilo_auditor, sigilo_gate;
GRANT SELECT (clinic_id, subject_id, released_at) ON public.legal_holds TO sigilo_jobs;
SELECT ops.open_to_console('public.legal_holds');
SELECT ops.open_to_review('public.legal_holds', 'released_at');
SELECT ops.watch('public.legal_holds');

-- Plans ---------------------------------------------------------------------------------------

-- Which keys a plan has destroyed stands in the keystore; when, here.
ALTER TABLE public.fulfilment_plans
  ADD COLUMN keys_destroyed_at timestamptz,
  ADD CONSTRAINT fulfilment_plans_keys CHECK (keys_destroyed_at IS NULL OR status IN ('executed', 'closed'));
GRANT UPDATE (keys_destroyed_at) ON public.fulfilment_plans TO sigilo_jobs;

CREATE FUNCTION public.fn_plan_held() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  IF EXISTS (SELECT FROM public.legal_holds h
              WHERE h.clinic_id = NEW.clinic_id AND h.subject_id = NEW.subject_id AND h.released_at IS NULL) THEN
    RAISE EXCEPTION 'the data is held' USING ERRCODE = 'check_violation', CONSTRAINT = 'plans_held';
  END IF;
  RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION public.fn_plan_held() FROM PUBLIC;
ALTER FUNCTION public.fn_plan_held() OWNER TO sigilo_gate;
-- Also at every piece of the work, which writes into `done`: a hold stops a deletion that has begun.
CREATE TRIGGER held BEFORE UPDATE ON public.fulfilment_plans FOR EACH ROW
  WHEN (NEW.status IN ('approved', 'running') OR OLD.status = 'running') EXECUTE FUNCTION public.fn_plan_held();

-- An executed plan may note when its keys were destroyed, once.
CREATE OR REPLACE FUNCTION public.fn_plan_guard() RETURNS trigger
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
  IF NEW.steps IS DISTINCT FROM OLD.steps OR NEW.subject_id <> OLD.subject_id OR NEW.request_id <> OLD.request_id
     OR (OLD.keys_destroyed_at IS NOT NULL AND NEW.keys_destroyed_at IS DISTINCT FROM OLD.keys_destroyed_at) THEN
    RAISE EXCEPTION 'a plan is not rewritten' USING ERRCODE = 'check_violation', CONSTRAINT = 'plans_fixed';
  END IF;
  IF NOT (OLD.status = NEW.status AND NEW.status = 'running'
          OR OLD.status = NEW.status AND NEW.status = 'executed' AND OLD.keys_destroyed_at IS NULL AND NEW.keys_destroyed_at IS NOT NULL
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

-- What the trail kept ---------------------------------------------------------------------------

-- Images and salt may go by order of a plan. What was sealed stays as it was: without the salt its hashes say nothing.
ALTER TABLE trail.audit_details
  ALTER COLUMN salt DROP NOT NULL,
  ADD COLUMN redacted_by uuid,
  ADD CONSTRAINT audit_details_redacted CHECK (salt IS NOT NULL OR (redacted_by IS NOT NULL AND old_image IS NULL AND new_image IS NULL));
GRANT UPDATE (salt, old_image, new_image, image_key, redacted_by) ON trail.audit_details TO sigilo_trail;

-- Takes what the trail still said of the records that this very transaction has deleted, and of the person's name, for a
-- plan that is being carried out. The last word on a record that goes on existing stays: the table is compared with it.
CREATE FUNCTION trail.redact(wanted uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  plan public.fulfilment_plans;
  touched bigint;
BEGIN
  SELECT * INTO plan FROM public.fulfilment_plans p WHERE p.id = wanted AND p.status = 'running';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no plan is being carried out' USING ERRCODE = 'insufficient_privilege';
  END IF;
  WITH done AS (
    SELECT DISTINCT a.resource_type, a.resource_id, a.action_type = 'delete' AS gone
      FROM public.audit_logs a
     WHERE a.xid = pg_current_xact_id() AND a.category = 'data' AND a.clinic_id = plan.clinic_id
       AND (a.action_type = 'delete' OR (a.resource_type IN ('members', 'profiles') AND a.resource_id = plan.subject_id::text))
  ), said AS (
    SELECT a.seq, a.created_at,
           NOT done.gone AND row_number() OVER (PARTITION BY a.resource_type, a.resource_id ORDER BY a.seq DESC) = 1 AS last_word
      FROM done JOIN public.audit_logs a USING (resource_type, resource_id)
     WHERE a.category = 'data' AND a.clinic_id = plan.clinic_id
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
REVOKE EXECUTE ON FUNCTION trail.redact(uuid) FROM PUBLIC;
GRANT CREATE ON SCHEMA trail TO sigilo_trail;
ALTER FUNCTION trail.redact(uuid) OWNER TO sigilo_trail;
REVOKE CREATE ON SCHEMA trail FROM sigilo_trail;
GRANT USAGE ON SCHEMA trail TO sigilo_jobs;
GRANT EXECUTE ON FUNCTION trail.redact(uuid) TO sigilo_jobs;

-- What was redacted is to leave the pages soon, not when a fifth of the table has changed.
CREATE FUNCTION ops.vacuum_soon(part regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1)', part);
END
$$;
REVOKE EXECUTE ON FUNCTION ops.vacuum_soon(regclass) FROM PUBLIC;
CREATE OR REPLACE FUNCTION ops.guard_partition(part regclass, parent text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', part);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', part);
  IF parent = 'audit_details' THEN
    PERFORM ops.vacuum_soon(part);
    RETURN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = part AND tgname = 'no_truncate') THEN
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %s
                      FOR EACH STATEMENT EXECUTE FUNCTION app.fn_append_only()', part);
  END IF;
  IF parent = 'audit_logs' THEN
    -- Each is made and fixed before the next: an event trigger looks after every ALTER TABLE.
    EXECUTE format('CREATE OR REPLACE RULE audit_logs_no_update AS ON UPDATE TO %s DO INSTEAD NOTHING', part);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS RULE audit_logs_no_update', part);
    EXECUTE format('CREATE OR REPLACE RULE audit_logs_no_delete AS ON DELETE TO %s DO INSTEAD NOTHING', part);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS RULE audit_logs_no_delete', part);
  END IF;
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER no_truncate', part);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER no_change', part);
END
$$;
SELECT ops.vacuum_soon(i.inhrelid::regclass) FROM pg_inherits i WHERE i.inhparent = 'trail.audit_details'::regclass;

-- Every piece of the work takes what the trail said of it with it, and counts it.
CREATE OR REPLACE FUNCTION ops.fulfil_batch(size integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  plan public.fulfilment_plans;
  touched bigint;
  target text;
BEGIN
  UPDATE public.fulfilment_plans p SET status = 'running', started_at = now()
   WHERE p.status = 'approved'
     AND NOT EXISTS (SELECT FROM public.legal_holds h
                      WHERE h.clinic_id = p.clinic_id AND h.subject_id = p.subject_id AND h.released_at IS NULL);
  SELECT * INTO plan FROM public.fulfilment_plans p
   WHERE p.status = 'running'
     AND NOT EXISTS (SELECT FROM public.legal_holds h
                      WHERE h.clinic_id = p.clinic_id AND h.subject_id = p.subject_id AND h.released_at IS NULL)
   ORDER BY p.id LIMIT 1 FOR UPDATE SKIP LOCKED;
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
         SET done = p.done || jsonb_build_object(target, coalesce((p.done ->> target)::bigint, 0) + touched,
                                                 'audit_details', coalesce((p.done ->> 'audit_details')::bigint, 0) + trail.redact(plan.id))
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
  UPDATE public.fulfilment_plans p
     SET done = p.done || jsonb_build_object('audit_details', coalesce((p.done ->> 'audit_details')::bigint, 0) + trail.redact(plan.id))
   WHERE p.clinic_id = plan.clinic_id AND p.id = plan.id;
  UPDATE public.fulfilment_plans p SET status = 'executed', executed_at = now()
   WHERE p.clinic_id = plan.clinic_id AND p.id = plan.id;
  RETURN 1;
END
$$;

-- A row whose images were taken says so, and by which plan.
DROP FUNCTION app.audit_images(bigint);
CREATE FUNCTION app.audit_images(wanted bigint)
RETURNS TABLE (resource_type text, old_image bytea, new_image bytea, key_sealed bytea, image_key uuid, salt bytea,
               old_commitment text, new_commitment text, redacted_by uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  IF NOT app.may_audit() THEN
    RAISE EXCEPTION 'not an auditor' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY
    SELECT a.resource_type, d.old_image, d.new_image, k.key_sealed, d.image_key, d.salt, a.old_data ->> 'hash', a.new_data ->> 'hash',
           d.redacted_by
      FROM public.audit_logs a
      JOIN trail.audit_details d ON d.seq = a.seq AND d.created_at = a.created_at
      LEFT JOIN ops.image_keys k ON k.id = d.image_key
     WHERE a.seq = wanted AND a.clinic_id = app.clinic_id() AND a.category = 'data';
END
$$;
REVOKE EXECUTE ON FUNCTION app.audit_images(bigint) FROM PUBLIC;
GRANT CREATE ON SCHEMA app TO sigilo_trail;
ALTER FUNCTION app.audit_images(bigint) OWNER TO sigilo_trail;
REVOKE CREATE ON SCHEMA app FROM sigilo_trail;
GRANT EXECUTE ON FUNCTION app.audit_images(bigint) TO sigilo_app;

SELECT ops.baseline();
