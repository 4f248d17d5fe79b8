-- patient.insert: a new record; the database gives the number
INSERT INTO patients (id) VALUES ($1) RETURNING medical_record_number;

-- patient.insert_identity: who the patient is
INSERT INTO patient_identities (patient_id, full_name_sealed, social_name_sealed, birth_date_sealed, sex_sealed, race_color_sealed,
                                mother_name_sealed, cpf_sealed, cns_sealed, rg_sealed, phone_primary_sealed,
                                phone_secondary_sealed, email_sealed, address_sealed, guardian_name_sealed,
                                guardian_relation_sealed, guardian_document_sealed, without_document, cpf_index,
                                cns_index, phone_primary_index, phone_secondary_index, email_index, name_birth_index,
                                index_version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25);

-- patient.update_identity: who the patient is, as it is now known
UPDATE patient_identities
   SET full_name_sealed = $2, social_name_sealed = $3, birth_date_sealed = $4, sex_sealed = $5, race_color_sealed = $6,
       mother_name_sealed = $7, cpf_sealed = $8, cns_sealed = $9, rg_sealed = $10, phone_primary_sealed = $11,
       phone_secondary_sealed = $12, email_sealed = $13, address_sealed = $14, guardian_name_sealed = $15,
       guardian_relation_sealed = $16, guardian_document_sealed = $17, without_document = $18, cpf_index = $19,
       cns_index = $20, phone_primary_index = $21, phone_secondary_index = $22, email_index = $23,
       name_birth_index = $24, index_version = $25
 WHERE patient_id = $1;

-- patient.change: the record changes, if it is still the version that was seen
UPDATE patients SET updated_at = now() WHERE id = $1 AND version = $2 RETURNING version;

-- patient.activate: whether the clinic still treats the patient, if it is still the version that was seen
UPDATE patients SET is_active = $3::text IS NULL, inactive_reason = $3 WHERE id = $1 AND version = $2 RETURNING version;

-- patient.one: a record with who it is about
SELECT p.id, p.medical_record_number, p.is_active, p.inactive_reason, p.data_anonymized_at, p.version, p.created_at, p.updated_at,
       m.display_name AS registered_name, i.without_document,
       i.full_name_sealed, i.social_name_sealed, i.birth_date_sealed, i.sex_sealed, i.race_color_sealed,
       i.mother_name_sealed, i.cpf_sealed, i.cns_sealed, i.rg_sealed, i.phone_primary_sealed, i.phone_secondary_sealed,
       i.email_sealed, i.address_sealed, i.guardian_name_sealed, i.guardian_relation_sealed,
       i.guardian_document_sealed
  FROM patients p LEFT JOIN patient_identities i ON i.clinic_id = p.clinic_id AND i.patient_id = p.id
  LEFT JOIN members m ON m.clinic_id = p.clinic_id AND m.user_id = p.registered_by
 WHERE p.id = $1;

-- patient.briefs: what a list shows of some records
SELECT p.id, p.medical_record_number, p.is_active, i.full_name_sealed, i.social_name_sealed, i.birth_date_sealed,
       i.mother_name_sealed, i.phone_primary_sealed
  FROM patients p JOIN patient_identities i ON i.clinic_id = p.clinic_id AND i.patient_id = p.id
 WHERE p.id = ANY ($1);

-- patient.latest: the records that were registered last
SELECT id FROM patients WHERE is_active ORDER BY medical_record_number DESC LIMIT $1;

-- patient.by_number: by the record's number
SELECT id FROM patients WHERE medical_record_number = $1;

-- patient.by_cpf: by the fingerprint of a CPF
SELECT patient_id FROM patient_identities WHERE clinic_id = (SELECT app.clinic_id()) AND cpf_index = $1;

-- patient.by_cns: by the fingerprint of a CNS
SELECT patient_id FROM patient_identities WHERE clinic_id = (SELECT app.clinic_id()) AND cns_index = $1;

-- patient.by_phone: by the fingerprint of a telephone
SELECT patient_id FROM patient_identities WHERE clinic_id = (SELECT app.clinic_id()) AND phone_primary_index = $1
UNION
SELECT patient_id FROM patient_identities WHERE clinic_id = (SELECT app.clinic_id()) AND phone_secondary_index = $1;

-- patient.by_email: by the fingerprint of an e-mail address
SELECT patient_id FROM patient_identities WHERE clinic_id = (SELECT app.clinic_id()) AND email_index = $1;

-- patient.by_name_and_birth: by the fingerprint of name and birth date together
SELECT patient_id FROM patient_identities WHERE clinic_id = (SELECT app.clinic_id()) AND name_birth_index = $1;

-- patient.horizon: transactions before this one are over
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon;

-- patient.names: names that transactions from this one on have written, none where the patient was eliminated; numbers to come are another server's, seen at first
SELECT patient_id, full_name_sealed, social_name_sealed, mother_name_sealed FROM patient_identities
 WHERE clinic_id = (SELECT app.clinic_id()) AND changed_in >= $1::text::xid8
   AND ($1 = '0' OR changed_in < pg_snapshot_xmax(pg_current_snapshot()))
UNION ALL
SELECT patient_id, NULL, NULL, NULL FROM patient_eliminations
 WHERE clinic_id = (SELECT app.clinic_id()) AND gone_in >= $1::text::xid8 AND gone_in < pg_snapshot_xmax(pg_current_snapshot())
   AND $1 <> '0';
