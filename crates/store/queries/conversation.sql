-- conversation.create: an empty conversation
INSERT INTO conversations (title) VALUES ($1) RETURNING id;

-- conversation.list: the doctor's conversations, latest first
SELECT c.id, c.title, c.updated_at, (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id) AS messages,
       NULL::text AS snippet
  FROM conversations c WHERE c.status = 'active' ORDER BY c.updated_at DESC LIMIT 200;

-- conversation.search: those whose title or messages hold every word, accents and case apart
SELECT c.id, c.title, c.updated_at, (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id) AS messages,
       (SELECT left(m.content, 2000) FROM messages m
         WHERE m.conversation_id = c.id AND app.fold(m.content) LIKE ALL ($1::text[])
         ORDER BY m.created_at DESC LIMIT 1) AS snippet
  FROM conversations c
 WHERE c.status = 'active'
   AND (app.fold(c.title) LIKE ALL ($1::text[])
        OR EXISTS (SELECT FROM messages m WHERE m.conversation_id = c.id AND app.fold(m.content) LIKE ALL ($1::text[])))
 ORDER BY c.updated_at DESC LIMIT 50;

-- conversation.open: one conversation of the doctor
SELECT id, title, status = 'deleted' AS deleted FROM conversations WHERE id = $1;

-- conversation.messages: its messages with the proof of what was removed
SELECT m.id, m.role, m.content, m.content_hash, m.created_at, m.has_image,
       a.original_content_hash, a.original_hash_algorithm, a.entities_detected, a.processing_time_ms
  FROM messages m LEFT JOIN anonymization_logs a ON a.clinic_id = m.clinic_id AND a.message_id = m.id
 WHERE m.conversation_id = $1 ORDER BY m.created_at, m.id;

-- conversation.rename: a new title
UPDATE conversations SET title = $2, updated_at = now() WHERE id = $1 AND status = 'active';

-- conversation.delete: hides a conversation
UPDATE conversations SET status = 'deleted', deleted_at = now(), updated_at = now() WHERE id = $1 AND status = 'active';

-- conversation.restore: shows it again
UPDATE conversations SET status = 'active', deleted_at = NULL, updated_at = now() WHERE id = $1 AND status = 'deleted';

-- conversation.touch: a message arrived; the first one names an unnamed conversation
UPDATE conversations SET updated_at = now(), title = CASE WHEN title = $2 THEN $3 ELSE title END
 WHERE id = $1 AND status = 'active'
RETURNING title;
