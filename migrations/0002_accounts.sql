-- Accounts without passwords: who may sign in, with which factors, and the live sessions.
-- Only `sigilo_auth` (the sign-in code) and `sigilo_gate` (the definer of `app.enter`) reach these tables.

CREATE TABLE auth.users (
  id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
  -- AES-256-GCM cell bound to (user, table, column); the index is a keyed hash of the normalised address.
  email_sealed bytea,
  email_index bytea,
  email_verified boolean NOT NULL DEFAULT false,
  -- The opaque handle a passkey carries (WebAuthn user.id): never the account's own id.
  webauthn_handle uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'deactivated')),
  failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
  locks integer NOT NULL DEFAULT 0 CHECK (locks >= 0),
  locked_until timestamptz,
  last_sign_in_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((email_sealed IS NULL) = (email_index IS NULL))
);
CREATE INDEX users_email ON auth.users (email_index);

-- An account at an OpenID provider, bound by issuer and subject, never by e-mail.
CREATE TABLE auth.identities (
  id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL REFERENCES auth.users ON DELETE RESTRICT,
  issuer text NOT NULL,
  subject text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (issuer, subject)
);
CREATE INDEX identities_user ON auth.identities (user_id);

CREATE TABLE auth.passkeys (
  id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL REFERENCES auth.users ON DELETE RESTRICT,
  credential_id bytea NOT NULL UNIQUE,
  passkey jsonb NOT NULL,
  label text NOT NULL CHECK (length(label) BETWEEN 1 AND 80),
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz
);
CREATE INDEX passkeys_user ON auth.passkeys (user_id);

CREATE TABLE auth.totp (
  id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL UNIQUE REFERENCES auth.users ON DELETE RESTRICT,
  secret_sealed bytea NOT NULL,
  -- RFC 6238 §5.2: the last accepted time step, so that no code works twice.
  last_step bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz
);

CREATE TABLE auth.recovery_codes (
  id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL REFERENCES auth.users ON DELETE RESTRICT,
  code_mac bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz,
  UNIQUE (user_id, code_mac)
);

-- A sign-in or registration in progress. Single use: the row is deleted when it is read.
CREATE TABLE auth.ceremonies (
  token_hash bytea NOT NULL,
  kind text NOT NULL,
  user_id uuid REFERENCES auth.users ON DELETE CASCADE,
  state_sealed bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (token_hash, kind)
);
CREATE INDEX ceremonies_expiry ON auth.ceremonies (expires_at);

-- Failures by address, so that guessing over many accounts is slowed too.
CREATE TABLE auth.throttle (
  address inet PRIMARY KEY,
  failures integer NOT NULL CHECK (failures >= 0),
  blocked_until timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now()
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['users', 'identities', 'passkeys', 'totp', 'recovery_codes', 'ceremonies', 'throttle'] LOOP
    EXECUTE format('ALTER TABLE auth.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE auth.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY sign_in ON auth.%I TO sigilo_auth USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON auth.%I TO sigilo_auth', t);
  END LOOP;
END
$$;
GRANT DELETE ON auth.passkeys, auth.totp, auth.recovery_codes, auth.ceremonies, auth.throttle TO sigilo_auth;

CREATE POLICY sweep ON auth.ceremonies TO sigilo_jobs USING (true);
CREATE POLICY sweep ON auth.throttle TO sigilo_jobs USING (true);
GRANT SELECT, DELETE ON auth.ceremonies, auth.throttle TO sigilo_jobs;
