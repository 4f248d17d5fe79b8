-- consent.history: every act of the signed-in member, newest first
SELECT consent_type, consent_version, granted, granted_at, withdrawn_at FROM consent_records
 WHERE user_id = (SELECT app.user_id()) ORDER BY granted_at DESC, id DESC;

-- consent.grant: one act; an already live consent stays as it is
INSERT INTO consent_records (user_id, consent_type, consent_version, consent_text_hash, purpose, legal_basis,
                             data_categories, granted, retention_justification)
VALUES (app.user_id(), $1, $2, $3, $4, $5, $6, true, $7)
ON CONFLICT (clinic_id, user_id, consent_type) WHERE granted DO NOTHING;

-- consent.revoke: withdraws the live consent
UPDATE consent_records SET granted = false, withdrawal_method = 'account_page'
 WHERE user_id = (SELECT app.user_id()) AND consent_type = $1 AND granted;
