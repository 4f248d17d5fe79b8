-- That an image was discarded is proved also when the doctor's session ended while the answer was being written: then the
-- installation itself writes the row, in the doctor's name.
CREATE POLICY discards ON public.image_processing_logs FOR INSERT TO sigilo_jobs WITH CHECK (true);
GRANT INSERT (clinic_id, user_id, conversation_id, message_id, image_hash, image_size_bytes, image_mime_type, processed_at,
              discarded_at, processing_duration_ms, storage_proof, image_width, image_height, removed_metadata, memory_checks)
  ON public.image_processing_logs TO sigilo_jobs;
