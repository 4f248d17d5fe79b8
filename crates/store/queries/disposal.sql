-- disposal.expired: what the clinic's trail has of months past their time
SELECT month, may_go, medical_record, last_word, legal_hold, sealed_late FROM app.expired_trail();

-- disposal.all: what was proposed, decided and done, latest first
SELECT d.id, d.month, d.status, d.proposed_by, p.display_name AS proposed_name, d.proposed_at, c.display_name AS decided_name,
       d.decided_at, d.declared_rows, d.done_at
  FROM trail_disposals d
  LEFT JOIN members p ON p.clinic_id = d.clinic_id AND p.user_id = d.proposed_by
  LEFT JOIN members c ON c.clinic_id = d.clinic_id AND c.user_id = d.decided_by
 ORDER BY d.proposed_at DESC LIMIT 300;

-- disposal.propose: a month of the clinic's trail is to go
INSERT INTO trail_disposals (month) VALUES ($1) RETURNING id;

-- disposal.decide: approved or discarded; the guard says when and by whom
UPDATE trail_disposals SET status = $2 WHERE id = $1;
