-- rights.request: a request of the signed-in member
INSERT INTO data_subject_requests (request_type, right_code, legal_article, description, link_hash)
VALUES ($1, $2, $3, $4, sha256(convert_to($5, 'UTF8'))) RETURNING id;

-- rights.own: the member's requests, latest first
SELECT r.id, r.requester_user_id, ''::text AS requester_name, r.right_code, r.legal_article, r.status, r.description,
       r.requested_at, r.deadline_at, r.legal_deadline_at, r.alert_at, r.acknowledged_at, r.completed_at, r.outcome_note,
       r.refusal_article, r.version, 0::bigint AS notices_open, r.channel, r.identity_check,
       NULL::text AS stall, NULL::timestamptz AS stalled_since
  FROM data_subject_requests r WHERE r.requester_user_id = app.user_id() ORDER BY r.requested_at DESC LIMIT 100;

-- rights.all: the clinic's requests, those that stand still and those that end first in front, for whoever answers for them
SELECT r.id, r.requester_user_id, coalesce(m.display_name, '') AS requester_name, r.right_code, r.legal_article, r.status,
       r.description, r.requested_at, r.deadline_at, r.legal_deadline_at, r.alert_at, r.acknowledged_at, r.completed_at,
       r.outcome_note, r.refusal_article, r.version,
       (SELECT count(*) FROM recipient_notices n WHERE n.clinic_id = r.clinic_id AND n.request_id = r.id AND n.done_at IS NULL)
         AS notices_open, r.channel, r.identity_check, s.why AS stall, s.since AS stalled_since
  FROM data_subject_requests r
  LEFT JOIN members m ON m.clinic_id = r.clinic_id AND m.user_id = r.requester_user_id
  LEFT JOIN fulfilment_plans p ON p.clinic_id = r.clinic_id AND p.request_id = r.id AND p.status <> 'discarded'
  LEFT JOIN LATERAL (SELECT * FROM app.stalls(r.status, r.created_at, r.alert_at, p.status, p.approved_at, p.executed_at) LIMIT 1) s ON true
 WHERE ($2::text IS NULL OR r.right_code = $2)
   AND CASE $1
         WHEN 'all' THEN true
         WHEN 'late' THEN r.status IN ('pending', 'in_progress') AND r.alert_at < now()
         ELSE r.status IN ('pending', 'in_progress')
              OR EXISTS (SELECT FROM recipient_notices n
                          WHERE n.clinic_id = r.clinic_id AND n.request_id = r.id AND n.done_at IS NULL)
       END
 ORDER BY s.why IS NULL, r.status IN ('pending', 'in_progress') DESC, r.alert_at, r.id LIMIT 500;

-- rights.one: one of them
SELECT r.id, r.requester_user_id, coalesce(m.display_name, '') AS requester_name, r.right_code, r.legal_article, r.status,
       r.description, r.requested_at, r.deadline_at, r.legal_deadline_at, r.alert_at, r.acknowledged_at, r.completed_at,
       r.outcome_note, r.refusal_article, r.version,
       (SELECT count(*) FROM recipient_notices n WHERE n.clinic_id = r.clinic_id AND n.request_id = r.id AND n.done_at IS NULL)
         AS notices_open, r.channel, r.identity_check, s.why AS stall, s.since AS stalled_since
  FROM data_subject_requests r
  LEFT JOIN members m ON m.clinic_id = r.clinic_id AND m.user_id = r.requester_user_id
  LEFT JOIN fulfilment_plans p ON p.clinic_id = r.clinic_id AND p.request_id = r.id AND p.status <> 'discarded'
  LEFT JOIN LATERAL (SELECT * FROM app.stalls(r.status, r.created_at, r.alert_at, p.status, p.approved_at, p.executed_at) LIMIT 1) s ON true
 WHERE r.id = $1;

-- rights.events: what happened to a request
SELECT e.kind, e.created_at, m.display_name AS actor_name
  FROM request_events e LEFT JOIN members m ON m.clinic_id = e.clinic_id AND m.user_id = e.actor_id
 WHERE e.request_id = $1 ORDER BY e.id;

-- rights.withdraw: the subject takes a request back that nobody has begun
UPDATE data_subject_requests SET status = 'cancelled' WHERE id = $1 AND requester_user_id = app.user_id() AND status = 'pending';

-- rights.decide: somebody who answers for the clinic moves a request on, if nobody has meanwhile
UPDATE data_subject_requests SET status = $3, outcome_note = $4, refusal_article = $5, handled_by = app.user_id()
 WHERE id = $1 AND version = $2;

-- rights.draft: a plan for the deletion of an account
INSERT INTO fulfilment_plans (request_id, subject_id, steps) VALUES ($1, $2, $3) RETURNING id;

-- rights.plan: the plan of a request
SELECT p.id, p.status, p.steps, p.done, p.drafted_by, d.display_name AS drafted_name, p.drafted_at, a.display_name AS approved_name,
       p.approved_at, p.executed_at, p.keys_destroyed_at, p.receipt, p.receipt_signature, p.drafted_by = app.user_id() AS own_draft
  FROM fulfilment_plans p
  LEFT JOIN members d ON d.clinic_id = p.clinic_id AND d.user_id = p.drafted_by
  LEFT JOIN members a ON a.clinic_id = p.clinic_id AND a.user_id = p.approved_by
 WHERE p.request_id = $1 AND p.status <> 'discarded';

-- rights.approve: the second look
UPDATE fulfilment_plans SET status = 'approved', approved_by = app.user_id() WHERE id = $1 AND status = 'draft';

-- rights.discard: the plan is not to be carried out
UPDATE fulfilment_plans SET status = 'discarded' WHERE id = $1 AND status IN ('draft', 'approved');

-- rights.by_link: what the subject may know with the secret link
SELECT right_code, status, requested_at, alert_at, completed_at, outcome_note, refusal_article, receipt, receipt_signature
  FROM app.request_by_link($1);

-- rights.executed: plans that are carried out and wait for their receipt
SELECT p.clinic_id, p.id, p.request_id, p.subject_id, p.steps, p.done, p.drafted_at, p.approved_at, p.started_at, p.executed_at, p.keys_destroyed_at,
       (SELECT coalesce(jsonb_agg(n.recipient ORDER BY n.id), '[]') FROM recipient_notices n
         WHERE n.clinic_id = p.clinic_id AND n.request_id = p.request_id) AS recipients
  FROM fulfilment_plans p
 WHERE p.status = 'executed' AND (p.keys_destroyed_at IS NOT NULL OR $1) ORDER BY p.id LIMIT 20;

-- rights.with_keys: whose account was deleted, or whose registration as a patient, and whose keys are still there
SELECT clinic_id, subject_id FROM fulfilment_plans WHERE status = 'executed' AND keys_destroyed_at IS NULL
UNION
SELECT clinic_id, patient_id FROM patient_eliminations WHERE status = 'executed' AND keys_destroyed_at IS NULL;

-- rights.keys_destroyed: from now on nothing that was sealed for them opens
WITH of_a_member AS (
  UPDATE fulfilment_plans SET keys_destroyed_at = clock_timestamp()
   WHERE clinic_id = $1 AND subject_id = $2 AND status = 'executed' AND keys_destroyed_at IS NULL)
UPDATE patient_eliminations SET keys_destroyed_at = clock_timestamp()
 WHERE clinic_id = $1 AND patient_id = $2 AND status = 'executed' AND keys_destroyed_at IS NULL;

-- rights.destroyed: everybody whose keys were to be destroyed, ever
SELECT clinic_id, subject_id FROM fulfilment_plans WHERE status IN ('executed', 'closed')
UNION
SELECT clinic_id, patient_id FROM patient_eliminations WHERE status = 'executed' ORDER BY 1, 2;

-- rights.close: the receipt of a plan
UPDATE fulfilment_plans SET status = 'closed', receipt = $3, receipt_signature = $4 WHERE clinic_id = $1 AND id = $2 AND status = 'executed';

-- rights.complete: the request that a plan fulfilled
UPDATE data_subject_requests SET status = 'completed', outcome_note = $3
 WHERE clinic_id = $1 AND id = $2 AND status = 'in_progress';

-- rights.count: how many rows of the subject each table has
SELECT table_name, row_count FROM app.count_for_plan($1);

-- rights.who_saw_me: who of the clinic looked at what concerns the member, latest first
SELECT seen_at, who, what, subject, unmasked FROM app.who_saw_me();

-- rights.notices: who must be told of what was done
SELECT n.id, n.kind, n.recipient, n.done_at, m.display_name AS done_by_name, n.evidence
  FROM recipient_notices n LEFT JOIN members m ON m.clinic_id = n.clinic_id AND m.user_id = n.done_by
 WHERE n.request_id = $1 ORDER BY n.id;

-- rights.tell: a recipient was told
UPDATE recipient_notices SET evidence = $3 WHERE id = $2 AND request_id = $1 AND done_at IS NULL;

-- rights.subjects: for whom a request may be written down
SELECT m.user_id, m.display_name FROM members m
 WHERE m.user_id <> app.user_id()
   AND NOT EXISTS (SELECT FROM fulfilment_plans p WHERE p.subject_id = m.user_id AND p.status IN ('executed', 'closed'))
 ORDER BY m.display_name, m.user_id;

-- rights.register: a request that came another way
INSERT INTO data_subject_requests (id, requester_user_id, request_type, right_code, legal_article, description, requested_at,
                                   channel, identity_check, registered_by, link_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, app.user_id(), sha256(convert_to($10, 'UTF8')));

-- rights.add_evidence: what proves who asked
INSERT INTO request_evidence (id, request_id, representation, representative_sealed, file_sealed, file_type, file_size, file_sha256)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- rights.evidence: what is shown of it, without the file
SELECT id, representation, representative_sealed, file_type, file_size, file_sha256 FROM request_evidence WHERE request_id = $1;

-- rights.evidence_file: the sealed file
SELECT file_sealed FROM request_evidence WHERE id = $1;
