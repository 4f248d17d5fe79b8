-- consent.history: every act of the signed-in member, newest first
SELECT c.id, c.consent_type, c.consent_version, c.granted, c.granted_at, c.withdrawn_at, c.withdrawal_method,
       c.withdrawal_reason, c.expires_at, c.status, c.consent_text_hash,
       EXISTS (SELECT FROM lgpd_consents p WHERE p.consent_id = c.id) AS proved,
       (SELECT p.subject_signature_kind FROM lgpd_consents p WHERE p.consent_id = c.id) AS signed_as
  FROM consent_records c WHERE c.user_id = (SELECT app.user_id()) ORDER BY c.granted_at DESC, c.id DESC;

-- consent.of_patient: every act of a patient, newest first
SELECT c.id, c.consent_type, c.consent_version, c.granted, c.granted_at, c.withdrawn_at, c.withdrawal_method,
       c.withdrawal_reason, c.expires_at, c.status, c.consent_text_hash,
       EXISTS (SELECT FROM lgpd_consents p WHERE p.consent_id = c.id) AS proved,
       (SELECT p.subject_signature_kind FROM lgpd_consents p WHERE p.consent_id = c.id) AS signed_as
  FROM consent_records c WHERE c.patient_id = $1 ORDER BY c.granted_at DESC, c.id DESC;

-- consent.now: the transaction's instant, which every row of it bears
SELECT now() AS at;

-- consent.in_force: the approved text of each kind: the clinic's own, or the product's
SELECT DISTINCT ON (t.consent_type) t.id, t.consent_type, t.version, t.language, t.title, t.summary, t.body, t.purpose, t.purposes,
       t.legal_basis, t.data_categories, t.retention_justification, t.valid_months, t.text_hash, t.status
  FROM consent_texts t WHERE t.status = 'approved' AND t.language = $1
 ORDER BY t.consent_type, t.clinic_id NULLS LAST, t.approved_at DESC;

-- consent.text: one approved text
SELECT t.id, t.consent_type, t.version, t.language, t.title, t.summary, t.body, t.purpose, t.purposes, t.legal_basis,
       t.data_categories, t.retention_justification, t.valid_months, t.text_hash, t.status
  FROM consent_texts t WHERE t.id = $1;

-- consent.renew: ends what is over, about to be, or given to another text, so that it can be given again
UPDATE consent_records c SET granted = false, ended_as = 'renewed'
 WHERE c.granted AND c.consent_type = $1
   AND CASE WHEN $2::uuid IS NULL THEN c.user_id = (SELECT app.user_id()) ELSE c.patient_id = $2 END
   AND (c.expires_at <= now() + interval '60 days' OR c.consent_text_hash <> $3 OR c.consent_version <> $4);

-- consent.grant: one act; an already live consent stays as it is
INSERT INTO consent_records (user_id, patient_id, consent_type, consent_version, consent_text_hash, purpose, purposes,
                             legal_basis, data_categories, granted, expires_at, collection_method, retention_justification)
VALUES (CASE WHEN $1::uuid IS NULL THEN app.user_id() END, $1, $2, $3, $4, $5, $6, $7, $8, true, $9, $10, $11)
ON CONFLICT DO NOTHING RETURNING id;

-- consent.prove: what proves the act
INSERT INTO lgpd_consents (consent_id, text_id, subject_sealed, salt_sealed, has_representative, representative_evidence_sealed,
                           consent_hash, cryptographic_proof, digital_signature, signature_key, code_hash, code_sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::json, $9, $10, sha256($11), $12);

-- consent.live: the live consent of a kind that may be withdrawn, with its hash if it has a proof
SELECT c.id, p.consent_hash
  FROM consent_records c LEFT JOIN lgpd_consents p ON p.consent_id = c.id
 WHERE c.granted AND c.consent_type = $1
   AND CASE WHEN $2::uuid IS NULL THEN c.user_id = (SELECT app.user_id()) ELSE c.patient_id = $2 END;

-- consent.revoke: withdraws the live consent
UPDATE consent_records SET granted = false, withdrawal_method = $2, withdrawal_reason = $3 WHERE id = $1 AND granted;

-- consent.sign_withdrawal: the installation's signature of a withdrawal
UPDATE lgpd_consents SET withdrawal_signature = $2 WHERE consent_id = $1;

-- consent.sign: the subject's own signature, once
UPDATE lgpd_consents SET subject_signature_kind = $2, subject_signature_sealed = $3, subject_signature_binding = $4, subject_signed_at = now()
 WHERE consent_id = $1 AND subject_signed_at IS NULL;

-- consent.proof: everything that proves one act
SELECT p.consent_id, p.consent_type, p.consent_version, p.consent_language, p.consent_text_hash, t.title, t.summary, t.body,
       p.purposes, p.legal_basis, p.data_categories, p.given_at, p.subject_sealed, p.salt_sealed, p.consent_hash,
       p.cryptographic_proof::text AS parts, p.digital_signature, p.signature_key, p.subject_signature_kind,
       p.subject_signature_sealed, p.subject_signature_binding, p.subject_signed_at, p.timestamp_token, p.code_sealed,
       p.withdrawn_at, p.withdrawal_method, p.withdrawal_reason, p.withdrawal_signature, c.expires_at, c.status,
       c.retention_justification, c.user_id, c.patient_id
  FROM lgpd_consents p
  JOIN consent_records c ON c.id = p.consent_id
  JOIN consent_texts t ON t.id = p.text_id
 WHERE p.consent_id = $1;

-- consent.by_code: what the holder of a code may know
SELECT consent_status, given_at, ended_at, expires_at, consent_type, consent_version, consent_language, consent_text_hash,
       consent_hash, parts, digital_signature, signature_key, timestamp_status, timestamp_token, subject_signature_kind
  FROM app.consent_by_code($1);

-- consent.events: the history of one consent, oldest first
SELECT kind, created_at, method, reason FROM consent_events WHERE consent_id = $1 ORDER BY created_at, id;

-- consent.has_purpose: whether a patient, or the signed-in member, agrees to a purpose now
SELECT app.has_purpose($1, $2) AS agrees;

-- consent.wanted_stamps: seals that no authority of time has stamped yet and that are due to be asked for
SELECT p.clinic_id, p.id, p.consent_hash, p.cryptographic_proof::text AS parts, p.timestamp_tries AS tries
  FROM lgpd_consents p WHERE p.timestamp_status = 'pending' AND p.timestamp_next_try_at <= now()
 ORDER BY p.timestamp_next_try_at LIMIT 20;

-- consent.stamped: a stamp that came
UPDATE lgpd_consents SET timestamp_status = 'granted', timestamp_token = $3, timestamp_time = $4, timestamp_problem = NULL,
       timestamp_tries = timestamp_tries + 1
 WHERE clinic_id = $1 AND id = $2 AND timestamp_status = 'pending';

-- consent.not_stamped: a stamp that did not come; asked for again after a pause
UPDATE lgpd_consents SET timestamp_problem = left($3, 500), timestamp_tries = timestamp_tries + 1,
       timestamp_next_try_at = now() + make_interval(secs => $4)
 WHERE clinic_id = $1 AND id = $2 AND timestamp_status = 'pending';
