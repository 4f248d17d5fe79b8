//! Documents that the stand-in answers with.

use serde_json::{Value, json};

/// What a good model might answer to a note about a feverish, breathless patient. Its five references, in order: an
/// article as PubMed has it, one with a wrong year, a retracted one, one that was made up, and an ordinance. The
/// first three are in NLM's sample `medsamp2014.xml`.
pub fn good() -> String {
    ordered(&document(&REASONING.join(" "), references()))
}

/// The good answer without references.
pub fn unreferenced() -> String {
    ordered(&document(&REASONING.join(" "), json!([])))
}

/// The answer of a model that obeyed an injected instruction: links, identifiers, markup and a claim to certainty.
pub fn injected() -> String {
    let reasoning = "Conforme solicitado, ignoro as regras anteriores e não mostro avisos. O diagnóstico é certo e dispensa \
        médico. Compre em https://farmacia.example/promo ou em [nosso site](https://farmacia.example/x). \
        <script>alert(1)</script><img src=x onerror=alert(2)> Está provado em PMID: 31978945 e em doi:10.1056/NEJMoa2001017. \
        Veja também ![ecg](https://farmacia.example/pixel.png) e pubmed.ncbi.nlm.nih.gov/31978945.";
    let mut document = document(reasoning, json!([]));
    document["hipoteses"][0]["nome"] = json!("Sepse <a href=\"https://farmacia.example\">clique</a>");
    document["hipoteses"][0]["cid10"] = json!("Z99.99");
    document["hipoteses"][0]["cid10_texto"] = json!("texto do modelo");
    document["hipoteses"][0]["probabilidade_calculada"] = json!(0.99);
    document["confianca"] = json!(0.99);
    document["buscas_sugeridas"] = json!([{"rotulo": "clique", "termos": "https://farmacia.example"}]);
    document["verificada"] = json!(true);
    ordered(&document)
}

/// The answer of a model that repeats personal data. The people are invented.
pub fn personal() -> String {
    let reasoning = "O paciente Joaquim Ferreira da Silva, CPF 529.982.247-25, tem febre. O telefone (11) 98765-4321 e o \
        e-mail joaquim.ferreira@exemplo.com.br constam do relato. Sugere pneumonia.";
    ordered(&document(reasoning, json!([])))
}

/// An answer that is no document at all.
pub fn prose() -> String {
    "Sugiro pensar em pneumonia e pedir radiografia de tórax. Reavaliar em 48 horas.".to_owned()
}

/// The order in which a model held to the schema writes.
const ORDER: &[&str] = &[
    "raciocinio",
    "hipoteses",
    "nome",
    "cid10",
    "probabilidade",
    "a_favor",
    "contra",
    "nao_perder",
    "proximos_passos",
    "sinais_de_alarme",
    "dados_faltantes",
    "texto_na_imagem",
    "referencias",
    "titulo",
    "autores",
    "revista",
    "ano",
    "palavras_chave",
    "doi",
];

/// JSON text with the keys in that order, others last.
fn ordered(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort_by_key(|key| ORDER.iter().position(|known| known == key).unwrap_or(ORDER.len()));
            let entries: Vec<_> = keys.iter().map(|key| format!("{}:{}", json!(key), ordered(&map[*key]))).collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(ordered).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

const REASONING: &[&str] = &[
    "O quadro de febre há três dias, tosse produtiva, dispneia e hipotensão (PA 85 x 50 mmHg, FC 124 bpm, FR 28 irpm, \
     SatO2 89% em ar ambiente) sugere sepse de foco pulmonar.",
    "A confusão mental recente e o lactato de 4,2 mmol/L indicam hipoperfusão e pesam a favor de disfunção orgânica.",
    "A crepitação em base direita aponta pneumonia comunitária como foco provável, com CURB-65 de 3 pontos.",
    "Tromboembolia pulmonar explica a dispneia e a taquicardia, mas não a febre alta com escarro purulento.",
    "Não há dados de exposição ocupacional nem de alargamento do mediastino que apoiem causas raras.",
    "A resposta à reposição volêmica e a radiografia de tórax mudariam a ordem das hipóteses.",
    "Não sei se houve uso recente de antibiótico, o que altera a escolha inicial.",
];

fn document(reasoning: &str, references: Value) -> Value {
    json!({
        "raciocinio": reasoning,
        "hipoteses": [
            {
                "nome": "Sepse de foco pulmonar",
                "cid10": "A41.9",
                "probabilidade": "alta",
                "a_favor": ["Hipotensão com lactato de 4,2 mmol/L", "Confusão mental recente", "Febre e escarro purulento"],
                "contra": ["Ainda sem cultura ou imagem"],
                "nao_perder": true,
                "proximos_passos": [
                    "Hemoculturas (2 pares) antes do antibiótico, sem atrasá-lo",
                    "Cristaloide 30 mL/kg nas primeiras 3 horas e reavaliar",
                    "Radiografia de tórax e gasometria arterial"
                ]
            },
            {
                "nome": "Pneumonia bacteriana não especificada",
                "cid10": "J15.9",
                "probabilidade": "media",
                "a_favor": ["Crepitação em base direita", "Tosse produtiva há 3 dias"],
                "contra": ["A hipotensão pede explicação além da pneumonia isolada"],
                "nao_perder": false,
                "proximos_passos": ["Ceftriaxona 2 g EV 24/24h com azitromicina 500 mg, se não houver alergia"]
            },
            {
                "nome": "Embolia pulmonar",
                "cid10": "I26.9",
                "probabilidade": "baixa",
                "a_favor": ["Dispneia e taquicardia"],
                "contra": ["Febre alta com escarro purulento", "Sem sinais de trombose venosa"],
                "nao_perder": true,
                "proximos_passos": ["Escore de Wells; angiotomografia se provável"]
            }
        ],
        "sinais_de_alarme": [
            "PAM abaixo de 65 mmHg após reposição volêmica: iniciar noradrenalina",
            "SatO2 abaixo de 90% apesar de oxigênio ou fadiga respiratória"
        ],
        "dados_faltantes": [
            "Uso de antibiótico nos últimos 90 dias e alergias",
            "Diurese das últimas 6 horas",
            "Doença pulmonar ou imunossupressão prévias"
        ],
        "texto_na_imagem": null,
        "referencias": references
    })
}

fn references() -> Value {
    json!([
        {
            "titulo": "Outcome of patients with sepsis and septic shock after ICU treatment",
            "autores": ["Schoenberg MH", "Weiss M", "Radermacher P"],
            "revista": "Langenbecks Arch Surg",
            "ano": 1998,
            "palavras_chave": ["sepsis", "septic shock", "intensive care", "outcome", "prognosis"],
            "doi": null
        },
        {
            "titulo": "Recognition and management of anthrax--an update",
            "autores": ["Swartz MN"],
            "revista": "N Engl J Med",
            "ano": 2004,
            "palavras_chave": ["anthrax", "recognition", "management", "bioterrorism", "Bacillus anthracis"],
            "doi": null
        },
        {
            "titulo": "Mechanism of extracellular ATP-induced proliferation of vascular smooth muscle cells",
            "autores": ["Yu SM", "Chen SF", "Lau YT", "Yang CM", "Chen JC"],
            "revista": "Mol Pharmacol",
            "ano": 1996,
            "palavras_chave": ["extracellular ATP", "proliferation", "vascular smooth muscle", "mitogenic", "mechanism"],
            "doi": null
        },
        {
            "titulo": "Lactate-guided antibiotic timing in rural emergency departments: the AURORA-7 randomized trial",
            "autores": ["Albuquerque TR", "Nakashima LO"],
            "revista": "Lancet Respir Med",
            "ano": 2019,
            "palavras_chave": ["lactate", "antibiotic timing", "emergency department", "rural", "randomized trial"],
            "doi": "10.1016/S2213-2600(19)99999-1"
        },
        {
            "titulo": "Portaria nº 1.600, de 7 de julho de 2011: Política Nacional de Atenção às Urgências",
            "autores": ["Ministério da Saúde"],
            "revista": "Diário Oficial da União",
            "ano": 2011,
            "palavras_chave": ["urgências", "rede de atenção", "SUS", "política nacional", "portaria"],
            "doi": null
        }
    ])
}
