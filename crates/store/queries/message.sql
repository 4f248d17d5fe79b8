-- message.insert: a de-identified message
INSERT INTO messages (conversation_id, role, content, has_image) VALUES ($1, 'user', $2, $3) RETURNING id, content_hash, created_at;

-- message.proof: that it was de-identified, and how
INSERT INTO anonymization_logs (message_id, original_content_hash, original_hash_algorithm, anonymized_content_hash,
                                entities_detected, anonymization_method, sensitive_data_found, processing_time_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- message.detections: one row a personal datum found
INSERT INTO sensitive_data_detection_logs (message_id, detection_type, detection_method, confidence_score, action_taken)
SELECT $1, kind, method, confidence, 'removed'
  FROM unnest($2::text[], $3::text[], $4::real[]) AS found (kind, method, confidence);
