-- session.enter: proves the session and sets the context of the transaction
SELECT session_id, user_id, clinic_id, roles, display_name, clinic_name, idle_timeout_seconds, demo
  FROM app.enter($1, $2, $3, $4);

-- session.audit: appends the event of a write to the trail
SELECT app.audit($1, $2, $3, $4, $5, $6);

-- session.describe: where a sign-in comes from
SELECT app.describe_request($1, $2, $3);

-- session.standing: what the signed-in member may do next
SELECT coalesce((SELECT p.onboarded_at IS NOT NULL FROM profiles p WHERE p.id = app.user_id()), true) AS onboarded,
       array(SELECT c.consent_type FROM consent_records c
              WHERE c.user_id = (SELECT app.user_id()) AND c.granted
                AND (c.expires_at IS NULL OR c.expires_at > now())) AS consents;

-- session.recent_access: the member's own sign-ins and sign-outs
SELECT action, success, failure_reason, host(ip_address) AS ip, user_agent, session_duration_seconds, created_at
  FROM access_logs WHERE user_id = (SELECT app.user_id())
 ORDER BY created_at DESC LIMIT 30;

-- session.find: the session behind a token, live, locked or not (sign-in role)
SELECT s.id, s.user_id, s.clinic_id, s.method, s.idle_until <= now() AS locked,
       greatest(extract(epoch FROM s.idle_until - now()), 0)::integer AS remaining_seconds, m.display_name
  FROM auth.sessions s JOIN members m ON m.clinic_id = s.clinic_id AND m.user_id = s.user_id
 WHERE s.token_hash = sha256(convert_to($1, 'UTF8')) AND s.ended_at IS NULL AND s.expires_at > now();

-- session.create: a new live session
INSERT INTO auth.sessions (token_hash, user_id, clinic_id, method, ip_address, user_agent, idle_until, expires_at)
SELECT sha256(convert_to($1, 'UTF8')), $2, c.id, $4, $5, $6,
       now() + make_interval(mins => c.idle_timeout_minutes), now() + make_interval(hours => o.session_hours)
  FROM clinics c, ops.settings o WHERE c.id = $3
RETURNING id;

-- session.end_excess: ends the oldest sessions above the limit; returns what was ended
UPDATE auth.sessions SET ended_at = now(), ended_reason = 'limit'
 WHERE id IN (SELECT id FROM auth.sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > now()
               ORDER BY created_at DESC, id DESC OFFSET (SELECT max_sessions FROM ops.settings))
RETURNING id, clinic_id, extract(epoch FROM now() - created_at)::integer AS duration_seconds;

-- session.end: ends one session of a member, or none
UPDATE auth.sessions SET ended_at = now(), ended_reason = $3
 WHERE id = $1 AND user_id = $2 AND ended_at IS NULL
RETURNING id, clinic_id, extract(epoch FROM now() - created_at)::integer AS duration_seconds;

-- session.end_others: ends every other session of a member
UPDATE auth.sessions SET ended_at = now(), ended_reason = 'revoked'
 WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL
RETURNING id, clinic_id, extract(epoch FROM now() - created_at)::integer AS duration_seconds;

-- session.list: a member's live sessions
SELECT id, created_at, last_seen_at, host(ip_address) AS ip, user_agent, method, idle_until <= now() AS locked
  FROM auth.sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > now()
 ORDER BY last_seen_at DESC;

-- session.unlock: gives a locked session a new token and a new idle time
UPDATE auth.sessions s
   SET token_hash = sha256(convert_to($2, 'UTF8')), last_seen_at = now(), unlock_failures = 0,
       idle_until = now() + make_interval(mins => c.idle_timeout_minutes)
  FROM clinics c WHERE s.id = $1 AND c.id = s.clinic_id AND s.ended_at IS NULL AND s.expires_at > now()
RETURNING s.id;

-- session.unlock_failed: counts a failed unlock
UPDATE auth.sessions SET unlock_failures = unlock_failures + 1 WHERE id = $1
RETURNING unlock_failures;

-- session.log_access: records a sign-in, a sign-out or a failure in both logs
SELECT app.log_access($1, $2, $3, $4, $5, $6);

-- session.identify: whose act the sign-in code carries out, for the trail
SELECT set_config('app.token', $1, true);
