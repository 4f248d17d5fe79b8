-- Rooms of the database and the functions that everything else stands on.
--
--   public   the product's tables, every one under forced row-level security
--   auth     accounts, factors and sessions; the app's login cannot read it
--   app      the context of a request: who is asking, for which clinic
--   trail    the monthly partitions of the logs; reachable only through their parents
--   ops      settings, job history, the migration ledger
--
-- The roles come from the server's bootstrap; `sigilo doctor` prints their SQL.

CREATE SCHEMA app;
CREATE SCHEMA auth;
CREATE SCHEMA trail;
CREATE SCHEMA IF NOT EXISTS ops;

REVOKE ALL ON SCHEMA public, app, auth, trail, ops FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

GRANT USAGE ON SCHEMA public TO sigilo_app, sigilo_auth, sigilo_jobs, sigilo_auditor, sigilo_trail, sigilo_gate;
GRANT USAGE ON SCHEMA app TO sigilo_app, sigilo_auth, sigilo_jobs, sigilo_trail, sigilo_gate;
GRANT USAGE ON SCHEMA auth TO sigilo_auth, sigilo_gate, sigilo_jobs;
GRANT USAGE ON SCHEMA ops TO sigilo_auth, sigilo_jobs, sigilo_gate;

-- A function changes hands to its definer role, which must be able to hold it.
GRANT CREATE ON SCHEMA app, public TO sigilo_trail, sigilo_gate;

-- UUID version 7 (RFC 9562): 48 bits of milliseconds, then randomness, so that
-- keys generated here arrive in index order. PostgreSQL has its own only from 18.
CREATE FUNCTION app.uuid_v7() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
  SELECT encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
        FROM 1 FOR 6),
      52, 1), 53, 1),
    'hex')::uuid
$$;
GRANT EXECUTE ON FUNCTION app.uuid_v7() TO PUBLIC;

-- SHA-256 of a text's UTF-8 bytes, in hexadecimal. Immutable here because the database is always UTF-8.
CREATE FUNCTION app.sha256_hex(content text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT encode(sha256(convert_to(content, 'UTF8')), 'hex') $$;
GRANT EXECUTE ON FUNCTION app.sha256_hex(text) TO PUBLIC;

-- The instant `days` business days after `start`, Saturdays and Sundays excluded,
-- counted from the day after the request (audit manual, step 7). National holidays
-- are not skipped: a longer deadline would weaken the data subject.
CREATE FUNCTION app.add_business_days(start timestamptz, days integer) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
DECLARE
  day timestamp := start AT TIME ZONE 'America/Sao_Paulo';
  missing integer := days;
BEGIN
  WHILE missing > 0 LOOP
    day := day + interval '1 day';
    IF extract(isodow FROM day) < 6 THEN
      missing := missing - 1;
    END IF;
  END LOOP;
  RETURN day AT TIME ZONE 'America/Sao_Paulo';
END
$$;
GRANT EXECUTE ON FUNCTION app.add_business_days(timestamptz, integer) TO PUBLIC;

-- Settings of the installation, in one row that only the owner changes.
CREATE TABLE ops.settings (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  demo boolean NOT NULL DEFAULT false,
  -- Tells the installation's root key from any other; set at the first start.
  root_key_check bytea,
  max_failures integer NOT NULL DEFAULT 5 CHECK (max_failures BETWEEN 1 AND 10),
  lock_minutes integer NOT NULL DEFAULT 15 CHECK (lock_minutes BETWEEN 1 AND 1440),
  max_sessions integer NOT NULL DEFAULT 3 CHECK (max_sessions BETWEEN 1 AND 20),
  session_hours integer NOT NULL DEFAULT 12 CHECK (session_hours BETWEEN 1 AND 24),
  updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO ops.settings DEFAULT VALUES;

-- What the scheduler did: one row a run.
CREATE TABLE ops.job_runs (
  id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
  job text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  outcome text NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'done', 'failed')),
  affected bigint NOT NULL DEFAULT 0,
  detail text
);
CREATE INDEX job_runs_latest ON ops.job_runs (job, started_at DESC);

ALTER TABLE ops.settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.settings FORCE ROW LEVEL SECURITY;
ALTER TABLE ops.job_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.job_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY limits ON ops.settings FOR SELECT TO sigilo_auth, sigilo_gate, sigilo_jobs USING (true);
CREATE POLICY limits_set ON ops.settings TO sigilo_owner USING (true) WITH CHECK (true);
CREATE POLICY runs ON ops.job_runs TO sigilo_jobs USING (true) WITH CHECK (true);
CREATE POLICY runs_read ON ops.job_runs FOR SELECT TO sigilo_owner USING (true);
GRANT SELECT ON ops.settings TO sigilo_auth, sigilo_gate, sigilo_jobs;
GRANT SELECT, INSERT, UPDATE (finished_at, outcome, affected, detail), DELETE ON ops.job_runs TO sigilo_jobs;

-- Lower case without the accents of Portuguese, for searches that forgive both.
CREATE FUNCTION app.fold(content text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT translate(lower(content), 'áàâãäéèêëíìîïóòôõöúùûüçñ', 'aaaaaeeeeiiiiooooouuuucn') $$;
GRANT EXECUTE ON FUNCTION app.fold(text) TO PUBLIC;
