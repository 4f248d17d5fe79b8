-- governance.figures: the clinic's figures, latest period first
SELECT metric, model, period_start::text, period_end::text, numerator, denominator, value, ci_low, ci_high, computed_at
  FROM ai_governance_metrics WHERE period_start > (now() - interval '13 months')::date
 ORDER BY period_start DESC, model, metric;

-- governance.evaluations: the last `sigilo eval` of each kind
SELECT kind, subject, result, run_at FROM app.ai_evaluations();

-- governance.evaluated: keeps the result of an evaluation
INSERT INTO ops.ai_evaluations (kind, subject, result) VALUES ($1, $2, $3);
