//! The product's own evaluations, as `sigilo eval --keep` stored them. A share without its number of cases is not shown.

use serde_json::Value;
use sigilo_features::governance::Evaluation;

use super::figures::Measured;
use crate::format;

/// One evaluation as tables.
pub(crate) struct EvaluationView {
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) subject: String,
    pub(crate) at: String,
    pub(crate) tables: Vec<Table>,
    /// What is no share of cases, in a sentence.
    pub(crate) note: Option<String>,
}

/// Shares under one heading.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) rows: Vec<(String, Measured)>,
}

const ACCURACY: [(&str, &str); 9] = [
    ("top1", "Certa em primeiro lugar, entre as respondidas"),
    ("top3", "Certa entre as três primeiras, entre as respondidas"),
    ("shown", "Certa entre as mostradas, entre as respondidas"),
    ("top1_of_all", "Certa em primeiro lugar, contando abstenção como erro"),
    ("abstained", "Absteve-se"),
    ("must_not_miss", "Condição grave mostrada, entre as respondidas"),
    ("must_not_miss_of_all", "Condição grave mostrada ou citada como não afastada"),
    ("read", "Achados da nota que foram lidos"),
    ("misread", "Achados lidos que a nota não dizia"),
];

impl From<&Evaluation> for EvaluationView {
    fn from(evaluation: &Evaluation) -> Self {
        let result = &evaluation.result;
        let (title, about, tables, note) = match evaluation.kind.as_str() {
            "acuracia" => (
                "Acerto em casos gerados",
                "Notas geradas da própria tabela do motor, com sinônimos, negações e abreviações que ele não viu. É um teto: diz como as notas são lidas e ordenadas, não o acerto com pacientes reais.",
                accuracy(result),
                result["ece"].as_f64().map(|ece| {
                    format!("Desvio médio entre a confiança declarada e o acerto: {}.", format::percent(ece))
                }),
            ),
            _ => (
                "Viés por pares contrafactuais",
                "O mesmo caso com um só atributo do paciente trocado: quantas vezes a primeira resposta muda.",
                bias(result),
                None,
            ),
        };
        EvaluationView {
            title,
            about,
            subject: evaluation.subject.clone(),
            at: format::moment(&evaluation.run_at),
            tables: tables.into_iter().filter(|table| !table.rows.is_empty()).collect(),
            note,
        }
    }
}

fn accuracy(result: &Value) -> Vec<Table> {
    let all = ACCURACY.iter().filter_map(|(key, label)| Some(((*label).to_owned(), share(&result[*key])?))).collect();
    let bins = list(&result["bins"]).filter_map(|bin| {
        let (from, to) = (bin["from"].as_f64()?, bin["to"].as_f64()?);
        let mean =
            bin["confidence"].as_f64().map_or_else(String::new, |mean| format!(" (média {})", format::percent(mean)));
        Some((format!("Confiança de {} a {}{mean}", format::percent(from), format::percent(to)), share(&bin["right"])?))
    });
    let strata =
        list(&result["strata"]).filter_map(|one| Some((one["name"].as_str()?.to_owned(), share(&one["top1"])?)));
    vec![
        Table { name: "No conjunto", rows: all },
        Table { name: "Calibração: acerto por faixa de confiança", rows: bins.collect() },
        Table { name: "Certa em primeiro lugar, por grupo", rows: strata.collect() },
    ]
}

fn bias(result: &Value) -> Vec<Table> {
    let rows = list(&result["attributes"]).filter_map(|one| {
        let overlap = one["overlap"]
            .as_f64()
            .map_or_else(String::new, |overlap| format!("; hipóteses em comum: {}", format::percent(overlap)));
        Some((format!("Troca de {}{overlap}", one["attribute"].as_str()?), share(&one["flipped"])?))
    });
    vec![Table { name: "Pares em que a primeira resposta mudou", rows: rows.collect() }]
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A share of cases with its interval.
fn share(value: &Value) -> Option<Measured> {
    let n = value["n"].as_u64().filter(|n| *n > 0)?;
    let cases = match value["hits"].as_u64() {
        Some(hits) => format!("{hits} de {n}"),
        None => format!("n = {n}"),
    };
    Some(Measured::new(value["value"].as_f64()?, cases, value["low"].as_f64().zip(value["high"].as_f64())))
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn evaluation(kind: &str, result: Value) -> Evaluation {
        Evaluation {
            kind: kind.to_owned(),
            subject: "motor-conhecimento-local/DDXPlus-1".to_owned(),
            result,
            run_at: datetime!(2026-11-24 03:00 UTC),
        }
    }

    fn share(hits: u64, n: u64) -> Value {
        let value = hits as f64 / n as f64;
        json!({ "hits": hits, "n": n, "value": value, "low": (value - 0.02).max(0.0), "high": (value + 0.02).min(1.0) })
    }

    /// One of each kind.
    pub(crate) fn sample() -> Vec<Evaluation> {
        let accuracy = json!({
            "n": 1000, "seed": 1, "ece": 0.021,
            "top1": share(790, 908), "top3": share(871, 908), "top1_of_all": share(790, 1000), "abstained": share(92, 1000),
            "bins": [
                { "from": 0.3, "to": 0.4, "confidence": 0.36, "right": share(31, 88) },
                { "from": 0.9, "to": 1.0, "confidence": 0.97, "right": share(309, 312) },
            ],
            "strata": [{ "name": "feminino", "top1": share(391, 450) }, { "name": "masculino", "top1": share(399, 458) }],
        });
        let bias = json!({
            "n": 1000, "seed": 1,
            "attributes": [
                { "attribute": "sexo", "n": 1000, "flipped": share(31, 1000), "overlap": 0.94 },
                { "attribute": "raça ou cor", "n": 1000, "flipped": share(0, 1000), "overlap": 1.0 },
            ],
        });
        vec![evaluation("acuracia", accuracy), evaluation("vies", bias)]
    }

    #[test]
    fn shares_become_rows_with_their_cases() {
        let [accuracy, bias] = &sample()[..] else { panic!("two") };
        let found = EvaluationView::from(accuracy);
        assert_eq!(found.tables.len(), 3);
        assert_eq!(found.tables[0].rows[0].1.cases, "790 de 908");
        assert_eq!(found.tables[1].rows[1].0, "Confiança de 90 % a 100 % (média 97 %)");
        assert!(found.note.is_some());
        let found = EvaluationView::from(bias);
        assert_eq!(found.tables[0].rows[0].0, "Troca de sexo; hipóteses em comum: 94 %");
    }

    #[test]
    fn a_share_without_its_number_of_cases_is_not_shown() {
        let bare = json!({ "top1": { "value": 0.87 }, "top3": share(0, 1) });
        let found = EvaluationView::from(&evaluation("acuracia", bare));
        assert_eq!(found.tables[0].rows.len(), 1);
        assert!(EvaluationView::from(&evaluation("vies", json!([1, 2]))).tables.is_empty());
    }
}
