-- team.all: everybody of the clinic, for who runs it
SELECT user_id, display_name, roles, status, joined_at, last_sign_in_at, invited_until, is_own FROM app.team();

-- team.invite: a new account with its membership and a link
SELECT app.invite_member($1, $2, $3, $4);

-- team.renew: another link for somebody who never came in
SELECT app.renew_invitation($1, $2, $3);

-- team.set: other roles or another standing
SELECT app.set_member($1, $2, $3);
