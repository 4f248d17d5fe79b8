-- compliance.requests: how many requests there are, how many wait, and how many of these are late
SELECT count(*) AS total, count(*) FILTER (WHERE status IN ('pending', 'in_progress')) AS open,
       count(*) FILTER (WHERE status IN ('pending', 'in_progress') AND alert_at < now()) AS late
  FROM data_subject_requests;

-- compliance.protections: the tables of the product, those without forced row security, and the live rules of the trail
SELECT count(*) AS tables,
       coalesce(array_agg(n.nspname || '.' || c.relname ORDER BY n.nspname, c.relname) FILTER (WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity)),
                '{}') AS unprotected,
       ARRAY(SELECT rulename::text FROM pg_rewrite
              WHERE ev_class = 'public.audit_logs'::regclass AND ev_enabled IN ('O', 'A') AND is_instead) AS rules
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('public', 'auth', 'ops', 'trail', 'app') AND c.relkind IN ('r', 'p') AND c.relname <> '_sqlx_migrations';

-- compliance.proofs: images and answers with their proofs
SELECT images, never_stored, in_memory, not_discarded, answers, with_disclaimer FROM app.proof_review();

-- compliance.jobs: when each job last ended well and last failed
SELECT job, done_at, failed_at FROM app.job_review($1);

-- compliance.consents: the consents type by type, beside the versions in force
SELECT kind, live, expiring, first_expiry, outdated, missing FROM app.consent_review($1, $2, make_interval(days => $3));

-- compliance.retention: rows past the end of their period or near it, in the order of the tables asked for
SELECT r.ended, r.ending, r.oldest
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS t (name, clock, period, last_day, at)
 CROSS JOIN LATERAL app.retention_review(t.name, t.clock, t.period::interval, t.last_day::date, make_interval(days => $5)) AS r
 ORDER BY t.at;
