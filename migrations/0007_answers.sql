-- The assistant's answers: their structure, what became of each reference, what the doctor decided,
-- and the figures drawn from all of it.

-- A doctor may switch the assistant off (CFM 2.454/2026, art. 3). No row: on.
CREATE TABLE public.assistant_preferences (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id(),
  user_id uuid NOT NULL DEFAULT app.user_id(),
  enabled boolean NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, user_id),
  FOREIGN KEY (clinic_id, user_id) REFERENCES public.members (clinic_id, user_id) ON DELETE RESTRICT
);

CREATE FUNCTION app.assistant_enabled() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog
AS $$
BEGIN
  RETURN NOT EXISTS (SELECT FROM public.assistant_preferences p
                      WHERE p.user_id = app.user_id() AND NOT p.enabled);
END
$$;
GRANT EXECUTE ON FUNCTION app.assistant_enabled() TO sigilo_app;

-- Switched off, no answer can be stored, whatever the application believes.
CREATE POLICY switched_on ON public.messages AS RESTRICTIVE FOR INSERT TO sigilo_app
  WITH CHECK (role = 'user' OR (SELECT app.assistant_enabled()));

-- Images need a consent of their own.
CREATE POLICY pictures ON public.messages AS RESTRICTIVE FOR INSERT TO sigilo_app
  WITH CHECK (NOT has_image OR (SELECT app.has_consent('image_processing')));

-- An answer is announced to the browser under its identifier before it is stored.
GRANT INSERT (id) ON public.messages TO sigilo_app;

-- The parts of an answer, as the page shows them; `messages.content` holds the same as plain text.
CREATE TABLE public.ai_answers (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id(),
  message_id uuid NOT NULL,
  user_id uuid NOT NULL DEFAULT app.user_id(),
  question_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('complete', 'interrupted')),
  structure jsonb NOT NULL CHECK (jsonb_typeof(structure) = 'object'),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, message_id),
  FOREIGN KEY (clinic_id, message_id) REFERENCES public.messages (clinic_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (clinic_id, question_id) REFERENCES public.messages (clinic_id, id) ON DELETE RESTRICT
);
CREATE INDEX ai_answers_question ON public.ai_answers (clinic_id, question_id);

-- How the answer was made. Both flags are projections of `ai_review_events`: the application cannot write them.
ALTER TABLE public.explainability_logs
  ALTER COLUMN disclaimer_shown SET DEFAULT false,
  ADD COLUMN provider text CHECK (provider IN ('anthropic', 'openai', 'conhecimento_local')),
  ADD COLUMN model_reported text,
  ADD COLUMN api_version text,
  ADD COLUMN prompt_hash text,
  ADD COLUMN schema_hash text,
  ADD COLUMN provider_request_id text,
  ADD COLUMN stop_reason text,
  ADD COLUMN temperature real,
  ADD COLUMN temperature_reason text,
  ADD COLUMN tokens_input bigint CHECK (tokens_input >= 0),
  ADD COLUMN tokens_output bigint CHECK (tokens_output >= 0),
  ADD COLUMN tokens_cached bigint CHECK (tokens_cached >= 0),
  ADD COLUMN retries integer CHECK (retries >= 0),
  ADD COLUMN first_token_ms integer CHECK (first_token_ms >= 0),
  ADD COLUMN processing_time_ms integer CHECK (processing_time_ms >= 0),
  ADD COLUMN verification_time_ms integer CHECK (verification_time_ms >= 0),
  ADD COLUMN abstained boolean,
  ADD COLUMN unauthorised_identifiers integer CHECK (unauthorised_identifiers >= 0),
  ADD COLUMN removed_links integer CHECK (removed_links >= 0),
  ADD COLUMN cid10_codes integer CHECK (cid10_codes >= 0),
  ADD COLUMN invalid_cid10 integer CHECK (invalid_cid10 >= 0),
  ADD COLUMN risk_class text CHECK (risk_class IN ('baixo', 'medio', 'alto')),
  -- A sampling temperature that was not sent needs its reason.
  ADD CHECK (temperature IS NULL OR temperature_reason IS NULL);
CREATE UNIQUE INDEX explainability_logs_message ON public.explainability_logs (clinic_id, message_id);

-- One row a verification. Verifying again adds a row; the last one counts.
CREATE TABLE public.ai_reference_checks (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL DEFAULT app.user_id(),
  message_id uuid NOT NULL,
  ordinal integer NOT NULL CHECK (ordinal BETWEEN 1 AND 100),
  cited jsonb NOT NULL,
  verdict text NOT NULL
    CHECK (verdict IN ('verificada', 'verificada_com_correcao', 'ambigua', 'nao_encontrada', 'nao_verificada')),
  reason text,
  pmid integer CHECK (pmid > 0),
  -- The whole verification as it was made: article found, corrections, candidates with scores, searches sent.
  findings jsonb NOT NULL,
  retracted boolean NOT NULL DEFAULT false,
  source text NOT NULL CHECK (source IN ('eutils', 'indice_local', 'nenhuma')),
  latency_ms integer NOT NULL CHECK (latency_ms >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  CHECK (verdict NOT IN ('verificada', 'verificada_com_correcao') OR (pmid IS NOT NULL AND source <> 'nenhuma'))
);
CREATE INDEX ai_reference_checks_message ON public.ai_reference_checks (clinic_id, message_id, ordinal, created_at);

-- What the doctor did with an answer. Only ever added to.
CREATE TABLE public.ai_review_events (
  clinic_id uuid NOT NULL DEFAULT app.clinic_id() REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  user_id uuid NOT NULL DEFAULT app.user_id(),
  message_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('disclaimer_rendered', 'accepted', 'edited', 'rejected', 'outcome', 'record_copied')),
  -- `resposta` or one part of it, such as `hipotese-2`.
  section text NOT NULL CHECK (section ~ '^[a-z]+(-[0-9]{1,2})?$'),
  reason text CHECK (length(reason) BETWEEN 1 AND 1000),
  edited_text text CHECK (length(edited_text) BETWEEN 1 AND 20000),
  -- Position of the hypothesis that was confirmed; 0 when none of them was.
  outcome integer CHECK (outcome BETWEEN 0 AND 20),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  CHECK ((kind = 'edited') = (edited_text IS NOT NULL)),
  CHECK ((kind = 'outcome') = (outcome IS NOT NULL)),
  CHECK (kind <> 'rejected' OR reason IS NOT NULL)
);
CREATE INDEX ai_review_events_message ON public.ai_review_events (clinic_id, message_id, created_at);

-- Sets the projections. An event about an answer that is not the doctor's own, or not there, is refused.
CREATE FUNCTION public.fn_project_review() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
  UPDATE public.explainability_logs l
     SET disclaimer_shown = l.disclaimer_shown OR NEW.kind = 'disclaimer_rendered',
         human_in_the_loop_confirmed = l.human_in_the_loop_confirmed OR NEW.kind IN ('accepted', 'edited', 'rejected')
   WHERE l.clinic_id = NEW.clinic_id AND l.user_id = NEW.user_id AND l.message_id = NEW.message_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no such answer' USING ERRCODE = 'no_data_found';
  END IF;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION public.fn_project_review() FROM PUBLIC;
ALTER FUNCTION public.fn_project_review() OWNER TO sigilo_trail;
CREATE TRIGGER project_review AFTER INSERT ON public.ai_review_events
  FOR EACH ROW EXECUTE FUNCTION public.fn_project_review();
CREATE POLICY projection ON public.explainability_logs TO sigilo_trail USING (true) WITH CHECK (true);
GRANT SELECT (clinic_id, user_id, message_id, disclaimer_shown, human_in_the_loop_confirmed),
  UPDATE (disclaimer_shown, human_in_the_loop_confirmed) ON public.explainability_logs TO sigilo_trail;

-- Images: which answer they were for, what left them, and how the process stood.
ALTER TABLE public.image_processing_logs
  ADD COLUMN message_id uuid,
  ADD COLUMN image_width integer CHECK (image_width BETWEEN 1 AND 8000),
  ADD COLUMN image_height integer CHECK (image_height BETWEEN 1 AND 8000),
  ADD COLUMN removed_metadata text[],
  ADD COLUMN memory_checks jsonb;

-- Figures a month, a clinic and a model, each with its interval (Wilson, 95 %).
CREATE TABLE public.ai_governance_metrics (
  clinic_id uuid NOT NULL REFERENCES public.clinics ON DELETE RESTRICT,
  id uuid NOT NULL DEFAULT app.uuid_v7(),
  metric text NOT NULL CHECK (metric ~ '^[a-z][a-z0-9_]*$'),
  model text NOT NULL,
  period_start date NOT NULL,
  period_end date NOT NULL CHECK (period_end > period_start),
  numerator double precision NOT NULL CHECK (numerator >= 0),
  denominator bigint NOT NULL CHECK (denominator > 0),
  value double precision NOT NULL,
  ci_low double precision CHECK (ci_low <= value),
  ci_high double precision CHECK (ci_high >= value),
  computed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, id),
  UNIQUE (clinic_id, metric, model, period_start)
);

CREATE FUNCTION app.wilson(successes double precision, trials bigint, side integer) RETURNS double precision
LANGUAGE sql IMMUTABLE
AS $$
  SELECT CASE WHEN trials > 0 THEN
    least(1, greatest(0,
      (successes / trials + 1.959964 ^ 2 / (2 * trials)
       + side * 1.959964 * sqrt(greatest(0, successes / trials * (1 - successes / trials)) / trials
                                + 1.959964 ^ 2 / (4.0 * trials ^ 2)))
      / (1 + 1.959964 ^ 2 / trials))) END
$$;
GRANT EXECUTE ON FUNCTION app.wilson(double precision, bigint, integer) TO sigilo_jobs;

-- Results of `sigilo eval`, which say something of the product and nothing of a clinic.
CREATE TABLE ops.ai_evaluations (
  id uuid PRIMARY KEY DEFAULT app.uuid_v7(),
  kind text NOT NULL CHECK (kind IN ('acuracia', 'vies')),
  subject text NOT NULL,
  result jsonb NOT NULL,
  run_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE ops.ai_evaluations ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.ai_evaluations FORCE ROW LEVEL SECURITY;
CREATE POLICY evaluations ON ops.ai_evaluations TO sigilo_owner USING (true) WITH CHECK (true);
CREATE POLICY gate ON ops.ai_evaluations FOR SELECT TO sigilo_gate USING (true);
GRANT SELECT ON ops.ai_evaluations TO sigilo_gate;

CREATE FUNCTION app.ai_evaluations() RETURNS TABLE (kind text, subject text, result jsonb, run_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
  SELECT DISTINCT ON (e.kind) e.kind, e.subject, e.result, e.run_at FROM ops.ai_evaluations e
   ORDER BY e.kind, e.run_at DESC
$$;
REVOKE EXECUTE ON FUNCTION app.ai_evaluations() FROM PUBLIC;
ALTER FUNCTION app.ai_evaluations() OWNER TO sigilo_gate;
GRANT EXECUTE ON FUNCTION app.ai_evaluations() TO sigilo_app;

-- Row-level security ------------------------------------------------------------------------

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['assistant_preferences', 'ai_answers', 'ai_reference_checks', 'ai_review_events',
                           'ai_governance_metrics'] LOOP
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY clinic_floor ON public.%I AS RESTRICTIVE TO sigilo_app
                      USING (clinic_id = (SELECT app.clinic_id())) WITH CHECK (clinic_id = (SELECT app.clinic_id()))', t);
    EXECUTE format('CREATE POLICY audit ON public.%I FOR SELECT TO sigilo_auditor USING (true)', t);
    EXECUTE format('GRANT SELECT ON public.%I TO sigilo_auditor', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['assistant_preferences', 'ai_answers', 'ai_reference_checks', 'ai_review_events'] LOOP
    EXECUTE format('CREATE POLICY own_rows ON public.%I TO sigilo_app
                      USING (user_id = (SELECT app.user_id())) WITH CHECK (user_id = (SELECT app.user_id()))', t);
  END LOOP;
  -- The scheduler counts; it reads no text.
  FOREACH t IN ARRAY ARRAY['explainability_logs', 'ai_reference_checks', 'ai_review_events'] LOOP
    EXECUTE format('CREATE POLICY counting ON public.%I FOR SELECT TO sigilo_jobs USING (true)', t);
  END LOOP;
END
$$;
-- Figures are for the clinic as a whole: whoever works with the assistant or answers for it. No figure is a doctor's.
CREATE POLICY clinic_figures ON public.ai_governance_metrics FOR SELECT TO sigilo_app
  USING ((SELECT app.has_role('professional') OR app.has_role('owner') OR app.has_role('administrator')
                 OR app.has_role('dpo') OR app.has_role('auditor')));
CREATE POLICY figures ON public.ai_governance_metrics TO sigilo_jobs USING (true) WITH CHECK (true);

GRANT SELECT, INSERT (enabled), UPDATE (enabled, updated_at) ON public.assistant_preferences TO sigilo_app;
GRANT SELECT, INSERT (message_id, question_id, state, structure) ON public.ai_answers TO sigilo_app;
GRANT SELECT, INSERT (message_id, ordinal, cited, verdict, reason, pmid, findings, retracted, source, latency_ms)
  ON public.ai_reference_checks TO sigilo_app;
GRANT SELECT, INSERT (message_id, kind, section, reason, edited_text, outcome) ON public.ai_review_events TO sigilo_app;
GRANT SELECT ON public.ai_governance_metrics TO sigilo_app;
REVOKE INSERT ON public.explainability_logs FROM sigilo_app;
GRANT INSERT (message_id, conversation_id, ai_model_used, explanation_level, explanation_content, confidence_score,
              provider, model_reported, api_version, prompt_hash, schema_hash, provider_request_id, stop_reason,
              temperature, temperature_reason, tokens_input, tokens_output, tokens_cached, retries, first_token_ms,
              processing_time_ms, verification_time_ms, abstained, unauthorised_identifiers, removed_links,
              cid10_codes, invalid_cid10, risk_class)
  ON public.explainability_logs TO sigilo_app;

GRANT SELECT (clinic_id, message_id, ai_model_used, confidence_score, abstained, unauthorised_identifiers, cid10_codes,
              invalid_cid10, created_at) ON public.explainability_logs TO sigilo_jobs;
GRANT SELECT (clinic_id, id, message_id, ordinal, verdict, reason, retracted, created_at)
  ON public.ai_reference_checks TO sigilo_jobs;
GRANT SELECT (clinic_id, id, message_id, kind, section, outcome, created_at) ON public.ai_review_events TO sigilo_jobs;
GRANT SELECT, INSERT, UPDATE ON public.ai_governance_metrics TO sigilo_jobs;
