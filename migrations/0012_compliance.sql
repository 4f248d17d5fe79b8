-- The compliance desk: what a DPO must know of a clinic without reading anybody's rows. Every function here answers with
-- numbers and instants, of the session's own clinic, and only to whoever answers for it.

-- From no instant there is no deadline: an incident of which nobody knows yet whether personal data were affected would
-- otherwise look for its business days for ever.
ALTER FUNCTION app.add_business_days(timestamptz, integer) STRICT;

-- What the desk counts ---------------------------------------------------------------------------

CREATE FUNCTION app.require_manager() RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  IF NOT (app.has_role('owner') OR app.has_role('dpo')) THEN
    RAISE EXCEPTION 'not a manager' USING ERRCODE = 'insufficient_privilege';
  END IF;
END
$$;

-- How many rows of a table are past the end of their period, how many will be before long, and the oldest of both. The
-- periods stand in classification.toml: either so long after the row's clock, or one last day for all.
CREATE FUNCTION app.retention_review(wanted text, clock text, period interval, last_day date, ahead interval,
                                     OUT ended bigint, OUT ending bigint, OUT oldest timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  -- Whoever waited through the last day in Brasília has seen it end.
  all_end timestamptz := (last_day + 1)::timestamp AT TIME ZONE 'America/Sao_Paulo';
  past timestamptz;
  soon timestamptz;
BEGIN
  PERFORM app.require_manager();
  IF last_day IS NULL THEN
    past := now() - period;
    soon := now() + ahead - period;
  ELSE
    past := CASE WHEN all_end <= now() THEN 'infinity' ELSE '-infinity' END;
    soon := CASE WHEN all_end <= now() + ahead THEN 'infinity' ELSE '-infinity' END;
  END IF;
  IF soon = '-infinity' THEN
    -- Not one row is near its end: there is no need to look for it.
    ended := 0;
    ending := 0;
    RETURN;
  END IF;
  EXECUTE format('SELECT count(*) FILTER (WHERE %1$I <= $2), count(*) FILTER (WHERE %1$I > $2), min(%1$I)
                    FROM %2$I.%3$I WHERE clinic_id = $1 AND %1$I <= $3',
                 clock, split_part(wanted, '.', 1), split_part(wanted, '.', 2))
    INTO ended, ending, oldest USING app.clinic_id(), past, soon;
END
$$;

-- The consents of members who are active, type by type: in force, ending before long (or ended and not renewed), given to
-- another version of the text than today's, and the professionals who have none in force.
CREATE FUNCTION app.consent_review(kinds text[], versions text[], ahead interval)
RETURNS TABLE (kind text, live bigint, expiring bigint, first_expiry timestamptz, outdated bigint, missing bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  clinic uuid := app.clinic_id();
BEGIN
  PERFORM app.require_manager();
  RETURN QUERY
    SELECT k.kind, g.live, g.expiring, g.first_expiry, g.outdated,
           (SELECT count(*) FROM public.members m
             WHERE m.clinic_id = clinic AND m.status = 'active' AND 'professional' = ANY (m.roles)
               AND NOT EXISTS (SELECT FROM public.consent_records c
                                WHERE c.clinic_id = clinic AND c.user_id = m.user_id AND c.consent_type = k.kind
                                  AND c.granted AND (c.expires_at IS NULL OR c.expires_at > now())))
      FROM unnest(kinds, versions) WITH ORDINALITY AS k (kind, version, at)
     CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE c.expires_at IS NULL OR c.expires_at > now()) AS live,
              count(*) FILTER (WHERE c.expires_at <= now() + ahead) AS expiring,
              min(c.expires_at) FILTER (WHERE c.expires_at <= now() + ahead) AS first_expiry,
              count(*) FILTER (WHERE c.consent_version <> k.version) AS outdated
         FROM public.consent_records c
         JOIN public.members m ON m.clinic_id = c.clinic_id AND m.user_id = c.user_id AND m.status = 'active'
        WHERE c.clinic_id = clinic AND c.consent_type = k.kind AND c.granted) AS g
     ORDER BY k.at;
END
$$;

-- The numbers of the manual's queries 12 and 15: images and the proof that none stayed, answers and the disclaimer.
CREATE FUNCTION app.proof_review(OUT images bigint, OUT never_stored bigint, OUT in_memory bigint, OUT not_discarded bigint,
                                 OUT answers bigint, OUT with_disclaimer bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  PERFORM app.require_manager();
  SELECT count(*), count(*) FILTER (WHERE i.storage_proof = 'never_stored'),
         count(*) FILTER (WHERE i.storage_proof = 'processed_in_memory'), count(*) FILTER (WHERE i.discarded_at IS NULL)
    INTO images, never_stored, in_memory, not_discarded
    FROM public.image_processing_logs i WHERE i.clinic_id = app.clinic_id();
  SELECT count(*), count(*) FILTER (WHERE e.disclaimer_shown) INTO answers, with_disclaimer
    FROM public.explainability_logs e WHERE e.clinic_id = app.clinic_id();
END
$$;

-- When each of the scheduler's jobs last ended well and last failed, within a week. They belong to the installation, and
-- say nothing of any clinic.
CREATE FUNCTION app.job_review(jobs text[])
RETURNS TABLE (job text, done_at timestamptz, failed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  PERFORM app.require_manager();
  RETURN QUERY
    SELECT j.job, r.done_at, r.failed_at FROM unnest(jobs) WITH ORDINALITY AS j (job, at)
     CROSS JOIN LATERAL (
       SELECT max(x.started_at) FILTER (WHERE x.outcome = 'done') AS done_at,
              max(x.started_at) FILTER (WHERE x.outcome = 'failed') AS failed_at
         FROM ops.job_runs x WHERE x.job = j.job AND x.started_at > now() - interval '7 days') AS r
     ORDER BY j.at;
END
$$;

DO $$
DECLARE f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['app.require_manager()', 'app.retention_review(text, text, interval, date, interval)',
                           'app.consent_review(text[], text[], interval)', 'app.proof_review()',
                           'app.job_review(text[])'] LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('ALTER FUNCTION %s OWNER TO sigilo_gate', f);
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION app.retention_review(text, text, interval, date, interval),
  app.consent_review(text[], text[], interval), app.proof_review(), app.job_review(text[]) TO sigilo_app;

-- How many rows of the session's clinic each table holds, for whoever audits it or answers for it; nothing for others, and
-- none for a table that the gate may not read.
CREATE FUNCTION app.table_counts(wanted text[]) RETURNS TABLE (table_name text, row_count bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  IF NOT (app.has_role('owner') OR app.has_role('dpo') OR app.may_audit()) THEN
    RETURN;
  END IF;
  FOREACH table_name IN ARRAY wanted LOOP
    IF to_regclass(format('public.%I', table_name)) IS NOT NULL
       AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(format('public.%I', table_name)) AND a.attname = 'clinic_id')
       AND has_column_privilege('sigilo_gate', format('public.%I', table_name), 'clinic_id', 'SELECT') THEN
      EXECUTE format('SELECT count(*) FROM public.%I WHERE clinic_id = $1', table_name) INTO row_count USING app.clinic_id();
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION app.table_counts(text[]) FROM PUBLIC;
ALTER FUNCTION app.table_counts(text[]) OWNER TO sigilo_gate;
GRANT EXECUTE ON FUNCTION app.table_counts(text[]) TO sigilo_app;

-- What the functions may read ----------------------------------------------------------------

-- Lets the rows of a table be counted by their clock. Where nothing else lets the gate in, it sees the session's clinic alone.
-- A later table with a period that ends calls this too.
CREATE FUNCTION ops.open_to_review(wanted regclass, clock name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_policy p
                  WHERE p.polrelid = wanted AND p.polpermissive AND p.polcmd IN ('r', '*')
                    AND 'sigilo_gate'::regrole = ANY (p.polroles) AND pg_get_expr(p.polqual, p.polrelid) = 'true') THEN
    EXECUTE format('CREATE POLICY review ON %s FOR SELECT TO sigilo_gate USING (clinic_id = (SELECT app.clinic_id()))', wanted);
  END IF;
  EXECUTE format('GRANT SELECT (clinic_id, %I) ON %s TO sigilo_gate', clock, wanted);
END
$$;

SELECT ops.open_to_review(c.oid::regclass, 'created_at') FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
   AND 2 = (SELECT count(*) FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attname IN ('clinic_id', 'created_at') AND NOT a.attisdropped);
SELECT ops.open_to_review('public.consent_records', 'withdrawn_at'), ops.open_to_review('public.fulfilment_plans', 'drafted_at'),
       ops.open_to_review('public.audit_console_runs', 'started_at'), ops.open_to_review('public.audit_simulations', 'started_at'),
       ops.open_to_review('auth.links', 'expires_at'),
       ops.open_to_review('auth.sessions', 'ended_at');

GRANT SELECT (consent_type, consent_version, granted, expires_at) ON public.consent_records TO sigilo_gate;
GRANT SELECT (storage_proof, discarded_at) ON public.image_processing_logs TO sigilo_gate;
GRANT SELECT (disclaimer_shown) ON public.explainability_logs TO sigilo_gate;
CREATE POLICY gate ON ops.job_runs FOR SELECT TO sigilo_gate USING (true);
GRANT SELECT (job, started_at, outcome) ON ops.job_runs TO sigilo_gate;
