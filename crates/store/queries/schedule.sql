-- schedule.hours: a professional's week
SELECT weekday, starts, ends FROM working_hours WHERE professional_id = $1 AND ended_at IS NULL ORDER BY weekday, starts;

-- schedule.end_hours: hours that are not among these any more
UPDATE working_hours SET ended_at = now()
 WHERE professional_id = $1 AND ended_at IS NULL
   AND (weekday, starts, ends) NOT IN (SELECT * FROM unnest($2::integer[], $3::time[], $4::time[]));

-- schedule.add_hours: those of these hours that are not there yet
INSERT INTO working_hours (professional_id, weekday, starts, ends)
SELECT $1, n.weekday, n.starts, n.ends FROM unnest($2::integer[], $3::time[], $4::time[]) AS n (weekday, starts, ends)
 WHERE NOT EXISTS (SELECT FROM working_hours w WHERE w.professional_id = $1 AND w.ended_at IS NULL
                      AND (w.weekday, w.starts, w.ends) = (n.weekday, n.starts, n.ends));

-- schedule.exceptions: what is not as the week says and not over yet, on the clinic's clock
SELECT e.id, e.professional_id, p.full_name AS professional_name, e.kind, e.reason,
       e.starts_at AT TIME ZONE z.zone AS starts, e.ends_at AT TIME ZONE z.zone AS ends
  FROM (SELECT app.zone() AS zone) z, schedule_exceptions e
  LEFT JOIN professionals p ON p.clinic_id = e.clinic_id AND p.id = e.professional_id
 WHERE e.withdrawn_at IS NULL AND e.ends_at > $1 ORDER BY e.starts_at, e.id LIMIT 500;

-- schedule.moment: the moment of a date and hour on the clinic's clock
SELECT app.moment_of($1::timestamp) AS moment;

-- schedule.except: something that is not as the week says
INSERT INTO schedule_exceptions (id, professional_id, kind, reason, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6);

-- schedule.add_holidays: those of these days that the clinic neither has on its list nor took off it
INSERT INTO schedule_exceptions (kind, reason, starts_at, ends_at)
SELECT 'closed', 'holiday', app.moment_of(d.day), app.moment_of(d.day + interval '1 day')
  FROM unnest($1::timestamp[]) AS d (day)
 WHERE NOT EXISTS (SELECT FROM schedule_exceptions e
                    WHERE e.professional_id IS NULL AND e.reason = 'holiday' AND e.starts_at = app.moment_of(d.day))
ON CONFLICT DO NOTHING;

-- schedule.withdraw: it is as the week says again
UPDATE schedule_exceptions SET withdrawn_at = now() WHERE id = $1 AND withdrawn_at IS NULL;
