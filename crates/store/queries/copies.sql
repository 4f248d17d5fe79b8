-- copies.request: somebody wants a drill; none when one waits or runs
INSERT INTO ops.copies (kind, status) VALUES ('drill', 'waiting') ON CONFLICT DO NOTHING RETURNING id;

-- copies.take: the drill that waits begins
UPDATE ops.copies SET status = 'running', started_at = clock_timestamp() WHERE kind = 'drill' AND status = 'waiting' RETURNING id;

-- copies.finish: a drill ended
UPDATE ops.copies SET status = $2, finished_at = clock_timestamp(), steps = $3 WHERE id = $1 AND finished_at IS NULL;

-- copies.abandon: drills of a process that died
UPDATE ops.copies SET status = 'incomplete', finished_at = clock_timestamp(), steps = $1 WHERE status = 'running';

-- copies.record: what the command line did
INSERT INTO ops.copies (kind, status, started_at, finished_at, steps)
VALUES ($1, $2, clock_timestamp() - make_interval(secs => $3), clock_timestamp(), $4);

-- copies.latest: the latest of a kind
SELECT id, status, requested_at, started_at, finished_at, steps FROM ops.copies WHERE kind = $1 ORDER BY requested_at DESC, id DESC LIMIT $2;

-- copies.passed: when one of a kind last came out as it should
SELECT max(finished_at) FROM ops.copies WHERE kind = $1 AND status = 'passed';
