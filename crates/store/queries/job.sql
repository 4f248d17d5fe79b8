-- job.lead: whether this process leads the scheduler; held until the connection closes
SELECT pg_try_advisory_lock(hashtext('sigilo.scheduler')) AS leads;

-- job.due: whether a job's last good run is older than its period
SELECT NOT EXISTS (SELECT FROM ops.job_runs WHERE job = $1 AND outcome = 'done'
                     AND started_at > clock_timestamp() - make_interval(secs => $2::integer)) AS due;

-- job.start: a run begins
INSERT INTO ops.job_runs (job) VALUES ($1) RETURNING id;

-- job.finish: a run ends
UPDATE ops.job_runs SET finished_at = clock_timestamp(), outcome = $2, affected = $3, detail = $4 WHERE id = $1;

-- job.abandon: runs of a process that died
UPDATE ops.job_runs SET finished_at = clock_timestamp(), outcome = 'failed', detail = 'interrupted'
 WHERE outcome = 'running';

-- job.forget: old history, a batch at a time
DELETE FROM ops.job_runs WHERE id IN (
  SELECT id FROM ops.job_runs WHERE started_at < now() - interval '90 days' LIMIT 1000);

-- job.partitions: the logs' partitions for this month and the next three
SELECT ops.ensure_partitions(3)::bigint AS affected;

-- job.retain_trail: the trail's months past their time, one step at a time
SELECT ops.retain_trail() AS affected;

-- job.drop_access_logs: months of sign-ins past their time
SELECT ops.drop_access_logs() AS affected;

-- job.sweep_ceremonies: sign-ins that were never finished, a batch at a time
DELETE FROM auth.ceremonies WHERE (token_hash, kind) IN (
  SELECT token_hash, kind FROM auth.ceremonies WHERE expires_at < now() LIMIT 1000);

-- job.sweep_links: links that can no longer be used, a batch at a time
DELETE FROM auth.links WHERE id IN (
  SELECT id FROM auth.links WHERE expires_at < now() - interval '30 days' LIMIT 1000);

-- job.sweep_throttle: addresses that have been quiet for a day, a batch at a time
DELETE FROM auth.throttle WHERE address IN (
  SELECT address FROM auth.throttle WHERE updated_at < now() - interval '1 day' LIMIT 1000);

-- job.end_sessions: sessions past their time, each with its duration in the logs, a batch at a time
WITH ended AS (
  UPDATE auth.sessions SET ended_at = now(), ended_reason = 'expired'
   WHERE id IN (SELECT id FROM auth.sessions WHERE ended_at IS NULL AND expires_at < now() LIMIT 500 FOR UPDATE SKIP LOCKED)
  RETURNING id, user_id, clinic_id, extract(epoch FROM now() - created_at)::integer AS seconds)
SELECT app.log_access(clinic_id, user_id, id, 'session_ended', NULL, seconds) FROM ended;

-- job.governance: the assistant's figures of this month and the last, for each clinic and model
WITH period AS (
  SELECT month::date AS first, (month + interval '1 month')::date AS next
    FROM generate_series(date_trunc('month', now() - interval '1 month'), date_trunc('month', now()), interval '1 month') AS month),
answers AS (
  SELECT l.clinic_id, l.message_id, l.ai_model_used AS model, p.first, p.next, l.confidence_score AS confidence,
         coalesce(l.abstained, false) AS abstained, coalesce(l.unauthorised_identifiers, 0) AS identifiers,
         coalesce(l.cid10_codes, 0) AS codes, coalesce(l.invalid_cid10, 0) AS invalid
    FROM explainability_logs l JOIN period p ON l.created_at >= p.first AND l.created_at < p.next),
checks AS (
  SELECT DISTINCT ON (c.clinic_id, c.message_id, c.ordinal) c.clinic_id, c.message_id, c.verdict, c.reason, c.retracted
    FROM ai_reference_checks c JOIN answers a ON a.clinic_id = c.clinic_id AND a.message_id = c.message_id
   ORDER BY c.clinic_id, c.message_id, c.ordinal, c.created_at DESC, c.id DESC),
cited AS (
  SELECT a.clinic_id, a.model, a.first, a.next, c.verdict, c.retracted, coalesce(c.reason = 'guideline', false) AS guideline
    FROM checks c JOIN answers a ON a.clinic_id = c.clinic_id AND a.message_id = c.message_id),
decisions AS (
  SELECT DISTINCT ON (e.clinic_id, e.message_id) a.clinic_id, a.model, a.first, a.next, e.kind
    FROM ai_review_events e JOIN answers a ON a.clinic_id = e.clinic_id AND a.message_id = e.message_id
   WHERE e.kind IN ('accepted', 'edited', 'rejected') AND e.section = 'resposta'
   ORDER BY e.clinic_id, e.message_id, e.created_at DESC, e.id DESC),
outcomes AS (
  SELECT DISTINCT ON (e.clinic_id, e.message_id) a.clinic_id, a.model, a.first, a.next, e.outcome, a.confidence
    FROM ai_review_events e JOIN answers a ON a.clinic_id = e.clinic_id AND a.message_id = e.message_id
   WHERE e.kind = 'outcome' ORDER BY e.clinic_id, e.message_id, e.created_at DESC, e.id DESC),
counted AS (
  SELECT clinic_id, model, first, next, metric, hits, trials, true AS share FROM (
    SELECT clinic_id, model, first, next,
           count(*) FILTER (WHERE verdict = 'nao_encontrada' AND NOT guideline) AS not_found,
           count(*) FILTER (WHERE verdict <> 'nao_verificada' AND NOT guideline) AS checked,
           count(*) FILTER (WHERE verdict IN ('verificada', 'verificada_com_correcao')) AS verified,
           count(*) FILTER (WHERE verdict = 'verificada_com_correcao') AS corrected,
           count(*) FILTER (WHERE retracted) AS retracted,
           count(*) FILTER (WHERE NOT guideline) AS articles,
           count(*) FILTER (WHERE guideline) AS guidelines, count(*) AS every
      FROM cited GROUP BY clinic_id, model, first, next) AS c
    CROSS JOIN LATERAL (VALUES
      ('alucinacao', not_found, checked), ('correcao', corrected, verified), ('retratacao', retracted, verified),
      ('cobertura', checked, articles), ('diretrizes', guidelines, every)) AS m (metric, hits, trials)
  UNION ALL
  SELECT clinic_id, model, first, next, metric, hits, trials, true FROM (
    SELECT clinic_id, model, first, next, count(*) AS every, count(*) FILTER (WHERE identifiers > 0) AS identifiers,
           count(*) FILTER (WHERE abstained) AS abstained, sum(invalid) AS invalid, sum(codes) AS codes
      FROM answers GROUP BY clinic_id, model, first, next) AS c
    CROSS JOIN LATERAL (VALUES
      ('identificador_nao_autorizado', identifiers, every), ('abstencao', abstained, every),
      ('cid10_invalido', invalid, codes)) AS m (metric, hits, trials)
  UNION ALL
  SELECT clinic_id, model, first, next, metric, hits, every, true FROM (
    SELECT clinic_id, model, first, next, count(*) AS every, count(*) FILTER (WHERE kind = 'accepted') AS accepted,
           count(*) FILTER (WHERE kind = 'edited') AS edited, count(*) FILTER (WHERE kind = 'rejected') AS rejected
      FROM decisions GROUP BY clinic_id, model, first, next) AS c
    CROSS JOIN LATERAL (VALUES ('aceita', accepted), ('editada', edited), ('rejeitada', rejected)) AS m (metric, hits)
  UNION ALL
  SELECT clinic_id, model, first, next, metric, hits, every, true FROM (
    SELECT clinic_id, model, first, next, count(*) AS every, count(*) FILTER (WHERE outcome = 1) AS top1,
           count(*) FILTER (WHERE outcome BETWEEN 1 AND 3) AS top3
      FROM outcomes GROUP BY clinic_id, model, first, next) AS c
    CROSS JOIN LATERAL (VALUES ('acerto_top1', top1), ('acerto_top3', top3)) AS m (metric, hits)
  UNION ALL
  -- Calibration: by how much the stated confidence misses what came true, over those with both.
  SELECT clinic_id, model, first, next, 'calibracao', abs(sum(confidence) - count(*) FILTER (WHERE outcome = 1)), count(*), false
    FROM outcomes WHERE confidence IS NOT NULL GROUP BY clinic_id, model, first, next),
written AS (
  INSERT INTO ai_governance_metrics AS g (clinic_id, metric, model, period_start, period_end, numerator, denominator,
                                          value, ci_low, ci_high)
  SELECT clinic_id, metric, model, first, next, hits, trials, hits::double precision / trials,
         CASE WHEN share THEN least(hits::double precision / trials, app.wilson(hits::double precision, trials::bigint, -1)) END,
         CASE WHEN share THEN greatest(hits::double precision / trials, app.wilson(hits::double precision, trials::bigint, 1)) END
    FROM counted WHERE trials > 0
  ON CONFLICT (clinic_id, metric, model, period_start) DO UPDATE
    SET numerator = excluded.numerator, denominator = excluded.denominator, value = excluded.value,
        ci_low = excluded.ci_low, ci_high = excluded.ci_high, computed_at = now()
  RETURNING 1)
SELECT count(*) AS affected FROM written;

-- job.fulfil: one piece of the deletions that were approved
SELECT ops.fulfil_batch(500) AS affected;

-- job.eliminate: one patient whose elimination was approved
SELECT ops.eliminate_patient() AS affected;

-- job.suspect: drafts of incidents, from what the logs say of the last minutes
SELECT ops.suspect() AS affected;
-- job.sweep_requests: why requests stand still, into their own history, each reason once
INSERT INTO request_events (clinic_id, request_id, kind)
SELECT r.clinic_id, r.id, s.why
  FROM data_subject_requests r
  LEFT JOIN fulfilment_plans p ON p.clinic_id = r.clinic_id AND p.request_id = r.id AND p.status <> 'discarded'
 CROSS JOIN LATERAL app.stalls(r.status, r.created_at, r.alert_at, p.status, p.approved_at, p.executed_at) AS s
 WHERE r.status IN ('pending', 'in_progress')
ON CONFLICT DO NOTHING;

-- job.sweep_consents: reminders of consents that end, and their ends, a batch at a time
SELECT ops.sweep_consents(500) AS affected;
