-- Papéis e banco do Sigilo. Pode ser repetido à vontade: só muda o que falta.
--
-- Num servidor próprio, com psql e um superusuário (troque as seis senhas):
--
--   psql -d postgres -f roles.sql -v senha_owner=… -v senha_app=… \
--        -v senha_auth=… -v senha_jobs=… -v senha_auditor=… -v senha_console=…
--
-- O Sigilo executa este mesmo arquivo no servidor que ele cuida. Cada comando
-- termina a linha com ponto e vírgula ou com \gexec; nada além disso.

\set ON_ERROR_STOP on
\set banco sigilo

-- 1. Papéis. Nenhum é superusuário, nenhum contorna a segurança por linha.

SELECT format('CREATE ROLE %I', papel)
  FROM unnest(ARRAY['sigilo_owner', 'sigilo_app', 'sigilo_auth', 'sigilo_jobs',
                    'sigilo_auditor', 'sigilo_console', 'sigilo_trail', 'sigilo_gate']) AS papel
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = papel) \gexec

SELECT format('ALTER ROLE %I NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION', rolname)
  FROM pg_roles
 WHERE rolname IN ('sigilo_owner', 'sigilo_app', 'sigilo_auth', 'sigilo_jobs',
                   'sigilo_auditor', 'sigilo_console', 'sigilo_trail', 'sigilo_gate')
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
GRANT CONNECT ON DATABASE :"banco" TO sigilo_app, sigilo_auth, sigilo_jobs, sigilo_auditor, sigilo_console;

\connect :"banco"

-- 3. Dentro do banco.

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO sigilo_app, sigilo_auth, sigilo_jobs, sigilo_auditor, sigilo_console;

-- Blocos DO: quem só consulta não programa.
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
GRANT USAGE ON LANGUAGE plpgsql TO sigilo_owner;

-- Funções do PostgreSQL que mostram ou mudam a sessão, esperam, travam, avisam outras sessões ou gravam objetos
-- grandes, e que qualquer papel poderia chamar: ficam só com quem precisa delas, e nunca com o console.
SELECT format('REVOKE EXECUTE ON FUNCTION %1$s FROM PUBLIC; GRANT EXECUTE ON FUNCTION %1$s
                 TO sigilo_owner, sigilo_app, sigilo_auth, sigilo_jobs, sigilo_gate, sigilo_trail%2$s', oid::regprocedure,
              CASE WHEN proname = 'current_setting' THEN ', sigilo_auditor' END)
  FROM pg_proc
 WHERE pronamespace = 'pg_catalog'::regnamespace
   AND (proname ~ '^(lo_|pg_sleep|pg_advisory_|pg_try_advisory_)'
        OR proname IN ('loread', 'lowrite', 'pg_notify', 'set_config', 'current_setting', 'pg_terminate_backend',
                       'pg_cancel_backend'))
   AND has_function_privilege('sigilo_console', oid, 'EXECUTE') \gexec
