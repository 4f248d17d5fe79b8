-- profile.own: the signed-in doctor's profile
SELECT full_name, crm_number, crm_state, specialty, council_validation, onboarded_at, created_at FROM profiles
 WHERE id = (SELECT app.user_id());

-- profile.complete: what the onboarding collects
UPDATE profiles
   SET full_name = $1, crm_number = $2, crm_state = $3, specialty = $4,
       council_validation = CASE WHEN (crm_number, crm_state) = ($2, $3) AND council_validation <> 'pending'
                                 THEN council_validation ELSE 'format_ok' END,
       onboarded_at = coalesce(onboarded_at, now()), updated_at = now()
 WHERE id = (SELECT app.user_id());
