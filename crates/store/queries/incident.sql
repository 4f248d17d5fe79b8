-- incident.all: the clinic's incidents, open ones and those that end first in front
SELECT id, incident_type, severity, description, affected_users_count, detected_at, occurred_at, knowledge_at, status, notifiable,
       not_notifiable_reason, anpd_deadline_at, supplement_deadline_at, subjects_deadline_at, anpd_reported_at,
       supplement_reported_at, subjects_notified_at, contents, resolved_at, is_simulation, small_agent, integrity_risk,
       version
  FROM security_incident_logs ORDER BY status = 'closed', anpd_deadline_at NULLS FIRST, detected_at DESC LIMIT 300;

-- incident.one: one of them
SELECT id, incident_type, severity, description, affected_users_count, detected_at, occurred_at, knowledge_at, status, notifiable,
       not_notifiable_reason, anpd_deadline_at, supplement_deadline_at, subjects_deadline_at, anpd_reported_at,
       supplement_reported_at, subjects_notified_at, contents, resolved_at, is_simulation, small_agent, integrity_risk,
       version
  FROM security_incident_logs WHERE id = $1;

-- incident.create: a new one
INSERT INTO security_incident_logs (incident_type, severity, description, affected_users_count, detected_at, occurred_at,
                                    knowledge_at, is_simulation)
VALUES ($1, $2, $3, $4, now(), $5, $6, $7) RETURNING id;

-- incident.judge: what is known of it, if nobody has changed it meanwhile
UPDATE security_incident_logs
   SET severity = $3, description = $4, affected_users_count = $5, notifiable = $6, not_notifiable_reason = $7, contents = $8,
       integrity_risk = $9
 WHERE id = $1 AND version = $2;

-- incident.step: something was done about it
UPDATE security_incident_logs
   SET anpd_reported_at = CASE WHEN $3 = 'anpd' THEN now() ELSE anpd_reported_at END,
       supplement_reported_at = CASE WHEN $3 = 'supplement' THEN now() ELSE supplement_reported_at END,
       subjects_notified_at = CASE WHEN $3 = 'subjects' THEN now() ELSE subjects_notified_at END,
       status = CASE WHEN $3 = 'close' THEN 'closed' ELSE status END
 WHERE id = $1 AND version = $2;

-- incident.small_agent: the clinic's latest word on whether it is a small agent
SELECT d.small_agent, d.reason, d.declared_at,
       (SELECT m.display_name FROM members m WHERE m.clinic_id = d.clinic_id AND m.user_id = d.declared_by) AS declared_by
  FROM small_agent_declarations d ORDER BY d.declared_at DESC, d.id DESC LIMIT 1;

-- incident.declare_small_agent: a new word
INSERT INTO small_agent_declarations (small_agent, reason) VALUES ($1, $2) RETURNING id;
