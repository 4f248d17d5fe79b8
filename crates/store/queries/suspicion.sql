-- suspicion.open: what waits for a decision, the latest first
SELECT d.id, d.rule, d.subject_kind, d.subject_id, d.actor_id,
       (SELECT m.display_name FROM members m
         WHERE m.clinic_id = d.clinic_id AND m.user_id = coalesce(d.actor_id, d.subject_id)) AS member_name,
       d.event_count, d.threshold, d.window_minutes, d.first_seen_at, d.last_seen_at, d.evidence_table, d.evidence,
       now() AS looked_at
  FROM incident_drafts d WHERE d.status = 'open' ORDER BY d.last_seen_at DESC, d.id DESC LIMIT 100;

-- suspicion.take: one of them, held until the end of the transaction, so that of two people one decides
SELECT d.id, d.rule, d.subject_kind, d.subject_id, d.actor_id,
       (SELECT m.display_name FROM members m
         WHERE m.clinic_id = d.clinic_id AND m.user_id = coalesce(d.actor_id, d.subject_id)) AS member_name,
       d.event_count, d.threshold, d.window_minutes, d.first_seen_at, d.last_seen_at, d.evidence_table, d.evidence,
       now() AS looked_at
  FROM incident_drafts d WHERE d.id = $1 AND d.status = 'open' FOR UPDATE;

-- suspicion.exists: whether there is such a draft, decided or not
SELECT EXISTS (SELECT FROM incident_drafts WHERE id = $1) AS found;

-- suspicion.confirm: it became this incident
UPDATE incident_drafts SET status = 'confirmed', incident_id = $2 WHERE id = $1;

-- suspicion.dismiss: it was nothing, and why
UPDATE incident_drafts SET status = 'dismissed', dismissal_reason = $2 WHERE id = $1;

-- suspicion.refused: somebody was refused at a route
SELECT app.log_refusal($1, $2);
