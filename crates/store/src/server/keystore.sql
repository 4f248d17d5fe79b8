-- Papéis e banco das chaves do Sigilo. Pode ser repetido à vontade: só muda o que falta.
--
-- Num servidor próprio, de preferência outro que o do prontuário, com psql e um superusuário:
--
--   psql -d postgres -f chaves.sql -v senha_keys_owner=… -v senha_keys=…
--
-- O Sigilo executa este mesmo arquivo no servidor que ele cuida. Cada comando
-- termina a linha com ponto e vírgula ou com \gexec; nada além disso.

\set ON_ERROR_STOP on
\set banco sigilo_chaves

-- 1. Papéis. Nenhum é superusuário, nenhum contorna a segurança por linha, nenhum entra no banco do prontuário.

SELECT format('CREATE ROLE %I', papel) FROM unnest(ARRAY['sigilo_keys_owner', 'sigilo_keys']) AS papel
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = papel) \gexec

SELECT format('ALTER ROLE %I NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION', rolname)
  FROM pg_roles
 WHERE rolname IN ('sigilo_keys_owner', 'sigilo_keys')
   AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication) \gexec

-- Dono das tabelas: só para migrações.
ALTER ROLE sigilo_keys_owner LOGIN CONNECTION LIMIT 4 PASSWORD :'senha_keys_owner';
ALTER ROLE sigilo_keys_owner SET idle_in_transaction_session_timeout = '10min';

-- Quem guarda e busca chaves embrulhadas.
ALTER ROLE sigilo_keys LOGIN CONNECTION LIMIT 20 PASSWORD :'senha_keys';
ALTER ROLE sigilo_keys SET statement_timeout = '30s';
ALTER ROLE sigilo_keys SET lock_timeout = '5s';
ALTER ROLE sigilo_keys SET idle_in_transaction_session_timeout = '30s';

-- 2. Banco.

SELECT format('CREATE DATABASE %I OWNER sigilo_keys_owner ENCODING ''UTF8'' TEMPLATE template0', :'banco')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'banco') \gexec

ALTER DATABASE :"banco" OWNER TO sigilo_keys_owner;
ALTER DATABASE :"banco" SET timezone = 'UTC';
REVOKE ALL ON DATABASE :"banco" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"banco" TO sigilo_keys;

\connect :"banco"

-- 3. Dentro do banco.

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO sigilo_keys_owner;
GRANT USAGE ON SCHEMA public TO sigilo_keys;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
GRANT USAGE ON LANGUAGE plpgsql TO sigilo_keys_owner;
