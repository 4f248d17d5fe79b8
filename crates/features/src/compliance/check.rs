//! What is checked at the moment of looking, each from its own evidence.

use time::{Duration, OffsetDateTime};

use sigilo_domain::{
    AuditQuery,
    audit_query::{Level, Rows, Verdict},
};
use sigilo_store::{ReadTx, compliance as counts, console, job};

use super::{ConsentStanding, counted};
use crate::{Result, copies, evidence::Standing};

/// So close to its end an access to the console is to be looked at.
const GRANT_CLOSE: Duration = Duration::days(7);
/// How much later than due a job may be before it counts as not running: the scheduler looks once in a while, and a
/// restart takes its time.
const JOB_SLACK: Duration = Duration::minutes(15);

/// Where the evidence of a check can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// A query of the audit manual, by its number.
    Query(u8),
    /// The requests of data subjects.
    Requests,
    /// The accesses to the audit console.
    Grants,
    /// The public page about the data-protection officer.
    Officer,
    /// The trail's proofs.
    Proofs,
    /// Copies and drills.
    Copies,
    /// The details of the check itself.
    Here,
}

/// One check.
pub struct Check {
    /// What is checked.
    pub title: &'static str,
    /// How it stands, in one sentence.
    pub verdict: Verdict,
    /// The article that asks for it.
    pub article: &'static str,
    /// Where to look.
    pub evidence: Evidence,
    /// What the sentence is made of: a line a piece, with a level of its own.
    pub details: Vec<Verdict>,
}

/// Every check.
pub(super) async fn all(
    tx: &ReadTx,
    now: OffsetDateTime,
    dpo_contact: Option<&str>,
    consents: &[ConsentStanding],
    requests: &counts::Requests,
) -> Result<Vec<Check>> {
    let protections = counts::protections(tx).await?;
    let proofs = counts::proofs(tx).await?;
    let names: Vec<&str> = job::periods().map(|(name, _)| name).collect();
    let runs = counts::jobs(tx, &names).await?;
    let grants = console::grants(tx).await?;

    let numbers = |columns: &[(&str, i64)]| {
        let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let row = columns.iter().map(|(_, value)| Some(value.to_string())).collect();
        (names, vec![row])
    };
    let images = numbers(&[
        ("total_imagens_processadas", proofs.images),
        ("nunca_armazenadas", proofs.never_stored),
        ("processadas_em_memoria", proofs.in_memory),
        ("sem_data_descarte", proofs.not_discarded),
    ]);
    let answers = numbers(&[("total_respostas", proofs.answers), ("com_disclaimer", proofs.with_disclaimer)]);
    let rules = (vec!["rulename".to_owned()], protections.rules.iter().map(|name| vec![Some(name.clone())]).collect());
    let checks = [
        Some(row_security(&protections)),
        of_the_manual(25, "A trilha de auditoria não se altera", &rules),
        of_the_manual(12, "Nenhuma imagem guardada", &images),
        of_the_manual(15, "Aviso exibido em cada resposta da IA", &answers),
        Some(deadlines(requests)),
        Some(consents_given(consents)),
        Some(officer(dpo_contact)),
        Some(jobs(&runs, now)),
        Some(access(&grants, now)),
    ];
    Ok(checks.into_iter().flatten().collect())
}

/// A check that judges as the console does.
fn of_the_manual(
    number: u8,
    title: &'static str,
    (columns, rows): &(Vec<String>, Vec<Vec<Option<String>>>),
) -> Option<Check> {
    let query = AuditQuery::of(number)?;
    let verdict = query.judge(&Rows { columns, rows });
    Some(Check { title, verdict, article: query.article, evidence: Evidence::Query(number), details: Vec::new() })
}

fn row_security(found: &counts::Protections) -> Check {
    let verdict = if found.unprotected.is_empty() {
        let sentence =
            format!("A segurança por linha está ligada nas {} tabelas e vale até para o dono delas.", found.tables);
        Verdict::new(Level::Ok, sentence)
    } else {
        let n = i64::try_from(found.unprotected.len()).unwrap_or(i64::MAX);
        let sentence =
            format!("{} sem a proteção: avise quem opera a instalação agora.", counted(n, "tabela", "tabelas"));
        Verdict::new(Level::Problem, sentence)
    };
    Check {
        title: "Uma clínica não vê a outra",
        verdict,
        article: "LGPD, art. 46",
        evidence: Evidence::Query(24),
        details: found.unprotected.iter().map(|name| Verdict::new(Level::Problem, name.clone())).collect(),
    }
}

/// That the trail is sealed, examined and watched from outside.
pub(super) fn sealed(standing: &Standing) -> Check {
    let (level, sentence) = standing.verdict();
    Check {
        title: "A trilha está lacrada e se prova",
        verdict: Verdict::new(level, sentence),
        article: "LGPD, arts. 6º, X, e 46",
        evidence: Evidence::Proofs,
        details: Vec::new(),
    }
}

/// That a copy was put back lately.
pub(super) fn restored(standing: &copies::Standing, now: OffsetDateTime) -> Check {
    Check {
        title: "As cópias de segurança voltam",
        verdict: standing.verdict(now),
        article: "LGPD, art. 46",
        evidence: Evidence::Copies,
        details: Vec::new(),
    }
}

fn deadlines(requests: &counts::Requests) -> Check {
    let verdict = match (requests.total, requests.late) {
        (0, _) => Verdict::new(Level::Empty, "Nenhum pedido foi feito ainda."),
        (_, 0) => Verdict::new(Level::Ok, "Nenhum pedido em aberto passou do prazo."),
        (_, late) => Verdict::new(
            Level::Problem,
            format!("{}.", counted(late, "pedido passou do prazo", "pedidos passaram do prazo")),
        ),
    };
    Check {
        title: "Pedidos de titulares no prazo",
        verdict,
        article: "LGPD, arts. 18, § 5º, e 19",
        evidence: Evidence::Requests,
        details: Vec::new(),
    }
}

fn consents_given(consents: &[ConsentStanding]) -> Check {
    let required = || consents.iter().filter(|one| one.text.required);
    let details: Vec<Verdict> = required()
        .filter(|one| one.missing > 0)
        .map(|one| {
            let who = counted(one.missing, "profissional", "profissionais");
            Verdict::new(Level::Attention, format!("{}: falta de {who}", one.text.title))
        })
        .collect();
    let verdict = if !details.is_empty() {
        let sentence =
            "Há profissionais ativos sem um consentimento obrigatório; até concordar, não usam a plataforma.";
        Verdict::new(Level::Attention, sentence)
    } else if required().all(|one| one.live == 0) {
        Verdict::new(Level::Empty, "A clínica ainda não tem profissionais ativos.")
    } else {
        Verdict::new(Level::Ok, "Todos os profissionais ativos deram os consentimentos obrigatórios.")
    };
    Check {
        title: "Consentimentos obrigatórios em vigor",
        verdict,
        article: "LGPD, arts. 7º, I, e 8º",
        evidence: Evidence::Query(5),
        details,
    }
}

fn officer(contact: Option<&str>) -> Check {
    let verdict = match contact {
        Some(_) => Verdict::new(Level::Ok, "O contato está publicado para qualquer pessoa, sem precisar entrar."),
        None => Verdict::new(
            Level::Problem,
            "Não há contato configurado. Quem opera a instalação o informa em SIGILO_DPO_CONTACT e reinicia o Sigilo.",
        ),
    };
    Check {
        title: "Contato do encarregado publicado",
        verdict,
        article: "LGPD, art. 41, § 1º",
        evidence: Evidence::Officer,
        details: Vec::new(),
    }
}

fn jobs(runs: &[counts::JobRuns], now: OffsetDateTime) -> Check {
    let details: Vec<Verdict> = job::periods()
        .filter_map(|(name, period)| {
            let run = runs.iter().find(|run| run.job == name)?;
            let in_time = run.done_at.is_some_and(|done| now - done <= period * 2 + JOB_SLACK);
            Some(match (run.done_at, in_time) {
                (_, true) if run.failed_at > run.done_at => {
                    Verdict::new(Level::Attention, format!("{name}: a última execução falhou"))
                }
                (_, true) => Verdict::new(Level::Ok, format!("{name}: em dia")),
                (Some(_), false) => Verdict::new(
                    Level::Problem,
                    format!("{name}: não termina bem há mais tempo que o dobro do previsto"),
                ),
                (None, false) => {
                    Verdict::new(Level::Problem, format!("{name}: nenhuma execução terminada nos últimos 7 dias"))
                }
            })
        })
        .collect();
    let level = Level::worst(details.iter().map(|one| one.level));
    let bad = details.iter().filter(|one| one.level != Level::Ok).count();
    let sentence = match level {
        Level::Ok => format!("As {} tarefas rodaram no tempo previsto.", details.len()),
        _ => {
            let bad = counted(
                i64::try_from(bad).unwrap_or(i64::MAX),
                "tarefa falhou ou atrasou",
                "tarefas falharam ou atrasaram",
            );
            format!("{bad}. Quem opera a instalação vê o motivo no log do servidor.")
        }
    };
    Check {
        title: "Tarefas automáticas em dia",
        verdict: Verdict::new(level, sentence),
        article: "LGPD, arts. 16 e 46",
        evidence: Evidence::Here,
        details,
    }
}

fn access(grants: &[console::Grant], now: OffsetDateTime) -> Check {
    let live: Vec<&console::Grant> = grants.iter().filter(|grant| grant.live == Some(true)).collect();
    let close = live.iter().filter(|grant| grant.ends_at < now + GRANT_CLOSE).count();
    let in_words = |n: usize| {
        counted(i64::try_from(n).unwrap_or(i64::MAX), "acesso ao console em vigor", "acessos ao console em vigor")
    };
    let verdict = match (live.len(), close) {
        (0, _) => Verdict::new(Level::Empty, "Ninguém tem acesso ao console de auditoria agora."),
        (n, 0) => Verdict::new(Level::Ok, format!("{}, nenhum termina nesta semana.", in_words(n))),
        (n, c) => {
            let ending = counted(i64::try_from(c).unwrap_or(i64::MAX), "termina", "terminam");
            Verdict::new(
                Level::Attention,
                format!("{}; {ending} em até 7 dias. Renove só se ainda for preciso.", in_words(n)),
            )
        }
    };
    Check {
        title: "Acessos de auditoria",
        verdict,
        article: "LGPD, arts. 37 e 46",
        evidence: Evidence::Grants,
        details: Vec::new(),
    }
}
