//! Looks at the machine and at a database, and says in Portuguese what is missing and what mends it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, Row};

use super::account::Account;
use super::error::ServerError;
use super::findings::Findings;
use super::folder::DataFolder;
use super::programs::{self, OLDEST_MAJOR};
use super::roles::connect;
use super::secrets::Secrets;
use super::settings::ServerSettings;
use super::urls::{DatabaseUrl, DatabaseUrls, Role};

/// Extensions the migrations create.
const EXTENSIONS: &[&str] = &[];
/// The sum of the connection limits in `roles.sql`, and the places kept for superusers.
const CONNECTIONS: i64 = 8 + 50 + 15 + 8 + 8 + 6 + 3;
/// PostgreSQL's log of changes alone may take 2 GB.
const LEAST_FREE_MEGABYTES: u64 = 3 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);
const ROLES_MEND: &str = "sigilo doctor --sql > roles.sql, e depois psql com um superusuário \
                          (o começo do arquivo mostra o comando)";

/// The machine's side of a managed server: programs, account, folders, passwords. Changes nothing.
pub fn examine_machine(settings: &ServerSettings) -> Findings {
    let mut findings = Findings::default();
    if !settings.data.exists() {
        let search = programs::search(settings.programs.as_deref(), &settings.data);
        match search.found.first() {
            Some(best) => findings.ok("Programas", found_programs(&best.version, &best.folder)),
            None => {
                let error = ServerError::NoPrograms { rejected: search.rejected };
                findings.fail("Programas", error.to_string(), None);
            }
        }
        let absent = ServerError::NoDatabase(settings.data.clone());
        findings.ok("Pasta de dados", absent.to_string());
        return findings;
    }
    if let Err(error) = examine_folder(settings, &mut findings) {
        findings.fail("Pasta de dados", error.to_string(), None);
    }
    findings
}

fn found_programs(version: &str, folder: &Path) -> String {
    format!("PostgreSQL {version} em {}", folder.display())
}

fn examine_folder(settings: &ServerSettings, findings: &mut Findings) -> Result<(), ServerError> {
    let data = DataFolder::open(&settings.data, false)?;
    let existing = data.newest_cluster()?;
    let known = existing.as_ref().map(|(path, major)| (path.as_path(), *major));
    let account = Account::choose(data.path(), known.map(|(path, _)| path))?;
    account.check_reach(data.path())?;
    let programs = programs::search(settings.programs.as_deref(), data.path());
    match programs.pick(&account, known) {
        Ok(best) => findings.ok("Programas", found_programs(&best.version, &best.folder)),
        Err(error) => findings.fail("Programas", error.to_string(), None),
    }
    let Some((cluster, _)) = known else {
        let absent = ServerError::NoDatabase(data.path().to_owned());
        findings.ok("Pasta de dados", absent.to_string());
        return Ok(());
    };
    findings.ok("Pasta de dados", format!("{}", data.path().display()));
    if let Ok(disk) = rustix::fs::statvfs(cluster) {
        let megabytes = (disk.f_bavail * disk.f_frsize) >> 20;
        if megabytes < LEAST_FREE_MEGABYTES {
            let sentence = format!("só há {megabytes} MB livres; sem espaço, o banco para");
            findings.warn("Disco", sentence, None);
        }
    }
    let secrets = data.secrets_file();
    for private in [cluster, &secrets] {
        let Ok(found) = fs::metadata(private) else {
            continue;
        };
        if found.permissions().mode() & 0o077 != 0 {
            findings.fail(
                "Permissões",
                format!("outros usuários desta máquina podem abrir {}", private.display()),
                Some(format!("chmod go-rwx '{}'", private.display())),
            );
        }
    }
    match Secrets::read(&data)? {
        Some(_) => findings.ok("Senhas", "guardadas com acesso só do dono"),
        None => findings.warn(
            "Senhas",
            "o arquivo com as senhas do banco sumiu; na próxima partida o Sigilo cria outras",
            None,
        ),
    }
    Ok(())
}

/// A running database, managed or the operator's own: version, roles, rights, settings.
pub async fn examine_database(urls: &DatabaseUrls) -> Findings {
    let mut findings = Findings::default();
    let mut owner = None;
    let mut reached = 0;
    for role in Role::ALL {
        match enter(*role, urls.of(*role), &mut findings).await {
            Some(client) if *role == Role::Owner => {
                reached += 1;
                owner = Some(client);
            }
            Some(_) => reached += 1,
            None => {}
        }
    }
    if reached == Role::ALL.len() {
        findings.ok("Conexões", "os seis papéis entram com as suas senhas");
    }
    let Some(owner) = owner else {
        return findings;
    };
    let checked = async {
        server(&owner, &mut findings).await?;
        roles(&owner, &mut findings).await?;
        rights(&owner, &mut findings).await?;
        extensions(&owner, &mut findings).await?;
        logging(&owner, &mut findings).await
    };
    if let Err(error) = checked.await {
        let reason = super::error::reason(&error);
        findings.fail("Exame", format!("o banco recusou uma consulta: {reason}"), None);
    }
    findings
}

/// Connects as `role` and checks that this is who the connection string leads to.
async fn enter(role: Role, url: &DatabaseUrl, findings: &mut Findings) -> Option<Client> {
    let name = role.name();
    if role == Role::Owner && crosses_network(url.expose()) {
        findings.warn(
            "Rede",
            "a conexão com o banco passa pela rede sem cifra",
            Some("Use um servidor nesta máquina (socket) ou um túnel cifrado até ele.".to_owned()),
        );
    }
    let attempt = tokio::time::timeout(PATIENCE, connect(url.expose())).await;
    let client = match attempt {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => {
            findings.fail("Conexões", format!("{name}: {error}"), Some(ROLES_MEND.into()));
            return None;
        }
        Err(_) => {
            findings.fail("Conexões", format!("{name}: o servidor não respondeu"), None);
            return None;
        }
    };
    let who = client.query_one("SELECT session_user::text", &[]).await;
    match who.and_then(|row| row.try_get::<_, String>(0)) {
        Ok(who) if who == name => Some(client),
        _ => {
            findings.fail(
                "Conexões",
                format!("a conexão de {name} entra com outro papel"),
                Some(format!("Use uma conexão com o usuário {name}.")),
            );
            None
        }
    }
}

/// Whether any host of the connection string is neither a socket nor this machine.
fn crosses_network(url: &str) -> bool {
    let Ok(config) = Config::from_str(url) else {
        return false;
    };
    config.get_hosts().iter().any(|host| match host {
        Host::Tcp(name) => {
            name != "localhost" && !name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => false,
    })
}

type Checked = Result<(), tokio_postgres::Error>;

async fn server(client: &Client, findings: &mut Findings) -> Checked {
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::int / 10000, \
                    current_setting('server_version'), \
                    pg_encoding_to_char(encoding), \
                    current_setting('max_connections')::int8, \
                    current_setting('data_checksums') = 'on', \
                    current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' \
               FROM pg_database WHERE datname = current_database()",
            &[],
        )
        .await?;
    let (major, version): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
    if i64::from(major) >= i64::from(OLDEST_MAJOR) {
        findings.ok("Versão", format!("PostgreSQL {version}"));
    } else {
        findings.fail("Versão", format!("PostgreSQL {version}; o Sigilo precisa do {OLDEST_MAJOR} ou mais novo"), None);
    }
    let encoding: String = row.try_get(2)?;
    if encoding == "UTF8" {
        findings.ok("Codificação", "UTF-8");
    } else {
        findings.fail(
            "Codificação",
            format!("o banco está em {encoding}"),
            Some("CREATE DATABASE sigilo OWNER sigilo_owner ENCODING 'UTF8' TEMPLATE template0;".to_owned()),
        );
    }
    let connections: i64 = row.try_get(3)?;
    if connections < CONNECTIONS {
        findings.warn(
            "Conexões simultâneas",
            format!("o servidor aceita {connections}; o Sigilo pode pedir {CONNECTIONS}"),
            Some(format!("ALTER SYSTEM SET max_connections = {CONNECTIONS}; -- e religue o servidor")),
        );
    }
    if !row.try_get::<_, bool>(4)? {
        findings.warn(
            "Somas de verificação",
            "desligadas: um disco com defeito pode corromper dados em silêncio",
            Some("pg_checksums --enable (com o servidor desligado)".to_owned()),
        );
    }
    if !row.try_get::<_, bool>(5)? {
        findings.warn(
            "Durabilidade",
            "fsync ou full_page_writes está desligado: uma queda de energia pode corromper o banco",
            Some(
                "ALTER SYSTEM SET fsync = on; ALTER SYSTEM SET full_page_writes = on; \
                 SELECT pg_reload_conf();"
                    .to_owned(),
            ),
        );
    }
    Ok(())
}

async fn roles(client: &Client, findings: &mut Findings) -> Checked {
    let rows = client
        .query(
            "SELECT papel, r.rolname IS NOT NULL, \
                    coalesce(r.rolsuper OR r.rolbypassrls OR r.rolcreatedb \
                             OR r.rolcreaterole OR r.rolreplication, false), \
                    coalesce(r.rolcanlogin, false) <> (papel NOT IN ('sigilo_trail', 'sigilo_gate')), \
                    coalesce((SELECT string_agg(m.roleid::regrole::text, ', ') \
                                FROM pg_auth_members m \
                               WHERE m.member = r.oid \
                                 AND NOT (papel = 'sigilo_owner' AND m.roleid::regrole::text \
                                          IN ('sigilo_trail', 'sigilo_gate'))), '') \
               FROM unnest(ARRAY['sigilo_owner', 'sigilo_app', 'sigilo_auth', 'sigilo_jobs', \
                                 'sigilo_auditor', 'sigilo_console', 'sigilo_sealer', 'sigilo_trail', 'sigilo_gate']) AS papel \
               LEFT JOIN pg_roles r ON r.rolname = papel",
            &[],
        )
        .await?;
    let mut sound = true;
    for row in rows {
        let (role, exists): (String, bool) = (row.try_get(0)?, row.try_get(1)?);
        let (mighty, login_wrong): (bool, bool) = (row.try_get(2)?, row.try_get(3)?);
        let member_of: String = row.try_get(4)?;
        let fault = if !exists {
            Some(("não existe".to_owned(), ROLES_MEND.to_owned()))
        } else if mighty {
            Some((
                "tem poderes demais (superusuário, BYPASSRLS, CREATEDB, CREATEROLE ou REPLICATION)".to_owned(),
                format!("ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;"),
            ))
        } else if login_wrong {
            Some(("pode entrar e não deveria, ou o contrário".to_owned(), ROLES_MEND.to_owned()))
        } else if !member_of.is_empty() {
            Some((format!("é membro de {member_of}"), format!("REVOKE {member_of} FROM {role};")))
        } else {
            None
        };
        if let Some((what, mend)) = fault {
            sound = false;
            findings.fail("Papéis", format!("{role} {what}"), Some(mend));
        }
    }
    if sound {
        findings.ok("Papéis", "os nove existem, nenhum com poderes demais");
    }
    Ok(())
}

async fn rights(client: &Client, findings: &mut Findings) -> Checked {
    // Each line: whether it holds, what is wrong when not, what mends it.
    let rows = client
        .query(
            "SELECT * FROM (VALUES \
               ((SELECT count(*) = 2 FROM pg_roles \
                  WHERE rolname IN ('sigilo_trail', 'sigilo_gate') \
                    AND pg_has_role('sigilo_owner', oid, 'MEMBER')), \
                'sigilo_owner não é membro de sigilo_trail e sigilo_gate', \
                'GRANT sigilo_trail, sigilo_gate TO sigilo_owner;'), \
               (has_database_privilege(current_database(), 'CREATE'), \
                'sigilo_owner não pode criar esquemas neste banco', \
                format('ALTER DATABASE %I OWNER TO sigilo_owner;', current_database())), \
               (NOT EXISTS (SELECT FROM pg_namespace n, aclexplode(n.nspacl) a \
                             WHERE n.nspname = 'public' AND a.grantee = 0 \
                               AND a.privilege_type = 'CREATE'), \
                'qualquer papel pode criar objetos no esquema public', \
                'REVOKE ALL ON SCHEMA public FROM PUBLIC;'), \
               (NOT EXISTS (SELECT FROM pg_roles r, pg_proc p \
                             WHERE r.rolname = 'sigilo_console' \
                               AND p.proname IN ('set_config', 'lo_create', 'pg_sleep', 'pg_notify', \
                                                 'pg_advisory_lock', 'current_setting') \
                               AND p.pronamespace = 'pg_catalog'::regnamespace \
                               AND has_function_privilege(r.oid, p.oid, 'EXECUTE')), \
                'o console de auditoria pode chamar funções que mostram ou mudam a sessão, ou gravam', \
                'rode roles.sql de novo: sigilo doctor --sql > roles.sql') \
             ) AS exame (certo, falta, conserto)",
            &[],
        )
        .await?;
    let faults = collect_faults(&rows)?;
    if faults.is_empty() {
        findings.ok("Direitos", "sigilo_owner pode migrar; os outros só o que lhes cabe");
    }
    for (fault, mend) in faults {
        findings.fail("Direitos", fault, Some(mend));
    }
    Ok(())
}

async fn extensions(client: &Client, findings: &mut Findings) -> Checked {
    for name in EXTENSIONS {
        let row =
            client.query_one("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = $1)", &[name]).await?;
        if !row.try_get::<_, bool>(0)? {
            findings.fail(
                "Extensões",
                format!("{name} não está instalada no servidor"),
                Some("apt-get install postgresql-contrib".to_owned()),
            );
        }
    }
    Ok(())
}

/// A log that repeats statements or parameters would hold patients' data.
async fn logging(client: &Client, findings: &mut Findings) -> Checked {
    let rows = client
        .query(
            "SELECT coalesce(current_setting(nome, true), certo) = certo, \
                    format('%s está em %s', nome, current_setting(nome, true)), \
                    format('ALTER SYSTEM SET %s = %L; SELECT pg_reload_conf();', nome, certo) \
               FROM (VALUES ('log_statement', 'none'), \
                            ('log_min_duration_statement', '-1'), \
                            ('log_min_error_statement', 'panic'), \
                            ('log_error_verbosity', 'terse'), \
                            ('log_parameter_max_length_on_error', '0')) AS exame (nome, certo)",
            &[],
        )
        .await?;
    let faults = collect_faults(&rows)?;
    if faults.is_empty() {
        findings.ok("Registro do servidor", "não repete comandos nem valores");
    }
    for (fault, mend) in faults {
        let sentence = format!("pode gravar dados pessoais: {fault}");
        findings.warn("Registro do servidor", sentence, Some(mend));
    }
    Ok(())
}

fn collect_faults(rows: &[Row]) -> Result<Vec<(String, String)>, tokio_postgres::Error> {
    let mut faults = Vec::new();
    for row in rows {
        if !row.try_get::<_, bool>(0)? {
            faults.push((row.try_get(1)?, row.try_get(2)?));
        }
    }
    Ok(faults)
}
