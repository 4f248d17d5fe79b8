-- service.categories: how the clinic groups what it offers
SELECT id, name FROM service_categories ORDER BY lower(name), id;

-- service.insert_category: a new group
INSERT INTO service_categories (id, name) VALUES ($1, $2);

-- service.rename_category: another name for a group, if it still has the one that was seen
UPDATE service_categories SET name = $3, updated_at = now() WHERE id = $1 AND name = $2;

-- service.all: what the clinic offers, with its price in centavos
SELECT s.id, s.category_id, c.name AS category_name, s.name, s.duration_minutes, s.buffer_minutes,
       (s.price * 100)::bigint AS centavos, s.tuss_code, s.by_telemedicine, s.is_active, s.version
  FROM service_types s LEFT JOIN service_categories c ON c.clinic_id = s.clinic_id AND c.id = s.category_id
 ORDER BY s.is_active DESC, lower(c.name) NULLS LAST, lower(s.name), s.id;

-- service.one: one of them
SELECT s.id, s.category_id, c.name AS category_name, s.name, s.duration_minutes, s.buffer_minutes,
       (s.price * 100)::bigint AS centavos, s.tuss_code, s.by_telemedicine, s.is_active, s.version
  FROM service_types s LEFT JOIN service_categories c ON c.clinic_id = s.clinic_id AND c.id = s.category_id
 WHERE s.id = $1;

-- service.insert: something new on offer
INSERT INTO service_types (id, category_id, name, duration_minutes, buffer_minutes, price, tuss_code, by_telemedicine)
VALUES ($1, $2, $3, $4, $5, $6::bigint / 100.0, $7, $8);

-- service.update: what is offered, if it is still the version that was seen
UPDATE service_types
   SET category_id = $3, name = $4, duration_minutes = $5, buffer_minutes = $6, price = $7::bigint / 100.0, tuss_code = $8,
       by_telemedicine = $9
 WHERE id = $1 AND version = $2 RETURNING version;

-- service.activate: whether it is offered, if it is still the version that was seen
UPDATE service_types SET is_active = $3 WHERE id = $1 AND version = $2 RETURNING version;
