-- report.issue: a report that was drawn
INSERT INTO audit_reports (id, simulation_id, period_from, period_to, queries_ok, queries_attention, queries_problem,
                           queries_other, product_version, issued_at)
VALUES ($1, $2, to_date($3, 'YYYY-MM-DD'), to_date($4, 'YYYY-MM-DD'), $5, $6, $7, $8, $9, $10);

-- report.keep: one of its files
INSERT INTO audit_report_files (report_id, form, content) VALUES ($1, $2, $3);

-- report.recent: the clinic's reports, latest first
SELECT r.id, m.display_name AS by_name, to_char(r.period_from, 'DD/MM/YYYY') AS period_from,
       to_char(r.period_to, 'DD/MM/YYYY') AS period_to, r.simulation_id, r.queries_ok, r.queries_attention,
       r.queries_problem, r.queries_other, r.issued_at, f.forms, f.hashes
  FROM audit_reports r
  LEFT JOIN members m ON m.clinic_id = r.clinic_id AND m.user_id = r.user_id
  LEFT JOIN LATERAL (SELECT array_agg(form ORDER BY form DESC) AS forms, array_agg(content_hash ORDER BY form DESC) AS hashes
                       FROM audit_report_files f WHERE f.clinic_id = r.clinic_id AND f.report_id = r.id) f ON true
 ORDER BY r.created_at DESC, r.id DESC LIMIT 50;

-- report.file: one of a report's files
SELECT content FROM audit_report_files WHERE report_id = $1 AND form = $2;

-- report.by_hash: what may be known of a file by whoever has it
SELECT clinic_name, form, report_id, to_char(period_from, 'DD/MM/YYYY') AS period_from,
       to_char(period_to, 'DD/MM/YYYY') AS period_to, issued_at, product_version
  FROM app.report_by_hash($1);
