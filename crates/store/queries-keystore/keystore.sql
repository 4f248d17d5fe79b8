-- keystore.scope: the clinic this transaction works for
SELECT set_config('keys.clinic', $1::uuid::text, true);

-- keystore.clinics: every clinic that has keys
SELECT DISTINCT clinic_id FROM clinic_keys ORDER BY clinic_id;

-- keystore.clinic_key: a clinic's active key, or the version that is asked for; zero asks for the active one
SELECT version, wrapped, provider, root_version FROM clinic_keys
 WHERE clinic_id = $1 AND purpose = $2 AND wrapped IS NOT NULL
   AND CASE WHEN $3::integer = 0 THEN state = 'active' ELSE version = $3 END;

-- keystore.add_clinic_key: a key of a clinic, unless that version or another active key is there
INSERT INTO clinic_keys (clinic_id, purpose, version, wrapped, provider, root_version) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;

-- keystore.retire_clinic_key: it wraps nothing anew from now on
UPDATE clinic_keys SET state = 'retiring' WHERE clinic_id = $1 AND purpose = $2 AND version = $3 AND state = 'active';

-- keystore.destroy_clinic_keys: what wraps nothing any longer is destroyed
UPDATE clinic_keys k SET state = 'destroyed'
 WHERE k.clinic_id = $1 AND k.purpose = $2 AND k.state = 'retiring'
   AND NOT EXISTS (SELECT FROM subject_keys s
                    WHERE k.purpose = 'wrap' AND s.clinic_id = k.clinic_id AND s.kek_version = k.version AND s.wrapped IS NOT NULL);

-- keystore.wrapped_clinic_keys: every key of a clinic that still has bytes
SELECT purpose, version, wrapped, provider, root_version FROM clinic_keys
 WHERE clinic_id = $1 AND wrapped IS NOT NULL ORDER BY purpose, version;

-- keystore.rewrap_clinic_key: the same key under another root key, unless somebody was faster
UPDATE clinic_keys SET wrapped = $4, provider = $5, root_version = $6
 WHERE clinic_id = $1 AND purpose = $2 AND version = $3 AND wrapped = $7;

-- keystore.status: the clinic's keys and how many people's each wraps
SELECT k.purpose, k.version, k.state, k.provider, k.root_version, k.created_at, k.destroyed_at,
       (SELECT count(*) FROM subject_keys s WHERE k.purpose = 'wrap' AND s.clinic_id = k.clinic_id
           AND s.kek_version = k.version AND s.wrapped IS NOT NULL) AS wraps
  FROM clinic_keys k WHERE k.clinic_id = $1 ORDER BY k.purpose, k.version;

-- keystore.subject_key: a person's key with the clinic's key that wraps it; version zero asks for the current one
SELECT s.version, s.state, s.wrapped, s.kek_version, k.wrapped AS kek_wrapped, k.provider, k.root_version
  FROM subject_keys s
  LEFT JOIN clinic_keys k ON k.clinic_id = s.clinic_id AND k.purpose = 'wrap' AND k.version = s.kek_version
 WHERE s.clinic_id = $1 AND s.subject_id = $2
   AND CASE WHEN $3::integer = 0 THEN s.state <> 'retired' ELSE s.version = $3 END
 ORDER BY s.version DESC LIMIT 1;

-- keystore.subject_keys: the keys of some people of a clinic, every version, with the clinic's key that wraps each
SELECT s.version, s.state, s.wrapped, s.kek_version, k.wrapped AS kek_wrapped, k.provider, k.root_version, s.subject_id
  FROM subject_keys s
  LEFT JOIN clinic_keys k ON k.clinic_id = s.clinic_id AND k.purpose = 'wrap' AND k.version = s.kek_version
 WHERE s.clinic_id = $1 AND s.subject_id = ANY ($2) AND s.wrapped IS NOT NULL;

-- keystore.add_subject_key: a person's key
INSERT INTO subject_keys (clinic_id, subject_id, version, wrapped, kek_version) VALUES ($1, $2, $3, $4, $5);

-- keystore.retire_subject_key: it opens cells, and seals none anew
UPDATE subject_keys SET state = 'retired' WHERE clinic_id = $1 AND subject_id = $2 AND version = $3 AND state = 'active';

-- keystore.bury: a person whose key is not here is destroyed as well, so that none can be made
INSERT INTO subject_keys (clinic_id, subject_id, version, state, destroyed_at)
SELECT $1, buried, 1, 'destroyed', now() FROM unnest($2::uuid[]) AS buried
ON CONFLICT (clinic_id, subject_id, version) DO NOTHING;

-- keystore.hold_subjects: nobody adds a version to these people's keys until this transaction ends
SELECT count(*) FROM (SELECT FROM subject_keys WHERE clinic_id = $1 AND subject_id = ANY ($2)
                       ORDER BY subject_id, version FOR UPDATE) AS held;

-- keystore.destroy_subjects: every version of these people's keys
UPDATE subject_keys SET state = 'destroyed' WHERE clinic_id = $1 AND subject_id = ANY ($2) AND state <> 'destroyed';

-- keystore.lagging: people's keys under an older key of the clinic, which nobody else is moving
SELECT subject_id, version, wrapped, kek_version FROM subject_keys
 WHERE clinic_id = $1 AND kek_version < $2 AND wrapped IS NOT NULL
 ORDER BY kek_version LIMIT $3 FOR UPDATE SKIP LOCKED;

-- keystore.move_subjects: the same people's keys under the newer key
UPDATE subject_keys s SET wrapped = n.wrapped, kek_version = $2
  FROM unnest($3::uuid[], $4::integer[], $5::bytea[]) AS n (subject_id, version, wrapped)
 WHERE s.clinic_id = $1 AND s.subject_id = n.subject_id AND s.version = n.version;

-- keystore.left: how many people's keys are under an older key of the clinic
SELECT count(*) FROM subject_keys WHERE clinic_id = $1 AND kek_version < $2 AND wrapped IS NOT NULL;
