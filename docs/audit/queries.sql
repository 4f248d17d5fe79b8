-- The 34 queries of the audit manual, in its order and as written there.
-- Placeholders in square brackets are replaced by an identifier before a query runs.

-- SQL-01
SELECT id, full_name, crm_number, crm_state, specialty, created_at
FROM profiles
ORDER BY created_at DESC
LIMIT 10;

-- SQL-02
SELECT id, user_id, action, ip_address, user_agent, success, created_at
FROM access_logs
WHERE action = 'login'
ORDER BY created_at DESC
LIMIT 20;

-- SQL-03
SELECT id, user_id, action, resource_type, details, created_at
FROM audit_logs
WHERE action = 'create' AND resource_type = 'profiles'
ORDER BY created_at DESC
LIMIT 10;

-- SQL-04
SELECT id, user_id, consent_type, consent_version, granted,
       granted_at, ip_address, legal_basis, created_at
FROM consent_records
WHERE user_id = '[ID_DO_MEDICO]'
ORDER BY created_at ASC;

-- SQL-05
SELECT consent_type, COUNT(*) as total, MIN(granted_at) as primeiro, MAX(granted_at) as ultimo
FROM consent_records
WHERE granted = true
GROUP BY consent_type
ORDER BY consent_type;

-- SQL-06
SELECT id, user_id, action, resource_type, details, created_at
FROM audit_logs
WHERE action IN ('consent_granted', 'consent_revoked')
ORDER BY created_at DESC
LIMIT 20;

-- SQL-07
SELECT id, role, content, content_hash, has_image, tokens_used,
       model_used, created_at
FROM messages
WHERE conversation_id = '[ID_DA_CONVERSA]'
ORDER BY created_at ASC;

-- SQL-08
SELECT a.id, a.message_id, a.original_content_hash,
       a.entities_detected, a.anonymization_method,
       a.sensitive_data_found, a.processing_time_ms, a.created_at
FROM anonymization_logs a
ORDER BY a.created_at DESC
LIMIT 20;

-- SQL-09
SELECT id, message_id, detection_type, detection_method,
       confidence_score, action_taken, created_at
FROM sensitive_data_detection_logs
ORDER BY created_at DESC
LIMIT 30;

-- SQL-10
SELECT
  COUNT(*) as total_mensagens_processadas,
  COUNT(*) FILTER (WHERE sensitive_data_found = true) as mensagens_com_dados_sensiveis,
  COUNT(*) FILTER (WHERE sensitive_data_found = false) as mensagens_sem_dados_sensiveis
FROM anonymization_logs;

-- SQL-11
SELECT id, user_id, conversation_id, image_hash,
       image_size_bytes, image_mime_type, purpose,
       processed_at, discarded_at, storage_proof,
       processing_duration_ms, created_at
FROM image_processing_logs
ORDER BY created_at DESC
LIMIT 20;

-- SQL-12
SELECT
  COUNT(*) as total_imagens_processadas,
  COUNT(*) FILTER (WHERE storage_proof = 'never_stored') as nunca_armazenadas,
  COUNT(*) FILTER (WHERE storage_proof = 'processed_in_memory') as processadas_em_memoria,
  COUNT(*) FILTER (WHERE discarded_at IS NOT NULL) as descartadas_com_prova,
  COUNT(*) FILTER (WHERE discarded_at IS NULL) as sem_data_descarte
FROM image_processing_logs;

-- SQL-13
SELECT id, user_id, message_id, conversation_id,
       ai_model_used, explanation_level,
       explanation_content, confidence_score,
       disclaimer_shown, human_in_the_loop_confirmed,
       created_at
FROM explainability_logs
ORDER BY created_at DESC
LIMIT 10;

-- SQL-14
SELECT id, explanation_content, created_at
FROM explainability_logs
WHERE explanation_content LIKE '%PubMed E-utilities%'
ORDER BY created_at DESC
LIMIT 10;

-- SQL-15
SELECT
  COUNT(*) as total_respostas,
  COUNT(*) FILTER (WHERE disclaimer_shown = true) as com_disclaimer,
  COUNT(*) FILTER (WHERE disclaimer_shown = false) as sem_disclaimer
FROM explainability_logs;

-- SQL-16
SELECT a.details
FROM audit_logs a
WHERE a.action = 'message_received'
  AND a.resource_id = '[ID_DA_MENSAGEM]';

-- SQL-17
SELECT id, action, ip_address, user_agent, success,
       session_duration_seconds, failure_reason, created_at
FROM access_logs
WHERE user_id = '[ID_DO_MEDICO]'
ORDER BY created_at DESC
LIMIT 30;

-- SQL-18
SELECT id, user_id, ip_address, user_agent, failure_reason, created_at
FROM access_logs
WHERE success = false
ORDER BY created_at DESC
LIMIT 20;

-- SQL-19
SELECT
  action,
  COUNT(*) as total,
  COUNT(*) FILTER (WHERE success = true) as sucesso,
  COUNT(*) FILTER (WHERE success = false) as falha
FROM access_logs
GROUP BY action
ORDER BY action;

-- SQL-20
SELECT id, requester_user_id, request_type, status,
       description, requested_at, deadline_at,
       acknowledged_at, completed_at, created_at
FROM data_subject_requests
WHERE request_type = 'deletion'
ORDER BY requested_at DESC;

-- SQL-21
SELECT id, requester_user_id, request_type, status,
       requested_at, deadline_at,
       deadline_at - NOW() as tempo_restante
FROM data_subject_requests
WHERE status = 'pending'
ORDER BY deadline_at ASC;

-- SQL-22
SELECT id, user_id, action, resource_type, details, created_at
FROM audit_logs
WHERE action IN ('data_request_created', 'data_request_completed')
ORDER BY created_at DESC
LIMIT 20;

-- SQL-23
SELECT request_type, status,
       COUNT(*) as total,
       AVG(EXTRACT(DAY FROM (completed_at - requested_at))) as media_dias_resposta
FROM data_subject_requests
GROUP BY request_type, status
ORDER BY request_type, status;

-- SQL-24
SELECT tablename, rowsecurity
FROM pg_tables
WHERE schemaname = 'public'
ORDER BY tablename;

-- SQL-25
SELECT rulename, ev_type
FROM pg_rewrite
WHERE ev_class = 'audit_logs'::regclass
  AND rulename IN ('audit_logs_no_update', 'audit_logs_no_delete');

-- SQL-26
SELECT id, requested_at, deadline_at,
       deadline_at - requested_at as dias_corridos
FROM data_subject_requests
ORDER BY created_at DESC
LIMIT 5;

-- SQL-27
SELECT COUNT(*) as total_medicos,
       COUNT(*) FILTER (WHERE crm_number != 'PENDENTE') as com_crm_validado,
       COUNT(*) FILTER (WHERE crm_number = 'PENDENTE') as crm_pendente
FROM profiles;

-- SQL-28
SELECT
  role,
  COUNT(*) as total,
  MIN(created_at) as primeira,
  MAX(created_at) as ultima
FROM messages
GROUP BY role;

-- SQL-29
SELECT
  detection_type,
  COUNT(*) as total_deteccoes,
  ROUND(AVG(confidence_score)::numeric, 2) as confianca_media,
  action_taken
FROM sensitive_data_detection_logs
GROUP BY detection_type, action_taken
ORDER BY total_deteccoes DESC;

-- SQL-30
SELECT
  CASE
    WHEN COUNT(*) FILTER (WHERE storage_proof NOT IN ('never_stored', 'processed_in_memory')) > 0
    THEN 'ALERTA: Existem imagens com status inesperado!'
    ELSE 'OK: Nenhuma imagem foi armazenada permanentemente.'
  END as resultado,
  COUNT(*) as total_imagens_processadas,
  COUNT(*) FILTER (WHERE discarded_at IS NOT NULL) as com_prova_descarte
FROM image_processing_logs;

-- SQL-31
SELECT id, requester_user_id, request_type, status,
       requested_at, deadline_at,
       CASE
         WHEN status IN ('pending', 'in_progress') AND deadline_at < NOW()
         THEN 'FORA DO PRAZO!'
         WHEN status IN ('pending', 'in_progress')
         THEN 'Dentro do prazo'
         ELSE 'Concluido'
       END as situacao
FROM data_subject_requests
ORDER BY deadline_at ASC;

-- SQL-32
SELECT
  CASE
    WHEN COUNT(*) FILTER (WHERE disclaimer_shown = false) > 0
    THEN 'ALERTA: Existem respostas sem disclaimer!'
    ELSE 'OK: Todas as respostas exibiram disclaimer.'
  END as resultado,
  COUNT(*) as total_respostas,
  COUNT(*) FILTER (WHERE disclaimer_shown = true) as com_disclaimer
FROM explainability_logs;

-- SQL-33
SELECT action, resource_type,
       COUNT(*) as total,
       MIN(created_at) as primeiro_registro,
       MAX(created_at) as ultimo_registro
FROM audit_logs
GROUP BY action, resource_type
ORDER BY total DESC;

-- SQL-34
SELECT id, incident_type, severity, description,
       affected_users_count, detected_at, resolved_at,
       reported_to_anpd, is_simulation, created_at
FROM security_incident_logs
ORDER BY detected_at DESC;
