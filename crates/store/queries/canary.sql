-- canary.all: the clinic's canaries, those that watch in front
SELECT c.id, c.label, c.created_at, c.retired_at,
       (SELECT count(*) FROM canary_sightings s WHERE s.clinic_id = c.clinic_id AND s.canary_id = c.id) AS sightings
  FROM canaries c ORDER BY c.retired_at IS NOT NULL, c.id DESC LIMIT 300;

-- canary.create: a new one, known only by its hashes
INSERT INTO canaries (label, cpf_index, name_index) VALUES ($1, $2, $3) RETURNING id;

-- canary.retire: it watches no longer; the guard says when and by whom
UPDATE canaries SET retired_at = now() WHERE id = $1;

-- canary.look: whether a message held one, of whichever clinic; the answer stays in the database
SELECT app.canary_look($1, $2);
