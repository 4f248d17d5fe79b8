-- account.create: a new account; the e-mail follows once the id is known
INSERT INTO auth.users (email_verified) VALUES ($1) RETURNING id, webauthn_handle;

-- account.set_email: the account's sealed address and its blind index
UPDATE auth.users SET email_sealed = $2, email_index = $3 WHERE id = $1;

-- account.create_clinic: a new clinic with its owner
INSERT INTO clinics (name, owner_id) VALUES ($1, $2) RETURNING id;

-- account.create_member: a membership; a professional's brings the profile by trigger
INSERT INTO members (clinic_id, user_id, display_name, roles) VALUES ($1, $2, $3, $4) RETURNING id;

-- account.link_identity: binds an account at a provider
INSERT INTO auth.identities (user_id, issuer, subject) VALUES ($1, $2, $3);

-- account.by_identity: the account bound to issuer and subject
SELECT user_id FROM auth.identities WHERE issuer = $1 AND subject = $2;

-- account.by_handle: the account behind a passkey's user handle
SELECT id AS user_id FROM auth.users WHERE webauthn_handle = $1;

-- account.standing: what sign-in must know of an account
SELECT u.id, u.webauthn_handle, u.status = 'active' AS active, u.failures,
       greatest(extract(epoch FROM u.locked_until - now()), 0)::integer AS locked_seconds,
       m.clinic_id, m.display_name,
       EXISTS (SELECT FROM auth.passkeys p WHERE p.user_id = u.id) AS has_passkey,
       EXISTS (SELECT FROM auth.totp t WHERE t.user_id = u.id) AS has_totp,
       EXISTS (SELECT FROM auth.identities i WHERE i.user_id = u.id) AS has_identity,
       (SELECT count(*) FROM auth.recovery_codes r WHERE r.user_id = u.id AND r.used_at IS NULL) AS recovery_left
  FROM auth.users u
  JOIN members m ON m.user_id = u.id AND m.status = 'active'
 WHERE u.id = $1
 ORDER BY m.created_at LIMIT 1;

-- account.failed: counts a failure and locks at the limit; each further lock lasts twice as long, up to a day
UPDATE auth.users u
   SET failures = CASE WHEN u.failures + 1 >= o.max_failures THEN 0 ELSE u.failures + 1 END,
       locks = CASE WHEN u.failures + 1 >= o.max_failures THEN u.locks + 1 ELSE u.locks END,
       locked_until = CASE WHEN u.failures + 1 >= o.max_failures
         THEN now() + least(make_interval(mins => o.lock_minutes * (2 ^ least(u.locks, 10))::integer), interval '1 day')
         ELSE u.locked_until END
  FROM ops.settings o WHERE u.id = $1
RETURNING coalesce(u.locked_until > now(), false) AS locked;

-- account.succeeded: forgets the failures
UPDATE auth.users SET failures = 0, locks = 0, locked_until = NULL, last_sign_in_at = now() WHERE id = $1;

-- account.throttled: seconds until an address may try again
SELECT greatest(extract(epoch FROM blocked_until - now()), 0)::integer AS seconds FROM auth.throttle WHERE address = $1;

-- account.address_failed: counts a failure of an address; after ten in an hour each one blocks for longer, up to an hour
INSERT INTO auth.throttle AS t (address, failures) VALUES ($1, 1)
ON CONFLICT (address) DO UPDATE
   SET failures = CASE WHEN t.updated_at < now() - interval '1 hour' THEN 1 ELSE t.failures + 1 END,
       blocked_until = CASE WHEN t.updated_at >= now() - interval '1 hour' AND t.failures + 1 >= 10
         THEN now() + least(make_interval(secs => (2 ^ least(t.failures - 9, 12))::integer), interval '1 hour') END,
       updated_at = now();

-- account.begin_ceremony: keeps the sealed state of a ceremony under its token
INSERT INTO auth.ceremonies (token_hash, kind, user_id, state_sealed, expires_at)
VALUES (sha256(convert_to($1, 'UTF8')), $2, $3, $4, now() + interval '10 minutes')
ON CONFLICT (token_hash, kind) DO UPDATE SET user_id = excluded.user_id,
  state_sealed = excluded.state_sealed, expires_at = excluded.expires_at;

-- account.take_ceremony: reads a ceremony and ends it, so that nothing can be replayed
DELETE FROM auth.ceremonies WHERE token_hash = sha256(convert_to($1, 'UTF8')) AND kind = $2 AND expires_at > now()
RETURNING user_id, state_sealed;

-- account.peek_ceremony: reads a ceremony that goes on
SELECT user_id, state_sealed FROM auth.ceremonies
 WHERE token_hash = sha256(convert_to($1, 'UTF8')) AND kind = $2 AND expires_at > now();

-- account.create_link: a single-use link
INSERT INTO auth.links (token_hash, user_id, clinic_id, kind, expires_at)
VALUES (sha256(convert_to($1, 'UTF8')), $2, $3, $4, now() + make_interval(hours => $5));

-- account.peek_link: whose link it is, while it may be used
SELECT l.kind, m.display_name FROM auth.links l
  JOIN members m ON m.clinic_id = l.clinic_id AND m.user_id = l.user_id
 WHERE l.token_hash = sha256(convert_to($1, 'UTF8')) AND l.used_at IS NULL AND l.expires_at > now();

-- account.use_link: uses a link up; of two at once, one wins
UPDATE auth.links SET used_at = now()
 WHERE token_hash = sha256(convert_to($1, 'UTF8')) AND used_at IS NULL AND expires_at > now()
RETURNING user_id, clinic_id, kind;

-- account.clinic_by_name: a clinic to invite into
SELECT id FROM clinics WHERE name = $1 ORDER BY created_at LIMIT 1;

-- account.set_handle: the handle that the account's first passkey already carries
UPDATE auth.users SET webauthn_handle = $2 WHERE id = $1;

-- account.by_email: the accounts with this address; an unconfirmed address may belong to several
SELECT u.id AS user_id, m.clinic_id FROM auth.users u
  JOIN members m ON m.user_id = u.id AND m.status = 'active'
 WHERE u.email_index = $1 AND u.status = 'active' ORDER BY u.created_at, m.created_at;
