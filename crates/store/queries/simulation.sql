-- simulation.start: a simulation begins
INSERT INTO audit_simulations (product_version) VALUES ($1) RETURNING id;

-- simulation.close_interrupted: what has not got on for five minutes is over
UPDATE audit_simulations SET outcome = 'problem', detail = 'A simulação foi interrompida: o servidor parou ou quem pediu saiu.'
 WHERE finished_at IS NULL AND moved_at < now() - interval '5 minutes';

-- simulation.place: the clinics that were made up for it
UPDATE audit_simulations SET simulated_clinics = $2 WHERE id = $1 AND finished_at IS NULL;

-- simulation.move: what was shown so far; with an outcome, it is over
UPDATE audit_simulations SET demonstrations = $2, outcome = $3, detail = $4 WHERE id = $1 AND finished_at IS NULL;

-- simulation.recent: the clinic's simulations, latest first
SELECT s.id, m.display_name AS by_name, s.demonstrations, s.outcome, s.detail, s.product_version, s.started_at, s.finished_at,
       s.finished_at IS NULL AND s.moved_at < now() - interval '5 minutes' AS interrupted
  FROM audit_simulations s LEFT JOIN members m ON m.clinic_id = s.clinic_id AND m.user_id = s.user_id
 ORDER BY s.started_at DESC, s.id DESC LIMIT 20;

-- simulation.one: one of them
SELECT s.id, m.display_name AS by_name, s.demonstrations, s.outcome, s.detail, s.product_version, s.started_at, s.finished_at,
       s.finished_at IS NULL AND s.moved_at < now() - interval '5 minutes' AS interrupted
  FROM audit_simulations s LEFT JOIN members m ON m.clinic_id = s.clinic_id AND m.user_id = s.user_id
 WHERE s.id = $1;
