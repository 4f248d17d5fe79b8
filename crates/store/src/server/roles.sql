-- Papéis e banco do Sigilo. Pode ser repetido à vontade: só muda o que falta.
--
-- Num servidor próprio, com psql e um superusuário (troque as sete senhas):
--
--   psql -d postgres -f roles.sql -v senha_owner=… -v senha_app=… \
--        -v senha_auth=… -v senha_jobs=… -v senha_auditor=… -v senha_console=… \
--        -v senha_sealer=…
--
-- O Sigilo executa este mesmo arquivo no servidor que ele cuida. Cada comando
-- termina a linha com ponto e vírgula ou com \gexec; nada além disso.

\set ON_ERROR_STOP on
\set banco sigilo

-- 1. Papéis. Nenhum é superusuário, nenhum contorna a segurança por linha.

SELECT format('CREATE ROLE %I', papel)
  FROM unnest(ARRAY['sigilo_owner', 'sigilo_app', 'sigilo_auth', 'sigilo_jobs',
                    'sigilo_auditor', 'sigilo_console', 'sigilo_sealer', 'sigilo_trail', 'sigilo_gate']) AS papel
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = papel) \gexec

SELECT format('ALTER ROLE %I NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION', rolname)
  FROM pg_roles
 WHERE rolname IN ('sigilo_owner', 'sigilo_app', 'sigilo_auth', 'sigilo_jobs',
                   'sigilo_auditor', 'sigilo_console', 'sigilo_sealer', 'sigilo_trail', 'sigilo_gate')
   AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication) \gexec

-- Dono das tabelas: só para migrações.
ALTER ROLE sigilo_owner LOGIN CONNECTION LIMIT 8 PASSWORD :'senha_owner';
ALTER ROLE sigilo_owner SET idle_in_transaction_session_timeout = '10min';

-- A aplicação.
ALTER ROLE sigilo_app LOGIN CONNECTION LIMIT 50 PASSWORD :'senha_app';
ALTER ROLE sigilo_app SET statement_timeout = '10s';
ALTER ROLE sigilo_app SET lock_timeout = '5s';
ALTER ROLE sigilo_app SET idle_in_transaction_session_timeout = '15s';

-- Só a entrada de pessoas (sessões, fatores).
ALTER ROLE sigilo_auth LOGIN CONNECTION LIMIT 15 PASSWORD :'senha_auth';
ALTER ROLE sigilo_auth SET statement_timeout = '5s';
ALTER ROLE sigilo_auth SET lock_timeout = '3s';
ALTER ROLE sigilo_auth SET idle_in_transaction_session_timeout = '10s';

-- As tarefas de fundo, em lotes.
ALTER ROLE sigilo_jobs LOGIN CONNECTION LIMIT 8 PASSWORD :'senha_jobs';
ALTER ROLE sigilo_jobs SET statement_timeout = '5min';
ALTER ROLE sigilo_jobs SET lock_timeout = '5s';
ALTER ROLE sigilo_jobs SET idle_in_transaction_session_timeout = '60s';

-- Auditoria: lê, nunca escreve.
ALTER ROLE sigilo_auditor LOGIN CONNECTION LIMIT 8 PASSWORD :'senha_auditor';
ALTER ROLE sigilo_auditor SET default_transaction_read_only = on;
ALTER ROLE sigilo_auditor SET search_path = public;
ALTER ROLE sigilo_auditor SET statement_timeout = '30s';
ALTER ROLE sigilo_auditor SET lock_timeout = '2s';
ALTER ROLE sigilo_auditor SET idle_in_transaction_session_timeout = '5min';

-- As consultas do console de auditoria: uma clínica, uma autorização em vigor, nada além de ler.
ALTER ROLE sigilo_console LOGIN NOINHERIT CONNECTION LIMIT 6 PASSWORD :'senha_console';
ALTER ROLE sigilo_console SET default_transaction_read_only = on;
ALTER ROLE sigilo_console SET search_path = public;
ALTER ROLE sigilo_console SET statement_timeout = '25s';
ALTER ROLE sigilo_console SET lock_timeout = '2s';
ALTER ROLE sigilo_console SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE sigilo_console SET temp_file_limit = '512MB';

-- O lacre da trilha: lê a trilha inteira e escreve as provas.
ALTER ROLE sigilo_sealer LOGIN CONNECTION LIMIT 6 PASSWORD :'senha_sealer';
ALTER ROLE sigilo_sealer SET lock_timeout = '5s';
ALTER ROLE sigilo_sealer SET idle_in_transaction_session_timeout = '5min';

-- Donos das funções que escrevem a trilha e que abrem a sessão: ninguém entra com eles.
ALTER ROLE sigilo_trail NOLOGIN;
ALTER ROLE sigilo_gate NOLOGIN;
GRANT sigilo_trail, sigilo_gate TO sigilo_owner;

-- 2. Banco.

SELECT format('CREATE DATABASE %I OWNER sigilo_owner ENCODING ''UTF8'' TEMPLATE template0', :'banco')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'banco') \gexec

ALTER DATABASE :"banco" OWNER TO sigilo_owner;
ALTER DATABASE :"banco" SET timezone = 'UTC';
REVOKE ALL ON DATABASE :"banco" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"banco" TO sigilo_app, sigilo_auth, sigilo_jobs, sigilo_auditor, sigilo_console,
  sigilo_sealer;

\connect :"banco"

-- 3. Dentro do banco.

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO sigilo_app, sigilo_auth, sigilo_jobs, sigilo_auditor, sigilo_console, sigilo_sealer;

-- Blocos DO: quem só consulta não programa.
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
GRANT USAGE ON LANGUAGE plpgsql TO sigilo_owner;

-- Funções do PostgreSQL que mostram ou mudam a sessão, esperam, travam, avisam outras sessões ou gravam objetos
-- grandes, e que qualquer papel poderia chamar: ficam só com quem precisa delas, e nunca com o console.
SELECT format('REVOKE EXECUTE ON FUNCTION %1$s FROM PUBLIC; GRANT EXECUTE ON FUNCTION %1$s
                 TO sigilo_owner, sigilo_app, sigilo_auth, sigilo_jobs, sigilo_sealer, sigilo_gate, sigilo_trail%2$s', oid::regprocedure,
              CASE WHEN proname = 'current_setting' THEN ', sigilo_auditor' END)
  FROM pg_proc
 WHERE pronamespace = 'pg_catalog'::regnamespace
   AND (proname ~ '^(lo_|pg_sleep|pg_advisory_|pg_try_advisory_)'
        OR proname IN ('loread', 'lowrite', 'pg_notify', 'set_config', 'current_setting', 'pg_terminate_backend',
                       'pg_cancel_backend'))
   AND has_function_privilege('sigilo_console', oid, 'EXECUTE') \gexec

-- 4. O que guarda a trilha, fora do alcance do dono das tabelas: só um superusuário tira.

CREATE SCHEMA IF NOT EXISTS guard;
REVOKE ALL ON SCHEMA guard FROM PUBLIC;

-- Um mês da trilha só sai depois do prazo, e só se tudo o que falta nele foi declarado na própria trilha, lacrado e visto por
-- fora. Tudo o que decide está aqui: uma função que o dono das tabelas pudesse trocar rodaria como superusuário.
CREATE OR REPLACE FUNCTION guard.clock() RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog AS 'SELECT now()';
CREATE OR REPLACE FUNCTION guard.missing(month date) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog SET timezone = 'UTC'
AS $$
BEGIN
  RETURN (
    WITH declared AS (
      SELECT coalesce(a.clinic_id, '00000000-0000-0000-0000-000000000000') AS log_id,
             range_agg(int8range((pair ->> 0)::bigint, (pair ->> 1)::bigint)) AS leaves
        FROM public.audit_logs a
        JOIN trail.heads own ON own.log_id = coalesce(a.clinic_id, '00000000-0000-0000-0000-000000000000')
             AND own.newest >= a.created_at AND own.oldest <= a.created_at AND a.seq = ANY (own.seqs),
             jsonb_array_elements(a.details -> 'ranges') pair
       WHERE a.resource_type = 'audit_logs' AND a.category = 'retention'
         AND (SELECT s.sealed_at FROM trail.heads h JOIN trail.rounds s USING (round)
               WHERE h.log_id = own.log_id AND h.size >= (pair ->> 1)::bigint ORDER BY h.size LIMIT 1) <= a.created_at - interval '5 years'
         AND EXISTS (SELECT FROM trail.checkpoints c WHERE c.round >= own.round)
         AND (NOT EXISTS (SELECT FROM trail.witnesses) OR EXISTS (SELECT FROM trail.cosignatures c WHERE c.round >= own.round))
         AND (NOT EXISTS (SELECT FROM trail.stamps)
              OR EXISTS (SELECT FROM trail.stamps s WHERE s.round >= own.round AND s.status = 'granted'))
       GROUP BY 1
    )
    SELECT (SELECT count(*)
              FROM trail.heads h CROSS JOIN LATERAL unnest(h.seqs) WITH ORDINALITY AS s (seq, n) LEFT JOIN declared d USING (log_id)
             WHERE h.newest >= month AND h.oldest < month + interval '1 month'
               AND NOT coalesce(d.leaves @> h.size - cardinality(h.seqs) + s.n - 1, false)
               AND NOT EXISTS (SELECT FROM public.audit_logs a WHERE a.seq = s.seq AND a.created_at BETWEEN h.oldest AND h.newest))
         + (SELECT count(*) FROM public.audit_logs a
             WHERE a.created_at >= month AND a.created_at < month + interval '1 month'
               AND (a.category = 'data' AND coalesce(a.new_data, a.old_data) ->> 'algorithm' = 'sha256(salt || row)'
                    AND NOT EXISTS (SELECT FROM trail.audit_details d WHERE d.seq = a.seq AND d.created_at = a.created_at)
                    OR a.category IN ('event', 'access')
                       AND NOT EXISTS (SELECT FROM public.audit_trail t WHERE t.id = a.audit_trail_id AND t.created_at = a.created_at))));
END
$$;
CREATE OR REPLACE FUNCTION guard.is_due(part text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog SET timezone = 'UTC'
AS $$
DECLARE
  found text[] := regexp_match(part, '^trail\.(access_logs|audit_logs|audit_trail|audit_details)_([0-9]{4}_[0-9]{2})(_old)?$');
  month date := to_date(found[2], 'YYYY_MM');
BEGIN
  RETURN CASE
    WHEN found IS NULL THEN false
    WHEN found[1] = 'access_logs' THEN month + interval '13 months' <= guard.clock()
    ELSE month + interval '61 months' <= guard.clock() AND guard.missing(month) = 0
  END;
END
$$;

-- Nenhuma guarda cai sozinha, nenhuma tabela da trilha é apagada antes da hora.
CREATE OR REPLACE FUNCTION guard.refuse_drop() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  gone text;
BEGIN
  SELECT object_identity INTO gone FROM pg_event_trigger_dropped_objects()
   WHERE (object_type IN ('rule', 'trigger') AND original
          AND object_identity ~ '^"?(audit_logs_no_(update|delete)|no_change|no_truncate|audit_(insert|update|delete))"? on ')
      OR (object_type = 'table'
          AND object_identity ~ '^(public\.(audit_logs|audit_trail|access_logs)$|trail\.)'
          AND NOT guard.is_due(object_identity))
   LIMIT 1;
  IF gone IS NOT NULL THEN
    RAISE EXCEPTION '% guards the trail and stays', gone USING ERRCODE = 'insufficient_privilege';
  END IF;
END
$$;

-- Uma guarda desligada é como uma guarda apagada. Só na transação que cria a tabela ela ainda pode estar a caminho.
CREATE OR REPLACE FUNCTION guard.refuse_alter() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
  weak text;
BEGIN
  SELECT format('%s on %s', g.name, g.tab::regclass) INTO weak
    FROM (SELECT tgrelid AS tab, tgname AS name, tgenabled AS state FROM pg_trigger
           WHERE tgname IN ('no_change', 'no_truncate', 'audit_insert', 'audit_update', 'audit_delete')
          UNION ALL
          SELECT ev_class, rulename, ev_enabled FROM pg_rewrite WHERE rulename IN ('audit_logs_no_update', 'audit_logs_no_delete')) g
    JOIN pg_event_trigger_ddl_commands() c ON c.classid = 'pg_class'::regclass AND c.objid = g.tab
   WHERE g.state IN ('D', 'R')
      OR (g.state = 'O' AND g.name NOT IN ('audit_insert', 'audit_update', 'audit_delete')
          AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = g.tab AND a.attname = 'tableoid'
                             AND a.xmin = pg_current_xact_id()::xid))
   LIMIT 1;
  IF weak IS NOT NULL THEN
    RAISE EXCEPTION '% guards the trail and stays as it is', weak USING ERRCODE = 'insufficient_privilege';
  END IF;
END
$$;

DROP EVENT TRIGGER IF EXISTS sigilo_guard_drop;
CREATE EVENT TRIGGER sigilo_guard_drop ON sql_drop EXECUTE FUNCTION guard.refuse_drop();
ALTER EVENT TRIGGER sigilo_guard_drop ENABLE ALWAYS;
DROP EVENT TRIGGER IF EXISTS sigilo_guard_alter;
CREATE EVENT TRIGGER sigilo_guard_alter ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION guard.refuse_alter();
ALTER EVENT TRIGGER sigilo_guard_alter ENABLE ALWAYS;
