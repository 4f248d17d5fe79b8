//! The report as people read it: cut to what fits a page, with every date and character in a form that can be shown.
//! Both drawings are made from this, so that they say the same.

use serde::Serialize;
use sigilo_domain::{BRASILIA, audit_query::Level};
use time::{Date, OffsetDateTime};

use crate::{
    data::{Answered, Clock, Demonstration, Evidence, Fact, Finding, Incident, Outcome, Report, Request, Retention},
    text::{breakable, readable, short},
};

/// Rows of a query that are drawn as a table; the file of data has them all.
pub const MAX_ROWS: usize = 20;
/// Rows with more columns than a table has room for, drawn one below the other.
pub const MAX_RECORDS: usize = 4;
/// Columns that a table has room for.
const MAX_COLUMNS: usize = 6;
/// Characters of a value.
const MAX_VALUE: usize = 160;
/// Characters of a statement.
const MAX_SQL: usize = 6_000;
/// Lines of a list: requests, incidents.
const MAX_LINES: usize = 200;
/// Words longer than this may break.
const LONG_WORD: usize = 16;
/// The same where a line has the page to itself.
const WIDE_WORD: usize = 48;

/// Whether a drawing can show a character.
pub(crate) type Shows<'a> = &'a dyn Fn(char) -> bool;

#[derive(Serialize)]
pub(crate) struct View {
    pub(crate) id: String,
    pub(crate) clinic: String,
    pub(crate) demo: bool,
    pub(crate) issued_by: String,
    pub(crate) issued: String,
    /// Year, month and day, for the PDF's own record.
    pub(crate) date: (i32, u8, u8),
    pub(crate) from: String,
    pub(crate) to: String,
    /// SHA-256 of the data.
    pub(crate) hash: String,
    pub(crate) scope: Vec<String>,
    pub(crate) tally: Vec<Tally>,
    pub(crate) versions: Vec<FactView>,
    pub(crate) figures: Vec<FactView>,
    pub(crate) queries: Vec<QueryView>,
    pub(crate) demonstrations: Vec<DemonstrationView>,
    pub(crate) requests: Option<Lines<RequestView>>,
    pub(crate) incidents: Option<Lines<IncidentView>>,
    pub(crate) retention: Vec<RetentionView>,
    pub(crate) not_proven: &'static [&'static str],
}

#[derive(Serialize)]
pub(crate) struct Tally {
    pub(crate) level: &'static str,
    pub(crate) label: &'static str,
    pub(crate) count: usize,
}

#[derive(Serialize)]
pub(crate) struct FactView {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Serialize)]
pub(crate) struct FindingView {
    pub(crate) level: &'static str,
    pub(crate) label: &'static str,
    pub(crate) sentence: String,
}

#[derive(Serialize)]
pub(crate) struct QueryView {
    pub(crate) code: String,
    pub(crate) step: String,
    /// Whether it is the first of its part.
    pub(crate) opens: bool,
    pub(crate) title: String,
    pub(crate) question: String,
    pub(crate) expected: String,
    pub(crate) article: String,
    pub(crate) parameters: Vec<FactView>,
    pub(crate) sql: String,
    pub(crate) finding: FindingView,
    pub(crate) rows: RowsView,
    pub(crate) hash: Option<String>,
    pub(crate) run: Option<String>,
}

/// Rows as a table, or as records where there are too many columns.
#[derive(Serialize, Default)]
pub(crate) struct RowsView {
    /// Of what, for who does not see it.
    pub(crate) label: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<CellView>>,
    /// Whether the rows are drawn one below the other.
    pub(crate) records: bool,
    /// How many rows there are and how many are drawn.
    pub(crate) count: String,
}

#[derive(Serialize)]
pub(crate) struct CellView {
    /// `text`, `null` or `hidden`.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

#[derive(Serialize)]
pub(crate) struct DemonstrationView {
    pub(crate) number: usize,
    pub(crate) title: String,
    pub(crate) what: String,
    pub(crate) finding: FindingView,
    pub(crate) stages: Vec<StageView>,
}

#[derive(Serialize)]
pub(crate) struct StageView {
    pub(crate) done: String,
    pub(crate) stored: String,
    pub(crate) article: String,
    pub(crate) finding: FindingView,
    pub(crate) evidence: Option<EvidenceView>,
}

#[derive(Serialize)]
pub(crate) struct EvidenceView {
    pub(crate) code: String,
    pub(crate) sql: String,
    pub(crate) rows: RowsView,
    pub(crate) hash: String,
    pub(crate) run: String,
}

/// A list with what is said where there is more than is drawn.
#[derive(Serialize)]
pub(crate) struct Lines<T> {
    pub(crate) lines: Vec<T>,
    pub(crate) more: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct ClockView {
    pub(crate) name: String,
    pub(crate) until: String,
    pub(crate) done: String,
    pub(crate) finding: FindingView,
}

#[derive(Serialize)]
pub(crate) struct RequestView {
    pub(crate) reference: String,
    pub(crate) right: String,
    pub(crate) article: String,
    pub(crate) asked: String,
    pub(crate) status: String,
    pub(crate) clock: ClockView,
}

#[derive(Serialize)]
pub(crate) struct IncidentView {
    pub(crate) reference: String,
    pub(crate) kind: String,
    pub(crate) facts: Vec<FactView>,
    pub(crate) drill: bool,
    pub(crate) clocks: Vec<ClockView>,
}

#[derive(Serialize)]
pub(crate) struct RetentionView {
    pub(crate) table: String,
    pub(crate) about: String,
    pub(crate) basis: String,
    pub(crate) period: String,
}

const NOT_PROVEN: &[&str] = &[
    "Que a clínica esteja em conformidade com a LGPD. O relatório mostra registros e o que se pode concluir deles; a avaliação é de quem audita.",
    "O que nunca foi registrado. Papel, telefone, mensagens fora do Sigilo e combinados verbais não aparecem aqui.",
    "Que quem administra o servidor não tenha mexido no banco. Isso se confere à parte, com o pacote de provas de Auditoria → Provas e o comando sigilo verify; este relatório não o substitui.",
    "Que o texto guardado seja anônimo. Ele é desidentificado: os identificadores diretos foram removidos, o que não é o mesmo que o anonimizado do art. 12 da LGPD.",
    "A data, perante terceiros. O horário é o do servidor da clínica. Carimbos do tempo de outra entidade, onde houver, estão no pacote de provas.",
    "Que o conteúdo seja verdadeiro. Os resumos SHA-256 mostram se um arquivo mudou depois de emitido, e nada além disso.",
    "Feriados. O prazo de 15 dias úteis desconta sábados e domingos, e não feriados: o prazo real pode ser maior, nunca menor.",
];

impl View {
    pub(crate) fn new(report: &Report, hash: &str, shows: Shows<'_>) -> View {
        let words = Words { shows };
        let mut queries: Vec<QueryView> = report.queries.iter().map(|query| words.query(query)).collect();
        let mut step = None;
        for query in &mut queries {
            query.opens = step.replace(query.step.clone()).as_ref() != Some(&query.step);
        }
        let tally = Level::ALL
            .into_iter()
            .map(|level| Tally {
                level: level.code(),
                label: level.label(),
                count: queries.iter().filter(|query| query.finding.level == level.code()).count(),
            })
            .collect();
        let at = report.issued_at.to_offset(BRASILIA);
        View {
            id: words.exact(&report.id),
            clinic: words.text(&report.clinic),
            demo: report.demo,
            issued_by: words.text(&report.issued_by),
            issued: moment(report.issued_at),
            date: (at.year(), at.month().into(), at.day()),
            from: day(report.period.from),
            to: day(report.period.to),
            hash: hash.to_owned(),
            scope: scope(report),
            tally,
            versions: words.facts(&report.versions),
            figures: words.facts(&report.figures),
            queries,
            demonstrations: (1..).zip(&report.demonstrations).map(|(n, one)| words.demonstration(n, one)).collect(),
            requests: report.requests.as_ref().map(|all| lines(all, "pedidos", |one| words.request(one))),
            incidents: report.incidents.as_ref().map(|all| lines(all, "incidentes", |one| words.incident(one))),
            retention: report.retention.iter().map(|one| words.retention(one)).collect(),
            not_proven: NOT_PROVEN,
        }
    }
}

/// `28/11/2026`.
fn day(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), u8::from(date.month()), date.year())
}

/// `28/11/2026 às 14:05:09 (horário de Brasília)`.
fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(BRASILIA);
    let (hour, minute, second) = at.to_hms();
    format!("{} às {hour:02}:{minute:02}:{second:02} (horário de Brasília)", day(at.date()))
}

fn scope(report: &Report) -> Vec<String> {
    let mut said = vec![format!(
        "Este relatório reúne o que o Sigilo guarda sobre uma única clínica. Foi montado pelo próprio sistema, com as \
         permissões de leitura de quem o pediu, e cada consulta ficou registrada antes de ser feita ({} ao todo).",
        report.queries.len()
    )];
    if !report.queries.is_empty() {
        said.push(
            "As consultas do manual de auditoria não têm filtro de data: mostram o que o banco guardava no momento da \
             emissão. O período vale para os números, os pedidos de titulares e os incidentes; os que estavam em aberto \
             aparecem mesmo se começaram antes."
                .to_owned(),
        );
    }
    said.push(format!(
        "Nomes, endereços de rede e textos livres aparecem como “•••”. De cada consulta são desenhadas até {MAX_ROWS} \
         linhas, ou {MAX_RECORDS} quando há muitas colunas; o arquivo de dados (JSON) traz todas as que o console leu."
    ));
    if report.demonstrations.is_empty() {
        said.push("As oito demonstrações da simulação de auditoria não fazem parte deste relatório.".to_owned());
    } else {
        said.push(
            "As demonstrações foram feitas de verdade, pelas mesmas portas que um usuário, numa clínica inventada para isso. \
             Por serem de pessoas inventadas, as linhas delas aparecem sem nada oculto."
                .to_owned(),
        );
    }
    said
}

fn lines<T, V>(all: &[T], noun: &str, draw: impl Fn(&T) -> V) -> Lines<V> {
    let more = (all.len() > MAX_LINES)
        .then(|| format!("São {} {noun}; aqui estão {MAX_LINES}. O arquivo de dados traz todos.", all.len()));
    Lines { lines: all.iter().take(MAX_LINES).map(draw).collect(), more }
}

struct Words<'a> {
    shows: Shows<'a>,
}

impl Words<'_> {
    fn text(&self, text: &str) -> String {
        breakable(&self.exact(text), WIDE_WORD)
    }

    /// As it is to be copied: hashes and identifiers.
    fn exact(&self, text: &str) -> String {
        readable(text, false, self.shows)
    }

    fn facts(&self, facts: &[Fact]) -> Vec<FactView> {
        facts.iter().map(|fact| self.fact(&fact.name, &fact.value)).collect()
    }

    fn fact(&self, name: &str, value: &str) -> FactView {
        FactView { name: self.text(name), value: self.text(&short(value, 400)) }
    }

    fn finding(&self, finding: &Finding) -> FindingView {
        found(finding.level, self.text(&short(&finding.sentence, 1_000)))
    }

    fn query(&self, query: &Answered) -> QueryView {
        let mut view = QueryView {
            code: self.exact(&query.code),
            step: self.text(&query.step),
            opens: false,
            title: self.text(&query.title),
            question: self.text(&query.question),
            expected: self.text(&query.expected),
            article: self.text(&query.article),
            parameters: self.facts(&query.parameters),
            sql: readable(&short(&query.sql, MAX_SQL), true, self.shows),
            finding: found(Level::Empty, String::new()),
            rows: RowsView::default(),
            hash: None,
            run: None,
        };
        match &query.outcome {
            Outcome::NotAsked { why } => view.finding = found(Level::Empty, self.text(why)),
            Outcome::Failed { why, run } => {
                view.finding = found(Level::Attention, self.text(&format!("A consulta não teve resposta. {why}")));
                view.run = Some(self.exact(run));
            }
            Outcome::Rows { finding, columns, rows, truncated, masked, hash, run } => {
                view.finding = self.finding(finding);
                view.rows = self.rows(&query.code, columns, rows);
                view.rows.count = counted(rows.len(), view.rows.rows.len(), *truncated, *masked);
                view.hash = Some(self.exact(hash));
                view.run = Some(self.exact(run));
            }
        }
        view
    }

    /// As many of the rows as there is room for.
    fn rows(&self, label: &str, columns: &[String], rows: &[Vec<Option<String>>]) -> RowsView {
        let records = columns.len() > MAX_COLUMNS;
        let most = if records { MAX_RECORDS } else { MAX_ROWS };
        RowsView {
            label: self.text(label),
            columns: columns.iter().map(|name| self.text(&short(name, 63))).collect(),
            rows: rows.iter().take(most).map(|row| self.row(row, columns.len())).collect(),
            records,
            count: String::new(),
        }
    }

    /// As many cells as there are columns, whatever the data says.
    fn row(&self, row: &[Option<String>], columns: usize) -> Vec<CellView> {
        let values = row.iter().map(Option::as_deref).chain(std::iter::repeat(None)).take(columns);
        values
            .map(|value| match value {
                None => CellView { kind: "null", text: "NULL".to_owned() },
                Some("•••") => CellView { kind: "hidden", text: "•••".to_owned() },
                Some(value) => {
                    CellView { kind: "text", text: breakable(&self.exact(&short(value, MAX_VALUE)), LONG_WORD) }
                }
            })
            .collect()
    }

    fn demonstration(&self, number: usize, one: &Demonstration) -> DemonstrationView {
        let stages = one.stages.iter().map(|stage| StageView {
            done: self.text(&short(&stage.done, 600)),
            stored: self.text(&short(&stage.stored, 600)),
            article: self.text(&stage.article),
            finding: self.finding(&stage.finding),
            evidence: stage.evidence.as_ref().map(|evidence| self.evidence(evidence, &stage.stored)),
        });
        DemonstrationView {
            number,
            title: self.text(&one.title),
            what: self.text(&one.what),
            finding: self.finding(&one.finding),
            stages: stages.collect(),
        }
    }

    fn evidence(&self, evidence: &Evidence, stored: &str) -> EvidenceView {
        let mut rows = self.rows(stored, &evidence.columns, &evidence.rows);
        rows.count = match (evidence.count, rows.rows.len()) {
            (0, _) => "Nenhuma linha.".to_owned(),
            (1, _) => "1 linha.".to_owned(),
            (n, drawn) if drawn < n => format!("{n} linhas; aqui estão as {drawn} primeiras."),
            (n, _) => format!("{n} linhas."),
        };
        EvidenceView {
            code: self.exact(&evidence.code),
            sql: readable(&short(&evidence.sql, MAX_SQL), true, self.shows),
            rows,
            hash: self.exact(&evidence.hash),
            run: self.exact(&evidence.run),
        }
    }

    fn clock(&self, clock: &Clock) -> ClockView {
        ClockView {
            name: self.text(&clock.name),
            until: self.text(&clock.until),
            done: clock.done.as_deref().map_or_else(|| "–".to_owned(), |done| self.text(done)),
            finding: self.finding(&clock.finding),
        }
    }

    fn request(&self, one: &Request) -> RequestView {
        RequestView {
            reference: self.text(&one.reference),
            right: self.text(&one.right),
            article: self.text(&one.article),
            asked: self.text(&one.asked),
            status: self.text(&one.status),
            clock: self.clock(&one.clock),
        }
    }

    fn incident(&self, one: &Incident) -> IncidentView {
        IncidentView {
            reference: self.text(&one.reference),
            kind: self.text(&one.kind),
            facts: vec![
                self.fact("Gravidade", &one.severity),
                self.fact("Percebido em", &one.detected),
                self.fact("Pessoas afetadas", &one.affected),
                self.fact("Avaliação", &one.judgement),
                self.fact("Situação", &one.status),
            ],
            drill: one.drill,
            clocks: one.clocks.iter().map(|clock| self.clock(clock)).collect(),
        }
    }

    fn retention(&self, one: &Retention) -> RetentionView {
        RetentionView {
            table: breakable(&self.exact(&one.table), LONG_WORD),
            about: self.text(&one.about),
            basis: self.text(&one.basis),
            period: self.text(&one.period),
        }
    }
}

fn found(level: Level, sentence: String) -> FindingView {
    FindingView { level: level.code(), label: level.label(), sentence }
}

/// How many rows there are and what of them is not drawn.
fn counted(rows: usize, drawn: usize, truncated: bool, masked: bool) -> String {
    let mut said = match (rows, truncated) {
        (0, _) => "Nenhuma linha.".to_owned(),
        (1, false) => "1 linha.".to_owned(),
        (n, false) => format!("{n} linhas."),
        (n, true) => format!("Mais de {n} linhas; o console lê até {n}."),
    };
    if rows > drawn {
        said.push_str(&format!(" Aqui estão as {drawn} primeiras; todas as lidas estão no arquivo de dados."));
    }
    if masked && rows > 0 {
        said.push_str(" Dados pessoais ocultos (•••).");
    }
    said
}
