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
