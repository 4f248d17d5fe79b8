-- manual.counts: how many rows the clinic has of each table, for who audits it or answers for it
SELECT table_name, row_count FROM app.table_counts($1);
