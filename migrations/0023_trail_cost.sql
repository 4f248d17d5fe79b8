-- What the trail's row costs, once more: the same rows, made with still less work. Where the time goes is measured in
-- statements of one record, which most are. Starting a query costs many times what it computes, and so does every check, every
-- partial index and every expression that PostgreSQL reads anew for every statement. Hence plain steps of PL/pgSQL, which
-- keeps such steps ready, one insert, checks that start nothing of their own, and no index that another one answers for.

-- The ledger's row of one record that one statement changed. It was no change when no field differs, and then there is no row
-- and no number is drawn. Only `fn_audit_trigger` runs it, as the trail and with its own settings.
CREATE FUNCTION trail.record_one(source text, operation text, before jsonb, after jsonb) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  subject jsonb := coalesce(after, before);
  fields text[];
  kind text;
  named text;
  who record;
  number bigint;
  home uuid;
  random bytea;
  salt bytea;
  image bytea;
  iv bytea;
  key uuid;
  secret bytea;
  old_image bytea;
  new_image bytea;
  old_data jsonb;
  new_data jsonb;
  id uuid;
  clinic uuid;
  account uuid;
  patient uuid := subject ->> 'patient_id';
  details jsonb;
BEGIN
  IF operation = 'UPDATE' THEN
    kind := 'update';
    fields := ARRAY(SELECT f.key FROM jsonb_each(after) f WHERE f.value IS DISTINCT FROM before -> f.key ORDER BY f.key COLLATE "C");
    IF cardinality(fields) = 0 THEN
      RETURN false;
    END IF;
  ELSE
    kind := CASE operation WHEN 'INSERT' THEN 'create' ELSE 'delete' END;
  END IF;

  number := nextval('trail.audit_seq');
  who := app.whoami();
  home := subject ->> 'clinic_id';

  -- The salt and both initial vectors in one draw.
  random := crypto.gen_random_bytes(48);
  salt := substr(random, 1, 16);
  key := nullif(current_setting('app.image_key_id', true), '');
  IF key IS NOT NULL THEN
    secret := decode(current_setting('app.image_key', true), 'hex');
  END IF;
  IF before IS NOT NULL THEN
    image := convert_to(before::text, 'UTF8');
    old_data := jsonb_build_object('algorithm', 'sha256(salt || row)', 'hash', encode(sha256(salt || image), 'hex'));
    IF secret IS NOT NULL THEN
      iv := substr(random, 17, 16);
      old_image := iv || crypto.encrypt_iv(image, secret, iv, 'aes-cbc');
    END IF;
  END IF;
  IF after IS NOT NULL THEN
    image := convert_to(after::text, 'UTF8');
    new_data := jsonb_build_object('algorithm', 'sha256(salt || row)', 'hash', encode(sha256(salt || image), 'hex'));
    IF secret IS NOT NULL THEN
      iv := substr(random, 33, 16);
      new_image := iv || crypto.encrypt_iv(image, secret, iv, 'aes-cbc');
    END IF;
  END IF;

  named := kind;
  clinic := home;
  IF source = 'consent_records' THEN
    named := CASE
      WHEN operation = 'INSERT' AND (after ->> 'granted')::boolean THEN 'consent_granted'
      WHEN operation = 'UPDATE' AND NOT (after ->> 'granted')::boolean AND (before ->> 'granted')::boolean THEN 'consent_revoked'
      ELSE kind END;
  ELSIF source = 'data_subject_requests' THEN
    named := CASE
      WHEN operation = 'INSERT' THEN 'data_request_created'
      WHEN operation = 'UPDATE' AND after ->> 'status' = 'completed' AND before ->> 'status' <> 'completed'
        THEN 'data_request_completed'
      ELSE kind END;
  ELSIF source = 'clinics' THEN
    clinic := subject ->> 'id';
  ELSIF source = 'patients' THEN
    patient := subject ->> 'id';
  END IF;
  id := app.uuid_v7();
  clinic := coalesce(clinic, who.clinic_id);
  account := coalesce(who.user_id, (subject ->> 'user_id')::uuid, (subject ->> 'requester_user_id')::uuid,
                      CASE WHEN source = 'profiles' THEN (subject ->> 'id')::uuid END);
  details := jsonb_strip_nulls(jsonb_build_object(
    'operation', operation, 'changed', fields,
    'consent_type', subject -> 'consent_type', 'consent_version', subject -> 'consent_version',
    'request_type', subject -> 'request_type', 'status', subject -> 'status',
    'deadline_at', subject -> 'deadline_at',
    'role', CASE WHEN source = 'messages' THEN subject -> 'role' END,
    'content_hash', subject -> 'content_hash'));

  WITH kept AS (
    INSERT INTO trail.audit_details (seq, created_at, clinic_id, salt, old_image, new_image, image_key)
    VALUES (number, now(), home, salt, old_image, new_image, key)
  )
  INSERT INTO public.audit_logs (id, seq, audit_trail_id, clinic_id, user_id, patient_id, action, action_type, resource_type,
                                 resource_id, details, old_data, new_data, changed_fields, request_id, session_id,
                                 ip_address, user_agent, category)
  VALUES (id, number, nullif(current_setting('app.trail_id', true), '')::uuid, clinic, account,
          patient, named, kind, source, coalesce(subject ->> 'id', subject ->> 'user_id', subject ->> 'patient_id'), details,
          old_data, new_data, fields, nullif(current_setting('app.request_id', true), '')::uuid, who.session_id,
          nullif(current_setting('app.ip', true), '')::inet, nullif(current_setting('app.user_agent', true), ''), 'data');
  RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION trail.record_one(text, text, jsonb, jsonb) FROM PUBLIC;
GRANT CREATE ON SCHEMA trail TO sigilo_trail;
ALTER FUNCTION trail.record_one(text, text, jsonb, jsonb) OWNER TO sigilo_trail;
REVOKE CREATE ON SCHEMA trail FROM sigilo_trail;

-- The same for many records at once, in one statement. The images of an update come as the statement left them and are put
-- beside each other here. A plan of its own for each array would be made anew at every call, hence the generic one.
CREATE OR REPLACE FUNCTION trail.record(source text, operation text, before jsonb[], after jsonb[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET plan_cache_mode = 'force_generic_plan'
AS $$
DECLARE
  who record;
  key uuid := nullif(current_setting('app.image_key_id', true), '')::uuid;
  secret bytea := CASE WHEN key IS NOT NULL THEN decode(current_setting('app.image_key', true), 'hex') END;
  kind text := CASE operation WHEN 'INSERT' THEN 'create' WHEN 'DELETE' THEN 'delete' ELSE 'update' END;
BEGIN
  IF operation = 'UPDATE' THEN
    SELECT array_agg(o.image), array_agg(n.image) INTO before, after
      FROM (SELECT i AS image, ARRAY[i ->> 'clinic_id', coalesce(i ->> 'id', i ->> 'user_id', i ->> 'patient_id')] AS key FROM unnest(before) i) o
      FULL JOIN (SELECT i AS image, ARRAY[i ->> 'clinic_id', coalesce(i ->> 'id', i ->> 'user_id', i ->> 'patient_id')] AS key FROM unnest(after) i) n
        ON n.key = o.key;
  END IF;
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
         CASE WHEN source = 'patients' THEN (c.subject ->> 'id')::uuid ELSE (c.subject ->> 'patient_id')::uuid END,
         CASE
           WHEN operation = 'BASELINE' THEN 'baseline'
           WHEN source = 'consent_records' AND operation = 'INSERT' AND (c.after ->> 'granted')::boolean THEN 'consent_granted'
           WHEN source = 'consent_records' AND operation = 'UPDATE' AND NOT (c.after ->> 'granted')::boolean
                AND (c.before ->> 'granted')::boolean THEN 'consent_revoked'
           WHEN source = 'data_subject_requests' AND operation = 'INSERT' THEN 'data_request_created'
           WHEN source = 'data_subject_requests' AND operation = 'UPDATE' AND c.after ->> 'status' = 'completed'
                AND c.before ->> 'status' <> 'completed' THEN 'data_request_completed'
           ELSE kind END,
         kind, source, coalesce(c.subject ->> 'id', c.subject ->> 'user_id', c.subject ->> 'patient_id'),
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

CREATE OR REPLACE FUNCTION public.fn_audit_trigger() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC'
AS $$
DECLARE
  before jsonb[];
  after jsonb[];
  records integer;
  written boolean;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    SELECT ARRAY(SELECT to_jsonb(o.*) - 'updated_at' FROM gone o), ARRAY(SELECT to_jsonb(n.*) - 'updated_at' FROM come n)
      INTO before, after;
  ELSIF TG_OP = 'INSERT' THEN
    after := ARRAY(SELECT to_jsonb(n.*) - 'updated_at' FROM come n);
  ELSE
    before := ARRAY(SELECT to_jsonb(o.*) - 'updated_at' FROM gone o);
  END IF;
  records := cardinality(coalesce(before, after));
  IF records = 1 THEN
    -- An assignment, because PERFORM would start a query.
    written := trail.record_one(TG_TABLE_NAME, TG_OP, before[1], after[1]);
  ELSIF records > 1 THEN
    PERFORM trail.record(TG_TABLE_NAME, TG_OP, before, after);
  END IF;
  RETURN NULL;
END
$$;

-- What a row may hold -----------------------------------------------------------------------------

-- Every name is written out instead of a search path of its own, which would be put on and taken off for every row.
CREATE OR REPLACE FUNCTION trail.is_row(action text, action_type text, old_data jsonb, new_data jsonb, risk_level text, severity text)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN action OPERATOR(pg_catalog.~) '^[a-z][a-z_]*$'
     AND action_type OPERATOR(pg_catalog.=) ANY ('{view,create,update,delete,export,login,logout}'::pg_catalog.text[])
     -- A hash and how it was made, never a value.
     AND (old_data IS NULL
          OR (old_data OPERATOR(pg_catalog.?) 'hash'
              AND (old_data OPERATOR(pg_catalog.-) '{hash,algorithm}'::pg_catalog.text[]) OPERATOR(pg_catalog.=) '{}'::pg_catalog.jsonb))
     AND (new_data IS NULL
          OR (new_data OPERATOR(pg_catalog.?) 'hash'
              AND (new_data OPERATOR(pg_catalog.-) '{hash,algorithm}'::pg_catalog.text[]) OPERATOR(pg_catalog.=) '{}'::pg_catalog.jsonb))
     AND risk_level OPERATOR(pg_catalog.=) ANY ('{low,medium,high,critical}'::pg_catalog.text[])
     AND severity OPERATOR(pg_catalog.=) ANY ('{info,warning,critical}'::pg_catalog.text[]);
END
$$;

-- One check in place of three, for the same reason as in the ledger.
CREATE FUNCTION trail.is_detail(salt bytea, old_image bytea, new_image bytea, image_key uuid, redacted_by uuid) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN (image_key IS NOT NULL OR (old_image IS NULL AND new_image IS NULL))
     AND CASE WHEN salt IS NULL THEN redacted_by IS NOT NULL AND old_image IS NULL AND new_image IS NULL
              ELSE pg_catalog.length(salt) OPERATOR(pg_catalog.=) 16 END;
END
$$;
GRANT EXECUTE ON FUNCTION trail.is_detail(bytea, bytea, bytea, uuid, uuid) TO PUBLIC;
ALTER TABLE trail.audit_details
  DROP CONSTRAINT audit_details_check, DROP CONSTRAINT audit_details_redacted, DROP CONSTRAINT audit_details_salt_check,
  ADD CONSTRAINT audit_details_row CHECK (trail.is_detail(salt, old_image, new_image, image_key, redacted_by));

-- Indexes -----------------------------------------------------------------------------------------

-- Of all rows instead of the changes alone: the condition of a partial index is prepared anew for every insert, which costs
-- more than an entry. What it now holds is what a second index held.
DROP INDEX public.audit_logs_resource, public.audit_logs_changes;
CREATE INDEX audit_logs_changes ON public.audit_logs (resource_type, resource_id, seq DESC);

-- Comparing ---------------------------------------------------------------------------------------

-- What a record is called: `id`, or the member's or the patient's where a table has one row for each.
CREATE OR REPLACE FUNCTION ops.reconcile(wanted regclass, most integer)
RETURNS TABLE (clinic_id uuid, resource_id text, finding text, seq bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC'
AS $$
DECLARE
  called text := (SELECT relname FROM pg_class WHERE oid = wanted);
BEGIN
  IF NOT EXISTS (SELECT FROM ops.watched() w WHERE w = wanted) THEN
    RAISE EXCEPTION '% is not watched', wanted USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY EXECUTE format($q$
    WITH said AS (
      SELECT DISTINCT ON (a.resource_id, a.clinic_id) a.clinic_id, a.resource_id, a.seq, a.action_type, a.new_data,
             coalesce(d.salt, uuid_send(a.nonce)) AS salt
        FROM public.audit_logs a LEFT JOIN trail.audit_details d ON d.seq = a.seq AND d.created_at = a.created_at
       WHERE a.resource_type = %1$L AND a.category = 'data' ORDER BY a.resource_id, a.clinic_id, a.seq DESC
    ), present AS (
      SELECT %3$s AS clinic_id, coalesce(i.image ->> 'id', i.image ->> 'user_id', i.image ->> 'patient_id') AS resource_id, i.image
        FROM (SELECT to_jsonb(r.*) - 'updated_at' AS image FROM %2$s r) i
    )
    SELECT coalesce(i.clinic_id, s.clinic_id), coalesce(i.resource_id, s.resource_id),
           CASE WHEN i.resource_id IS NULL THEN 'removed' WHEN s.resource_id IS NULL THEN 'added' ELSE 'changed' END, s.seq
      FROM present i FULL JOIN said s ON s.resource_id = i.resource_id AND s.clinic_id IS NOT DISTINCT FROM i.clinic_id
     WHERE (i.resource_id IS NULL AND s.action_type <> 'delete')
        OR (i.resource_id IS NOT NULL AND (s.resource_id IS NULL OR s.action_type = 'delete'
            OR s.new_data ->> 'hash' IS DISTINCT FROM encode(sha256(s.salt || convert_to(i.image::text, 'UTF8')), 'hex')))
     ORDER BY 2 LIMIT $1
  $q$, called, wanted, CASE WHEN called = 'clinics' THEN '(i.image ->> ''id'')::uuid' ELSE '(i.image ->> ''clinic_id'')::uuid' END)
  USING most;
END
$$;
