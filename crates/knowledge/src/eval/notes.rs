//! Notes written from the condition table, with what they say known beforehand.

use std::sync::LazyLock;

use super::chance::Chance;
use crate::lexicon::{Kind, LEXICON_DATA, surfaces};
use crate::table::{CONDITIONS, rows};

const PARAPHRASES: &str = include_str!("../../../../data/ddxplus/parafrases.tsv");

/// Wordings kept out of the lexicon, by evidence.
static HELD_OUT: LazyLock<Vec<(String, Vec<&'static str>)>> = LazyLock::new(|| {
    rows(PARAPHRASES)
        .map(|row| (row[0].replace('@', "_@_"), row.get(1).map_or(Vec::new(), |forms| forms.split('|').collect())))
        .collect()
});

/// All wordings kept out of the lexicon.
#[cfg(test)]
pub(crate) fn held_out() -> impl Iterator<Item = (&'static str, &'static str)> {
    HELD_OUT.iter().flat_map(|(code, forms)| forms.iter().map(move |form| (code.as_str(), *form)))
}

/// An invented case: what is true of the patient.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub condition: usize,
    pub age: u16,
    pub female: bool,
    /// Months, for a child under two.
    pub months: u16,
    /// Concepts that the note tells of, symptoms first.
    pub present: Vec<usize>,
    pub absent: Vec<usize>,
    /// Told of as well, though they have nothing to do with the condition.
    pub stray: Vec<usize>,
}

/// What the note says beyond the case, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// Share of the findings told in words that the lexicon does not hold, 0 to 100.
    pub held_out: u64,
    /// Clipped, as in an intensive care unit.
    pub telegraphic: bool,
}

/// A case of the condition.
pub(crate) fn case(condition: usize, chance: &mut Chance) -> Case {
    let lexicon = &*LEXICON_DATA;
    let fits = &CONDITIONS[condition];
    let mut symptoms = concepts(&fits.symptoms);
    let mut antecedents = concepts(&fits.antecedents);
    chance.shuffle(&mut symptoms);
    chance.shuffle(&mut antecedents);
    symptoms.truncate(2 + chance.below(5));
    antecedents.truncate(chance.below(4));
    if fits.evidences.contains("E_53") && chance.percent(85) {
        let places: Vec<usize> =
            lexicon.regions.iter().map(|r| r.pain).filter(|c| lexicon.concepts[*c].fits[condition]).collect();
        symptoms.insert(0, chance.pick(&places).copied().unwrap_or(lexicon.pain));
    }
    if let Some(at) = symptoms.iter().position(|concept| *concept == lexicon.swelling) {
        let places: Vec<usize> =
            lexicon.regions.iter().map(|r| r.swelling).filter(|c| lexicon.concepts[*c].fits[condition]).collect();
        if let Some(place) = chance.pick(&places)
            && chance.percent(60)
        {
            symptoms[at] = *place;
        }
    }
    let women = |concept: &usize| {
        matches!(lexicon.concepts[*concept].code.as_str(), "E_145" | "E_163" | "E_167" | "E_141" | "E_11")
    };
    let mut present = symptoms;
    present.append(&mut antecedents);
    let age = match fits.id {
        "bronquiolite" => 0,
        "crupe" => chance.below(5) as u16,
        "otite" | "coqueluche" => 1 + chance.below(40) as u16,
        _ if present.iter().any(women) => 16 + chance.below(30) as u16,
        _ => 6 + chance.below(84) as u16,
    };
    let female = present.iter().any(women) || chance.percent(50);
    let mut absent = Vec::new();
    for _ in 0..chance.below(4) {
        let others: Vec<usize> = (0..lexicon.concepts.len())
            .filter(|c| {
                let concept = &lexicon.concepts[*c];
                concept.kind == Kind::Symptom
                    && !concept.neutral
                    && !concept.fits[condition]
                    && !concept.code.contains('@')
            })
            .collect();
        absent.extend(
            chance.pick(&others).filter(|concept| !absent.contains(*concept)).copied().into_iter().collect::<Vec<_>>(),
        );
    }
    let mut stray = Vec::new();
    for (percent, codes) in [(35, &STRAY_SYMPTOMS[..]), (35, &STRAY_ANTECEDENTS[..])] {
        if let Some(code) = chance.pick(codes)
            && chance.percent(percent)
        {
            let concept = lexicon.by_code(code);
            if !lexicon.concepts[concept].fits[condition] && !absent.contains(&concept) {
                stray.push(concept);
            }
        }
    }
    Case { condition, age, female, months: 2 + chance.below(18) as u16, present, absent, stray }
}

/// The concepts that ask for the evidences; pain and the details of skin lesions come on their own.
fn concepts(evidences: &[&str]) -> Vec<usize> {
    let lexicon = &*LEXICON_DATA;
    let mut found: Vec<usize> = Vec::new();
    for evidence in evidences {
        if matches!(*evidence, "E_53" | "E_204" | "E_209") {
            continue;
        }
        let concept = lexicon.concepts.iter().position(|concept| concept.code == *evidence && !concept.neutral);
        // An evidence that has no words of its own shares those of another question.
        let concept = concept.or_else(|| match *evidence {
            "E_174" => Some(lexicon.by_code("E_162")),
            "E_142" => lexicon.concepts.iter().position(|concept| concept.code == "E_87"),
            "E_87" | "E_86" | "E_26" | "E_28" | "E_29" => {
                lexicon.concepts.iter().position(|concept| concept.code == *evidence)
            }
            _ => None,
        });
        if let Some(concept) = concept
            && !found.contains(&concept)
        {
            found.push(concept);
        }
    }
    found
}

/// Words for a concept.
fn words(concept: usize, style: Style, chance: &mut Chance) -> String {
    let lexicon = &*LEXICON_DATA;
    let told = &lexicon.concepts[concept];
    let held_out = HELD_OUT.iter().find(|(code, _)| *code == told.code).map(|(_, forms)| forms);
    if let Some(forms) = held_out
        && chance.percent(style.held_out)
        && let Some(form) = chance.pick(forms)
    {
        return (*form).to_owned();
    }
    let own = surfaces().iter().find(|(at, _)| *at == concept).map(|(_, forms)| forms);
    let form = own.and_then(|forms| chance.pick(forms)).map_or_else(|| told.label.clone(), |form| (*form).to_owned());
    if told.kind == Kind::Family {
        let relative = chance
            .pick(&["pai com", "mãe com", "irmão com", "avó com", "história familiar de"])
            .copied()
            .unwrap_or("pai com");
        return format!("{relative} {form}");
    }
    form
}

/// The note.
pub(crate) fn note(case: &Case, style: Style, opening: &str, chance: &mut Chance) -> String {
    let lexicon = &*LEXICON_DATA;
    let symptom = |concept: &&usize| lexicon.concepts[**concept].kind == Kind::Symptom;
    let all: Vec<usize> = case.present.iter().chain(&case.stray).copied().collect();
    let mut symptoms: Vec<String> = all.iter().filter(symptom).map(|c| words(*c, style, chance)).collect();
    let antecedents: Vec<String> = all.iter().filter(|c| !symptom(c)).map(|c| words(*c, style, chance)).collect();
    let absent: Vec<String> = case.absent.iter().map(|c| words(*c, style, chance)).collect();
    let feverish = case.present.contains(&lexicon.fever);
    let days = 1 + chance.below(14);
    let mut parts: Vec<String> = Vec::new();
    if style.telegraphic {
        parts.push(opening.to_owned());
        if let Some(first) = symptoms.first_mut() {
            first.push_str(&format!(" há {days}d"));
        }
        parts.push(symptoms.join(if chance.percent(50) { ", " } else { "; " }));
        if !absent.is_empty() {
            parts.push(format!("Nega {}", absent.join(", ")));
        }
        if !antecedents.is_empty() {
            parts.push(format!("AP: {}", antecedents.join(", ")));
        }
    } else {
        let verb = chance
            .pick(&["refere", "relata", "procura atendimento por", "evoluindo com", "queixa-se de"])
            .copied()
            .unwrap_or("refere");
        parts.push(format!("{opening} {verb} {}, há {days} dias", listed(&symptoms)));
        if !absent.is_empty() {
            let denial = chance.pick(&["Nega", "Não apresenta", "Sem"]).copied().unwrap_or("Nega");
            parts.push(format!("{denial} {}", absent.join(if denial == "Nega" { ", " } else { " ou " })));
        }
        if !antecedents.is_empty() {
            parts.push(format!("Antecedentes: {}", antecedents.join(", ")));
        }
    }
    if chance.percent(30) {
        parts.push(chance.pick(&RELATIVES).copied().unwrap_or_default().to_owned());
    }
    if chance.percent(60) {
        parts.push(chance.pick(&NOISE).copied().unwrap_or_default().to_owned());
    }
    if chance.percent(50) {
        let (whole, tenth) = if feverish { (38, chance.below(10)) } else { (36, chance.below(8)) };
        let rate = 64 + chance.below(40);
        parts.push(format!("Tax {whole},{tenth} °C, FC {rate}, PA 120x80, SatO2 97%"));
    }
    if chance.percent(25) {
        parts.push(chance.pick(&PLANS).copied().unwrap_or_default().to_owned());
    }
    parts.join(". ") + "."
}

/// How a note begins.
pub(crate) fn opening(case: &Case, style: Style, chance: &mut Chance) -> String {
    let tag = if chance.percent(30) { "[NOME REMOVIDO], " } else { "" };
    let sex =
        if case.female { ("feminina", "fem", "Mulher", "menina") } else { ("masculino", "masc", "Homem", "menino") };
    match (style.telegraphic, case.age) {
        (true, 0) => format!("{tag}lactente {}m, {}", case.months, sex.1),
        (true, age) => format!("{tag}{age}a, {}", sex.1),
        (false, 0) => format!(
            "{tag}lactente de {} meses, sexo {}, trazido pela mãe,",
            case.months,
            if case.female { "feminino" } else { "masculino" }
        ),
        (false, age @ 1..13) => format!("{tag}{} de {age} anos", sex.3),
        (false, age) if tag.is_empty() => format!("{} de {age} anos", sex.2),
        (false, age) => format!("{tag}paciente {}, {age} anos,", sex.0),
    }
}

fn listed(parts: &[String]) -> String {
    match parts {
        [] => "mal-estar".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} e {last}", first.join(", ")),
    }
}

/// Common complaints and illnesses that many patients have whatever they come for.
const STRAY_SYMPTOMS: [&str; 14] = [
    "E_201", "E_91", "E_89", "E_148", "E_66", "E_51", "E_76", "E_144", "E_181", "E_161", "E_50", "E_16", "E_177",
    "E_155",
];
const STRAY_ANTECEDENTS: [&str; 10] =
    ["E_104", "E_69", "E_79", "E_71", "E_70", "E_124", "E_125", "E_78", "E_80", "E_226"];

const RELATIVES: [&str; 6] = [
    "Mãe hipertensa",
    "Pai com diabetes",
    "HF: pai com DPOC e mãe com insuficiência cardíaca",
    "Irmã com artrite reumatoide",
    "Avó falecida de AVC",
    "Tem um filho com hipotireoidismo",
];
const NOISE: [&str; 10] = [
    "Mora em [CIDADE REMOVIDA] com a família",
    "Veio acompanhado da esposa",
    "Trabalha como motorista",
    "Nega alergias a medicamentos",
    "Tomou dipirona em casa com alívio parcial",
    "Bom estado geral, hidratado",
    "Exames laboratoriais em andamento",
    "Aguarda avaliação da enfermagem",
    "Consulta anterior em [DATA REMOVIDA]",
    "Aposentada, sai pouco de casa",
];
const PLANS: [&str; 4] = [
    "Orientado a retornar se febre ou dispneia",
    "Retorno em caso de dor torácica",
    "CD: hidratação, sintomáticos, retorno se piora da tosse",
    "Procurar o pronto-socorro se houver desmaio ou confusão mental",
];
