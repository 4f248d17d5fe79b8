//! The words and the rule of each query.

use super::{
    AuditQuery, Step,
    verdict::{Level, Rows, Verdict},
};

/// An answer whose columns are not those of the manual.
fn edited() -> Verdict {
    Verdict::new(Level::Information, "A consulta foi alterada: leia as linhas, o Sigilo não as julga.")
}

fn or_edited(verdict: Option<Verdict>) -> Verdict {
    verdict.unwrap_or_else(edited)
}

fn counted(rows: usize, one: &str, many: &str) -> String {
    if rows == 1 { format!("1 {one}") } else { format!("{rows} {many}") }
}

fn listed(rows: &Rows<'_>, one: &str, many: &str, none: &str) -> Verdict {
    match rows.len() {
        0 => Verdict::new(Level::Empty, none),
        n => Verdict::new(Level::Ok, format!("{}.", counted(n, one, many))),
    }
}

fn profiles(rows: &Rows<'_>) -> Verdict {
    let pending = rows.with("crm_number", "PENDENTE").unwrap_or(0);
    match (rows.len(), pending) {
        (0, _) => Verdict::new(Level::Empty, "Nenhum médico se cadastrou ainda."),
        (n, 0) => Verdict::new(Level::Ok, format!("{}, todos com CRM informado.", counted(n, "perfil", "perfis"))),
        (n, p) => Verdict::new(
            Level::Information,
            format!("{}; {p} ainda sem CRM, porque o cadastro não foi concluído.", counted(n, "perfil", "perfis")),
        ),
    }
}

fn logins(rows: &Rows<'_>) -> Verdict {
    or_edited(rows.column("ip_address").map(|mut ips| {
        if rows.len() == 0 {
            Verdict::new(Level::Empty, "Ninguém entrou ainda.")
        } else if ips.any(|ip| ip.is_none()) {
            Verdict::new(Level::Problem, "Há entradas sem o endereço IP, que o Marco Civil manda guardar.")
        } else {
            Verdict::new(Level::Ok, "Cada entrada tem endereço IP, navegador e horário.")
        }
    }))
}

fn consents_of_one(rows: &Rows<'_>) -> Verdict {
    or_edited(rows.column("consent_type").map(|kinds| {
        let kinds: std::collections::BTreeSet<_> = kinds.flatten().collect();
        match kinds.len() {
            0 => Verdict::new(Level::Empty, "Este médico ainda não decidiu sobre nenhum consentimento."),
            4 => {
                Verdict::new(Level::Ok, "Os quatro consentimentos têm registro próprio, com data, versão e base legal.")
            }
            n => Verdict::new(
                Level::Information,
                format!("{n} dos quatro tipos têm registro; os outros não foram concedidos."),
            ),
        }
    }))
}

fn audited(rows: &Rows<'_>) -> Verdict {
    listed(rows, "registro na trilha", "registros na trilha", "A trilha ainda não tem registros deste tipo.")
}

fn grouped(rows: &Rows<'_>) -> Verdict {
    match rows.len() {
        0 => Verdict::new(Level::Empty, "Ainda não há o que contar."),
        _ => Verdict::new(Level::Information, "Contagem por grupo; veja as linhas."),
    }
}

fn messages(rows: &Rows<'_>) -> Verdict {
    or_edited(rows.column("content_hash").map(|mut hashes| {
        if rows.len() == 0 {
            Verdict::new(Level::Empty, "Esta conversa não tem mensagens.")
        } else if hashes.all(|hash| hash.is_some()) {
            Verdict::new(Level::Ok, "Só o texto já sem identificadores, cada um com o seu resumo SHA-256.")
        } else {
            Verdict::new(Level::Problem, "Há mensagens sem resumo de integridade.")
        }
    }))
}

fn proofs(rows: &Rows<'_>) -> Verdict {
    or_edited(rows.column("original_content_hash").map(|mut hashes| {
        if rows.len() == 0 {
            Verdict::new(Level::Empty, "Nenhuma mensagem passou pela remoção ainda.")
        } else if hashes.all(|hash| hash.is_some()) {
            Verdict::new(Level::Ok, "Cada mensagem tem a prova da remoção: resumo do original, método e tempo.")
        } else {
            Verdict::new(Level::Problem, "Há provas sem o resumo do original.")
        }
    }))
}

fn detections(rows: &Rows<'_>) -> Verdict {
    or_edited(rows.column("action_taken").map(|actions| {
        let kept = actions.flatten().filter(|action| *action == "kept").count();
        match (rows.len(), kept) {
            (0, _) => Verdict::new(Level::Empty, "Nenhum dado pessoal foi encontrado nas mensagens."),
            (_, 0) => Verdict::new(Level::Ok, "Tudo o que foi encontrado foi removido ou generalizado."),
            (_, k) => Verdict::new(Level::Attention, format!("{k} achados foram mantidos no texto; veja por quê.")),
        }
    }))
}

fn statistics(rows: &Rows<'_>) -> Verdict {
    let numbers = || {
        Some((
            rows.number("total_mensagens_processadas")?,
            rows.number("mensagens_com_dados_sensiveis")?,
            rows.number("mensagens_sem_dados_sensiveis")?,
        ))
    };
    or_edited(numbers().map(|(total, with, without)| match total {
        0 => Verdict::new(Level::Empty, "Nenhuma mensagem foi enviada ainda."),
        _ if with + without != total => Verdict::new(Level::Problem, "As parcelas não somam o total."),
        _ => {
            Verdict::new(Level::Ok, format!("{total} mensagens examinadas; em {with} havia dados pessoais, removidos."))
        }
    }))
}

fn images(rows: &Rows<'_>) -> Verdict {
    or_edited(rows.column("discarded_at").map(|mut discarded| {
        if rows.len() == 0 {
            Verdict::new(Level::Empty, "Nenhuma imagem foi enviada ainda.")
        } else if discarded.all(|at| at.is_some()) {
            Verdict::new(Level::Ok, "Toda imagem tem o instante em que foi descartada da memória.")
        } else {
            Verdict::new(Level::Problem, "Há imagens sem a prova do descarte.")
        }
    }))
}

fn discards(rows: &Rows<'_>) -> Verdict {
    let numbers = || {
        let kinds = rows.number("nunca_armazenadas")? + rows.number("processadas_em_memoria")?;
        Some((rows.number("total_imagens_processadas")?, kinds, rows.number("sem_data_descarte")?))
    };
    or_edited(numbers().map(|(total, kinds, without)| match total {
        0 => Verdict::new(Level::Empty, "Nenhuma imagem foi enviada ainda."),
        _ if kinds == total && without == 0 => {
            Verdict::new(Level::Ok, format!("{total} imagens, todas só na memória e com a prova do descarte."))
        }
        _ => Verdict::new(
            Level::Problem,
            format!("{without} sem data de descarte; {} com outra situação.", total - kinds),
        ),
    }))
}

fn explanations(rows: &Rows<'_>) -> Verdict {
    or_edited(rows.column("explanation_content").map(|mut texts| {
        if rows.len() == 0 {
            Verdict::new(Level::Empty, "A IA ainda não respondeu a ninguém.")
        } else if texts.all(|text| text.is_some_and(|text| !text.is_empty())) {
            Verdict::new(Level::Ok, "Cada resposta tem a explicação de como foi feita.")
        } else {
            Verdict::new(Level::Problem, "Há respostas sem explicação.")
        }
    }))
}

fn pubmed(rows: &Rows<'_>) -> Verdict {
    match rows.len() {
        0 => Verdict::new(
            Level::Empty,
            "Nenhuma resposta consultou o PubMed pela internet. Com a política “só índice local” isto é o esperado: a \
             conferência é feita aqui, e o registro não afirma uma consulta que não houve.",
        ),
        n => Verdict::new(Level::Ok, format!("{}.", counted(n, "resposta conferida", "respostas conferidas"))),
    }
}

/// The manual expects all of them; what is not shown is told as it is.
const NOT_SHOWN: &str = "Contam como “não exibido” as respostas pedidas pela API e as que ninguém rolou até ver: o \
                         Sigilo só registra a exibição depois que o navegador a confirma.";

fn disclaimers(rows: &Rows<'_>) -> Verdict {
    let numbers = || Some((rows.number("total_respostas")?, rows.number("com_disclaimer")?));
    or_edited(numbers().map(|(total, with)| match total {
        0 => Verdict::new(Level::Empty, "A IA ainda não respondeu a ninguém."),
        _ if with == total => Verdict::new(Level::Ok, format!("{total} respostas, todas com o aviso exibido.")),
        _ => Verdict::new(Level::Attention, format!("{} de {total} sem aviso confirmado. {NOT_SHOWN}", total - with)),
    }))
}

fn one_answer(rows: &Rows<'_>) -> Verdict {
    match rows.len() {
        0 => Verdict::new(Level::Empty, "A trilha não tem uma resposta da IA com este identificador."),
        1 => Verdict::new(Level::Ok, "A trilha diz modelo, tokens, referências conferidas e tempo desta resposta."),
        n => Verdict::new(Level::Attention, format!("{n} registros para a mesma resposta; esperava-se um.")),
    }
}

fn failures(rows: &Rows<'_>) -> Verdict {
    match rows.len() {
        0 => Verdict::new(Level::Ok, "Nenhuma tentativa de entrada falhou."),
        20.. => Verdict::new(Level::Attention, "20 ou mais tentativas falharam; veja se vêm do mesmo endereço."),
        n => Verdict::new(
            Level::Information,
            format!("{}.", counted(n, "tentativa sem sucesso", "tentativas sem sucesso")),
        ),
    }
}

fn remaining(rows: &Rows<'_>) -> Verdict {
    or_edited(rows.column("tempo_restante").map(|left| {
        // PostgreSQL writes a negative interval as `-3 days` or `-00:10:00`; mixed signs begin with the largest unit.
        let late = left.flatten().filter(|left| left.starts_with('-')).count();
        match (rows.len(), late) {
            (0, _) => Verdict::new(Level::Ok, "Nenhum pedido espera por resposta."),
            (n, 0) => Verdict::new(Level::Information, format!("{} dentro do prazo.", counted(n, "pedido", "pedidos"))),
            (_, l) => Verdict::new(Level::Problem, format!("{} com o prazo vencido.", counted(l, "pedido", "pedidos"))),
        }
    }))
}

fn row_security(rows: &Rows<'_>) -> Verdict {
    let secured = rows.with("rowsecurity", "true");
    or_edited(secured.map(|on| match rows.len() {
        0 => Verdict::new(Level::Problem, "Nenhuma tabela visível: a consulta não encontrou o banco do Sigilo."),
        n if n == on => Verdict::new(Level::Ok, format!("As {n} tabelas têm segurança por linha.")),
        n => Verdict::new(Level::Problem, format!("{} de {n} tabelas sem segurança por linha.", n - on)),
    }))
}

fn rules(rows: &Rows<'_>) -> Verdict {
    or_edited(rows.column("rulename").map(|names| {
        let names: Vec<_> = names.flatten().collect();
        if names.contains(&"audit_logs_no_update") && names.contains(&"audit_logs_no_delete") {
            Verdict::new(Level::Ok, "As duas regras que impedem alterar e apagar a trilha estão ativas.")
        } else {
            Verdict::new(Level::Problem, "Falta ao menos uma das regras que impedem alterar ou apagar a trilha.")
        }
    }))
}

fn deadlines(rows: &Rows<'_>) -> Verdict {
    or_edited(rows.column("dias_corridos").map(|spans| {
        let days = |span: Option<&str>| span.and_then(|span| span.split(' ').next()?.parse::<u32>().ok());
        match rows.len() {
            0 => Verdict::new(Level::Empty, "Nenhum pedido foi feito ainda."),
            _ if spans.map(days).all(|days| days.is_some_and(|days| (19..=21).contains(&days))) => {
                Verdict::new(Level::Ok, "Os prazos são de 15 dias úteis (19 a 21 corridos), calculados pelo banco.")
            }
            _ => Verdict::new(Level::Problem, "Há prazo diferente de 15 dias úteis."),
        }
    }))
}

fn doctors(rows: &Rows<'_>) -> Verdict {
    let numbers = || Some((rows.number("total_medicos")?, rows.number("com_crm_validado")?));
    or_edited(numbers().map(|(total, with)| {
        Verdict::new(
            Level::Information,
            format!(
                "{}, {with} com CRM informado. “Validado” na consulta quer dizer informado no formato certo.",
                if total == 1 { "1 médico".to_owned() } else { format!("{total} médicos") }
            ),
        )
    }))
}

fn outcome(rows: &Rows<'_>, why: &str) -> Verdict {
    or_edited(rows.column("resultado").and_then(|mut results| results.next().flatten()).map(|result| {
        if result.starts_with("OK") {
            Verdict::new(Level::Ok, result)
        } else {
            Verdict::new(Level::Problem, [result, why].join(" ").trim().to_owned())
        }
    }))
}

fn stored_images(rows: &Rows<'_>) -> Verdict {
    outcome(rows, "")
}

fn shown_disclaimers(rows: &Rows<'_>) -> Verdict {
    let verdict = outcome(rows, NOT_SHOWN);
    if verdict.level == Level::Problem { Verdict { level: Level::Attention, ..verdict } } else { verdict }
}

fn situations(rows: &Rows<'_>) -> Verdict {
    or_edited(rows.with("situacao", "FORA DO PRAZO!").map(|late| match (rows.len(), late) {
        (0, _) => Verdict::new(Level::Empty, "Nenhum pedido foi feito ainda."),
        (n, 0) => Verdict::new(Level::Ok, format!("{}, nenhum fora do prazo.", counted(n, "pedido", "pedidos"))),
        (_, l) => Verdict::new(Level::Problem, format!("{} fora do prazo.", counted(l, "pedido", "pedidos"))),
    }))
}

fn incidents(rows: &Rows<'_>) -> Verdict {
    or_edited(rows.column("resolved_at").map(|resolved| {
        let open = resolved.filter(Option::is_none).count();
        match (rows.len(), open) {
            (0, _) => Verdict::new(Level::Ok, "Nenhum incidente registrado."),
            (n, 0) => Verdict::new(
                Level::Information,
                format!("{}, todos encerrados.", counted(n, "incidente", "incidentes")),
            ),
            (n, o) => {
                Verdict::new(Level::Attention, format!("{}, {o} em aberto.", counted(n, "incidente", "incidentes")))
            }
        }
    }))
}

macro_rules! queries {
    ($($number:literal $step:ident $judge:expr, $title:literal, $question:literal, $expected:literal, $article:literal;)*) => {
        pub(super) static QUERIES: [AuditQuery; 34] = [$(AuditQuery {
            number: $number,
            step: Step::$step,
            title: $title,
            question: $question,
            expected: $expected,
            article: $article,
            judge: $judge,
        }),*];
    };
}

queries! {
    1 SignUp profiles, "Perfis dos médicos",
        "Que médicos estão cadastrados e o que se sabe de cada um?",
        "Nome, CRM, estado e especialidade; “PENDENTE” e “XX” enquanto o cadastro não foi concluído.",
        "LGPD, art. 7º, V";
    2 SignUp logins, "Entradas na plataforma",
        "Quem entrou, quando e de onde?",
        "Uma linha por entrada, com IP, navegador e horário.",
        "Marco Civil da Internet, art. 15";
    3 SignUp audited, "Trilha da criação dos perfis",
        "Onde está registrado que o perfil foi criado?",
        "Uma linha por perfil, escrita pelo próprio banco.",
        "LGPD, art. 37";
    4 Consents consents_of_one, "Consentimentos de um médico",
        "O que este médico autorizou, quando e com que texto?",
        "Até quatro tipos, cada um com data, versão do texto, IP e base legal.",
        "LGPD, arts. 7º, I, e 8º";
    5 Consents grouped, "Consentimentos por tipo",
        "Quantos consentimentos de cada tipo estão valendo?",
        "Uma linha por tipo, com o primeiro e o último.",
        "LGPD, art. 8º, § 2º";
    6 Consents audited, "Trilha dos consentimentos",
        "Onde está registrado cada consentimento dado ou revogado?",
        "Uma linha por ato, com “consent_granted” ou “consent_revoked”.",
        "LGPD, art. 8º, §§ 2º e 5º";
    7 Messages messages, "Mensagens de uma conversa",
        "O que foi gravado de uma conversa?",
        "O texto já sem identificadores, com marcas como [CPF REMOVIDO], e o resumo de cada mensagem.",
        "LGPD, arts. 6º, III, e 46";
    8 Messages proofs, "Provas da remoção",
        "Como se prova que os dados foram removidos antes de gravar?",
        "Uma linha por mensagem: resumo com chave do original, o que foi encontrado, método e tempo.",
        "LGPD, arts. 6º, X, e 37";
    9 Messages detections, "Dados pessoais encontrados",
        "Que dados pessoais apareceram nas mensagens e o que se fez com eles?",
        "Uma linha por achado, com tipo, método, confiança e “removed”.",
        "LGPD, art. 46";
    10 Messages statistics, "Números da remoção",
        "Em quantas mensagens havia dados pessoais?",
        "As duas parcelas somam o total de mensagens examinadas.",
        "LGPD, art. 6º, X";
    11 Images images, "Imagens processadas",
        "O que se sabe de cada imagem enviada?",
        "Resumo, tamanho e tipo, mais o instante do processamento e o do descarte; a imagem, nunca.",
        "LGPD, arts. 11, II, f, e 16";
    12 Images discards, "Prova de que nenhuma imagem ficou",
        "Alguma imagem ficou sem prova de descarte?",
        "Todas com data de descarte e em “processed_in_memory” ou “never_stored”.",
        "LGPD, art. 16";
    13 Answers explanations, "Explicações das respostas",
        "Como a IA chegou a cada resposta?",
        "Modelo, conferência das referências, aviso exibido e decisão do médico, resposta por resposta.",
        "LGPD, art. 20; CFM 2.454/2026";
    14 Answers pubmed, "Respostas conferidas no PubMed",
        "Que respostas tiveram referências conferidas no PubMed?",
        "As respostas cuja explicação cita a consulta às PubMed E-utilities; nenhuma, se a clínica só usa o índice local.",
        "LGPD, art. 6º, V e VI";
    15 Answers disclaimers, "Aviso exibido ao médico",
        "O aviso de que o diagnóstico é do médico foi exibido?",
        "Total igual a “com_disclaimer”; o que falta são respostas que ninguém viu até o fim.",
        "LGPD, art. 6º, VI; CFM 2.454/2026, art. 15";
    16 Answers one_answer, "Trilha de uma resposta",
        "O que a trilha guarda de uma resposta específica?",
        "Uma linha, com modelo, tokens, referências e tempo, sem o conteúdo.",
        "LGPD, art. 37";
    17 Accesses logins, "Acessos de um médico",
        "Quando este médico entrou e saiu?",
        "Entradas, saídas e falhas, com IP, navegador e duração da sessão.",
        "Marco Civil da Internet, art. 15";
    18 Accesses failures, "Tentativas sem sucesso",
        "Alguém tentou entrar sem conseguir?",
        "Poucas linhas e de endereços diferentes; uma rajada do mesmo endereço merece um incidente.",
        "LGPD, art. 46";
    19 Accesses grouped, "Números dos acessos",
        "Quantas entradas, saídas e falhas houve?",
        "Uma linha por tipo de acesso.",
        "Marco Civil da Internet, art. 15";
    20 Deletion (|rows| listed(rows, "pedido de exclusão", "pedidos de exclusão", "Ninguém pediu a exclusão da conta.")),
        "Pedidos de exclusão",
        "Que pedidos de exclusão existem e em que pé estão?",
        "Cada pedido com a data, o prazo calculado e a situação.",
        "LGPD, arts. 16 e 18, VI";
    21 Deletion remaining, "Pedidos pendentes e tempo restante",
        "Que pedidos esperam por nós e quanto tempo resta?",
        "Tempo restante positivo; negativo quer dizer prazo vencido.",
        "LGPD, arts. 18 e 19";
    22 Deletion audited, "Trilha dos pedidos",
        "Onde está registrado cada pedido criado e concluído?",
        "Uma linha por ato, escrita pelo próprio banco.",
        "LGPD, art. 37";
    23 Rights grouped, "Tempo médio de resposta",
        "Em quantos dias, em média, os pedidos são atendidos?",
        "Uma linha por tipo e situação; a média só existe para os concluídos.",
        "LGPD, art. 19";
    24 Protections row_security, "Segurança por linha em todas as tabelas",
        "Todas as tabelas impedem que um veja os dados de outro?",
        "“rowsecurity” verdadeiro em todas as linhas.",
        "LGPD, art. 46";
    25 Protections rules, "Trilha que não se altera",
        "A trilha de auditoria pode ser alterada ou apagada?",
        "Duas regras: audit_logs_no_update e audit_logs_no_delete.",
        "LGPD, arts. 6º, X, e 46";
    26 Protections deadlines, "Prazo de 15 dias úteis",
        "O prazo dos pedidos é calculado corretamente?",
        "De 19 a 21 dias corridos, que são 15 dias úteis sem contar sábados e domingos.",
        "LGPD, art. 18, § 5º; prazo interno de 15 dias úteis, mais o do art. 19, II, para o acesso";
    27 Quick doctors, "Quantos médicos usam a plataforma",
        "Quantos médicos usam a plataforma?",
        "O total e quantos já informaram o CRM.",
        "LGPD, art. 37";
    28 Quick grouped, "Quantas mensagens foram trocadas",
        "Quantas mensagens foram trocadas?",
        "Uma linha para os médicos (user) e uma para a IA (assistant).",
        "LGPD, art. 37";
    29 Quick grouped, "Quantos dados pessoais foram removidos",
        "Quantas vezes dados pessoais foram detectados e removidos?",
        "Uma linha por tipo de dado, com a confiança média.",
        "LGPD, art. 46";
    30 Quick stored_images, "Alguma imagem foi armazenada",
        "Alguma imagem foi armazenada permanentemente?",
        "“OK: Nenhuma imagem foi armazenada permanentemente.”.",
        "LGPD, art. 16";
    31 Quick situations, "Pedidos fora do prazo",
        "Existem pedidos de direitos fora do prazo?",
        "Nenhuma linha com “FORA DO PRAZO!”.",
        "LGPD, arts. 18 e 19";
    32 Quick shown_disclaimers, "O aviso está sendo exibido",
        "O aviso da IA está sendo exibido?",
        "“OK: Todas as respostas exibiram disclaimer.”; “ALERTA” se alguma não foi vista até o fim.",
        "LGPD, art. 6º, VI; CFM 2.454/2026";
    33 Quick grouped, "Resumo da trilha",
        "Que ações a trilha registrou, e quantas de cada?",
        "Uma linha por ação e tabela, com a primeira e a última vez.",
        "LGPD, art. 37";
    34 Quick incidents, "Incidentes de segurança",
        "Que incidentes de segurança foram registrados?",
        "Todos os incidentes, inclusive simulados e não comunicados.",
        "LGPD, art. 48; Resolução CD/ANPD nº 15/2024";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn level(number: u8, columns: &[&str], rows: &[&[Option<&str>]]) -> Level {
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        let rows: Vec<Vec<Option<String>>> =
            rows.iter().map(|row| row.iter().map(|value| value.map(str::to_owned)).collect()).collect();
        let verdict = AuditQuery::of(number).unwrap().judge(&Rows { columns: &columns, rows: &rows });
        assert!(!verdict.sentence.is_empty());
        verdict.level
    }

    #[test]
    fn good_rows_and_bad_rows_are_told_apart() {
        let (a, b) = (Some("audit_logs_no_update"), Some("audit_logs_no_delete"));
        assert_eq!(level(25, &["rulename", "ev_type"], &[&[a, Some("2")], &[b, Some("4")]]), Level::Ok);
        assert_eq!(level(25, &["rulename", "ev_type"], &[&[a, Some("2")]]), Level::Problem);
        assert_eq!(level(24, &["tablename", "rowsecurity"], &[&[Some("messages"), Some("true")]]), Level::Ok);
        let open: &[&[Option<&str>]] = &[&[Some("a"), Some("true")], &[Some("b"), Some("false")]];
        assert_eq!(level(24, &["tablename", "rowsecurity"], open), Level::Problem);
        assert_eq!(level(24, &["tablename", "rowsecurity"], &[]), Level::Problem);

        assert_eq!(level(21, &["tempo_restante"], &[&[Some("3 days 04:00:00")]]), Level::Information);
        assert_eq!(level(21, &["tempo_restante"], &[&[Some("-1 days -02:00:00")]]), Level::Problem);
        assert_eq!(level(21, &["tempo_restante"], &[&[Some("-00:00:01")]]), Level::Problem);
        assert_eq!(level(26, &["dias_corridos"], &[&[Some("21 days")], &[Some("19 days")]]), Level::Ok);
        assert_eq!(level(26, &["dias_corridos"], &[&[Some("30 days")]]), Level::Problem);
        assert_eq!(level(31, &["situacao"], &[&[Some("FORA DO PRAZO!")]]), Level::Problem);
        assert_eq!(level(31, &["situacao"], &[&[Some("Dentro do prazo")]]), Level::Ok);

        let columns = ["total_imagens_processadas", "nunca_armazenadas", "processadas_em_memoria", "sem_data_descarte"];
        assert_eq!(level(12, &columns, &[&[Some("3"), Some("0"), Some("3"), Some("0")]]), Level::Ok);
        assert_eq!(level(12, &columns, &[&[Some("3"), Some("0"), Some("2"), Some("0")]]), Level::Problem);
        assert_eq!(level(12, &columns, &[&[Some("0"), Some("0"), Some("0"), Some("0")]]), Level::Empty);
        assert_eq!(level(15, &["total_respostas", "com_disclaimer"], &[&[Some("4"), Some("4")]]), Level::Ok);
        assert_eq!(level(15, &["total_respostas", "com_disclaimer"], &[&[Some("4"), Some("3")]]), Level::Attention);
        assert_eq!(
            level(32, &["resultado"], &[&[Some("ALERTA: Existem respostas sem disclaimer!")]]),
            Level::Attention
        );
        assert_eq!(
            level(30, &["resultado"], &[&[Some("ALERTA: Existem imagens com status inesperado!")]]),
            Level::Problem
        );
        assert_eq!(level(30, &["resultado"], &[&[Some("OK: Nenhuma imagem")]]), Level::Ok);
        assert_eq!(level(2, &["ip_address"], &[&[None]]), Level::Problem);
        assert_eq!(level(34, &["resolved_at"], &[&[None]]), Level::Attention);
        assert_eq!(level(4, &["consent_type"], &[&[Some("ai_processing")]]), Level::Information);
    }

    #[test]
    fn no_rows_are_never_a_success_they_do_not_show() {
        for query in AuditQuery::all() {
            let verdict = query.judge(&Rows { columns: &[], rows: &[] });
            if verdict.level == Level::Ok {
                // That nobody failed to sign in is good news; a count that shows nothing is not.
                assert_eq!(query.number, 18, "{}: {}", query.code(), verdict.sentence);
            }
        }
    }
}
