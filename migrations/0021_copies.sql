-- Copies that were made, and drills that put one back: what the desk tells of them. A drill that somebody asks for on a page
-- waits here for a process that can do it; who asked stands in the trail.

CREATE TABLE ops.copies (
  id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
  kind text NOT NULL CHECK (kind IN ('backup', 'drill')),
  status text NOT NULL CHECK (status IN ('waiting', 'running', 'passed', 'failed', 'incomplete')),
  requested_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  -- What was tried, whether it came out as it should, and how long it took. No data of anybody.
  steps jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(steps) = 'array'),
  CHECK ((status IN ('waiting', 'running')) = (finished_at IS NULL)),
  CHECK ((status = 'waiting') = (started_at IS NULL))
);
-- Never two at a time.
CREATE UNIQUE INDEX copies_one_drill ON ops.copies (kind) WHERE finished_at IS NULL AND kind = 'drill';
CREATE INDEX copies_latest ON ops.copies (kind, requested_at DESC);
ALTER TABLE ops.copies ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.copies FORCE ROW LEVEL SECURITY;
CREATE POLICY jobs ON ops.copies TO sigilo_jobs USING (true) WITH CHECK (true);
GRANT SELECT, INSERT (kind, status, started_at, finished_at, steps),
  UPDATE (status, started_at, finished_at, steps) ON ops.copies TO sigilo_jobs;
