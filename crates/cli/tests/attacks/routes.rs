//! Every route of the site, and what nobody without a session may do there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Method;

use crate::support::doctor::{OTAVIO, doctor};
use crate::support::http::{SESSION, Visitor};
use crate::support::site::Stand;
use crate::support::{digest, number};

/// Who may come here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Anyone.
    Open,
    /// Somebody in the middle of signing in.
    Entry,
    /// Only somebody with a session.
    Closed,
}

use Door::{Closed, Entry, Open};

/// Method, path and door of every route. A new route takes its place here, or a test below fails.
pub const ROUTES: &[(&str, &str, Door)] = &[
    ("GET", "/", Closed),
    ("GET", "/entrar", Open),
    ("GET", "/entrar/oidc", Open),
    ("GET", "/entrar/oidc/retorno", Open),
    ("POST", "/entrar/chave/opcoes", Open),
    ("POST", "/entrar/chave", Entry),
    ("GET", "/entrar/link/{token}", Open),
    ("POST", "/entrar/link/{token}", Open),
    ("GET", "/criar-conta", Open),
    ("POST", "/criar-conta/opcoes", Open),
    ("POST", "/criar-conta", Entry),
    ("GET", "/segundo-fator", Entry),
    ("POST", "/segundo-fator/codigo", Entry),
    ("POST", "/segundo-fator/chave/opcoes", Entry),
    ("POST", "/segundo-fator/chave", Entry),
    ("GET", "/segundo-fator/cadastrar", Entry),
    ("POST", "/segundo-fator/cadastrar/aplicativo", Entry),
    ("POST", "/segundo-fator/cadastrar/chave/opcoes", Entry),
    ("POST", "/segundo-fator/cadastrar/chave", Entry),
    ("GET", "/boas-vindas", Closed),
    ("POST", "/boas-vindas", Closed),
    ("GET", "/conversas", Closed),
    ("POST", "/conversas", Closed),
    ("POST", "/conversas/busca", Closed),
    ("POST", "/conversas/previa", Closed),
    ("GET", "/conversas/{id}", Closed),
    ("POST", "/conversas/{id}/mensagens", Closed),
    ("POST", "/conversas/{id}/titulo", Closed),
    ("POST", "/conversas/{id}/excluir", Closed),
    ("POST", "/conversas/{id}/restaurar", Closed),
    ("POST", "/conversas/{id}/respostas", Closed),
    ("GET", "/conversas/{id}/respostas/{resposta}/fluxo", Closed),
    ("POST", "/respostas/{id}/parar", Closed),
    ("POST", "/respostas/{id}/aviso", Closed),
    ("POST", "/respostas/{id}/revisao", Closed),
    ("POST", "/respostas/{id}/desfecho", Closed),
    ("POST", "/respostas/{id}/referencias/{n}/verificar", Closed),
    ("POST", "/respostas/{id}/registro", Closed),
    ("GET", "/governanca-ia", Closed),
    ("POST", "/governanca-ia/assistente", Closed),
    ("GET", "/auditoria", Closed),
    ("GET", "/auditoria/consultas/{numero}", Closed),
    ("POST", "/auditoria/consultas/{numero}", Closed),
    ("GET", "/auditoria/tabelas", Closed),
    ("GET", "/auditoria/tabelas/{tabela}", Closed),
    ("POST", "/auditoria/tabelas/{tabela}", Closed),
    ("GET", "/auditoria/sql", Closed),
    ("POST", "/auditoria/sql", Closed),
    ("POST", "/auditoria/exportar", Closed),
    ("GET", "/auditoria/historico", Closed),
    ("GET", "/auditoria/historico/{id}", Closed),
    ("GET", "/auditoria/acessos", Closed),
    ("POST", "/auditoria/acessos", Closed),
    ("POST", "/auditoria/acessos/{id}/revogar", Closed),
    ("GET", "/auditoria/simulacao", Closed),
    ("POST", "/auditoria/simulacao", Closed),
    ("GET", "/auditoria/simulacao/{id}", Closed),
    ("GET", "/auditoria/simulacao/{id}/andamento", Closed),
    ("GET", "/auditoria/relatorios", Closed),
    ("POST", "/auditoria/relatorios", Closed),
    ("GET", "/auditoria/relatorios/{id}/{forma}", Closed),
    ("GET", "/auditoria/provas", Closed),
    ("POST", "/auditoria/provas/pacote", Closed),
    ("POST", "/auditoria/provas/ponto-de-controle", Closed),
    ("POST", "/auditoria/provas/politica", Closed),
    ("POST", "/auditoria/provas/exame", Closed),
    ("GET", "/auditoria/provas/registro", Closed),
    ("GET", "/auditoria/provas/registro/{seq}", Closed),
    ("POST", "/auditoria/provas/registro/{seq}", Closed),
    ("POST", "/auditoria/provas/registro/{seq}/prova", Closed),
    ("GET", "/relatorio/conferir", Open),
    ("POST", "/relatorio/conferir", Open),
    ("GET", "/manual", Closed),
    ("GET", "/encarregado", Open),
    ("GET", "/conformidade", Closed),
    ("GET", "/conformidade/registro", Closed),
    ("GET", "/conformidade/registro.csv", Closed),
    ("GET", "/conformidade/registro.json", Closed),
    ("GET", "/conformidade/textos", Closed),
    ("POST", "/conformidade/textos", Closed),
    ("GET", "/conformidade/textos/novo", Closed),
    ("GET", "/conformidade/textos/{id}", Closed),
    ("POST", "/conformidade/textos/{id}/{passo}", Closed),
    ("GET", "/account/consentimentos/{id}/comprovante.json", Closed),
    ("GET", "/account/consentimentos/{id}/comprovante.pdf", Closed),
    ("GET", "/consentimento/conferir/{codigo}", Open),
    ("GET", "/conformidade/copias", Closed),
    ("POST", "/conformidade/copias", Closed),
    ("GET", "/conformidade/copias/andamento", Closed),
    ("GET", "/clinica/equipe", Closed),
    ("POST", "/clinica/equipe", Closed),
    ("POST", "/clinica/equipe/{id}/funcoes", Closed),
    ("POST", "/clinica/equipe/{id}/situacao", Closed),
    ("POST", "/clinica/equipe/{id}/convite", Closed),
    ("GET", "/agenda", Closed),
    ("GET", "/agenda/dados", Closed),
    ("GET", "/agenda/mudancas", Closed),
    ("GET", "/agenda/novo", Closed),
    ("POST", "/agenda/novo", Closed),
    ("POST", "/agenda/pacientes", Closed),
    ("GET", "/agenda/horarios", Closed),
    ("GET", "/agenda/{id}", Closed),
    ("POST", "/agenda/{id}/situacao", Closed),
    ("POST", "/agenda/{id}/mover", Closed),
    ("GET", "/pacientes", Closed),
    ("POST", "/pacientes/busca", Closed),
    ("GET", "/pacientes/novo", Closed),
    ("POST", "/pacientes/novo", Closed),
    ("GET", "/pacientes/{id}", Closed),
    ("GET", "/pacientes/{id}/editar", Closed),
    ("POST", "/pacientes/{id}/editar", Closed),
    ("POST", "/pacientes/{id}/situacao", Closed),
    ("GET", "/pacientes/{id}/eliminar", Closed),
    ("POST", "/pacientes/{id}/eliminar", Closed),
    ("GET", "/conformidade/eliminacoes", Closed),
    ("POST", "/conformidade/eliminacoes", Closed),
    ("GET", "/pacientes/{id}/recibo.json", Closed),
    ("POST", "/conformidade/eliminacoes/{id}/{passo}", Closed),
    ("GET", "/pacientes/{id}/consentimentos", Closed),
    ("POST", "/pacientes/{id}/consentimentos", Closed),
    ("POST", "/pacientes/{id}/consentimentos/{tipo}/revogar", Closed),
    ("GET", "/pacientes/{id}/consentimentos/{ato}/{forma}", Closed),
    ("GET", "/clinica/profissionais", Closed),
    ("GET", "/clinica/profissionais/novo", Closed),
    ("POST", "/clinica/profissionais/novo", Closed),
    ("GET", "/clinica/profissionais/{id}", Closed),
    ("GET", "/clinica/profissionais/{id}/editar", Closed),
    ("POST", "/clinica/profissionais/{id}/editar", Closed),
    ("POST", "/clinica/profissionais/{id}/situacao", Closed),
    ("POST", "/clinica/profissionais/{id}/conselho", Closed),
    ("POST", "/clinica/profissionais/{id}/servicos", Closed),
    ("GET", "/clinica/profissionais/{id}/horarios", Closed),
    ("POST", "/clinica/profissionais/{id}/horarios", Closed),
    ("GET", "/clinica/servicos", Closed),
    ("GET", "/clinica/servicos/novo", Closed),
    ("POST", "/clinica/servicos/novo", Closed),
    ("GET", "/clinica/servicos/{id}/editar", Closed),
    ("POST", "/clinica/servicos/{id}/editar", Closed),
    ("POST", "/clinica/servicos/{id}/situacao", Closed),
    ("POST", "/clinica/servicos/categorias", Closed),
    ("POST", "/clinica/servicos/categorias/{id}", Closed),
    ("GET", "/clinica/salas", Closed),
    ("POST", "/clinica/salas/{especie}", Closed),
    ("POST", "/clinica/salas/{especie}/{id}", Closed),
    ("POST", "/clinica/salas/{especie}/{id}/situacao", Closed),
    ("GET", "/clinica/excecoes", Closed),
    ("POST", "/clinica/excecoes", Closed),
    ("POST", "/clinica/excecoes/feriados", Closed),
    ("POST", "/clinica/excecoes/{id}/retirar", Closed),
    ("GET", "/conformidade/trilha", Closed),
    ("POST", "/conformidade/trilha", Closed),
    ("POST", "/conformidade/trilha/{id}/aprovar", Closed),
    ("POST", "/conformidade/trilha/{id}/descartar", Closed),
    ("GET", "/conformidade/guarda", Closed),
    ("POST", "/conformidade/guarda", Closed),
    ("POST", "/conformidade/guarda/{id}/encerrar", Closed),
    ("GET", "/conformidade/incidentes", Closed),
    ("POST", "/conformidade/incidentes", Closed),
    ("POST", "/conformidade/incidentes/prazos", Closed),
    ("GET", "/conformidade/iscas", Closed),
    ("POST", "/conformidade/iscas", Closed),
    ("POST", "/conformidade/iscas/{id}/aposentar", Closed),
    ("POST", "/conformidade/incidentes/suspeitas/{id}/confirmar", Closed),
    ("POST", "/conformidade/incidentes/suspeitas/{id}/descartar", Closed),
    ("GET", "/conformidade/incidentes/{id}", Closed),
    ("POST", "/conformidade/incidentes/{id}", Closed),
    ("POST", "/conformidade/incidentes/{id}/passo", Closed),
    ("GET", "/conformidade/incidentes/{id}/comunicado", Closed),
    ("GET", "/conformidade/pedidos", Closed),
    ("GET", "/conformidade/pedidos/registrar", Closed),
    ("POST", "/conformidade/pedidos/registrar", Closed),
    ("GET", "/conformidade/pedidos/{id}/prova", Closed),
    ("GET", "/conformidade/pedidos/{id}", Closed),
    ("POST", "/conformidade/pedidos/{id}/assumir", Closed),
    ("POST", "/conformidade/pedidos/{id}/responder", Closed),
    ("POST", "/conformidade/pedidos/{id}/recusar", Closed),
    ("POST", "/conformidade/pedidos/{id}/plano", Closed),
    ("POST", "/conformidade/pedidos/{id}/aprovar", Closed),
    ("POST", "/conformidade/pedidos/{id}/descartar", Closed),
    ("POST", "/conformidade/pedidos/{id}/avisos/{aviso}", Closed),
    ("GET", "/recibo/{token}", Open),
    ("GET", "/recibo/{token}/recibo.json", Open),
    ("GET", "/.well-known/sigilo-chaves.json", Open),
    ("GET", "/account", Closed),
    ("POST", "/account/pedidos", Closed),
    ("POST", "/account/pedidos/{id}/retirar", Closed),
    ("GET", "/account/dados", Closed),
    ("POST", "/account/exportar", Closed),
    ("GET", "/account/excluir", Closed),
    ("POST", "/account/excluir", Closed),
    ("POST", "/account/sessoes/{id}/encerrar", Closed),
    ("POST", "/account/sessoes/encerrar-outras", Closed),
    ("GET", "/account/fatores/aplicativo", Open),
    ("POST", "/account/fatores/aplicativo", Closed),
    ("POST", "/account/fatores/aplicativo/confirmar", Closed),
    ("POST", "/account/fatores/chave/opcoes", Closed),
    ("POST", "/account/fatores/chave", Closed),
    ("POST", "/account/fatores/{id}/remover", Closed),
    ("POST", "/account/codigos", Closed),
    ("POST", "/account/consentimentos/{tipo}/revogar", Closed),
    ("POST", "/account/consentimentos/{tipo}/conceder", Closed),
    ("POST", "/sair", Open),
    ("GET", "/sessao", Open),
    ("POST", "/sessao/ativa", Open),
    ("POST", "/sessao/desbloquear/codigo", Closed),
    ("POST", "/sessao/desbloquear/chave/opcoes", Closed),
    ("POST", "/sessao/desbloquear/chave", Closed),
    ("GET", "/saude", Open),
    ("GET", "/assets/{file}", Open),
    ("POST", "/api/v1/process-message", Closed),
    ("GET", "/api/v1/conversations", Closed),
    ("GET", "/api/v1/conversations/{id}", Closed),
];

/// A path with something plausible in its places.
pub fn filled(path: &str, id: &str) -> String {
    path.replace("{id}", id)
        .replace("{resposta}", SOMEBODY)
        .replace("{aviso}", SOMEBODY)
        .replace("{n}", "1")
        .replace("{especie}", "sala")
        .replace("{tipo}", "ai_processing")
        .replace("{token}", "x")
        .replace("{file}", "app.css")
        .replace("{numero}", "24")
        .replace("{tabela}", "audit_logs")
        .replace("{forma}", "pdf")
        .replace("{seq}", "1")
}

/// An identifier that nobody has.
pub const SOMEBODY: &str = "01900000-0000-7000-8000-000000000000";

/// The paths that the source declares: literals and constants in `.route(…)`.
fn declared() -> BTreeSet<String> {
    let mut open = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../web/src"))];
    let mut sources = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => open.push(path),
                path if path.ends_with("tests.rs") => {}
                path if path.extension().is_some_and(|kind| kind == "rs") => {
                    sources.push((path.clone(), fs::read_to_string(path).unwrap()));
                }
                _ => {}
            }
        }
    }
    let constant = |near: &Path, name: &str| -> String {
        let folders: Vec<_> = near.ancestors().skip(1).take(2).collect();
        let wanted = format!("const {name}: &str = \"");
        let from = |(path, text): &(PathBuf, String)| {
            let value = text.split_once(&wanted)?.1.split_once('"')?.0;
            folders.iter().any(|folder| path.parent() == Some(folder)).then(|| value.to_owned())
        };
        sources.iter().find_map(from).unwrap_or_else(|| panic!("no constant {name} near {}", near.display()))
    };
    let mut paths = BTreeSet::new();
    for (file, text) in &sources {
        for after in text.split(".route(").skip(1) {
            let argument = after.trim_start();
            paths.insert(match argument.strip_prefix('"') {
                Some(literal) => literal.split_once('"').unwrap().0.to_owned(),
                None => constant(file, argument.split_once(',').unwrap().0.rsplit("::").next().unwrap()),
            });
        }
    }
    paths
}

#[test]
fn every_route_is_in_the_table() {
    let known: BTreeSet<String> = ROUTES.iter().map(|(_, path, _)| (*path).to_owned()).collect();
    assert_eq!(declared(), known);
}

#[tokio::test]
async fn nobody_without_a_session_gets_past_a_closed_door() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let before = digest(&database, &["conversations", "consent_records", "profiles", "auth.users"]).await;
    for (method, path, door) in ROUTES.iter().filter(|(_, _, door)| *door != Open) {
        let method: Method = method.parse().unwrap();
        let at = filled(path, SOMEBODY);
        let mut stranger = Visitor::new(&site.origin);
        let page = stranger.request(method.clone(), &at).header("accept", "text/html");
        let page = stranger.send(page).await;
        let request = stranger.request(method.clone(), &at).header("accept", "application/json");
        let program = if method == Method::POST { request.json(&serde_json::json!({})) } else { request };
        let program = stranger.send(program).await;
        match door {
            Closed if path.starts_with("/api/") => assert_eq!(page.status, 401, "{method} {path}"),
            Closed => assert_eq!((page.status, page.header("location")), (303, "/entrar"), "{method} {path}"),
            _ => assert!([303, 410, 415, 422].contains(&page.status), "{method} {path}: {}", page.status),
        }
        if *door == Closed {
            assert_eq!(program.status, 401, "{method} {path}");
            program.problem();
        } else {
            assert!([303, 410, 415, 422].contains(&program.status), "{method} {path}: {}", program.status);
        }
        assert!(!stranger.cookies.contains_key(SESSION), "{method} {path} gave a session away");
    }
    assert_eq!(digest(&database, &["conversations", "consent_records", "profiles", "auth.users"]).await, before);
}

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let database = stand.superuser().await;
    let mut otavio = doctor(&site, OTAVIO).await;
    let id = otavio.conversation().await;
    let tables = [
        "conversations",
        "messages",
        "ai_review_events",
        "assistant_preferences",
        "consent_records",
        "auth.sessions",
        "auth.passkeys",
        "auth.links",
    ];
    const ENDED: &str = "SELECT count(*) FROM auth.sessions WHERE ended_at IS NOT NULL";
    let (before, ended) = (digest(&database, &tables).await, number(&database, ENDED).await);
    let forged: &[&[(&str, &str)]] = &[
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "cross-site"), ("origin", &site.origin)],
        &[("origin", "https://sigilo.example.evil")],
        &[("origin", "null")],
        &[("origin", "http://localhost")],
        &[],
    ];
    for (method, path, _) in ROUTES.iter().filter(|(method, _, _)| *method == "POST") {
        for headers in forged {
            otavio.roam();
            let mut request = otavio.bare(method.parse().unwrap(), &filled(path, &id));
            for (name, value) in *headers {
                request = request.header(*name, *value);
            }
            let mut victim = otavio.clone();
            let answer = victim.send(request.form(&[("text", "oi"), ("title", "oi")])).await;
            assert_eq!(answer.status, 403, "{path} with {headers:?}");
        }
    }
    assert_eq!(digest(&database, &tables).await, before);
    assert_eq!(otavio.get(&format!("/conversas/{id}")).await.status, 200);
    assert_eq!(number(&database, ENDED).await, ended);

    // Programs and older browsers send the origin alone, and that is enough.
    let request = otavio.bare(Method::POST, "/conversas").header("origin", &site.origin);
    assert_eq!(otavio.send(request).await.status, 303);
}

#[tokio::test]
async fn what_is_not_there_is_a_clear_answer() {
    let stand = Stand::shared().await;
    let site = stand.demo();
    let mut stranger = Visitor::new(&site.origin);
    for path in ["/nada", "/assets/../Cargo.toml", "/assets/%2e%2e/manifest.json", "/assets/manifest.json", "/entrar/"]
    {
        let answer = stranger.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text().contains("<html"), "{path}");
        assert_eq!(stranger.get_json(path).await.status, 404);
    }
    for (method, path) in [(Method::DELETE, "/conversas"), (Method::PUT, "/account"), (Method::PATCH, "/")] {
        let request = stranger.request(method, path);
        assert_eq!(stranger.send(request).await.status, 405);
    }
    let request = stranger.request(Method::HEAD, "/entrar");
    let answer = stranger.send(request).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(stranger.get("/saude").await.status, 200);
}
