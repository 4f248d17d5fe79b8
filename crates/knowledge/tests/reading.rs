//! What the engine reads out of a note: negation, relatives, the past, fears, abbreviations, measurements, the patient.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use sigilo_knowledge::{Presence, assess};

/// Evidences of a note with a given standing.
fn read(note: &str, presence: Presence) -> Vec<String> {
    let mut codes: Vec<String> =
        assess(&[note]).findings.into_iter().filter(|one| one.presence == presence).map(|one| one.evidence).collect();
    codes.sort();
    codes.dedup();
    codes
}

fn present(note: &str) -> Vec<String> {
    read(note, Presence::Present)
}

fn absent(note: &str) -> Vec<String> {
    read(note, Presence::Absent)
}

#[track_caller]
fn says(note: &str, there: &[&str], not_there: &[&str]) {
    let (present, absent) = (present(note), absent(note));
    for code in there {
        assert!(present.iter().any(|one| one == code), "{note}: {code} not in {present:?}");
        assert!(!absent.iter().any(|one| one == code), "{note}: {code} denied too");
    }
    for code in not_there {
        assert!(absent.iter().any(|one| one == code), "{note}: {code} not denied in {absent:?}");
        assert!(!present.iter().any(|one| one == code), "{note}: {code} said to be there");
    }
}

#[track_caller]
fn silent(note: &str, codes: &[&str]) {
    let (present, absent) = (present(note), absent(note));
    for code in codes {
        assert!(!present.iter().chain(&absent).any(|one| one == code), "{note}: {code} in {present:?} / {absent:?}");
    }
}

#[test]
fn lists_after_one_negation() {
    says("Nega febre, tosse e dispneia.", &[], &["E_91", "E_201", "E_66"]);
    says("Nega febre, tosse e dispneia. Refere náuseas.", &["E_148"], &["E_91", "E_201", "E_66"]);
    says("Sem febre, calafrios ou sudorese", &[], &["E_91", "E_94", "E_50"]);
    says("sem tosse nem coriza", &[], &["E_201", "E_181"]);
    says("Tosse seca há 3 dias, sem febre, sem dispneia", &["E_201"], &["E_91", "E_66"]);
    says("não apresenta febre ou diarreia", &[], &["E_91", "E_51"]);
    says("ausência de edema e de palpitações", &[], &["E_151", "E_155"]);
    says("Nunca teve pneumonia.", &[], &["E_118"]);
    says("Febre, tosse e coriza ausentes", &[], &["E_91", "E_201", "E_181"]);
    says("Febre (-), tosse (+)", &["E_201"], &["E_91"]);
    says("febre: não; tosse: sim", &["E_201"], &["E_91"]);
}

#[test]
fn where_a_negation_ends() {
    says("Nega febre, mas refere tosse e coriza", &["E_201", "E_181"], &["E_91"]);
    says("nega febre porém com dispneia", &["E_66"], &["E_91"]);
    says("Sem febre, tosse produtiva há 5 dias", &["E_77"], &["E_91"]);
    says("Nega febre. Tosse há 2 dias.", &["E_201"], &["E_91"]);
    says("nega febre\ntosse há 2 dias", &["E_201"], &["E_91"]);
    says("Sem dispneia, refere palpitações", &["E_155"], &["E_66"]);
    says("Nega todos os sintomas exceto tosse", &["E_201"], &[]);
    says("Dor torácica sem dispneia", &["E_55_@_V_29"], &["E_66"]);
}

#[test]
fn what_only_looks_like_a_negation() {
    says("Sem melhora da dor torácica", &["E_55_@_V_29"], &[]);
    says("febre que não cede com dipirona", &["E_91"], &[]);
    says("não só tosse como também febre", &["E_201", "E_91"], &[]);
    says("não consegue respirar", &["E_66"], &[]);
    says("não dorme por causa da tosse", &["E_201"], &[]);
    says("paciente sem ar desde ontem", &["E_66"], &[]);
    says("sem alívio da falta de ar", &["E_66"], &[]);
    says("afebril, eupneico", &[], &["E_91", "E_66"]);
    says("nega tabagismo e etilismo", &[], &["E_79", "E_78"]);
    says("nunca fumou", &[], &["E_79"]);
}

#[test]
fn relatives_are_not_the_patient() {
    silent("Pai com asma e mãe hipertensa.", &["E_124", "E_104"]);
    silent("HF: pai com infarto aos 45 anos, mãe diabética", &["E_105", "E_69"]);
    silent("História familiar de enxaqueca e diabetes", &["E_69"]);
    silent("asma na família", &["E_124"]);
    assert_eq!(read("Pai com câncer de pulmão", Presence::Family), ["E_224"]);
    assert!(read("HF: irmão com pneumotórax espontâneo", Presence::Family).contains(&"E_165".to_owned()));
    assert!(read("mãe teve enxaqueca", Presence::Family).contains(&"E_99".to_owned()));
    says("Mãe refere que a criança está com febre e tosse", &["E_91", "E_201"], &[]);
    says("Trazido pela mãe com febre e coriza", &["E_91", "E_181"], &[]);
    says("Mãe asmática. Paciente com chiado e tosse.", &["E_214", "E_201"], &[]);
    silent("câncer de pulmão", &["E_224"]);
}

#[test]
fn fears_and_instructions_are_no_findings() {
    silent("Orientado a retornar se febre ou dispneia.", &["E_91", "E_66"]);
    silent("Retornar em caso de dor torácica ou síncope", &["E_55_@_V_29", "E_159"]);
    silent("Orientada a procurar o PS se apresentar hemoptise", &["E_45"]);
    silent("Investigar asma", &["E_124"]);
    silent("CD: raio-x, hemograma. Retorno se piora da tosse.", &["E_201"]);
    silent("vacinado contra gripe e febre amarela", &["E_91", "E_116"]);
    says("Queixa-se de febre e tosse", &["E_91", "E_201"], &[]);
    says("Se sente cansado e com falta de ar", &["E_89", "E_66"], &[]);
    says("Lúcido e orientado, com tosse", &["E_201"], &["E_39"]);
}

#[test]
fn the_past_keeps_antecedents_only() {
    silent("Há 10 anos teve hemoptise.", &["E_45"]);
    says("Há 10 anos teve pneumonia. Hoje com tosse.", &["E_118", "E_201"], &[]);
    says("AP: HAS, DM2, DPOC, IAM prévio, tabagista", &["E_104", "E_69", "E_123", "E_105", "E_79"], &[]);
    says("Tabagista há 20 anos com tosse há 3 dias", &["E_79", "E_201"], &[]);
    says("AP: asma. Dispneia há 2 dias.", &["E_124", "E_66"], &[]);
    silent("Teve convulsão febril na infância", &["E_43"]);
}

#[test]
fn places_of_pain() {
    says("dor em aperto no peito irradiando para braço esquerdo", &["E_55_@_V_29", "E_57_@_V_30", "E_54_@_V_183"], &[]);
    says("precordialgia súbita", &["E_55_@_V_29"], &[]);
    says("Peito doendo e barriga inchada", &["E_55_@_V_29"], &[]);
    says("cefaleia e otalgia", &["E_55_@_V_89", "E_55_@_V_129"], &[]);
    says("edema em panturrilha direita", &["E_152_@_V_119", "E_151"], &[]);
    says("nega dor torácica", &[], &["E_55_@_V_29"]);
    says("dor ventilatório-dependente em hemitórax esquerdo", &["E_220", "E_55_@_V_55"], &[]);
    says("abaulamento em região inguinal", &["E_133_@_V_16"], &[]);
    let both = present("dor abdominal, tosse");
    assert!(!both.contains(&"E_55_@_V_29".to_owned()), "{both:?}");
}

#[test]
fn spellings_abbreviations_and_tags() {
    says("dispinéia aos mínimos esforços", &["E_64"], &[]);
    says("DISPNÉIA E TOSSE", &["E_66", "E_201"], &[]);
    says("palpitacões e sudoreze", &["E_155", "E_50"], &[]);
    says("s/ febre, c/ tosse", &["E_201"], &["E_91"]);
    says("[NOME REMOVIDO], 54 anos, com febre", &["E_91"], &[]);
    says("febre [DATA REMOVIDA] e tosse", &["E_91", "E_201"], &[]);
    says("hipertenso, diabético, ex-tabagista", &["E_104", "E_69", "E_191"], &[]);
    silent("ex-tabagista", &["E_79"]);
    says("edema de MMII e ortopneia, DPN", &["E_151", "E_217", "E_67"], &[]);
}

#[test]
fn measurements() {
    says("Tax 38,5 °C", &["E_91"], &[]);
    says("T: 39.2", &["E_91"], &[]);
    says("temperatura de 38,9 graus", &["E_91"], &[]);
    silent("Tax 36,5 FC 80 PA 120x80 SatO2 98%", &["E_91", "E_155", "E_66"]);
    silent("PA 138x90, FC 39", &["E_91"]);
    says("FR 32 irpm", &["E_66"], &[]);
    silent("lactente de 3 meses, FR 45", &["E_66"]);
    says("IMC 34", &["E_70"], &[]);
    says("IMC: 17,2", &["E_208"], &[]);
    silent("pressão arterial 120x80, peso 70 kg", &["E_54_@_V_183", "E_162"]);
}

#[test]
fn the_patient() {
    let of = |note: &str| {
        let patient = assess(&[note]).patient;
        (patient.age, patient.female)
    };
    assert_eq!(of("Homem de 54 anos com tosse"), (Some(54), Some(false)));
    assert_eq!(of("54a, masc, tosse"), (Some(54), Some(false)));
    assert_eq!(of("Paciente feminina, 23 anos"), (Some(23), Some(true)));
    assert_eq!(of("lactente de 8 meses com tosse"), (Some(0), None));
    assert_eq!(of("menina, 18 meses"), (Some(1), Some(true)));
    assert_eq!(of("Tosse há 3 anos"), (None, None));
    assert_eq!(of("Pai de 70 anos com asma. Menino de 9 anos."), (Some(9), Some(false)));
    assert_eq!(of("tabagista há 40 anos, 67 anos"), (Some(67), None));
    assert_eq!(of("gestante, idade: 31"), (Some(31), Some(true)));
    assert_eq!(of("sexo F, 40 anos"), (Some(40), Some(true)));
    assert_eq!(of("fumou por 20 anos"), (None, None));
}

#[test]
fn later_notes_correct_earlier_ones() {
    let assessment = assess(&["Homem de 50 anos, febre e tosse.", "Correção: paciente afebril, sem febre."]);
    let fever: Vec<_> = assessment.findings.iter().filter(|one| one.evidence == "E_91").collect();
    assert_eq!(fever.len(), 1);
    assert_eq!(fever[0].presence, Presence::Absent);
    assert_eq!(fever[0].note, 1);
    assert_eq!(assessment.patient.age, Some(50));
}

#[test]
fn spans_point_into_their_note() {
    let notes = ["Refere náusea há 2 dias.", "Agora também com dor no peito e dispnéia."];
    for finding in assess(&notes).findings {
        let text = notes[finding.note].get(finding.span.0..finding.span.1).expect("a span of whole characters");
        assert!(!text.is_empty(), "{finding:?}");
    }
}

#[test]
fn a_note_cut_anywhere_is_still_read() {
    let note = "[NOME REMOVIDO], 54a, masc: dor no peito (aperto) há 2h, s/ febre; nega tosse, dispnéia e náuseas. \
                HF: pai c/ IAM aos 45. Tax 36,5 °C. Orientado a retornar se síncope.";
    for (cut, _) in note.char_indices() {
        for part in [&note[..cut], &note[cut..]] {
            for finding in assess(&[part]).findings {
                assert!(
                    part.get(finding.span.0..finding.span.1).is_some_and(|text| !text.is_empty()),
                    "{part}: {finding:?}"
                );
            }
        }
    }
}

#[test]
fn long_notes_are_read_to_the_end() {
    for filler in
        ["sem a, ", "há 10 anos ", "na família ", "dor ", "se ", "nega ", "febre ", "(", "irradia ", "e ou nem "]
    {
        let note = filler.repeat(20_000) + ".\nHemoptise.";
        assert!(present(&note).contains(&"E_45".to_owned()), "{filler}");
    }
}

#[test]
fn nothing_breaks_on_odd_input() {
    for note in [
        "",
        " ",
        "[",
        "[[[]]]",
        "(((-)))",
        "😷🫁",
        "38,5",
        "°C",
        "\u{301}\u{301}",
        "nega",
        "sem",
        "se",
        ":::",
        "dor",
        "dor dor dor",
    ] {
        let first = assess(&[note]);
        assert!(first.hypotheses.is_empty(), "{note}");
        assert_eq!(first, assess(&[note]));
    }
    assert!(assess(&[]).abstained.is_some());
}
