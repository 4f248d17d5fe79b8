-- legal_hold.all: the clinic's holds, open ones in front
SELECT h.id, h.patient_id, coalesce(s.display_name, 'Paciente do prontuário nº ' || t.medical_record_number, '–') AS subject_name, h.basis, h.reason, h.review_on, p.display_name AS placed_name,
       h.placed_at, r.display_name AS released_name, h.released_at, h.release_reason
  FROM legal_holds h
  LEFT JOIN members s ON s.clinic_id = h.clinic_id AND s.user_id = h.subject_id
  LEFT JOIN patients t ON t.clinic_id = h.clinic_id AND t.id = h.patient_id
  LEFT JOIN members p ON p.clinic_id = h.clinic_id AND p.user_id = h.placed_by
  LEFT JOIN members r ON r.clinic_id = h.clinic_id AND r.user_id = h.released_by
 ORDER BY h.released_at IS NOT NULL, h.review_on, h.id DESC LIMIT 300;

-- legal_hold.place: data that must be kept
INSERT INTO legal_holds (subject_id, basis, reason, review_on) VALUES ($1, $2, $3, $4) RETURNING id;

-- legal_hold.place_on_patient: the same of a patient's
INSERT INTO legal_holds (patient_id, basis, reason, review_on) VALUES ($1, $2, $3, $4) RETURNING id;

-- legal_hold.release: it need not be kept any longer; the guard says when and by whom
UPDATE legal_holds SET release_reason = $2 WHERE id = $1;

-- legal_hold.holds: whether a person's data is held
SELECT EXISTS (SELECT FROM legal_holds WHERE subject_id = $1 AND released_at IS NULL);
