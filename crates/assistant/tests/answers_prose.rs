//! Medical prose comes through the reader untouched.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use serde_json::json;

use sigilo_assistant::answer::reader::Reader;

/// Sentences as they stand in answers: drugs and doses, journals and authors, eponyms, scores, ordinances, vitals.
const SENTENCES: &[&str] = &[
    "A PA de 85 x 50 mmHg com FC 124 bpm e lactato de 4,2 mmol/L sugere choque.",
    "Iniciar noradrenalina a 0,1 mcg/kg/min se a PAM seguir abaixo de 65 mmHg.",
    "Ceftriaxona 2 g EV 24/24h com azitromicina 500 mg/dia cobre a pneumonia comunitária grave.",
    "Amoxicilina com clavulanato 875/125 mg de 12/12h por 7 dias é alternativa.",
    "Dipirona 1 g EV até 6/6h; evitar anti-inflamatório com TFG de 38 mL/min/1,73 m².",
    "Penicilina benzatina 2.400.000 UI IM, dose única, para sífilis primária.",
    "A fraqueza ascendente com arreflexia após diarreia aponta síndrome de Guillain-Barré.",
    "Na doença de Chagas crônica, o bloqueio de ramo direito é frequente.",
    "O sinal de Murphy positivo fala a favor de colecistite, e o de Blumberg, de peritonite.",
    "A tireoidite de Hashimoto e a doença de Graves podem alternar.",
    "Considere doença de Kawasaki em lactente com febre há 5 dias e língua em framboesa.",
    "A tríade de Charcot tem baixa sensibilidade; as diretrizes de Tóquio ajudam.",
    "O escore de Wells de 4,5 pontos indica probabilidade intermediária de embolia.",
    "CURB-65 de 3, qSOFA de 2 e NEWS2 de 9 apoiam a internação em UTI.",
    "CHA2DS2-VASc 4 e HAS-BLED 2 favorecem anticoagular com apixabana 5 mg de 12/12h.",
    "Child-Pugh B8 e MELD 18 pedem avaliação em centro de transplante.",
    "Segundo Singer et al., a definição Sepsis-3 usa variação do SOFA de 2 pontos ou mais.",
    "Rivers e cols. propuseram metas precoces que estudos posteriores não confirmaram.",
    "O estudo PROWESS-SHOCK não mostrou benefício da drotrecogina alfa.",
    "Conforme publicado no N Engl J Med em 2014, o ProCESS não reduziu a mortalidade.",
    "Uma revisão da Cochrane de 2020 comparou corticoides em dose baixa.",
    "O Lancet Respir Med publicou em 2019 a coorte brasileira de ventilação mecânica.",
    "Estudos no JAMA, no BMJ e no Eur Heart J apontam na mesma direção.",
    "A Portaria nº 1.600, de 7 de julho de 2011, organiza a rede de urgências.",
    "A Portaria GM/MS nº 4.279/2010 define as redes de atenção no SUS.",
    "A Resolução CFM nº 2.314/2022 trata da telemedicina.",
    "O PCDT de tuberculose do Ministério da Saúde recomenda esquema RHZE por 2 meses.",
    "A Diretriz Brasileira de Hipertensão de 2020 usa meta abaixo de 130/80 mmHg.",
    "O protocolo da Sociedade Brasileira de Cardiologia aceita troponina em 0 e 3 horas.",
    "Hb 7,2 g/dL, plaquetas 98.000/mm³ e leucócitos 18.500/mm³ com 12% de bastões.",
    "Na 128 mEq/L, K 5,9 mEq/L, creatinina 2,3 mg/dL e ureia 110 mg/dL.",
    "A gasometria (pH 7,21, pCO2 28, HCO3 11, BE -15) mostra acidose metabólica com ânion gap de 24.",
    "TGO 1.250 U/L e TGP 1.480 U/L com INR 1,8 sugerem hepatite aguda grave.",
    "D-dímero de 1.250 ng/mL ajustado pela idade não afasta trombose.",
    "HbA1c de 9,2% e glicemia de 412 mg/dL pedem insulina NPH 10 UI ao deitar.",
    "BNP de 1.200 pg/mL e FEVE de 32% (Simpson) apoiam insuficiência cardíaca.",
    "O ECG com supra de ST de 2 mm em V1-V4 indica oclusão da descendente anterior.",
    "QTc de 510 ms contraindica associar haloperidol e ondansetrona.",
    "A tomografia mostra nódulo de 1,2 x 0,8 cm no lobo superior direito, Lung-RADS 4A.",
    "O BI-RADS 4B exige biópsia, e o PI-RADS 5, ressonância e biópsia dirigida.",
    "Gleason 7 (3+4), PSA 8,4 ng/mL, estádio T2cN0M0.",
    "Metformina 850 mg, losartana 50 mg, anlodipino 5 mg e sinvastatina 20 mg seguem mantidos.",
    "Clexane 60 mg SC 12/12h, Lasix 40 mg EV e Plasil 10 mg se náusea.",
    "Levotiroxina 75 mcg em jejum, com TSH de 12,4 mUI/L.",
    "Carbamazepina exige pesquisar HLA-B*15:02 em populações de risco.",
    "E. coli produtora de ESBL, K. pneumoniae KPC e S. aureus MRSA mudam a escolha.",
    "Meropenem 1 g 8/8h e vancomicina 15 mg/kg com vale de 15 a 20 mcg/mL.",
    "O esquema R-CHOP é padrão no linfoma difuso; o ABVD, no linfoma de Hodgkin.",
    "O anti-HBs de 4 UI/L indica revacinar com 3 doses (0, 1 e 6 meses).",
    "Apgar 8/9, peso de 3.245 g e capurro de 38 semanas e 4 dias.",
    "G3P2A0, IG de 32 semanas, PA 160 x 110 mmHg e proteinúria de 3+.",
    "Sulfato de magnésio 4 g EV em 20 minutos e 1 g/h (esquema de Zuspan) ou o de Pritchard.",
    "A escala de Glasgow de 9 (AO2 RV2 RM5) pede via aérea definitiva.",
    "Fratura de Colles, lesão de Bankart e ligamento de Poupart não se confundem.",
    "A manobra de Dix-Hallpike positiva e a de Epley tratam da mesma vertigem.",
    "Sonda de Foley 16 Fr, cateter de Swan-Ganz e tubo 7,5 foram citados no plano.",
    "Reavaliar em 24 a 48 horas; se SpO2 < 90%, FR > 30 irpm ou rebaixamento, UTI.",
    "Não sei se houve viagem recente a Manaus ou ao Vale do Jequitinhonha, o que mudaria a chance de malária.",
    "O quadro começou em 12/03/2024 e piorou em 15/03/2024 às 14:30.",
    "Mulher de 54 anos, hipertensa há 10 anos, com dor torácica em aperto há 40 minutos.",
    "Homem de 67 anos, tabagista de 45 anos-maço, com DPOC GOLD 3.",
    "Lactente de 8 meses, vacinado, com tiragem e sibilos: bronquiolite viral é a primeira hipótese.",
    "A razão de chances foi de 1,8 (IC 95% 1,2-2,7; p<0,01) em 12.345 pacientes.",
    "Sensibilidade de 92% e especificidade de 88% no ponto de corte de 0,5 ng/mL.",
    "Risco relativo de 0,74 em 10 anos, com NNT de 42.",
    "O teste de Romberg negativo e o reflexo de Babinski ausente afastam lesão central.",
    "Pela classificação de Stanford, a dissecção tipo A é cirúrgica; pela de DeBakey, tipo I.",
    "A síndrome de Stevens-Johnson e a de Lyell formam um contínuo.",
    "Na esclerose múltipla, os critérios de McDonald de 2017 dispensam o segundo surto.",
    "Pelos critérios de Jones, duas manifestações maiores bastam; os de Duke servem à endocardite.",
    "Vitória clínica não é cura: repetir hemocultura em 48 horas.",
    "O vírus Epstein-Barr e o citomegalovírus dão quadro parecido.",
    "Os corpos de Lewy e a doença de Parkinson entram no diferencial.",
    "Peça FAN, anti-DNA, C3 e C4; se FAN 1:640 padrão homogêneo, pense em lúpus.",
    "A dose máxima de paracetamol é de 4 g/dia, ou 2 g/dia em hepatopatas.",
];

fn released(reasoning: &str) -> (String, usize) {
    let mut reader = Reader::new();
    reader.push(&json!({"raciocinio": reasoning}).to_string());
    let finished = reader.finish(true);
    let report = finished.report;
    let taken = report.detections.iter().map(|one| one.count as usize).sum::<usize>()
        + (report.links_removed + report.unauthorised_identifiers + report.markup_removed) as usize;
    (finished.answer.raciocinio, taken)
}

#[test]
fn each_sentence_loses_nothing() {
    assert!(SENTENCES.len() >= 60);
    let lost: Vec<_> = SENTENCES
        .iter()
        .filter_map(|sentence| {
            let (clean, taken) = released(sentence);
            (clean != *sentence || taken > 0).then_some(clean)
        })
        .collect();
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn a_whole_answer_loses_nothing() {
    for joint in [" ", "\n", "\n\n- "] {
        let whole = SENTENCES.join(joint);
        let (clean, taken) = released(&whole);
        let lost: Vec<_> = clean.lines().zip(whole.lines()).filter(|(have, sent)| have != sent).collect();
        assert!(clean == whole && taken == 0, "{lost:#?}");
    }
}

#[test]
fn no_field_loses_anything() {
    let document = json!({
        "raciocinio": "Ver abaixo.",
        "hipoteses": SENTENCES.chunks(20).map(|some| json!({
            "nome": some[0], "a_favor": some, "contra": some, "proximos_passos": some,
        })).collect::<Vec<_>>(),
    });
    let mut reader = Reader::new();
    reader.push(&document.to_string());
    let finished = reader.finish(true);
    for (hypothesis, some) in finished.answer.hipoteses.iter().zip(SENTENCES.chunks(20)) {
        assert_eq!(hypothesis.a_favor, some);
        assert_eq!(hypothesis.contra, some);
        assert_eq!(hypothesis.proximos_passos, some);
    }
}

#[test]
fn references_keep_their_authors_and_titles() {
    let references = [
        (
            "Surviving sepsis campaign: international guidelines for management of sepsis and septic shock 2021",
            "Evans L",
            "Intensive Care Med",
        ),
        (
            "Alzheimer's disease in the elderly: a follow-up from 2010-2019 (n=1234)",
            "Maria da Silva JP",
            "Rev Saude Publica",
        ),
        ("The <i>BRCA1</i> gene: 10.000 patients with p<0.05", "de Souza-Pereira A", "N Engl J Med"),
        ("Doença de Chagas na Rua: inquérito em São Paulo, 2001-2005", "João Batista Oliveira", "Cad Saude Publica"),
        ("ISSN 1234-5678 and the 3333-4444 cohort", "Coren E", "Cochrane Database Syst Rev"),
    ];
    let document = json!({"referencias": references.map(|(title, author, journal)| json!({
        "titulo": title, "autores": [author], "revista": journal, "ano": 2020, "palavras_chave": [title, author]}))});
    let mut reader = Reader::new();
    reader.push(&document.to_string());
    let answer = reader.finish(true).answer;
    for (cited, (title, author, journal)) in answer.referencias.iter().zip(references) {
        assert_eq!(cited.title, title.replace("<i>", "").replace("</i>", ""));
        assert_eq!((cited.authors[0].as_str(), cited.journal.as_str()), (author, journal));
    }
}

/// A known term lets go of what lies inside it, and of nothing else.
#[test]
fn journals_and_cid_texts_stay_and_people_beside_them_go() {
    for (said, stays, goes) in [
        ("Ver Arq Bras Cardiol de 2019; a paciente Maria das Dores Lima piorou.", "Arq Bras Cardiol", "Dores Lima"),
        ("O paciente João Brain Lancet Oncol tem dor.", "tem dor", "João"),
        ("Dr. Carlos Arq Bras Cardiol Nogueira avaliou.", "avaliou", "Nogueira"),
    ] {
        let (clean, taken) = released(said);
        assert!(clean.contains(stays) && !clean.contains(goes) && taken > 0, "{clean}");
    }
    let mut lost = Vec::new();
    for name in sigilo_citations::journal_names().into_iter().filter(|name| name.contains(' ')).step_by(37) {
        let said = format!("o estudo saiu em {name} neste ano.");
        let (clean, taken) = released(&said);
        if taken > 0 {
            lost.push(clean);
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}
