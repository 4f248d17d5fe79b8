-- What the trail's row costs the transaction that writes it: the same rows, made with less work. A statement on one record,
-- which most are, needs no join of its images; each image becomes text once; and one function checks what six constraints
-- did, because PostgreSQL reads every constraint anew for every statement.

-- Only `fn_audit_trigger` and `ops.baseline` run it, both as the trail and with their own settings.
CREATE OR REPLACE FUNCTION trail.record(source text, operation text, before jsonb[], after jsonb[]) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  who record;
  key uuid := nullif(current_setting('app.image_key_id', true), '')::uuid;
  secret bytea := CASE WHEN key IS NOT NULL THEN decode(current_setting('app.image_key', true), 'hex') END;
  kind text := CASE operation WHEN 'INSERT' THEN 'create' WHEN 'DELETE' THEN 'delete' ELSE 'update' END;
BEGIN
  SELECT * INTO who FROM app.whoami();
  WITH changes AS MATERIALIZED (
    SELECT nextval('trail.audit_seq') AS seq, uuid_send(gen_random_uuid()) AS salt, b AS before, a AS after,
           convert_to(b::text, 'UTF8') AS was, convert_to(a::text, 'UTF8') AS becomes,
           CASE WHEN secret IS NOT NULL AND b IS NOT NULL THEN uuid_send(gen_random_uuid()) END AS old_iv,
           CASE WHEN secret IS NOT NULL AND a IS NOT NULL THEN uuid_send(gen_random_uuid()) END AS new_iv,
           coalesce(a, b) AS subject,
           (SELECT array_agg(f.key ORDER BY f.key COLLATE "C") FROM jsonb_each(a) f
             WHERE b IS NOT NULL AND f.value IS DISTINCT FROM b -> f.key) AS fields
      FROM unnest(before, after) AS pair (b, a)
  ), kept AS (
    INSERT INTO trail.audit_details (seq, created_at, clinic_id, salt, old_image, new_image, image_key)
    SELECT c.seq, now(), (c.subject ->> 'clinic_id')::uuid, c.salt,
           c.old_iv || crypto.encrypt_iv(c.was, secret, c.old_iv, 'aes-cbc'),
           c.new_iv || crypto.encrypt_iv(c.becomes, secret, c.new_iv, 'aes-cbc'), key
      FROM changes c WHERE c.fields IS NOT NULL OR operation <> 'UPDATE'
  )
  INSERT INTO public.audit_logs (seq, audit_trail_id, clinic_id, user_id, patient_id, action, action_type, resource_type,
                                 resource_id, details, old_data, new_data, changed_fields, request_id, session_id,
                                 ip_address, user_agent, category)
  SELECT c.seq, nullif(current_setting('app.trail_id', true), '')::uuid,
         coalesce(CASE WHEN source = 'clinics' THEN (c.subject ->> 'id')::uuid ELSE (c.subject ->> 'clinic_id')::uuid END,
                  who.clinic_id),
         coalesce(who.user_id, (c.subject ->> 'user_id')::uuid, (c.subject ->> 'requester_user_id')::uuid,
                  CASE WHEN source = 'profiles' THEN (c.subject ->> 'id')::uuid END),
         (c.subject ->> 'patient_id')::uuid,
         CASE
           WHEN operation = 'BASELINE' THEN 'baseline'
           WHEN source = 'consent_records' AND operation = 'INSERT' AND (c.after ->> 'granted')::boolean THEN 'consent_granted'
           WHEN source = 'consent_records' AND operation = 'UPDATE' AND NOT (c.after ->> 'granted')::boolean
                AND (c.before ->> 'granted')::boolean THEN 'consent_revoked'
           WHEN source = 'data_subject_requests' AND operation = 'INSERT' THEN 'data_request_created'
           WHEN source = 'data_subject_requests' AND operation = 'UPDATE' AND c.after ->> 'status' = 'completed'
                AND c.before ->> 'status' <> 'completed' THEN 'data_request_completed'
           ELSE kind END,
         kind, source, coalesce(c.subject ->> 'id', c.subject ->> 'user_id'),
         jsonb_strip_nulls(jsonb_build_object(
           'operation', operation, 'changed', to_jsonb(c.fields),
           'consent_type', c.subject -> 'consent_type', 'consent_version', c.subject -> 'consent_version',
           'request_type', c.subject -> 'request_type', 'status', c.subject -> 'status',
           'deadline_at', c.subject -> 'deadline_at',
           'role', CASE WHEN source = 'messages' THEN c.subject -> 'role' END,
           'content_hash', c.subject -> 'content_hash')),
         CASE WHEN c.was IS NOT NULL
           THEN jsonb_build_object('algorithm', 'sha256(salt || row)', 'hash', encode(sha256(c.salt || c.was), 'hex')) END,
         CASE WHEN c.becomes IS NOT NULL
           THEN jsonb_build_object('algorithm', 'sha256(salt || row)', 'hash', encode(sha256(c.salt || c.becomes), 'hex')) END,
         c.fields,
         nullif(current_setting('app.request_id', true), '')::uuid, who.session_id,
         nullif(current_setting('app.ip', true), '')::inet,
         nullif(current_setting('app.user_agent', true), ''), 'data'
    FROM changes c WHERE c.fields IS NOT NULL OR operation <> 'UPDATE';
END
$$;

DROP FUNCTION trail.commitment(bytea, jsonb), trail.encrypted(jsonb, bytea);

CREATE OR REPLACE FUNCTION public.fn_audit_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' SET plan_cache_mode = 'force_generic_plan'
AS $$
DECLARE
  before jsonb[];
  after jsonb[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    after := ARRAY(SELECT to_jsonb(n.*) - 'updated_at' FROM come n);
  ELSIF TG_OP = 'DELETE' THEN
    before := ARRAY(SELECT to_jsonb(o.*) - 'updated_at' FROM gone o);
  ELSE
    before := ARRAY(SELECT to_jsonb(o.*) - 'updated_at' FROM gone o);
    after := ARRAY(SELECT to_jsonb(n.*) - 'updated_at' FROM come n);
    IF cardinality(before) > 1 THEN
      SELECT array_agg(o.image), array_agg(n.image) INTO before, after
        FROM (SELECT i AS image, ARRAY[i ->> 'clinic_id', coalesce(i ->> 'id', i ->> 'user_id')] AS key FROM unnest(before) i) o
        FULL JOIN (SELECT i AS image, ARRAY[i ->> 'clinic_id', coalesce(i ->> 'id', i ->> 'user_id')] AS key FROM unnest(after) i) n
          ON n.key = o.key;
    END IF;
  END IF;
  IF cardinality(coalesce(before, after)) > 0 THEN
    PERFORM trail.record(TG_TABLE_NAME, TG_OP, before, after);
  END IF;
  RETURN NULL;
END
$$;

-- What a row of the ledger may hold.
CREATE FUNCTION trail.is_row(action text, action_type text, old_data jsonb, new_data jsonb, risk_level text, severity text)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
BEGIN
  RETURN action ~ '^[a-z][a-z_]*$'
     AND action_type IN ('view', 'create', 'update', 'delete', 'export', 'login', 'logout')
     -- A hash and how it was made, never a value.
     AND (old_data IS NULL OR (old_data ? 'hash' AND old_data - ARRAY['hash', 'algorithm'] = '{}'))
     AND (new_data IS NULL OR (new_data ? 'hash' AND new_data - ARRAY['hash', 'algorithm'] = '{}'))
     AND risk_level IN ('low', 'medium', 'high', 'critical') AND severity IN ('info', 'warning', 'critical');
END
$$;
GRANT EXECUTE ON FUNCTION trail.is_row(text, text, jsonb, jsonb, text, text) TO PUBLIC;
ALTER TABLE public.audit_logs
  DROP CONSTRAINT audit_logs_action_check, DROP CONSTRAINT audit_logs_action_type_check,
  DROP CONSTRAINT audit_logs_old_data_check, DROP CONSTRAINT audit_logs_new_data_check,
  DROP CONSTRAINT audit_logs_risk_level_check, DROP CONSTRAINT audit_logs_severity_check,
  ADD CONSTRAINT audit_logs_row CHECK (trail.is_row(action, action_type, old_data, new_data, risk_level, severity));
