//! Security incidents: kinds, and what a notice to the ANPD says (Resolução CD/ANPD nº 15/2024, art. 6, § 2).

/// A kind of incident: code and name.
pub const KINDS: [(&str, &str); 8] = [
    ("acesso_indevido", "Acesso não autorizado"),
    ("vazamento", "Exposição ou divulgação de dados"),
    ("perda", "Perda ou destruição de dados"),
    ("alteracao", "Alteração indevida de dados"),
    ("indisponibilidade", "Indisponibilidade"),
    ("credenciais", "Senhas, chaves ou sessões comprometidas"),
    ("falha_ia", "Falha da IA"),
    ("outro", "Outro"),
];

/// How grave: code and name.
pub const SEVERITIES: [(&str, &str); 4] =
    [("low", "Baixa"), ("medium", "Média"), ("high", "Alta"), ("critical", "Crítica")];

/// The twelve contents of a notice: code, name, and what to write.
pub const CONTENTS: [(&str, &str, &str); 12] = [
    (
        "natureza",
        "Natureza e categoria dos dados afetados",
        "Que dados foram afetados e de que tipo: cadastro, contato, saúde, acesso.",
    ),
    ("titulares", "Número de titulares afetados", "Quantos, e quantos deles são crianças, adolescentes ou idosos."),
    ("medidas", "Medidas de segurança usadas", "O que protegia os dados antes e o que foi feito depois."),
    ("riscos", "Riscos e possíveis impactos", "O que pode acontecer com as pessoas."),
    ("demora", "Motivos da demora", "Só se a comunicação passar do prazo; senão, escreva que não houve."),
    ("mitigacao", "Medidas para reverter ou mitigar", "O que já foi feito e o que será feito."),
    ("datas", "Data da ocorrência e do conhecimento", "Quando aconteceu, se dá para saber, e quando se soube."),
    ("encarregado", "Dados do encarregado", "Nome e contato do encarregado ou de quem representa a clínica."),
    (
        "controlador",
        "Identificação do controlador",
        "Nome da clínica, CNPJ e, se for o caso, declaração de agente de pequeno porte.",
    ),
    ("operador", "Identificação do operador", "Se outra empresa tratava os dados; senão, escreva que não há."),
    ("descricao", "Descrição do incidente e causa", "O que aconteceu e por quê, se já se sabe."),
    ("total", "Total de titulares no tratamento afetado", "Quantas pessoas têm dados nessa atividade."),
];

/// The contents that are not written yet.
pub fn missing(written: impl Fn(&str) -> bool) -> Vec<&'static str> {
    CONTENTS.iter().filter(|(code, _, _)| !written(code)).map(|(_, label, _)| *label).collect()
}

/// The name of a kind; the code itself when it is none of ours.
pub fn kind(code: &str) -> &str {
    KINDS.iter().find(|(known, _)| *known == code).map_or(code, |(_, label)| *label)
}

/// The name of a severity.
pub fn severity(code: &str) -> &str {
    SEVERITIES.iter().find(|(known, _)| *known == code).map_or(code, |(_, label)| *label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(missing(|_| true).len(), 0);
        assert_eq!(missing(|code| code != "riscos"), ["Riscos e possíveis impactos"]);
        assert_eq!(missing(|_| false).len(), 12);
        assert_eq!((kind("vazamento"), kind("x")), ("Exposição ou divulgação de dados", "x"));
    }
}
