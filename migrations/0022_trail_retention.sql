-- The end of the trail's rows. After five years a clinic's rows of a month may go, by two people's word; their hashes stay,
-- and a row of the clinic's own log says which of them have no row any more, so that a stranger can tell what was due from
-- what was taken away. What concerns a patient stays as long as the medical record (Lei 13.787/2018, art. 6), what is the
-- last word on a record stays as long as the record, and what a legal hold names stays as long as the hold.

-- The instant that sealing and retention go by: one place, so that a rehearsal can be put five years ahead.
CREATE FUNCTION app.clock() RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$ SELECT now() $$;
GRANT EXECUTE ON FUNCTION app.clock() TO sigilo_app, sigilo_jobs, sigilo_sealer, sigilo_trail;

-- What was decided -----------------------------------------------------------------------------

CREATE TABLE public.trail_disposals (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  -- declared: the row that says which leaves lose their rows is written, and waits to be sealed and seen by others.
  status text NOT NULL DEFAULT 'proposed' CHECK (status IN ('proposed', 'approved', 'declared', 'done', 'discarded')),
  proposed_by uuid NOT NULL DEFAULT app.user_id(),
  proposed_at timestamptz NOT NULL DEFAULT now(),
  decided_by uuid,
  decided_at timestamptz,
  declared_rows bigint CHECK (declared_rows >= 0),
  declared_at timestamptz,
  done_at timestamptz,
  PRIMARY KEY (clinic_id, id),
  FOREIGN KEY (clinic_id, proposed_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, decided_by) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT,
  CHECK ((status = 'proposed') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
  CHECK ((declared_at IS NULL) = (status IN ('proposed', 'approved', 'discarded'))),
  CHECK ((done_at IS NULL) = (status <> 'done'))
);
CREATE UNIQUE INDEX trail_disposals_open ON public.trail_disposals (clinic_id, month)
  WHERE status IN ('proposed', 'approved', 'declared');

CREATE FUNCTION public.fn_trail_disposal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.month + interval '1 month' > app.clock() AT TIME ZONE 'UTC' - interval '5 years' THEN
      RAISE EXCEPTION 'younger than five years' USING ERRCODE = 'check_violation', CONSTRAINT = 'trail_disposals_age';
    END IF;
    NEW.status := 'proposed';
    NEW.proposed_at := now();
    RETURN NEW;
  END IF;
  IF NOT (OLD.status = 'proposed' AND NEW.status IN ('approved', 'discarded')
          OR OLD.status = 'approved' AND NEW.status IN ('declared', 'discarded')
          OR OLD.status = 'declared' AND NEW.status = 'done') THEN
    RAISE EXCEPTION 'not from % to %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'trail_disposals_states';
  END IF;
  IF NEW.status IN ('approved', 'discarded') THEN
    NEW.decided_by := app.user_id();
    NEW.decided_at := now();
  END IF;
  -- Who proposed may approve only where nobody else could, and not at once.
  IF NEW.status = 'approved' AND NEW.decided_by = OLD.proposed_by
     AND (OLD.proposed_at > now() - interval '24 hours'
          OR EXISTS (SELECT FROM public.members m
                      WHERE m.clinic_id = OLD.clinic_id AND m.status = 'active' AND m.roles && ARRAY['owner', 'dpo']
                        AND m.user_id <> OLD.proposed_by)) THEN
    RAISE EXCEPTION 'a second person approves' USING ERRCODE = 'check_violation', CONSTRAINT = 'trail_disposals_second_look';
  END IF;
  RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION public.fn_trail_disposal() FROM PUBLIC;
ALTER FUNCTION public.fn_trail_disposal() OWNER TO sigilo_gate;
GRANT EXECUTE ON FUNCTION app.clock() TO sigilo_gate;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON public.trail_disposals
  FOR EACH ROW EXECUTE FUNCTION public.fn_trail_disposal();

ALTER TABLE public.trail_disposals ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.trail_disposals FORCE ROW LEVEL SECURITY;
CREATE POLICY clinic_floor ON public.trail_disposals AS RESTRICTIVE TO sigilo_app
  USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()));
CREATE POLICY managers ON public.trail_disposals TO sigilo_app
  USING ((SELECT app.has_role('owner') OR app.has_role('dpo')))
  WITH CHECK ((SELECT app.has_role('owner') OR app.has_role('dpo')) AND status IN ('proposed', 'approved', 'discarded'));
CREATE POLICY trail ON public.trail_disposals TO sigilo_trail USING (true) WITH CHECK (status IN ('declared', 'done'));
CREATE POLICY audit ON public.trail_disposals FOR SELECT TO sigilo_auditor USING (true);
GRANT SELECT, INSERT (month), UPDATE (status) ON public.trail_disposals TO sigilo_app;
GRANT SELECT, UPDATE (status, declared_rows, declared_at, done_at) ON public.trail_disposals TO sigilo_trail;
GRANT SELECT ON public.trail_disposals TO sigilo_auditor;
SELECT ops.open_to_console('public.trail_disposals');
SELECT ops.open_to_review('public.trail_disposals', 'proposed_at');
SELECT ops.watch('public.trail_disposals');

-- What may go ----------------------------------------------------------------------------------

DROP POLICY compared ON public.audit_logs;
CREATE POLICY trail ON public.audit_logs FOR SELECT TO sigilo_trail USING (true);
CREATE POLICY trail ON public.audit_trail FOR SELECT TO sigilo_trail USING (true);
GRANT SELECT ON public.audit_trail TO sigilo_trail;
CREATE POLICY trail ON public.legal_holds FOR SELECT TO sigilo_trail USING (released_at IS NULL);
GRANT SELECT (clinic_id, subject_id, released_at) ON public.legal_holds TO sigilo_trail;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['rounds', 'heads', 'checkpoints', 'witnesses', 'cosignatures', 'stamps'] LOOP
    EXECUTE format('CREATE POLICY trail ON trail.%I FOR SELECT TO sigilo_trail USING (true)', t);
    EXECUTE format('GRANT SELECT ON trail.%I TO sigilo_trail', t);
  END LOOP;
END
$$;

-- The leaves of a log whose rows may be of a month: the row's number, the leaf's index and when it was sealed.
CREATE FUNCTION trail.leaves(log uuid, month date) RETURNS TABLE (seq bigint, leaf bigint, sealed_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog SET timezone = 'UTC'
AS $$
  SELECT s.seq, h.size - cardinality(h.seqs) + s.n - 1, r.sealed_at
    FROM trail.heads h JOIN trail.rounds r USING (round), unnest(h.seqs) WITH ORDINALITY AS s (seq, n)
   WHERE h.log_id = log AND h.newest >= month AND h.oldest < month + interval '1 month'
$$;

-- Every row of a log of a month, and why it stays, if it does.
CREATE FUNCTION trail.expired(log uuid, month date) RETURNS TABLE (seq bigint, header uuid, leaf bigint, stays text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC'
AS $$
  WITH mine AS (
    SELECT a.seq, a.audit_trail_id AS header, l.leaf, a.resource_type, a.resource_id, a.clinic_id, a.action_type, a.category,
           CASE
             WHEN a.patient_id IS NOT NULL AND a.created_at > app.clock() - interval '20 years' THEN 'medical_record'
             WHEN a.category = 'retention' THEN 'retention'
             WHEN EXISTS (SELECT FROM public.legal_holds h
                           WHERE h.clinic_id = a.clinic_id AND h.released_at IS NULL
                             AND (h.subject_id IN (a.user_id, a.patient_id) OR h.subject_id::text = a.resource_id)) THEN 'legal_hold'
             WHEN l.leaf IS NULL OR l.sealed_at > app.clock() - interval '5 years' THEN 'sealed_late'
             -- Records are compared with the last that the trail said of them.
             WHEN a.category = 'data' AND a.action_type <> 'delete'
                  AND NOT EXISTS (SELECT FROM public.audit_logs later
                                   WHERE later.resource_type = a.resource_type AND later.resource_id = a.resource_id
                                     AND later.category = 'data' AND later.clinic_id IS NOT DISTINCT FROM a.clinic_id
                                     AND later.seq > a.seq) THEN 'last_word'
           END AS stays
      FROM public.audit_logs a LEFT JOIN trail.leaves(log, month) l ON l.seq = a.seq
     WHERE a.clinic_id IS NOT DISTINCT FROM nullif(log, '00000000-0000-0000-0000-000000000000')
       AND a.created_at >= month AND a.created_at < month + interval '1 month'
  )
  SELECT m.seq, m.header, m.leaf,
         -- That a record was deleted is its last word as long as an earlier one is there.
         CASE WHEN m.stays IS NULL AND m.category = 'data' AND m.action_type = 'delete'
                   AND EXISTS (SELECT FROM public.audit_logs earlier
                                WHERE earlier.resource_type = m.resource_type AND earlier.resource_id = m.resource_id
                                  AND earlier.category = 'data' AND earlier.clinic_id IS NOT DISTINCT FROM m.clinic_id
                                  AND earlier.seq < m.seq
                                  AND NOT EXISTS (SELECT FROM mine too WHERE too.seq = earlier.seq AND too.stays IS NULL))
              THEN 'last_word' ELSE m.stays END
    FROM mine m
$$;

-- The months of the ledger that are wholly older than five years.
CREATE FUNCTION trail.old_months() RETURNS SETOF date
LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
  SELECT month FROM (SELECT to_date(right(c.relname, 7), 'YYYY_MM') AS month
                       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'public.audit_logs'::regclass) m
   WHERE month + interval '1 month' <= app.clock() AT TIME ZONE 'UTC' - interval '5 years' ORDER BY month
$$;

-- What the session's clinic has of those months: how many rows may go, and how many stay and why.
CREATE FUNCTION app.expired_trail()
RETURNS TABLE (month date, may_go bigint, medical_record bigint, last_word bigint, legal_hold bigint, sealed_late bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  IF NOT (app.has_role('owner') OR app.has_role('dpo')) THEN
    RAISE EXCEPTION 'not a manager' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY
    SELECT o, count(*) FILTER (WHERE e.stays IS NULL), count(*) FILTER (WHERE e.stays = 'medical_record'),
           count(*) FILTER (WHERE e.stays IN ('last_word', 'retention')), count(*) FILTER (WHERE e.stays = 'legal_hold'),
           count(*) FILTER (WHERE e.stays = 'sealed_late')
      FROM trail.old_months() o, trail.expired(app.clinic_id(), o) e GROUP BY o ORDER BY o;
END
$$;

-- What was declared ----------------------------------------------------------------------------

-- The rows of a log that say which leaves have no row any more, as far as they are sealed: in which round, which leaves, and
-- which round first reached the last of those, when.
CREATE FUNCTION trail.declarations(log uuid)
RETURNS TABLE (seq bigint, declared_at timestamptz, sealed_in bigint, ranges int8multirange, reached_in bigint, reached_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT a.seq, a.created_at, own.round, r.ranges, reached.round, reached.sealed_at
    FROM public.audit_logs a
    JOIN LATERAL (SELECT h.round FROM trail.heads h
                   WHERE h.log_id = log AND h.newest >= a.created_at AND h.oldest <= a.created_at AND a.seq = ANY (h.seqs)) own ON true
    CROSS JOIN LATERAL (SELECT range_agg(int8range((pair ->> 0)::bigint, (pair ->> 1)::bigint)) AS ranges
                          FROM jsonb_array_elements(a.details -> 'ranges') pair) r
    JOIN LATERAL (SELECT h.round, s.sealed_at FROM trail.heads h JOIN trail.rounds s USING (round)
                   WHERE h.log_id = log AND h.size >= upper(r.ranges) ORDER BY h.size LIMIT 1) reached ON true
   WHERE a.resource_type = 'audit_logs' AND a.category = 'retention' AND a.clinic_id IS NOT DISTINCT FROM nullif(log, '00000000-0000-0000-0000-000000000000')
$$;

-- Whether a checkpoint for others covers a round, to which the witnesses and the time-stamp authority, where there are any,
-- have answered.
CREATE FUNCTION trail.is_seen(round bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT EXISTS (SELECT FROM trail.checkpoints c WHERE c.round >= is_seen.round)
     AND (NOT EXISTS (SELECT FROM trail.witnesses) OR EXISTS (SELECT FROM trail.cosignatures c WHERE c.round >= is_seen.round))
     AND (NOT EXISTS (SELECT FROM trail.stamps)
          OR EXISTS (SELECT FROM trail.stamps s WHERE s.round >= is_seen.round AND s.status = 'granted'))
$$;

-- The leaves of a log that may be without their rows; with `seen`, only by what others have seen.
CREATE FUNCTION trail.declared(log uuid, seen boolean) RETURNS int8multirange
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT coalesce(range_agg(r), '{}')
    FROM trail.declarations(log) d, unnest(d.ranges) r
   WHERE d.reached_at <= d.declared_at - interval '5 years' AND (NOT seen OR trail.is_seen(d.sealed_in))
$$;

-- Writes into a log which of its leaves of a month lose their rows; how many. Several rows where the list is long, because
-- a leaf is at most 65 535 bytes.
CREATE FUNCTION trail.declare(log uuid, month date, people jsonb) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC'
AS $$
DECLARE
  going int8multirange;
  total bigint;
BEGIN
  SELECT coalesce(range_agg(int8range(e.leaf, e.leaf + 1)), '{}'), count(*) INTO going, total
    FROM trail.expired(log, month) e WHERE e.stays IS NULL;
  INSERT INTO public.audit_logs (clinic_id, user_id, action, action_type, resource_type, resource_id, details, risk_level,
                                 severity, category, created_at)
  SELECT nullif(log, '00000000-0000-0000-0000-000000000000'), (people ->> 'approved_by')::uuid, 'trail_retention', 'delete',
         'audit_logs', to_char(month, 'YYYY-MM'),
         people || jsonb_build_object('rule', 'P5Y', 'ranges', jsonb_agg(jsonb_build_array(lower(r.r), upper(r.r)) ORDER BY r.n)),
         'medium', 'warning', 'retention', app.clock()
    FROM unnest(going) WITH ORDINALITY AS r (r, n) GROUP BY (r.n - 1) / 2000 ORDER BY min(r.n);
  RETURN total;
END
$$;

-- Declares what two people approved, and what belongs to no clinic, which goes by the rule alone.
CREATE FUNCTION trail.declare_due() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  disposal public.trail_disposals;
  old date;
  total bigint := 0;
BEGIN
  FOR disposal IN SELECT * FROM public.trail_disposals d WHERE d.status = 'approved' ORDER BY d.month FOR UPDATE SKIP LOCKED LOOP
    UPDATE public.trail_disposals d
       SET status = 'declared', declared_at = app.clock(),
           declared_rows = trail.declare(d.clinic_id, d.month,
             jsonb_build_object('disposal', d.id, 'proposed_by', d.proposed_by, 'approved_by', d.decided_by))
     WHERE d.clinic_id = disposal.clinic_id AND d.id = disposal.id;
    total := total + 1;
  END LOOP;
  FOR old IN
    SELECT o FROM trail.old_months() o
     WHERE NOT EXISTS (SELECT FROM public.audit_logs a WHERE a.resource_type = 'audit_logs' AND a.category = 'retention' AND a.clinic_id IS NULL
                          AND a.resource_id = to_char(o, 'YYYY-MM'))
       AND EXISTS (SELECT FROM trail.expired('00000000-0000-0000-0000-000000000000', o) e WHERE e.stays IS NULL)
  LOOP
    PERFORM trail.declare('00000000-0000-0000-0000-000000000000', old, '{}');
    total := total + 1;
  END LOOP;
  RETURN total;
END
$$;

-- The rows of a month that go now: due, declared, sealed and seen.
CREATE FUNCTION trail.going(month date) RETURNS TABLE (seq bigint, header uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT e.seq, e.header
    FROM (SELECT h.log_id, trail.declared(h.log_id, true) AS leaves FROM trail.heads h GROUP BY h.log_id) d,
         trail.expired(d.log_id, month) e
   WHERE d.leaves <> '{}' AND e.stays IS NULL AND d.leaves @> e.leaf
$$;

-- Ends the disposals of a month whose declarations others have seen and of which nothing is left that is due.
CREATE FUNCTION trail.finish_disposals(month date) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  UPDATE public.trail_disposals d SET status = 'done', done_at = app.clock()
   WHERE d.status = 'declared' AND d.month = finish_disposals.month
     AND NOT EXISTS (SELECT FROM public.audit_logs a
                      WHERE a.resource_type = 'audit_logs' AND a.category = 'retention' AND a.clinic_id = d.clinic_id AND a.details ->> 'disposal' = d.id::text
                        AND a.seq NOT IN (SELECT s.seq FROM trail.declarations(d.clinic_id) s WHERE trail.is_seen(s.sealed_in)))
     AND NOT EXISTS (SELECT FROM trail.expired(d.clinic_id, d.month) e
                      WHERE e.stays IS NULL AND trail.declared(d.clinic_id, true) @> e.leaf)
$$;

-- Taking it away -------------------------------------------------------------------------------

-- Puts what stays of a month in the month's place. The old table goes as a whole, so that nothing of it is left in pages.
CREATE FUNCTION ops.keep_of_month(parent regclass, part name, keep text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  fresh name := part || '_kept';
  month date := to_date(right(part, 7), 'YYYY_MM');
  called text := (SELECT relname FROM pg_class WHERE oid = parent);
  columns text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
                    WHERE attrelid = parent AND attnum > 0 AND NOT attisdropped AND attgenerated = '');
  bounds text[] := ARRAY[to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00'];
  stays boolean;
BEGIN
  EXECUTE format('ALTER TABLE trail.%I NO FORCE ROW LEVEL SECURITY', part);
  EXECUTE format('SELECT EXISTS (SELECT FROM trail.%I t WHERE %s)', part, keep) INTO stays;
  IF stays THEN
    EXECUTE format('CREATE TABLE trail.%I (LIKE trail.%I INCLUDING ALL)', fresh, part);
    EXECUTE format('INSERT INTO trail.%I (%s) SELECT %2$s FROM trail.%3$I t WHERE %4$s', fresh, columns, part, keep);
    -- Saves the look at every row while the ledger stands still.
    EXECUTE format('ALTER TABLE trail.%I ADD CONSTRAINT in_month CHECK (created_at >= %L AND created_at < %L)', fresh, bounds[1], bounds[2]);
  END IF;
  EXECUTE format('ALTER TABLE %s DETACH PARTITION trail.%I', parent, part);
  IF stays THEN
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION trail.%I FOR VALUES FROM (%L) TO (%L)', parent, fresh, bounds[1], bounds[2]);
    PERFORM ops.guard_partition(format('trail.%I', fresh)::regclass, called);
    EXECUTE format('ALTER TABLE trail.%I DROP CONSTRAINT in_month', fresh);
  END IF;
  EXECUTE format('DROP TABLE trail.%I', part);
  IF stays THEN
    EXECUTE format('ALTER TABLE trail.%I RENAME TO %I', fresh, part);
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION ops.keep_of_month(regclass, name, text) FROM PUBLIC;

-- One step of the trail's end: declares what is due, or takes away a month of what was declared. How much it did; until 0.
-- Writers wait while a month changes places. Where a long reader is in the way it gives up after two seconds, and the next
-- run tries again.
CREATE FUNCTION ops.retain_trail() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '2s' SET timezone = 'UTC'
AS $$
DECLARE
  month date;
  removed bigint := trail.declare_due();
  name text;
BEGIN
  IF removed > 0 THEN
    RETURN removed;
  END IF;
  FOR month IN SELECT trail.old_months() LOOP
    name := to_char(month, 'YYYY_MM');
    CREATE TEMPORARY TABLE going ON COMMIT DROP AS SELECT seq, header FROM trail.going(month);
    SELECT count(*) INTO removed FROM pg_temp.going;
    IF removed > 0 THEN
      CREATE INDEX ON pg_temp.going (seq);
      CREATE INDEX ON pg_temp.going (header);
      ANALYZE pg_temp.going;
      PERFORM ops.keep_of_month('public.audit_logs', 'audit_logs_' || name, 'NOT EXISTS (SELECT FROM pg_temp.going g WHERE g.seq = t.seq)');
      PERFORM ops.keep_of_month('trail.audit_details', 'audit_details_' || name, 'NOT EXISTS (SELECT FROM pg_temp.going g WHERE g.seq = t.seq)');
      -- Several rows may have one header.
      DELETE FROM pg_temp.going g WHERE EXISTS (SELECT FROM trail.headers_left(month) h WHERE h = g.header);
      PERFORM ops.keep_of_month('public.audit_trail', 'audit_trail_' || name, 'NOT EXISTS (SELECT FROM pg_temp.going g WHERE g.header = t.id)');
    END IF;
    DROP TABLE pg_temp.going;
    PERFORM trail.finish_disposals(month);
    IF removed > 0 THEN
      RETURN removed;
    END IF;
  END LOOP;
  RETURN 0;
END
$$;
CREATE FUNCTION trail.headers_left(month date) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC'
AS $$
  SELECT DISTINCT a.audit_trail_id FROM public.audit_logs a
   WHERE a.created_at >= month AND a.created_at < month + interval '1 month' AND a.audit_trail_id IS NOT NULL
$$;

-- Months of sign-ins older than a year (Lei 12.965/2014, art. 15: six months at least). An authority's hold keeps them (§ 2).
CREATE FUNCTION ops.drop_access_logs() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '2s'
AS $$
DECLARE
  part name;
  dropped bigint := 0;
BEGIN
  IF trail.is_held_by_authority() THEN
    RETURN 0;
  END IF;
  FOR part IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'public.access_logs'::regclass
       AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '13 months' <= app.clock() AT TIME ZONE 'UTC' ORDER BY 1
  LOOP
    EXECUTE format('ALTER TABLE public.access_logs DETACH PARTITION trail.%I', part);
    EXECUTE format('DROP TABLE trail.%I', part);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END
$$;
CREATE FUNCTION trail.is_held_by_authority() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$ SELECT EXISTS (SELECT FROM public.legal_holds h WHERE h.basis = 'authority' AND h.released_at IS NULL) $$;
GRANT SELECT (basis) ON public.legal_holds TO sigilo_trail;

-- Whose each function is, and who runs it ------------------------------------------------------

DO $$
DECLARE f text;
BEGIN
  GRANT CREATE ON SCHEMA trail, app TO sigilo_trail;
  FOREACH f IN ARRAY ARRAY[
    'trail.leaves(uuid, date)', 'trail.expired(uuid, date)', 'trail.old_months()', 'app.expired_trail()', 'trail.declarations(uuid)',
    'trail.is_seen(bigint)', 'trail.declared(uuid, boolean)', 'trail.declare(uuid, date, jsonb)', 'trail.declare_due()', 'trail.going(date)',
    'trail.finish_disposals(date)', 'trail.headers_left(date)', 'trail.is_held_by_authority()'] LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('ALTER FUNCTION %s OWNER TO sigilo_trail', f);
  END LOOP;
  REVOKE CREATE ON SCHEMA trail, app FROM sigilo_trail;
END
$$;
REVOKE EXECUTE ON FUNCTION ops.retain_trail(), ops.drop_access_logs() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.retain_trail(), ops.drop_access_logs() TO sigilo_jobs;
GRANT EXECUTE ON FUNCTION app.expired_trail() TO sigilo_app;
GRANT EXECUTE ON FUNCTION app.has_role(text) TO sigilo_trail;
GRANT EXECUTE ON FUNCTION trail.declarations(uuid), trail.declared(uuid, boolean) TO sigilo_sealer;

-- Guards --------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION ops.trail_gaps() RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
  WITH parent AS (
    SELECT c.oid, c.relname FROM pg_class c
     WHERE c.oid IN ('public.audit_logs'::regclass, 'public.audit_trail'::regclass, 'public.access_logs'::regclass)
  ), part AS (
    SELECT i.inhrelid AS oid, p.relname AS parent FROM pg_inherits i JOIN parent p ON p.oid = i.inhparent
  ), wanted AS (
    SELECT oid, 'trigger' AS kind, g AS name FROM (SELECT oid FROM parent UNION ALL SELECT oid FROM part) t,
           unnest(ARRAY['no_change', 'no_truncate']) AS g
    UNION ALL
    SELECT oid, 'rule', relname || r FROM parent, unnest(ARRAY['_no_update', '_no_delete']) AS r WHERE relname = 'audit_logs'
    UNION ALL
    SELECT oid, 'rule', parent || r FROM part, unnest(ARRAY['_no_update', '_no_delete']) AS r WHERE parent = 'audit_logs'
    UNION ALL
    SELECT t.oid, 'trigger', g FROM pg_class t, unnest(ARRAY['no_change', 'no_truncate']) AS g
     WHERE t.oid IN ('trail.rounds'::regclass, 'trail.heads'::regclass, 'trail.tiles'::regclass,
                     'trail.checkpoints'::regclass, 'trail.cosignatures'::regclass, 'trail.examinations'::regclass)
    UNION ALL
    SELECT w, 'watch', g FROM ops.watched() w, unnest(ARRAY['audit_insert', 'audit_update', 'audit_delete']) AS g
  )
  SELECT format('%s %s on %s', kind, name, oid::regclass) FROM wanted w
   WHERE CASE WHEN kind = 'rule'
     THEN NOT EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = w.oid AND r.rulename = w.name AND r.ev_enabled = 'A')
     ELSE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = w.oid AND t.tgname = w.name
                         AND t.tgenabled = CASE WHEN kind = 'watch' THEN 'O' ELSE 'A' END) END
  UNION ALL
  SELECT format('event trigger %s', name) FROM unnest(ARRAY['sigilo_guard_drop', 'sigilo_guard_alter']) AS name
   WHERE NOT EXISTS (SELECT FROM pg_event_trigger WHERE evtname = name AND evtenabled = 'A')
  UNION ALL
  SELECT format('partition of %s for %s', relname, to_char(month, 'YYYY-MM'))
    FROM parent, generate_series(date_trunc('month', app.clock() AT TIME ZONE 'UTC'),
                                 date_trunc('month', app.clock() AT TIME ZONE 'UTC') + interval '2 months', interval '1 month') AS month
   WHERE to_regclass(format('trail.%I', relname || '_' || to_char(month, 'YYYY_MM'))) IS NULL
$$;
CREATE OR REPLACE FUNCTION ops.ensure_partitions(ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  home text;
  parent text;
  month date;
  part text;
  made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('sigilo.ensure_partitions'));
  FOR home, parent IN VALUES ('public', 'audit_logs'), ('public', 'audit_trail'), ('public', 'access_logs'), ('trail', 'audit_details') LOOP
    FOR step IN 0 .. ahead LOOP
      month := (date_trunc('month', app.clock() AT TIME ZONE 'UTC') + make_interval(months => step))::date;
      part := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
      CONTINUE WHEN to_regclass(format('trail.%I', part)) IS NOT NULL;
      EXECUTE format('CREATE TABLE trail.%I PARTITION OF %I.%I FOR VALUES FROM (%L) TO (%L)', part, home, parent,
                     to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00',
                     to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
      PERFORM ops.guard_partition(format('trail.%I', part)::regclass, parent);
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;

SELECT ops.baseline();
