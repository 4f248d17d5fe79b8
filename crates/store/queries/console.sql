-- console.start: what is about to be asked, before it is
INSERT INTO audit_console_runs (kind, query_number, sql_text, unmasked, reason) VALUES ($1, $2, $3, $4, $5) RETURNING id;

-- console.finish: how it ended
UPDATE audit_console_runs
   SET outcome = $2, detail = $3, row_count = $4, byte_count = $5, truncated = $6, duration_ms = $7, result_hash = $8, verdict = $9
 WHERE id = $1 AND outcome = 'running';

-- console.runs: what was asked in the clinic, latest first, before a given one
SELECT r.id, r.user_id, m.display_name, r.kind, r.query_number, r.sql_text, r.unmasked, r.reason, r.outcome, r.detail,
       r.row_count, r.byte_count, r.truncated, r.duration_ms, r.result_hash, r.verdict, r.started_at, r.finished_at
  FROM audit_console_runs r LEFT JOIN members m ON m.clinic_id = r.clinic_id AND m.user_id = r.user_id
 WHERE $1::uuid IS NULL OR r.id < $1
 ORDER BY r.id DESC LIMIT 50;

-- console.run: one of them
SELECT r.id, r.user_id, m.display_name, r.kind, r.query_number, r.sql_text, r.unmasked, r.reason, r.outcome, r.detail,
       r.row_count, r.byte_count, r.truncated, r.duration_ms, r.result_hash, r.verdict, r.started_at, r.finished_at
  FROM audit_console_runs r LEFT JOIN members m ON m.clinic_id = r.clinic_id AND m.user_id = r.user_id
 WHERE r.id = $1;

-- console.own_grant: until when the member may use the console, if they may
SELECT max(ends_at) FROM audit_grants
 WHERE granted_to = app.user_id() AND revoked_at IS NULL AND starts_at <= now() AND ends_at > now() AND app.may_audit();

-- console.grants: who may use the console or might, latest first
SELECT g.id, g.granted_to, t.display_name AS to_name, g.granted_by, b.display_name AS by_name, g.purpose, g.starts_at,
       g.ends_at, g.revoked_at, g.revoked_at IS NULL AND g.ends_at > now() AS live
  FROM audit_grants g
  LEFT JOIN members t ON t.clinic_id = g.clinic_id AND t.user_id = g.granted_to
  LEFT JOIN members b ON b.clinic_id = g.clinic_id AND b.user_id = g.granted_by
 ORDER BY g.starts_at DESC LIMIT 200;

-- console.candidates: to whom the member may give access: auditors and DPOs of the clinic, but for themselves
SELECT user_id, display_name, roles FROM members
 WHERE status = 'active' AND roles && ARRAY['dpo', 'auditor'] AND user_id <> app.user_id() ORDER BY display_name;

-- console.grant: access for a period of days
INSERT INTO audit_grants (granted_to, purpose, ends_at) VALUES ($1, $2, now() + make_interval(days => $3)) RETURNING id;

-- console.revoke: ends access at once
UPDATE audit_grants SET revoked_by = app.user_id() WHERE id = $1 AND revoked_at IS NULL;

-- console.grant_as_operator: access given from the command line or to the people of a demonstration
INSERT INTO audit_grants (clinic_id, granted_to, granted_by, purpose, ends_at)
VALUES ($1, $2, NULL, $3, now() + make_interval(days => $4));
