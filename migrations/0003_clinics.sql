-- Clinics (tenants), their members, and the doctor's profile.

CREATE TABLE public.clinics (
  id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
  name text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 200),
  owner_id uuid NOT NULL REFERENCES auth.users ON DELETE RESTRICT,
  -- Inactivity before the screen locks. A clinic may shorten it; the cap is the product's.
  idle_timeout_minutes integer NOT NULL DEFAULT 15 CHECK (idle_timeout_minutes BETWEEN 1 AND 30),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE public.members (
  clinic_id uuid NOT NULL REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL REFERENCES auth.users ON DELETE RESTRICT,
  display_name text NOT NULL CHECK (length(btrim(display_name)) BETWEEN 1 AND 200),
  roles text[] NOT NULL CHECK (
    cardinality(roles) > 0
    AND roles <@ ARRAY['owner', 'administrator', 'professional', 'receptionist', 'dpo', 'auditor']),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'deactivated')),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  UNIQUE (clinic_id, user_id)
);
CREATE INDEX members_user ON public.members (user_id);

-- Live sessions. The token itself is only in the browser; here lies its SHA-256.
CREATE TABLE auth.sessions (
  id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
  token_hash bytea NOT NULL UNIQUE,
  user_id uuid NOT NULL REFERENCES auth.users ON DELETE RESTRICT,
  clinic_id uuid NOT NULL,
  method text NOT NULL,
  ip_address inet NOT NULL,
  user_agent text NOT NULL CHECK (length(user_agent) <= 512),
  unlock_failures integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  idle_until timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  ended_reason text,
  FOREIGN KEY (clinic_id, user_id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK ((ended_at IS NULL) = (ended_reason IS NULL))
);
CREATE INDEX sessions_live ON auth.sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_expiry ON auth.sessions (expires_at) WHERE ended_at IS NULL;

-- Single-use links: an invitation, or (only on a demonstration) a ready sign-in.
CREATE TABLE auth.links (
  id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
  token_hash bytea NOT NULL UNIQUE,
  user_id uuid NOT NULL REFERENCES auth.users ON DELETE RESTRICT,
  clinic_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('invitation', 'demo')),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  FOREIGN KEY (clinic_id, user_id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT
);

-- A demonstration link replaces both factors, so a real installation must not hold one.
CREATE FUNCTION auth.fn_demo_link_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF NEW.kind = 'demo' AND NOT (SELECT s.demo FROM ops.settings s) THEN
    RAISE EXCEPTION 'demonstration links exist only on a demonstration' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER demo_link_guard BEFORE INSERT OR UPDATE ON auth.links
  FOR EACH ROW EXECUTE FUNCTION auth.fn_demo_link_guard();

-- The doctor's professional data, as the audit manual lists it. `id` is the account's id:
-- the manual's queries take the id shown here as the doctor's id in every other table.
CREATE TABLE public.profiles (
  clinic_id uuid NOT NULL REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL,
  full_name text NOT NULL CHECK (length(btrim(full_name)) BETWEEN 1 AND 200),
  crm_number text NOT NULL DEFAULT 'PENDENTE' CHECK (crm_number = 'PENDENTE' OR crm_number ~ '^[1-9][0-9]{0,6}$'),
  crm_state text NOT NULL DEFAULT 'XX' CHECK (crm_state IN (
    'XX', 'AC', 'AL', 'AM', 'AP', 'BA', 'CE', 'DF', 'ES', 'GO', 'MA', 'MG', 'MS', 'MT', 'PA', 'PB', 'PE',
    'PI', 'PR', 'RJ', 'RN', 'RO', 'RR', 'RS', 'SC', 'SE', 'SP', 'TO')),
  specialty text CHECK (length(specialty) BETWEEN 2 AND 120),
  council_validation text NOT NULL DEFAULT 'pending'
    CHECK (council_validation IN ('pending', 'format_ok', 'document_checked', 'registry_checked')),
  onboarded_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK ((crm_number = 'PENDENTE') = (crm_state = 'XX')),
  CHECK ((crm_number = 'PENDENTE') = (council_validation = 'pending'))
);
CREATE UNIQUE INDEX profiles_crm ON public.profiles (clinic_id, crm_state, crm_number) WHERE crm_number <> 'PENDENTE';

-- The context of a request ---------------------------------------------------------------

-- Clinic and user of the live session whose token this transaction carries. No token, an unknown, ended, expired or
-- idle one: an error, never an empty page. The policies call these once per statement, through a sub-select; each looks
-- the session up by itself: through a shared function the call took a fifth longer.
CREATE FUNCTION app.clinic_id() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE found_id uuid;
BEGIN
  SELECT clinic_id INTO found_id FROM auth.sessions
   WHERE token_hash = sha256(convert_to(current_setting('app.token'), 'UTF8'))
     AND ended_at IS NULL AND expires_at > now() AND idle_until > now();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no live session' USING ERRCODE = 'SG401';
  END IF;
  RETURN found_id;
END
$$;

CREATE FUNCTION app.user_id() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE found_id uuid;
BEGIN
  SELECT user_id INTO found_id FROM auth.sessions
   WHERE token_hash = sha256(convert_to(current_setting('app.token'), 'UTF8'))
     AND ended_at IS NULL AND expires_at > now() AND idle_until > now();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no live session' USING ERRCODE = 'SG401';
  END IF;
  RETURN found_id;
END
$$;

CREATE FUNCTION app.has_role(wanted text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM public.members m
     WHERE m.clinic_id = app.clinic_id() AND m.user_id = app.user_id() AND m.status = 'active' AND wanted = ANY (m.roles));
END
$$;

-- Opens a request: proves the session, checks the membership, slides the idle timeout and
-- keeps token, request and origin for the rest of the transaction.
-- Errors: SG401 unknown, ended or expired session; SG423 idle session, waiting to be unlocked.
CREATE FUNCTION app.enter(token text, request uuid, ip inet, agent text)
RETURNS TABLE (session_id uuid, user_id uuid, clinic_id uuid, roles text[], display_name text,
               clinic_name text, idle_timeout_seconds integer, demo boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
AS $$
#variable_conflict use_column
DECLARE
  s auth.sessions;
BEGIN
  SELECT * INTO s FROM auth.sessions x
   WHERE x.token_hash = sha256(convert_to(enter.token, 'UTF8')) AND x.ended_at IS NULL AND x.expires_at > now();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no live session' USING ERRCODE = 'SG401';
  END IF;
  IF s.idle_until <= now() THEN
    RAISE EXCEPTION 'session is locked' USING ERRCODE = 'SG423';
  END IF;

  PERFORM set_config('app.token', enter.token, true),
          set_config('app.request_id', enter.request::text, true),
          set_config('app.ip', host(enter.ip), true),
          set_config('app.user_agent', left(enter.agent, 512), true),
          set_config('app.trail_id', app.uuid_v7()::text, true);

  RETURN QUERY
    SELECT s.id, s.user_id, s.clinic_id, m.roles, m.display_name, c.name, c.idle_timeout_minutes * 60,
           (SELECT o.demo FROM ops.settings o)
      FROM public.members m JOIN public.clinics c ON c.id = m.clinic_id
     WHERE m.clinic_id = s.clinic_id AND m.user_id = s.user_id AND m.status = 'active';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no membership' USING ERRCODE = 'SG401';
  END IF;

  -- Once in half a minute is exact enough for a timeout of minutes and spares a write per read.
  IF s.last_seen_at < now() - interval '30 seconds' THEN
    UPDATE auth.sessions x
       SET last_seen_at = now(),
           idle_until = now() + make_interval(mins => c.idle_timeout_minutes)
      FROM public.clinics c
     WHERE x.id = s.id AND c.id = x.clinic_id;
  END IF;
END
$$;

-- Who is asking, for the trail: null columns outside a session (sign-in, jobs).
CREATE FUNCTION app.whoami(OUT session_id uuid, OUT user_id uuid, OUT clinic_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  SELECT s.id, s.user_id, s.clinic_id INTO session_id, user_id, clinic_id
    FROM auth.sessions s
   WHERE s.token_hash = sha256(convert_to(coalesce(current_setting('app.token', true), ''), 'UTF8'));
END
$$;

-- The context of a transaction without a session: sign-in and jobs say where they come from.
CREATE FUNCTION app.describe_request(request uuid, ip inet, agent text) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog
AS $$
  SELECT set_config('app.request_id', request::text, true),
         set_config('app.ip', coalesce(host(ip), ''), true),
         set_config('app.user_agent', left(coalesce(agent, ''), 512), true),
         set_config('app.trail_id', app.uuid_v7()::text, true);
$$;

-- The first membership as a professional brings a profile that the onboarding completes.
CREATE FUNCTION public.fn_create_profile() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  IF 'professional' = ANY (NEW.roles)
     AND NOT EXISTS (SELECT FROM public.profiles p WHERE p.clinic_id = NEW.clinic_id AND p.id = NEW.user_id) THEN
    INSERT INTO public.profiles (clinic_id, id, full_name) VALUES (NEW.clinic_id, NEW.user_id, NEW.display_name);
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER create_profile AFTER INSERT OR UPDATE OF roles ON public.members
  FOR EACH ROW EXECUTE FUNCTION public.fn_create_profile();

-- A doctor who corrects the name in the profile is called by it everywhere in the clinic.
CREATE FUNCTION public.fn_name_member() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  UPDATE public.members m SET display_name = NEW.full_name, updated_at = now()
   WHERE m.clinic_id = NEW.clinic_id AND m.user_id = NEW.id AND m.display_name <> NEW.full_name;
  RETURN NULL;
END
$$;
CREATE TRIGGER name_member AFTER UPDATE OF full_name ON public.profiles
  FOR EACH ROW EXECUTE FUNCTION public.fn_name_member();

DO $$
DECLARE f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['app.clinic_id()', 'app.user_id()', 'app.has_role(text)',
                           'app.enter(text, uuid, inet, text)', 'app.whoami()', 'public.fn_create_profile()',
                           'public.fn_name_member()'] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO sigilo_gate', f);
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION app.enter(text, uuid, inet, text), app.clinic_id(), app.user_id(), app.has_role(text) TO sigilo_app;
GRANT EXECUTE ON FUNCTION app.whoami() TO sigilo_trail;
GRANT EXECUTE ON FUNCTION app.describe_request(uuid, inet, text) TO sigilo_auth, sigilo_jobs;

-- Whether anybody uses this installation already; asked before it is turned into a demonstration.
CREATE FUNCTION ops.has_clinics() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$ SELECT EXISTS (SELECT FROM public.clinics) $$;
GRANT CREATE ON SCHEMA ops TO sigilo_gate;
ALTER FUNCTION ops.has_clinics() OWNER TO sigilo_gate;
REVOKE CREATE ON SCHEMA ops FROM sigilo_gate;

-- Row-level security ----------------------------------------------------------------------

ALTER TABLE public.clinics ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.clinics FORCE ROW LEVEL SECURITY;
ALTER TABLE public.members ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.members FORCE ROW LEVEL SECURITY;
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.profiles FORCE ROW LEVEL SECURITY;
ALTER TABLE auth.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE auth.links ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.links FORCE ROW LEVEL SECURITY;

CREATE POLICY clinic_floor ON public.clinics AS RESTRICTIVE TO sigilo_app
  USING (id = (SELECT app.clinic_id())) WITH CHECK (id = (SELECT app.clinic_id()));
CREATE POLICY own_clinic ON public.clinics FOR SELECT TO sigilo_app USING (true);
CREATE POLICY gate ON public.clinics FOR SELECT TO sigilo_gate USING (true);
CREATE POLICY sign_in ON public.clinics TO sigilo_auth USING (true) WITH CHECK (true);
CREATE POLICY audit ON public.clinics FOR SELECT TO sigilo_auditor USING (true);
GRANT SELECT ON public.clinics TO sigilo_app, sigilo_gate, sigilo_auditor;
GRANT SELECT, INSERT ON public.clinics TO sigilo_auth;

CREATE POLICY clinic_floor ON public.members AS RESTRICTIVE TO sigilo_app
  USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()));
CREATE POLICY own_membership ON public.members FOR SELECT TO sigilo_app USING (user_id = (SELECT app.user_id()));
CREATE POLICY gate ON public.members TO sigilo_gate USING (true) WITH CHECK (true);
CREATE POLICY sign_in ON public.members TO sigilo_auth USING (true) WITH CHECK (true);
CREATE POLICY audit ON public.members FOR SELECT TO sigilo_auditor USING (true);
GRANT SELECT ON public.members TO sigilo_app, sigilo_gate, sigilo_auditor;
GRANT UPDATE (display_name, updated_at) ON public.members TO sigilo_gate;
GRANT SELECT, INSERT ON public.members TO sigilo_auth;

CREATE POLICY clinic_floor ON public.profiles AS RESTRICTIVE TO sigilo_app
  USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()));
CREATE POLICY own_profile ON public.profiles TO sigilo_app
  USING (id = (SELECT app.user_id())) WITH CHECK (id = (SELECT app.user_id()));
CREATE POLICY gate ON public.profiles TO sigilo_gate USING (true) WITH CHECK (true);
CREATE POLICY audit ON public.profiles FOR SELECT TO sigilo_auditor USING (true);
GRANT SELECT ON public.profiles TO sigilo_app, sigilo_auditor;
GRANT UPDATE (full_name, crm_number, crm_state, specialty, council_validation, onboarded_at, updated_at)
  ON public.profiles TO sigilo_app;
GRANT SELECT, INSERT ON public.profiles TO sigilo_gate;

CREATE POLICY sign_in ON auth.sessions TO sigilo_auth USING (true) WITH CHECK (true);
CREATE POLICY gate ON auth.sessions TO sigilo_gate USING (true) WITH CHECK (true);
CREATE POLICY sweep ON auth.sessions TO sigilo_jobs USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON auth.sessions TO sigilo_auth;
GRANT SELECT, UPDATE (last_seen_at, idle_until) ON auth.sessions TO sigilo_gate;
GRANT SELECT, UPDATE (ended_at, ended_reason) ON auth.sessions TO sigilo_jobs;

CREATE POLICY sign_in ON auth.links TO sigilo_auth USING (true) WITH CHECK (true);
CREATE POLICY sweep ON auth.links TO sigilo_jobs USING (true);
GRANT SELECT, INSERT, UPDATE ON auth.links TO sigilo_auth;
GRANT SELECT, DELETE ON auth.links TO sigilo_jobs;
