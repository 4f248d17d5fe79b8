-- A month of the trail changes places without making writers wait until what was filled or dropped is through.

-- Fills a table with what stays of a month, beside the month's own. Whether anything stays.
CREATE FUNCTION ops.fill_month(parent regclass, part name, keep text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  month date := to_date(right(part, 7), 'YYYY_MM');
  columns text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
                    WHERE attrelid = parent AND attnum > 0 AND NOT attisdropped AND attgenerated = '');
  stays boolean;
BEGIN
  EXECUTE format('ALTER TABLE trail.%I NO FORCE ROW LEVEL SECURITY', part);
  EXECUTE format('SELECT EXISTS (SELECT FROM trail.%I t WHERE %s)', part, keep) INTO stays;
  IF stays THEN
    EXECUTE format('CREATE TABLE trail.%I (LIKE trail.%I INCLUDING ALL)', part || '_kept', part);
    EXECUTE format('INSERT INTO trail.%I (%s) SELECT %2$s FROM trail.%3$I t WHERE %4$s', part || '_kept', columns, part, keep);
    -- Saves the look at every row while the ledger stands still.
    EXECUTE format('ALTER TABLE trail.%I ADD CONSTRAINT in_month CHECK (created_at >= %L AND created_at < %L)', part || '_kept',
                   to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
  END IF;
  RETURN stays;
END
$$;

-- Puts what stays in the month's place. The old table waits beside for the next step, which drops it as a whole, so that
-- nothing of it is left in pages and nobody waits for that.
CREATE FUNCTION ops.swap_month(parent regclass, part name, stays boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE
  month date := to_date(right(part, 7), 'YYYY_MM');
BEGIN
  EXECUTE format('ALTER TABLE %s DETACH PARTITION trail.%I', parent, part);
  EXECUTE format('ALTER TABLE trail.%I RENAME TO %I', part, part || '_old');
  IF stays THEN
    EXECUTE format('ALTER TABLE trail.%I RENAME TO %I', part || '_kept', part);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION trail.%I FOR VALUES FROM (%L) TO (%L)', parent, part,
                   to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
    PERFORM ops.guard_partition(format('trail.%I', part)::regclass, (SELECT relname FROM pg_class WHERE oid = parent));
    EXECUTE format('ALTER TABLE trail.%I DROP CONSTRAINT in_month', part);
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION ops.fill_month(regclass, name, text), ops.swap_month(regclass, name, boolean) FROM PUBLIC;

-- One step of the trail's end: drops a month that was replaced, declares what is due, or replaces a month of which something
-- was declared. How much it did; until 0. Where a long reader is in the way of a month it gives up after two seconds, and the
-- next run tries again.
CREATE OR REPLACE FUNCTION ops.retain_trail() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '2s' SET timezone = 'UTC'
AS $$
DECLARE
  month date;
  part name;
  removed bigint;
  logs boolean;
  details boolean;
  headers boolean;
BEGIN
  SELECT c.relname INTO part FROM pg_class c
   WHERE c.relnamespace = 'trail'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^audit_(logs|details|trail)_[0-9]{4}_[0-9]{2}_old$'
   LIMIT 1;
  IF FOUND THEN
    EXECUTE format('DROP TABLE trail.%I', part);
    RETURN 1;
  END IF;
  removed := trail.declare_due();
  IF removed > 0 THEN
    RETURN removed;
  END IF;
  FOR month IN SELECT trail.old_months() LOOP
    part := to_char(month, 'YYYY_MM');
    CREATE TEMPORARY TABLE going ON COMMIT DROP AS SELECT seq, header FROM trail.going(month);
    SELECT count(*) INTO removed FROM pg_temp.going;
    IF removed > 0 THEN
      CREATE INDEX ON pg_temp.going (seq);
      CREATE INDEX ON pg_temp.going (header);
      ANALYZE pg_temp.going;
      logs := ops.fill_month('public.audit_logs', 'audit_logs_' || part, 'NOT EXISTS (SELECT FROM pg_temp.going g WHERE g.seq = t.seq)');
      details := ops.fill_month('trail.audit_details', 'audit_details_' || part, 'NOT EXISTS (SELECT FROM pg_temp.going g WHERE g.seq = t.seq)');
      -- Several rows may have one header.
      IF logs THEN
        EXECUTE format('UPDATE pg_temp.going g SET header = NULL WHERE EXISTS (SELECT FROM trail.%I a WHERE a.audit_trail_id = g.header)',
                       'audit_logs_' || part || '_kept');
      END IF;
      headers := ops.fill_month('public.audit_trail', 'audit_trail_' || part, 'NOT EXISTS (SELECT FROM pg_temp.going g WHERE g.header = t.id)');
      -- From here on writers wait, for no longer than names change places.
      PERFORM ops.swap_month('public.audit_logs', 'audit_logs_' || part, logs);
      PERFORM ops.swap_month('trail.audit_details', 'audit_details_' || part, details);
      PERFORM ops.swap_month('public.audit_trail', 'audit_trail_' || part, headers);
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
DROP FUNCTION ops.keep_of_month(regclass, name, text);
DROP FUNCTION trail.headers_left(date);
