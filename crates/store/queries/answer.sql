-- answer.history: the texts of a conversation up to a question, oldest first
SELECT m.id, m.role, m.content, m.has_image FROM messages m
 WHERE m.conversation_id = $1 AND (m.created_at, m.id) <= (SELECT q.created_at, q.id FROM messages q WHERE q.id = $2)
 ORDER BY m.created_at, m.id;

-- answer.answered: whether a question has a whole answer
SELECT EXISTS (SELECT FROM ai_answers WHERE question_id = $1 AND state = 'complete') AS answered;

-- answer.insert: the answer as a message
INSERT INTO messages (id, conversation_id, role, content, tokens_used, model_used)
VALUES ($1, $2, 'assistant', $3, $4, $5) RETURNING content_hash, created_at;

-- answer.parts: its parts
INSERT INTO ai_answers (message_id, question_id, state, structure) VALUES ($1, $2, $3, $4);

-- answer.explain: how it was made
INSERT INTO explainability_logs (message_id, conversation_id, ai_model_used, explanation_level, explanation_content,
  confidence_score, provider, model_reported, api_version, prompt_hash, schema_hash, provider_request_id, stop_reason,
  temperature, temperature_reason, tokens_input, tokens_output, tokens_cached, retries, first_token_ms,
  processing_time_ms, verification_time_ms, abstained, unauthorised_identifiers, removed_links, cid10_codes,
  invalid_cid10, risk_class, sent_to)
VALUES ($1, $2, $3, 'detailed', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
        $23, $24, $25, $26, $27, $28);

-- answer.check: one verification of one reference
INSERT INTO ai_reference_checks (message_id, ordinal, cited, verdict, reason, pmid, findings, retracted, source, latency_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- answer.detections: personal data found in what the model wrote
INSERT INTO sensitive_data_detection_logs (message_id, detection_type, detection_method, confidence_score, action_taken)
SELECT $1, kind, method, confidence, 'removed'
  FROM unnest($2::text[], $3::text[], $4::real[]) AS found (kind, method, confidence);

-- answer.image: one image, after it was wiped
INSERT INTO image_processing_logs (conversation_id, message_id, image_hash, image_size_bytes, image_mime_type,
  processed_at, discarded_at, processing_duration_ms, storage_proof, image_width, image_height, removed_metadata, memory_checks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- answer.image_late: the same in the name of a doctor whose session has ended meanwhile
INSERT INTO image_processing_logs (conversation_id, message_id, image_hash, image_size_bytes, image_mime_type,
  processed_at, discarded_at, processing_duration_ms, storage_proof, image_width, image_height, removed_metadata, memory_checks,
  clinic_id, user_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- answer.stored: the answers of a conversation
SELECT a.message_id, a.question_id, a.state, a.structure, l.ai_model_used, l.provider, l.explanation_content,
       l.disclaimer_shown, l.human_in_the_loop_confirmed, l.processing_time_ms, l.created_at
  FROM ai_answers a
  JOIN messages m ON m.clinic_id = a.clinic_id AND m.id = a.message_id
  JOIN explainability_logs l ON l.clinic_id = a.clinic_id AND l.message_id = a.message_id
 WHERE m.conversation_id = $1 ORDER BY a.created_at, a.message_id;

-- answer.one: one answer
SELECT a.message_id, a.question_id, a.state, a.structure, l.ai_model_used, l.provider, l.explanation_content,
       l.disclaimer_shown, l.human_in_the_loop_confirmed, l.processing_time_ms, l.created_at
  FROM ai_answers a
  JOIN explainability_logs l ON l.clinic_id = a.clinic_id AND l.message_id = a.message_id
 WHERE a.message_id = $1;

-- answer.checks: the last verification of each reference of some answers
SELECT DISTINCT ON (c.message_id, c.ordinal) c.message_id, c.ordinal, c.cited, c.findings, c.created_at
  FROM ai_reference_checks c WHERE c.message_id = ANY ($1)
 ORDER BY c.message_id, c.ordinal, c.created_at DESC, c.id DESC;

-- answer.events: what the doctor did with some answers
SELECT e.id, e.message_id, e.kind, e.section, e.reason, e.edited_text, e.outcome, e.created_at
  FROM ai_review_events e WHERE e.message_id = ANY ($1) ORDER BY e.created_at, e.id;

-- answer.review: adds an event
INSERT INTO ai_review_events (message_id, kind, section, reason, edited_text, outcome) VALUES ($1, $2, $3, $4, $5, $6);

-- answer.reviewer: who reviews, for the record
SELECT p.full_name, p.crm_number, p.crm_state FROM profiles p WHERE p.id = app.user_id();

-- answer.enabled: whether the doctor has the assistant switched on
SELECT app.assistant_enabled() AS enabled;

-- answer.may_answer: whether an answer could be stored
SELECT app.has_consent('ai_processing') AND app.assistant_enabled() AS may;

-- answer.switch: the doctor's switch
INSERT INTO assistant_preferences (enabled) VALUES ($1)
ON CONFLICT (clinic_id, user_id) DO UPDATE SET enabled = excluded.enabled, updated_at = now();
