-- trail.alone: whether nobody else is sealing
SELECT pg_try_advisory_xact_lock(1397311308);

-- trail.last: the latest round
SELECT round, snapshot::text AS snapshot, system, root, note, sealed_at FROM trail.rounds ORDER BY round DESC LIMIT 1;

-- trail.here: what is visible now, and on which server
SELECT pg_current_snapshot()::text AS snapshot, app.system_name() AS system,
       app.clock() + (clock_timestamp() - now()) AS at;

-- trail.unsealed: rows of transactions that the snapshot did not see, oldest number first
SELECT seq, id, audit_trail_id, clinic_id, user_id, patient_id, action, action_type, resource_type, resource_id,
       details::text AS details, old_data ->> 'hash' AS old_commitment, new_data ->> 'hash' AS new_commitment,
       changed_fields, nonce, request_id, session_id, ip_address::text AS ip_address, user_agent, risk_level,
       compliance_status, violation_type, category, severity, created_at
  FROM (SELECT * FROM audit_logs WHERE xid >= pg_snapshot_xmax($1::text::pg_snapshot)
        UNION ALL
        SELECT * FROM audit_logs WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot)))) a
 ORDER BY seq;

-- trail.unsealed_anywhere: rows without a leaf, whatever their transactions were called on another server
SELECT seq, id, audit_trail_id, clinic_id, user_id, patient_id, action, action_type, resource_type, resource_id,
       details::text AS details, old_data ->> 'hash' AS old_commitment, new_data ->> 'hash' AS new_commitment,
       changed_fields, nonce, request_id, session_id, ip_address::text AS ip_address, user_agent, risk_level,
       compliance_status, violation_type, category, severity, created_at
  FROM audit_logs a
 WHERE NOT EXISTS (SELECT FROM (SELECT unnest(seqs) AS seq FROM trail.heads) s WHERE s.seq = a.seq)
 ORDER BY seq;

-- trail.tell_image_key: the key under which this connection's changes are kept
SELECT set_config('app.image_key', $1, false), set_config('app.image_key_id', $2, false);

-- trail.images: what a record said before and after a change, encrypted, of the session's clinic
SELECT i.resource_type, i.old_image, i.new_image, i.key_sealed, i.image_key, i.redacted_by, i.salt, i.old_commitment, i.new_commitment
  FROM app.audit_images($1) i;

-- trail.keys: the public keys that the trail is sealed with, one a line
SELECT log_keys FROM ops.settings;

-- trail.waiting: how many rows wait to be sealed, and since when
SELECT count(*) AS waiting, min(created_at) AS oldest
  FROM (SELECT created_at FROM audit_logs WHERE xid >= pg_snapshot_xmax($1::text::pg_snapshot)
        UNION ALL
        SELECT created_at FROM audit_logs WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot)))) a;

-- trail.examination: the latest examination
SELECT id, started_at, finished_at, rounds, leaves, tables, findings, finding_count
  FROM trail.examinations ORDER BY id DESC LIMIT 1;

-- trail.suspect: an examination found something of a clinic
INSERT INTO incident_drafts (clinic_id, rule, subject_kind, subject_id, event_count, threshold, window_minutes, first_seen_at,
                             last_seen_at, evidence_table, evidence)
SELECT $1, r.rule, 'trail', $1, $2, r.threshold, r.minutes, now(), now(), 'examinations', ARRAY[$3::uuid]
  FROM app.suspicion_rules() r WHERE r.rule = 'trail_altered'
    ON CONFLICT (clinic_id, rule, subject_id, coalesce(actor_id, '00000000-0000-0000-0000-000000000000')) WHERE status = 'open'
    DO UPDATE SET event_count = excluded.event_count, last_seen_at = now(), evidence = excluded.evidence;

-- trail.rows: the rows with these numbers, in order; the instants say in which months to look
SELECT seq, id, audit_trail_id, clinic_id, user_id, patient_id, action, action_type, resource_type, resource_id,
       details::text AS details, old_data ->> 'hash' AS old_commitment, new_data ->> 'hash' AS new_commitment,
       changed_fields, nonce, request_id, session_id, ip_address::text AS ip_address, user_agent, risk_level,
       compliance_status, violation_type, category, severity, created_at
  FROM audit_logs WHERE seq = ANY ($1) AND created_at BETWEEN $2 AND $3 ORDER BY seq;

-- trail.behind: rows that the latest round saw and no leaf has, by their logs
SELECT a.seq, coalesce(a.clinic_id, '00000000-0000-0000-0000-000000000000') AS log_id, a.created_at
  FROM audit_logs a
 WHERE pg_visible_in_snapshot(a.xid, $1::text::pg_snapshot)
   AND NOT EXISTS (SELECT FROM (SELECT unnest(seqs) AS seq FROM trail.heads) s WHERE s.seq = a.seq)
 ORDER BY a.seq LIMIT 1000;

-- trail.heads_at: where every log stood at a round
WITH RECURSIVE log AS (
  (SELECT log_id FROM trail.heads ORDER BY log_id LIMIT 1)
  UNION ALL
  SELECT (SELECT h.log_id FROM trail.heads h WHERE h.log_id > log.log_id ORDER BY h.log_id LIMIT 1) FROM log
   WHERE log.log_id IS NOT NULL
)
SELECT h.log_id, h.round, h.size, h.root
  FROM log CROSS JOIN LATERAL (SELECT * FROM trail.heads h WHERE h.log_id = log.log_id AND h.round <= $1 ORDER BY h.round DESC LIMIT 1) h
 WHERE log.log_id IS NOT NULL ORDER BY h.log_id;

-- trail.head: where a log stands
SELECT log_id, round, size, root FROM trail.heads WHERE log_id = $1 ORDER BY round DESC LIMIT 1;

-- trail.tiles: the roots of some of a log's whole tiles, in order
SELECT n, root FROM trail.tiles WHERE log_id = $1 AND n >= $2 AND n < $2 + $3 ORDER BY n;

-- trail.heads: what the rounds up to one added to a log, where that touches the leaves from one index to another
SELECT round, size, root, seqs, hashes, oldest, newest FROM trail.heads
 WHERE log_id = $1 AND size > $2 AND round <= $4
   AND size <= coalesce((SELECT min(h.size) FROM trail.heads h WHERE h.log_id = $1 AND h.size >= $3), $3) ORDER BY size;

-- trail.leaf: the round that made a row a leaf
SELECT h.round, h.size, h.root, h.seqs, h.hashes, h.oldest, h.newest
  FROM audit_logs a JOIN trail.heads h ON h.log_id = $1 AND h.newest >= a.created_at AND h.oldest <= a.created_at AND h.seqs @> ARRAY[a.seq]
 WHERE a.seq = $2 AND coalesce(a.clinic_id, '00000000-0000-0000-0000-000000000000') = $1 ORDER BY h.round LIMIT 1;

-- trail.is_of: whether a log's clinic has a row of this number
SELECT EXISTS (SELECT FROM audit_logs WHERE seq = $2 AND coalesce(clinic_id, '00000000-0000-0000-0000-000000000000') = $1);

-- trail.changed: the rounds up to one that added to a log, some of them, evenly, latest first
SELECT round FROM (SELECT round, row_number() OVER (ORDER BY round DESC) AS n, count(*) OVER () AS total
                     FROM trail.heads WHERE log_id = $1 AND round <= $2) h
 WHERE (n - 1) % greatest(total / $3, 1) = 0 ORDER BY round DESC LIMIT $3;

-- trail.rounds: the rounds from one on
SELECT round, sealed_at, entry, root FROM trail.rounds WHERE round >= $1 AND round <= $2 ORDER BY round;

-- trail.add_round: a round
INSERT INTO trail.rounds (round, sealed_at, snapshot, system, entry, root, note, leaves)
VALUES ($1, $2, $3::text::pg_snapshot, $4, $5, $6, $7, $8);

-- trail.add_head: what a round added to a log
INSERT INTO trail.heads (log_id, round, size, root, seqs, hashes, oldest, newest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- trail.add_tile: the root of a tile that became whole
INSERT INTO trail.tiles (log_id, n, root) VALUES ($1, $2, $3);

-- trail.checkpoint: the latest checkpoint that is shown to others, at most up to a round
SELECT round, note, created_at FROM trail.checkpoints WHERE round <= $1 ORDER BY round DESC LIMIT 1;

-- trail.add_checkpoint: a checkpoint to show to others
INSERT INTO trail.checkpoints (round, note) VALUES ($1, $2);

-- trail.cosignatures: what witnesses said of a checkpoint
SELECT c.line FROM trail.cosignatures c WHERE c.round = $1 ORDER BY c.witness;

-- trail.add_cosignature: what a witness says of a checkpoint
INSERT INTO trail.cosignatures (round, witness, line) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- trail.witnesses: who watches
SELECT name, verifier_key, url, independent, size, seen_at, problem, contradicts, created_at FROM trail.witnesses ORDER BY name;

-- trail.keep_witness: somebody who watches, or their new address
INSERT INTO trail.witnesses (name, verifier_key, url, independent) VALUES ($1, $2, $3, $4)
    ON CONFLICT (name) DO UPDATE SET verifier_key = excluded.verifier_key, url = excluded.url, independent = excluded.independent;

-- trail.drop_witness: somebody who watches no more and has never cosigned
DELETE FROM trail.witnesses w WHERE w.name = $1 AND NOT EXISTS (SELECT FROM trail.cosignatures c WHERE c.witness = w.name);

-- trail.saw: how far a witness got, or why not
UPDATE trail.witnesses SET size = greatest(size, $2), seen_at = CASE WHEN $3::text IS NULL THEN now() ELSE seen_at END,
       problem = $3, contradicts = contradicts OR $4 WHERE name = $1;

-- trail.ask_stamp: a stamp that is wanted
INSERT INTO trail.stamps (round, authority) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- trail.wanted_stamps: stamps that are due to be asked for
SELECT s.round, s.authority, s.tries, c.note FROM trail.stamps s JOIN trail.checkpoints c USING (round)
 WHERE s.status = 'pending' AND s.next_try_at <= now() ORDER BY s.round LIMIT 20;

-- trail.stamped: a stamp that came
UPDATE trail.stamps SET status = 'granted', token = $3, gen_time = $4, problem = NULL, tries = tries + 1
 WHERE round = $1 AND authority = $2 AND status = 'pending';

-- trail.not_stamped: a stamp that did not come; asked for again after a pause
UPDATE trail.stamps SET problem = $3, tries = tries + 1, next_try_at = now() + make_interval(secs => $4)
 WHERE round = $1 AND authority = $2 AND status = 'pending';

-- trail.stamps: the stamps of checkpoints up to a round
SELECT s.round, s.authority, s.status, s.token, s.gen_time, s.tries, s.problem, s.created_at
  FROM trail.stamps s WHERE s.round <= $1 ORDER BY s.round DESC LIMIT $2;

-- trail.latest_stamp: when a stamp was last asked for
SELECT max(created_at) FROM trail.stamps;

-- trail.watched: the tables that are compared with the ledger
SELECT w::text FROM ops.watched() w;

-- trail.reconcile: records of a table that are not what the ledger last said of them
SELECT clinic_id, resource_id, finding, seq FROM ops.reconcile($1::text::regclass, $2);

-- trail.gaps: guards of the ledger that are missing
SELECT g FROM ops.trail_gaps() g;

-- trail.add_examination: what an examination of the whole trail found
INSERT INTO trail.examinations (started_at, rounds, leaves, tables, findings, finding_count) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING id;

-- trail.declarations: the rows of a log that say which leaves have no row any more, as far as they are sealed
SELECT sealed_in, reached_in FROM trail.declarations($1) ORDER BY seq;

-- trail.declared: the leaves of a log that may be without their rows, as ranges
SELECT lower(r) AS first, upper(r) AS past FROM unnest(trail.declared($1, false)) r;

-- trail.first_stamp: the first stamp of a checkpoint that covers a round
SELECT round, authority, status, token, gen_time, tries, problem, created_at FROM trail.stamps
 WHERE round >= $1 AND status = 'granted' ORDER BY round LIMIT 1;
