-- elimination.ask: a patient's registration is to go for good; the guard says whether it may
INSERT INTO patient_eliminations (patient_id, reason, basis_note) VALUES ($1, $2, $3) RETURNING id;

-- elimination.decide: approved, refused or taken back; the guard says when and by whom
UPDATE patient_eliminations SET status = $2, decision_note = $3 WHERE id = $1 RETURNING patient_id;

-- elimination.all: what was asked, decided and done, what waits in front
SELECT e.id, e.patient_id, p.medical_record_number, e.reason, e.basis_note, e.status, e.asked_by, a.display_name AS asked_name, e.asked_at,
       d.display_name AS decided_name, e.decided_at, e.decision_note, e.executed_at, e.receipt IS NOT NULL AS has_receipt
  FROM patient_eliminations e
  JOIN patients p ON p.clinic_id = e.clinic_id AND p.id = e.patient_id
  LEFT JOIN members a ON a.clinic_id = e.clinic_id AND a.user_id = e.asked_by
  LEFT JOIN members d ON d.clinic_id = e.clinic_id AND d.user_id = e.decided_by
 ORDER BY e.status NOT IN ('asked', 'approved'), e.asked_at DESC LIMIT 300;

-- elimination.has_receipt: whether the elimination of a patient is done, with its receipt
SELECT EXISTS (SELECT FROM patient_eliminations WHERE patient_id = $1 AND receipt IS NOT NULL);

-- elimination.receipt: the signed receipt of a patient's elimination
SELECT receipt, receipt_signature FROM patient_eliminations WHERE patient_id = $1 AND receipt IS NOT NULL;

-- elimination.executed: eliminations whose keys are destroyed and that wait for their receipt
SELECT e.clinic_id, e.id, e.patient_id, p.medical_record_number, e.reason, e.asked_at, e.decided_at, e.executed_at, e.done, e.keys_destroyed_at
  FROM patient_eliminations e JOIN patients p ON p.clinic_id = e.clinic_id AND p.id = e.patient_id
 WHERE e.status = 'executed' AND e.keys_destroyed_at IS NOT NULL AND e.receipt IS NULL ORDER BY e.id LIMIT 20;

-- elimination.close: the receipt of an elimination
UPDATE patient_eliminations SET receipt = $3, receipt_signature = $4
 WHERE clinic_id = $1 AND id = $2 AND status = 'executed' AND receipt IS NULL;
