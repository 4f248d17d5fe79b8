-- setup.mark_demo: says that this installation is a demonstration
UPDATE ops.settings SET demo = true, updated_at = now();

-- setup.is_seeded: whether the demonstration's clinics exist
SELECT EXISTS (SELECT FROM clinics) AS seeded;

-- setup.demo_people: the demonstration's people
SELECT m.user_id, m.clinic_id, m.display_name, m.roles, c.name AS clinic_name
  FROM members m JOIN clinics c ON c.id = m.clinic_id ORDER BY c.created_at, m.created_at;
