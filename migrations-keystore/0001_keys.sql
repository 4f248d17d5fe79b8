-- The keystore: wrapped keys and nothing else, in a database with a login and backups of its own. A backup of the product's
-- database opens nothing without it; a key that is destroyed here, and has left the few backups of this database, is gone.

-- The clinic a transaction works for. Not set: an error, never an empty answer.
CREATE FUNCTION public.clinic_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$ SELECT current_setting('keys.clinic')::uuid $$;

-- Clinics' keys, wrapped by the root key, wherever that lies.
CREATE TABLE public.clinic_keys (
  clinic_id uuid NOT NULL,
  -- What it is for: to wrap people's keys, or to make blind indexes.
  purpose text NOT NULL CHECK (purpose IN ('wrap', 'index')),
  version integer NOT NULL CHECK (version > 0),
  wrapped bytea CHECK (octet_length(wrapped) BETWEEN 32 AND 4096),
  -- Who wrapped it, and with which version of the root key.
  provider text NOT NULL CHECK (provider IN ('arquivo', 'transit', 'pkcs11')),
  root_version integer NOT NULL CHECK (root_version > 0),
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'retiring', 'destroyed')),
  created_at timestamptz NOT NULL DEFAULT now(),
  destroyed_at timestamptz,
  PRIMARY KEY (clinic_id, purpose, version),
  CONSTRAINT clinic_keys_whole CHECK ((state = 'destroyed') = (wrapped IS NULL) AND (state = 'destroyed') = (destroyed_at IS NOT NULL))
);
CREATE UNIQUE INDEX clinic_keys_one_active ON public.clinic_keys (clinic_id, purpose) WHERE state = 'active';

-- People's keys, wrapped by their clinic's key. A destroyed one stays as a row without bytes, so that no other takes its place.
CREATE TABLE public.subject_keys (
  clinic_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  wrapped bytea CHECK (octet_length(wrapped) = 61),
  -- The version of the clinic's key that wrapped it.
  kek_version integer,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'retired', 'destroyed')),
  created_at timestamptz NOT NULL DEFAULT now(),
  destroyed_at timestamptz,
  PRIMARY KEY (clinic_id, subject_id, version),
  CONSTRAINT subject_keys_whole CHECK ((state = 'destroyed') = (wrapped IS NULL) AND (wrapped IS NULL) = (kek_version IS NULL)
    AND (state = 'destroyed') = (destroyed_at IS NOT NULL))
);
CREATE UNIQUE INDEX subject_keys_one_active ON public.subject_keys (clinic_id, subject_id) WHERE state = 'active';
CREATE INDEX subject_keys_by_kek ON public.subject_keys (clinic_id, kek_version) WHERE wrapped IS NOT NULL;
-- What was destroyed is to leave the table's pages soon, not when a fifth of the table has changed.
ALTER TABLE public.clinic_keys SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1);
ALTER TABLE public.subject_keys SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1);

-- A clinic's key goes one way, and not before it wraps nothing.
CREATE FUNCTION public.fn_clinic_key() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF (OLD.state, NEW.state) NOT IN (('active', 'active'), ('active', 'retiring'), ('retiring', 'retiring'), ('retiring', 'destroyed')) THEN
    RAISE EXCEPTION 'a key does not come back' USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_keys_one_way';
  END IF;
  IF NEW.state = 'destroyed' THEN
    IF NEW.purpose = 'wrap' AND EXISTS (SELECT FROM public.subject_keys s
                                         WHERE s.clinic_id = NEW.clinic_id AND s.kek_version = NEW.version AND s.wrapped IS NOT NULL) THEN
      RAISE EXCEPTION 'the key still wraps others' USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_keys_in_use';
    END IF;
    NEW.wrapped := NULL;
    NEW.destroyed_at := now();
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE UPDATE ON public.clinic_keys FOR EACH ROW EXECUTE FUNCTION public.fn_clinic_key();

-- Nor does a person's key.
CREATE FUNCTION public.fn_subject_key() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF OLD.state = 'destroyed' THEN
    RAISE EXCEPTION 'a destroyed key does not come back' USING ERRCODE = 'check_violation', CONSTRAINT = 'subject_keys_one_way';
  END IF;
  IF NEW.state = 'destroyed' THEN
    NEW.wrapped := NULL;
    NEW.kek_version := NULL;
    NEW.destroyed_at := now();
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE UPDATE ON public.subject_keys FOR EACH ROW EXECUTE FUNCTION public.fn_subject_key();

-- Whatever wraps anew does so with the clinic's active key, which cannot be retired before this transaction ends: between
-- the last look and the end of an old key nobody can slip a person in who would be lost with it.
CREATE FUNCTION public.fn_wrapped_by_active() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  used record;
BEGIN
  IF TG_OP = 'INSERT' THEN
    FOR used IN SELECT DISTINCT n.clinic_id, n.kek_version FROM now_rows n WHERE n.kek_version IS NOT NULL LOOP
      PERFORM FROM public.clinic_keys k WHERE k.clinic_id = used.clinic_id AND k.purpose = 'wrap' AND k.version = used.kek_version
          AND k.state = 'active' FOR SHARE;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'not the active key' USING ERRCODE = 'check_violation', CONSTRAINT = 'subject_keys_active_kek';
      END IF;
    END LOOP;
  ELSE
    FOR used IN SELECT DISTINCT n.clinic_id, n.kek_version
                  FROM now_rows n JOIN old_rows o USING (clinic_id, subject_id, version)
                 WHERE n.kek_version IS NOT NULL AND n.wrapped IS DISTINCT FROM o.wrapped LOOP
      PERFORM FROM public.clinic_keys k WHERE k.clinic_id = used.clinic_id AND k.purpose = 'wrap' AND k.version = used.kek_version
          AND k.state = 'active' FOR SHARE;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'not the active key' USING ERRCODE = 'check_violation', CONSTRAINT = 'subject_keys_active_kek';
      END IF;
    END LOOP;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER wrapped_by_active AFTER INSERT ON public.subject_keys
  REFERENCING NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION public.fn_wrapped_by_active();
CREATE TRIGGER rewrapped_by_active AFTER UPDATE ON public.subject_keys
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION public.fn_wrapped_by_active();

ALTER TABLE public.clinic_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.clinic_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE public.subject_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.subject_keys FORCE ROW LEVEL SECURITY;

-- The list of clinics is the one thing that is asked across them, to rotate and to count.
CREATE POLICY listed ON public.clinic_keys FOR SELECT TO sigilo_keys USING (true);
CREATE POLICY added ON public.clinic_keys FOR INSERT TO sigilo_keys WITH CHECK (clinic_id = (SELECT public.clinic_id()));
CREATE POLICY changed ON public.clinic_keys FOR UPDATE TO sigilo_keys
  USING (clinic_id = (SELECT public.clinic_id())) WITH CHECK (clinic_id = (SELECT public.clinic_id()));
CREATE POLICY clinic_floor ON public.subject_keys AS RESTRICTIVE TO sigilo_keys
  USING (clinic_id = (SELECT public.clinic_id())) WITH CHECK (clinic_id = (SELECT public.clinic_id()));
CREATE POLICY within ON public.subject_keys TO sigilo_keys USING (true) WITH CHECK (true);

REVOKE EXECUTE ON FUNCTION public.clinic_id(), public.fn_clinic_key(), public.fn_subject_key(), public.fn_wrapped_by_active() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.clinic_id() TO sigilo_keys;
-- Nobody deletes: what was destroyed stays as a row without bytes.
GRANT SELECT, INSERT (clinic_id, purpose, version, wrapped, provider, root_version),
  UPDATE (wrapped, provider, root_version, state) ON public.clinic_keys TO sigilo_keys;
GRANT SELECT, INSERT (clinic_id, subject_id, version, wrapped, kek_version, state, destroyed_at),
  UPDATE (wrapped, kek_version, state) ON public.subject_keys TO sigilo_keys;
