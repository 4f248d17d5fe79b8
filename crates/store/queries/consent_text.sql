-- consent_text.all: every text that the clinic sees, by kind, latest first
SELECT t.id, t.clinic_id, t.consent_type, t.version, t.language, t.title, t.summary, t.body, t.purpose, t.purposes, t.legal_basis,
       t.data_categories, t.retention_justification, t.valid_months, t.text_hash, t.status, t.author_id, t.reviewed_by,
       t.reviewed_at, t.review_notes, t.approved_by, t.approved_at, t.retired_at, t.created_at,
       a.display_name AS author_name, r.display_name AS reviewer_name, p.display_name AS approver_name
  FROM consent_texts t
  LEFT JOIN members a ON a.clinic_id = t.clinic_id AND a.user_id = t.author_id
  LEFT JOIN members r ON r.clinic_id = t.clinic_id AND r.user_id = t.reviewed_by
  LEFT JOIN members p ON p.clinic_id = t.clinic_id AND p.user_id = t.approved_by
 ORDER BY t.consent_type, t.language, t.created_at DESC, t.id DESC;

-- consent_text.one: one of them
SELECT t.id, t.clinic_id, t.consent_type, t.version, t.language, t.title, t.summary, t.body, t.purpose, t.purposes, t.legal_basis,
       t.data_categories, t.retention_justification, t.valid_months, t.text_hash, t.status, t.author_id, t.reviewed_by,
       t.reviewed_at, t.review_notes, t.approved_by, t.approved_at, t.retired_at, t.created_at,
       a.display_name AS author_name, r.display_name AS reviewer_name, p.display_name AS approver_name
  FROM consent_texts t
  LEFT JOIN members a ON a.clinic_id = t.clinic_id AND a.user_id = t.author_id
  LEFT JOIN members r ON r.clinic_id = t.clinic_id AND r.user_id = t.reviewed_by
  LEFT JOIN members p ON p.clinic_id = t.clinic_id AND p.user_id = t.approved_by
 WHERE t.id = $1;

-- consent_text.draft: a new version
INSERT INTO consent_texts (consent_type, version, language, title, summary, body, purpose, purposes, legal_basis, data_categories,
                           retention_justification, valid_months)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id;

-- consent_text.change: what a draft says
UPDATE consent_texts SET version = $2, title = $3, summary = $4, body = $5, purpose = $6, purposes = $7, legal_basis = $8,
       data_categories = $9, retention_justification = $10, valid_months = $11
 WHERE id = $1 AND status = 'draft';

-- consent_text.move: the next step, from the state it was seen in
UPDATE consent_texts SET status = $3, review_notes = $4 WHERE id = $1 AND status = $2;
