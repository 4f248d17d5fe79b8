-- Who works in a clinic: invited by a link, given roles, deactivated. The application never writes a membership itself: it asks
-- one of these functions, each of which looks at who asks.

-- What the one who runs a clinic sees of an account: whether it was ever used.
GRANT SELECT (id, last_sign_in_at), INSERT (id) ON auth.users TO sigilo_gate;
CREATE POLICY gate ON auth.users TO sigilo_gate USING (true) WITH CHECK (true);
GRANT INSERT (clinic_id, user_id, display_name, roles), UPDATE (roles, status) ON public.members TO sigilo_gate;
GRANT SELECT, INSERT (token_hash, user_id, clinic_id, kind, expires_at), UPDATE (expires_at) ON auth.links TO sigilo_gate;
CREATE POLICY gate ON auth.links TO sigilo_gate USING (kind = 'invitation') WITH CHECK (kind = 'invitation');
GRANT UPDATE (ended_at, ended_reason) ON auth.sessions TO sigilo_gate;

-- Whoever asks may change this membership: they run the clinic, it is not their own, and an owner is an owner's to change.
CREATE FUNCTION app.check_team(member uuid, wanted text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
DECLARE had text[] := (SELECT m.roles FROM public.members m WHERE m.clinic_id = app.clinic_id() AND m.user_id = check_team.member);
BEGIN
  IF NOT app.runs_clinic() THEN
    RAISE EXCEPTION 'runs no clinic' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF check_team.member = app.user_id() THEN
    RAISE EXCEPTION 'nobody changes their own permissions' USING ERRCODE = 'check_violation', CONSTRAINT = 'team_own';
  END IF;
  IF check_team.member IS NOT NULL AND had IS NULL THEN
    RAISE EXCEPTION 'no such member' USING ERRCODE = 'no_data_found';
  END IF;
  IF ('owner' = ANY (coalesce(had, '{}')) OR 'owner' = ANY (wanted)) AND NOT app.has_role('owner') THEN
    RAISE EXCEPTION 'an owner is an owner''s to make' USING ERRCODE = 'check_violation', CONSTRAINT = 'team_owner';
  END IF;
END
$$;

-- Everybody of the session's clinic, for who runs it.
CREATE FUNCTION app.team()
RETURNS TABLE (user_id uuid, display_name text, roles text[], status text, joined_at timestamptz, last_sign_in_at timestamptz,
               invited_until timestamptz, is_own boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
#variable_conflict use_column
BEGIN
  IF NOT app.runs_clinic() THEN
    RAISE EXCEPTION 'runs no clinic' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY
    SELECT m.user_id, m.display_name, m.roles, m.status, m.created_at, u.last_sign_in_at,
           (SELECT max(l.expires_at) FROM auth.links l
             WHERE l.clinic_id = m.clinic_id AND l.user_id = m.user_id AND l.used_at IS NULL AND l.expires_at > now()),
           m.user_id = app.user_id()
      FROM public.members m JOIN auth.users u ON u.id = m.user_id
     WHERE m.clinic_id = app.clinic_id()
     ORDER BY m.status, m.display_name, m.user_id;
END
$$;

-- A new account with its membership, and the link with which its owner registers a passkey. Whose account.
CREATE FUNCTION app.invite_member(member_name text, wanted text[], token text, hours integer) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE invited uuid := app.uuid_v7();
BEGIN
  PERFORM app.check_team(NULL, wanted);
  INSERT INTO auth.users (id) VALUES (invited);
  INSERT INTO public.members (clinic_id, user_id, display_name, roles) VALUES (app.clinic_id(), invited, member_name, wanted);
  INSERT INTO auth.links (token_hash, user_id, clinic_id, kind, expires_at)
  VALUES (sha256(convert_to(token, 'UTF8')), invited, app.clinic_id(), 'invitation', now() + make_interval(hours => hours));
  RETURN invited;
END
$$;

-- Another link for somebody who never came in; the earlier ones end. Who has come in once gets back in by the operator's word.
CREATE FUNCTION app.renew_invitation(member uuid, token text, hours integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  PERFORM app.check_team(renew_invitation.member, '{}');
  IF NOT EXISTS (SELECT FROM auth.users u JOIN public.members m ON m.user_id = u.id
                  WHERE u.id = renew_invitation.member AND u.last_sign_in_at IS NULL
                    AND m.clinic_id = app.clinic_id() AND m.status = 'active') THEN
    RAISE EXCEPTION 'came in already' USING ERRCODE = 'check_violation', CONSTRAINT = 'team_came_in';
  END IF;
  UPDATE auth.links l SET expires_at = now()
   WHERE l.clinic_id = app.clinic_id() AND l.user_id = renew_invitation.member AND l.used_at IS NULL AND l.expires_at > now();
  INSERT INTO auth.links (token_hash, user_id, clinic_id, kind, expires_at)
  VALUES (sha256(convert_to(token, 'UTF8')), renew_invitation.member, app.clinic_id(), 'invitation',
          now() + make_interval(hours => hours));
END
$$;

-- Another set of roles, or another standing. Who is deactivated is out at once; a clinic keeps an active owner.
CREATE FUNCTION app.set_member(member uuid, wanted text[], standing text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  -- Two owners who deactivate each other at once would leave none.
  PERFORM pg_advisory_xact_lock(hashtextextended(app.clinic_id()::text, 27));
  PERFORM app.check_team(set_member.member, wanted);
  UPDATE public.members m SET roles = wanted, status = standing, updated_at = now()
   WHERE m.clinic_id = app.clinic_id() AND m.user_id = set_member.member;
  IF NOT EXISTS (SELECT FROM public.members m
                  WHERE m.clinic_id = app.clinic_id() AND m.status = 'active' AND 'owner' = ANY (m.roles)) THEN
    RAISE EXCEPTION 'a clinic keeps an owner' USING ERRCODE = 'check_violation', CONSTRAINT = 'team_keeps_owner';
  END IF;
  IF standing = 'deactivated' THEN
    UPDATE auth.sessions s SET ended_at = now(), ended_reason = 'deactivated'
     WHERE s.clinic_id = app.clinic_id() AND s.user_id = set_member.member AND s.ended_at IS NULL;
    UPDATE auth.links l SET expires_at = now()
     WHERE l.clinic_id = app.clinic_id() AND l.user_id = set_member.member AND l.used_at IS NULL AND l.expires_at > now();
  END IF;
END
$$;

DO $$
DECLARE f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['app.team()', 'app.invite_member(text, text[], text, integer)',
                           'app.renew_invitation(uuid, text, integer)', 'app.set_member(uuid, text[], text)'] LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('ALTER FUNCTION %s OWNER TO sigilo_gate', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO sigilo_app', f);
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION app.check_team(uuid, text[]), app.runs_clinic() TO sigilo_gate;
