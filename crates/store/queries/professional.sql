-- professional.all: who attends in the clinic
SELECT p.id, p.user_id, m.display_name AS member_name, p.full_name, p.specialization, p.council_license, p.license_number,
       p.license_state, p.council_validation, p.daily_maximum, p.is_active, p.version
  FROM professionals p LEFT JOIN members m ON m.clinic_id = p.clinic_id AND m.user_id = p.user_id
 ORDER BY p.is_active DESC, lower(p.full_name), p.id;

-- professional.one: one of them
SELECT p.id, p.user_id, m.display_name AS member_name, p.full_name, p.specialization, p.council_license, p.license_number,
       p.license_state, p.council_validation, p.daily_maximum, p.is_active, p.version
  FROM professionals p LEFT JOIN members m ON m.clinic_id = p.clinic_id AND m.user_id = p.user_id
 WHERE p.id = $1;

-- professional.members: whom a professional may be, the active members
SELECT user_id, display_name FROM members
 WHERE clinic_id = (SELECT app.clinic_id()) AND status = 'active' ORDER BY lower(display_name), user_id;

-- professional.insert: a new one
INSERT INTO professionals (id, user_id, full_name, specialization, cfm_specialty_code, council_license, license_number,
                           license_state, daily_maximum)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- professional.update: what is known of one, if it is still the version that was seen
UPDATE professionals
   SET user_id = $3, full_name = $4, specialization = $5, cfm_specialty_code = $6, council_license = $7, license_number = $8,
       license_state = $9, daily_maximum = $10
 WHERE id = $1 AND version = $2 RETURNING version;

-- professional.activate: whether one attends, if it is still the version that was seen
UPDATE professionals SET is_active = $3 WHERE id = $1 AND version = $2 RETURNING version;

-- professional.check: how far the registration was checked, if it is still the version that was seen
UPDATE professionals SET council_validation = $3 WHERE id = $1 AND version = $2 RETURNING version;

-- professional.touch: services or hours change, if it is still the version that was seen
UPDATE professionals SET is_active = is_active WHERE id = $1 AND version = $2 RETURNING version;

-- professional.services: what the clinic offers, and whether one performs it
SELECT s.id, s.name, c.name AS category_name, coalesce(p.is_active, false) AS performed
  FROM service_types s
  LEFT JOIN service_categories c ON c.clinic_id = s.clinic_id AND c.id = s.category_id
  LEFT JOIN professional_services p ON p.clinic_id = s.clinic_id AND p.service_type_id = s.id AND p.professional_id = $1
 WHERE s.is_active ORDER BY lower(c.name) NULLS LAST, lower(s.name), s.id;

-- professional.add_services: what one performs from now on
INSERT INTO professional_services (professional_id, service_type_id) SELECT $1, unnest($2::uuid[])
ON CONFLICT (clinic_id, professional_id, service_type_id) DO UPDATE SET is_active = true WHERE NOT professional_services.is_active;

-- professional.end_services: what one performs no more; services that are not offered now stay as they were
UPDATE professional_services p SET is_active = false
 WHERE p.professional_id = $1 AND p.is_active AND p.service_type_id <> ALL ($2::uuid[])
   AND EXISTS (SELECT FROM service_types s WHERE s.clinic_id = p.clinic_id AND s.id = p.service_type_id AND s.is_active);
