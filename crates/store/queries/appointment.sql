-- appointment.professionals: who attends
SELECT id, full_name, specialization FROM professionals WHERE is_active ORDER BY full_name, id;

-- appointment.services: what is offered, and by whom
SELECT s.id, s.name, c.name AS category, s.duration_minutes, s.by_telemedicine,
       array(SELECT ps.professional_id FROM professional_services ps
              WHERE ps.service_type_id = s.id AND ps.is_active ORDER BY 1) AS professionals
  FROM service_types s LEFT JOIN service_categories c ON c.clinic_id = s.clinic_id AND c.id = s.category_id
 WHERE s.is_active ORDER BY c.name NULLS LAST, s.name;

-- appointment.rooms: where one attends
SELECT id, name FROM rooms WHERE is_active ORDER BY name;

-- appointment.equipment: with what one attends
SELECT id, name FROM equipment WHERE is_active ORDER BY name;

-- appointment.clock: what the clinic's clock says
SELECT app.clock() AT TIME ZONE app.zone() AS now;

-- appointment.parts: what a booking is made of, as far as the clinic has it; null where it has not
SELECT (SELECT p.is_active FROM patients p WHERE p.id = $1) AS patient_active,
       (SELECT p.is_active FROM professionals p WHERE p.id = $2) AS professional_active,
       s.is_active AS service_active, s.duration_minutes, s.by_telemedicine,
       EXISTS (SELECT FROM professional_services ps
                WHERE ps.professional_id = $2 AND ps.service_type_id = $3 AND ps.is_active) AS performed,
       (SELECT r.is_active FROM rooms r WHERE r.id = $4) AS room_active,
       (SELECT e.is_active FROM equipment e WHERE e.id = $5) AS equipment_active
  FROM (SELECT) one LEFT JOIN service_types s ON s.id = $3;

-- appointment.conflicts: everything that stands against a time, what is taken first
WITH asked AS MATERIALIZED (
       SELECT z.zone, m.starts, m.starts - interval '14 hours' AS since, m.starts + make_interval(mins => $6) AS ends,
              m.starts + make_interval(mins => $6 + s.buffer_minutes) AS busy, (m.starts AT TIME ZONE z.zone)::date AS day
         FROM (SELECT app.zone() AS zone) z, (SELECT app.moment_of($5) AS starts) m, service_types s WHERE s.id = $7),
     near AS MATERIALIZED (
       SELECT a.*, q.zone, q.starts, q.ends, q.busy FROM asked q, appointments a
        WHERE a.clinic_id = (SELECT app.clinic_id()) AND a.holds_time AND a.id IS DISTINCT FROM $8
          AND a.start_time < q.busy AND a.start_time > q.since)
SELECT c.kind, c.appointment_id, c.patient_id, c.detail, c.starts, c.ends FROM (
  SELECT 1 AS place, 'professional' AS kind, n.id AS appointment_id, n.patient_id, NULL AS detail,
         n.start_time AT TIME ZONE n.zone AS starts, n.busy_until AT TIME ZONE n.zone AS ends
    FROM near n WHERE n.professional_id = $1 AND tstzrange(n.start_time, n.busy_until) && tstzrange(n.starts, n.busy)
  UNION ALL
  SELECT 2, 'patient', n.id, n.patient_id, NULL, n.start_time AT TIME ZONE n.zone, n.end_time AT TIME ZONE n.zone
    FROM near n WHERE n.patient_id = $2 AND tstzrange(n.start_time, n.end_time) && tstzrange(n.starts, n.ends)
  UNION ALL
  SELECT 3, 'room', n.id, n.patient_id, NULL, n.start_time AT TIME ZONE n.zone, n.busy_until AT TIME ZONE n.zone
    FROM near n WHERE n.room_id = $3 AND tstzrange(n.start_time, n.busy_until) && tstzrange(n.starts, n.busy)
  UNION ALL
  SELECT 4, 'equipment', n.id, n.patient_id, NULL, n.start_time AT TIME ZONE n.zone, n.busy_until AT TIME ZONE n.zone
    FROM near n WHERE n.equipment_id = $4 AND tstzrange(n.start_time, n.busy_until) && tstzrange(n.starts, n.busy)
  UNION ALL
  SELECT 5, 'past', NULL, NULL, NULL, NULL, NULL FROM asked q WHERE q.starts < app.clock()
  UNION ALL
  SELECT 6, 'closed', NULL, NULL, e.reason, e.starts_at AT TIME ZONE q.zone, e.ends_at AT TIME ZONE q.zone
    FROM asked q, schedule_exceptions e
   WHERE e.kind = 'closed' AND e.withdrawn_at IS NULL AND (e.professional_id = $1 OR e.professional_id IS NULL)
     AND e.starts_at < q.ends AND e.ends_at > q.starts
  UNION ALL
  SELECT 7, 'outside_hours', NULL, NULL, NULL, NULL, NULL FROM asked q
   WHERE NOT (tstzrange(q.starts, q.ends) <@ app.open_hours($1, q.starts, q.ends))
     AND NOT EXISTS (SELECT FROM schedule_exceptions e
                      WHERE e.kind = 'closed' AND e.withdrawn_at IS NULL AND (e.professional_id = $1 OR e.professional_id IS NULL)
                        AND e.starts_at < q.ends AND e.ends_at > q.starts)
  UNION ALL
  SELECT 8, 'daily_maximum', NULL, NULL, p.daily_maximum::text, NULL, NULL FROM asked q, professionals p
   WHERE p.id = $1 AND p.daily_maximum <= (
           SELECT count(*) FROM appointments a
            WHERE a.clinic_id = (SELECT app.clinic_id()) AND a.professional_id = $1 AND a.holds_time AND a.id IS DISTINCT FROM $8
              AND a.start_time >= q.day::timestamp AT TIME ZONE q.zone
              AND a.start_time < (q.day + 1)::timestamp AT TIME ZONE q.zone)
) c ORDER BY c.place, c.starts;

-- appointment.free: the next times at which a service fits a professional's hours, and patient, room and equipment are free
WITH asked AS MATERIALIZED (
       SELECT z.zone, make_interval(mins => $6) AS takes, make_interval(mins => s.buffer_minutes) AS buffer,
              greatest($5::timestamp AT TIME ZONE z.zone, app.clock()) AS first, greatest($5::timestamp AT TIME ZONE z.zone, app.clock()) + interval '60 days' AS last,
              greatest($5::timestamp AT TIME ZONE z.zone, app.clock()) - interval '38 hours' AS since
         FROM (SELECT app.zone() AS zone) z, service_types s WHERE s.id = $7),
     near AS MATERIALIZED (
       SELECT a.professional_id, a.start_time, a.busy_until, (a.start_time AT TIME ZONE q.zone)::date AS day
         FROM asked q, appointments a
        WHERE a.clinic_id = (SELECT app.clinic_id()) AND a.holds_time AND a.id IS DISTINCT FROM $8
          AND a.start_time > q.since AND a.start_time < q.last
          AND (a.professional_id = $1 OR a.patient_id = $2 OR a.room_id = $3 OR a.equipment_id = $4)),
     busy AS (SELECT coalesce(range_agg(tstzrange(n.start_time, n.busy_until)), '{}') AS times FROM near n),
     full_days AS (
       SELECT n.day FROM near n, professionals p WHERE p.id = $1 AND n.professional_id = $1
        GROUP BY n.day, p.daily_maximum HAVING count(*) >= p.daily_maximum),
     open AS (SELECT unnest(app.open_hours($1, q.first, q.last)) AS hours FROM asked q),
     gaps AS (SELECT unnest(tstzmultirange(open.hours) - busy.times) AS gap FROM open, busy)
SELECT slot AT TIME ZONE q.zone AS starts
  FROM asked q, gaps g, busy b,
       generate_series(to_timestamp(ceil(extract(epoch FROM lower(g.gap)) / 300) * 300), upper(g.gap) - q.takes,
                       greatest(q.takes, interval '15 minutes')) slot
 WHERE NOT (tstzrange(slot, slot + q.takes + q.buffer) && b.times)
   AND (slot AT TIME ZONE q.zone)::date NOT IN (SELECT day FROM full_days)
 ORDER BY slot LIMIT $9;

-- appointment.insert: books
INSERT INTO appointments (id, patient_id, professional_id, service_type_id, room_id, equipment_id, modality, start_time, end_time,
                          status, rescheduled_from, series_id, is_exception)
VALUES ($1, $2, $3, $4, $5, $6, $7, app.moment_of($8), app.moment_of($8) + make_interval(mins => $9), $10, $11, $12, $13);

-- appointment.move: another time, professional, room or equipment, if it is still the version that was seen
UPDATE appointments
   SET professional_id = $3, room_id = $4, equipment_id = $5, start_time = app.moment_of($6),
       end_time = app.moment_of($6) + make_interval(mins => $7), is_exception = $8
 WHERE id = $1 AND version = $2 RETURNING version;

-- appointment.set_status: on its way, if it is still the version that was seen
UPDATE appointments SET status = $3, cancellation_reason = $4 WHERE id = $1 AND version = $2 RETURNING version;

-- appointment.one: an appointment with all that a page shows of it
SELECT a.id, a.patient_id, a.professional_id, p.full_name AS professional, a.service_type_id, s.name AS service,
       a.room_id, r.name AS room, a.equipment_id, e.name AS equipment, a.modality, a.status, a.cancellation_reason,
       a.rescheduled_from, n.id AS rescheduled_to, a.series_id, a.is_exception, a.times_moved, a.no_show_risk_score, a.version,
       a.start_time AT TIME ZONE z.zone AS starts, a.end_time AT TIME ZONE z.zone AS ends,
       a.confirmed_at AT TIME ZONE z.zone AS confirmed_at, a.arrived_at AT TIME ZONE z.zone AS arrived_at,
       a.started_at AT TIME ZONE z.zone AS started_at, a.ended_at AT TIME ZONE z.zone AS ended_at,
       a.created_at AT TIME ZONE z.zone AS created_at, m.display_name AS booked_by,
       i.full_name_sealed, i.social_name_sealed
  FROM (SELECT app.zone() AS zone) z, appointments a
  JOIN professionals p ON p.clinic_id = a.clinic_id AND p.id = a.professional_id
  JOIN service_types s ON s.clinic_id = a.clinic_id AND s.id = a.service_type_id
  LEFT JOIN rooms r ON r.clinic_id = a.clinic_id AND r.id = a.room_id
  LEFT JOIN equipment e ON e.clinic_id = a.clinic_id AND e.id = a.equipment_id
  LEFT JOIN members m ON m.clinic_id = a.clinic_id AND m.user_id = a.booked_by
  LEFT JOIN patient_identities i ON i.clinic_id = a.clinic_id AND i.patient_id = a.patient_id
  LEFT JOIN appointments n ON n.clinic_id = a.clinic_id AND n.rescheduled_from = a.id
 WHERE a.id = $1;

-- appointment.between: what an agenda shows of a stretch of time, of one professional or of all
SELECT a.id, a.patient_id, a.professional_id, p.full_name AS professional, s.name AS service, a.room_id, r.name AS room,
       a.modality, a.status, a.is_exception, a.no_show_risk_score, a.version,
       a.start_time AT TIME ZONE z.zone AS starts, a.end_time AT TIME ZONE z.zone AS ends,
       i.full_name_sealed, i.social_name_sealed
  FROM (SELECT app.zone() AS zone) z, appointments a
  JOIN professionals p ON p.clinic_id = a.clinic_id AND p.id = a.professional_id
  JOIN service_types s ON s.clinic_id = a.clinic_id AND s.id = a.service_type_id
  LEFT JOIN rooms r ON r.clinic_id = a.clinic_id AND r.id = a.room_id
  LEFT JOIN patient_identities i ON i.clinic_id = a.clinic_id AND i.patient_id = a.patient_id
 WHERE a.clinic_id = (SELECT app.clinic_id())
   AND a.start_time >= $1::timestamp AT TIME ZONE (SELECT app.zone()) AND a.start_time < $2::timestamp AT TIME ZONE (SELECT app.zone())
   AND ($3::uuid IS NULL OR a.professional_id = $3)
 ORDER BY a.start_time, p.full_name, a.id;

-- appointment.hours: when professionals attend in a stretch of time
SELECT p.id AS professional_id, lower(h.open) AT TIME ZONE z.zone AS starts, upper(h.open) AT TIME ZONE z.zone AS ends
  FROM (SELECT app.zone() AS zone) z, professionals p,
       unnest(app.open_hours(p.id, $1::timestamp AT TIME ZONE z.zone, $2::timestamp AT TIME ZONE z.zone)) AS h(open)
 WHERE p.is_active ORDER BY 1, 2;

-- appointment.of_patient: a patient's appointments, latest first
SELECT a.id, p.full_name AS professional, s.name AS service, a.status, a.start_time AT TIME ZONE z.zone AS starts
  FROM (SELECT app.zone() AS zone) z, appointments a
  JOIN professionals p ON p.clinic_id = a.clinic_id AND p.id = a.professional_id
  JOIN service_types s ON s.clinic_id = a.clinic_id AND s.id = a.service_type_id
 WHERE a.clinic_id = (SELECT app.clinic_id()) AND a.patient_id = $1 ORDER BY a.start_time DESC LIMIT 50;
