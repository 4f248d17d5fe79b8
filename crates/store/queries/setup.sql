-- setup.installation: what kind of installation this is, and which root key belongs to it (owner)
SELECT s.demo, s.root_key_check, s.log_keys, ops.has_clinics() AS has_clinics FROM ops.settings s;

-- setup.mark_demo: says that this installation is a demonstration (owner)
UPDATE ops.settings SET demo = true, updated_at = now();

-- setup.keep_key_check: remembers the root key's check value, once (owner)
UPDATE ops.settings SET root_key_check = $1, updated_at = now() WHERE root_key_check IS NULL;

-- setup.keep_log_keys: remembers the public keys that the trail is sealed with, once (owner)
UPDATE ops.settings SET log_keys = $1, updated_at = now() WHERE log_keys IS NULL;

-- setup.baseline: enters the rows of watched tables whose columns have changed (owner)
SELECT ops.baseline() AS entered;

-- setup.keep_image_key: a key with which the trail encrypts images, sealed (owner)
INSERT INTO ops.image_keys (id, key_sealed) VALUES ($1, $2);

-- setup.is_seeded: whether the demonstration's clinics exist
SELECT EXISTS (SELECT FROM clinics) AS seeded;

-- setup.demo_people: the demonstration's people
SELECT m.user_id, m.clinic_id, m.display_name, m.roles, c.name AS clinic_name
  FROM members m JOIN clinics c ON c.id = m.clinic_id ORDER BY c.created_at, m.created_at;
