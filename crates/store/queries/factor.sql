-- factor.passkeys: a member's passkeys
SELECT id, passkey, label, created_at, last_used_at FROM auth.passkeys WHERE user_id = $1 ORDER BY created_at;

-- factor.add_passkey: registers a passkey
INSERT INTO auth.passkeys (user_id, credential_id, passkey, label) VALUES ($1, $2, $3, $4) RETURNING id;

-- factor.used_passkey: keeps the counter and the time of a use
UPDATE auth.passkeys SET passkey = $3, last_used_at = now() WHERE user_id = $1 AND credential_id = $2;

-- factor.totp: a member's authenticator app
SELECT id, secret_sealed, last_step, created_at, last_used_at FROM auth.totp WHERE user_id = $1;

-- factor.add_totp: registers an authenticator app, in place of the one before
INSERT INTO auth.totp (user_id, secret_sealed, last_step) VALUES ($1, $2, $3)
ON CONFLICT (user_id) DO UPDATE SET secret_sealed = excluded.secret_sealed, last_step = excluded.last_step,
  created_at = now(), last_used_at = NULL
RETURNING id;

-- factor.use_totp: accepts a time step once; of two at once, one wins
UPDATE auth.totp SET last_step = $2, last_used_at = now() WHERE user_id = $1 AND last_step < $2 RETURNING id;

-- factor.remove_passkey: removes a passkey unless nothing else would open the account with two factors
DELETE FROM auth.passkeys WHERE user_id = $1 AND id = $2
   AND ((SELECT count(*) FROM auth.passkeys WHERE user_id = $1) > 1
        OR (EXISTS (SELECT FROM auth.totp WHERE user_id = $1) AND EXISTS (SELECT FROM auth.identities WHERE user_id = $1)))
RETURNING id;

-- factor.remove_totp: removes the authenticator app unless nothing else is left
DELETE FROM auth.totp WHERE user_id = $1 AND id = $2 AND EXISTS (SELECT FROM auth.passkeys WHERE user_id = $1)
RETURNING id;

-- factor.clear_recovery: forgets the recovery codes
DELETE FROM auth.recovery_codes WHERE user_id = $1;

-- factor.add_recovery: keeps a recovery code's keyed hash
INSERT INTO auth.recovery_codes (user_id, code_mac) SELECT $1, unnest($2::bytea[]);

-- factor.use_recovery: uses a recovery code up; of two at once, one wins
UPDATE auth.recovery_codes SET used_at = now() WHERE user_id = $1 AND code_mac = $2 AND used_at IS NULL RETURNING id;

-- factor.recovery_left: how many codes may still be used
SELECT count(*) AS recovery_left FROM auth.recovery_codes WHERE user_id = $1 AND used_at IS NULL;

-- factor.lock_account: one change of an account's factors at a time
SELECT id FROM auth.users WHERE id = $1 FOR UPDATE;

-- factor.clear_passkeys: forgets the passkeys of an account whose owner lost them
DELETE FROM auth.passkeys WHERE user_id = $1;

-- factor.clear_totp: forgets its authenticator app
DELETE FROM auth.totp WHERE user_id = $1;
