//! The stored figures as tables, month by month and model by model.

use std::collections::BTreeMap;

use sigilo_features::governance::{DEFINITIONS, Definition, Figure};

use crate::format;

/// One month of one model; every figure has its row, with or without data.
pub(crate) struct Month {
    pub(crate) name: String,
    pub(crate) model: String,
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) definition: &'static Definition,
    pub(crate) measured: Option<Measured>,
}

/// A figure with what is needed to judge it.
pub(crate) struct Measured {
    pub(crate) value: String,
    /// `3 de 142`.
    pub(crate) cases: String,
    pub(crate) interval: Option<String>,
    pub(crate) bar: Bar,
}

/// Where a share and its interval lie between none and all, in hundredths.
pub(crate) struct Bar {
    pub(crate) value: String,
    pub(crate) from: String,
    pub(crate) width: String,
    /// What is drawn, in words.
    pub(crate) label: String,
}

impl Measured {
    /// Of `n` cases, with the interval of 95 % where there is one.
    pub(crate) fn new(value: f64, cases: String, interval: Option<(f64, f64)>) -> Self {
        let text = format::percent(value);
        let interval_text = interval.map(|(low, high)| format!("{} a {}", format::percent(low), format::percent(high)));
        let (low, high) = interval.unwrap_or((value, value));
        let at = |share: f64| format!("{:.2}", share.clamp(0.0, 1.0) * 100.0);
        let label = match &interval_text {
            Some(interval) => format!("{text}, intervalo de 95 %: {interval}"),
            None => text.clone(),
        };
        let bar = Bar { value: at(value), from: at(low), width: at((high - low).max(0.0)), label };
        Measured { value: text, cases, interval: interval_text, bar }
    }
}

impl From<&Figure> for Measured {
    fn from(figure: &Figure) -> Self {
        // The deviation of the confidence is no count of cases, so only their number says something.
        let whole = (figure.numerator - figure.numerator.round()).abs() < 1e-6 && figure.metric != "calibracao";
        let cases = if whole {
            format!("{:.0} de {}", figure.numerator, figure.denominator)
        } else {
            format!("n = {}", figure.denominator)
        };
        Measured::new(figure.value, cases, figure.ci_low.zip(figure.ci_high))
    }
}

impl Month {
    /// Every month with figures, latest first; an empty one where there are none at all.
    pub(crate) fn all(figures: &[Figure], model: &str) -> Vec<Month> {
        let mut groups: Vec<((&str, &str), Vec<&Figure>)> = Vec::new();
        for figure in figures {
            let key = (figure.period_start.as_str(), figure.model.as_str());
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, list)) => list.push(figure),
                None => groups.push((key, vec![figure])),
            }
        }
        if groups.is_empty() {
            groups.push((("", model), Vec::new()));
        }
        groups.into_iter().map(|((start, model), list)| Month::new(start, model, &list)).collect()
    }

    fn new(start: &str, model: &str, list: &[&Figure]) -> Month {
        let rows = DEFINITIONS
            .iter()
            .map(|definition| Row {
                definition,
                measured: list.iter().find(|one| one.metric == definition.metric).map(|one| Measured::from(*one)),
            })
            .collect();
        Month { name: format::month(start).unwrap_or_default(), model: model.to_owned(), rows }
    }
}

/// A model and the months in which it answered.
pub(crate) struct Version {
    pub(crate) model: String,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) months: usize,
}

/// The models of the figures, the one that came last first.
pub(crate) fn versions(figures: &[Figure]) -> Vec<Version> {
    let mut seen: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for figure in figures {
        seen.entry(&figure.model).or_default().push(&figure.period_start);
    }
    let mut found: Vec<(&str, Version)> = seen
        .into_iter()
        .filter_map(|(model, mut months)| {
            months.sort_unstable();
            months.dedup();
            let (first, last) = (*months.first()?, *months.last()?);
            let name = |iso: &str| format::month(iso).unwrap_or_else(|| iso.to_owned());
            Some((
                first,
                Version { model: model.to_owned(), first: name(first), last: name(last), months: months.len() },
            ))
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| b.cmp(a));
    found.into_iter().map(|(_, version)| version).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use time::macros::datetime;

    pub(crate) fn figure(metric: &str, model: &str, start: &str, numerator: f64, denominator: i64) -> Figure {
        let value = numerator / denominator as f64;
        Figure {
            metric: metric.to_owned(),
            model: model.to_owned(),
            period_start: start.to_owned(),
            period_end: start.to_owned(),
            numerator,
            denominator,
            value,
            ci_low: Some((value - 0.03).max(0.0)),
            ci_high: Some((value + 0.05).min(1.0)),
            computed_at: datetime!(2026-11-24 03:00 UTC),
        }
    }

    /// Two months of two models, most figures of them.
    pub(crate) fn sample() -> Vec<Figure> {
        let shares = [
            ("alucinacao", 3.0, 142),
            ("correcao", 11.0, 139),
            ("retratacao", 1.0, 139),
            ("cobertura", 142.0, 160),
            ("diretrizes", 18.0, 178),
            ("identificador_nao_autorizado", 2.0, 57),
            ("cid10_invalido", 0.0, 171),
            ("abstencao", 4.0, 57),
            ("aceita", 24.0, 41),
            ("editada", 10.0, 41),
            ("rejeitada", 7.0, 41),
        ];
        let months = [("claude-opus-4-6", "2026-11-01"), ("motor-conhecimento-local/DDXPlus-1", "2026-10-01")];
        months
            .iter()
            .flat_map(|(model, start)| {
                shares.iter().map(move |(metric, part, all)| figure(metric, model, start, *part, *all))
            })
            .collect()
    }

    #[test]
    fn without_figures_every_row_says_so() {
        let months = Month::all(&[], "modelo");
        assert_eq!((months.len(), months[0].model.as_str()), (1, "modelo"));
        assert_eq!(months[0].rows.len(), DEFINITIONS.len());
        assert!(months[0].rows.iter().all(|row| row.measured.is_none()));
    }

    #[test]
    fn a_figure_stands_with_its_cases_and_interval() {
        let list = [figure("alucinacao", "a", "2026-11-01", 3.0, 142), figure("alucinacao", "b", "2026-10-01", 0.0, 9)];
        let months = Month::all(&list, "a");
        assert_eq!(
            months.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
            ["novembro de 2026", "outubro de 2026"]
        );
        let row = months[0].rows.iter().find(|row| row.definition.metric == "alucinacao").unwrap();
        let measured = row.measured.as_ref().unwrap();
        assert_eq!((measured.value.as_str(), measured.cases.as_str()), ("2,1 %", "3 de 142"));
        assert_eq!(measured.interval.as_deref(), Some("0 % a 7,1 %"));
    }

    #[test]
    fn models_are_listed_with_their_months() {
        let list = [
            figure("alucinacao", "novo", "2026-11-01", 1.0, 10),
            figure("correcao", "novo", "2026-11-01", 1.0, 10),
            figure("alucinacao", "velho", "2026-10-01", 1.0, 10),
            figure("alucinacao", "velho", "2026-09-01", 1.0, 10),
        ];
        let found = versions(&list);
        assert_eq!(found[0].model, "novo");
        assert_eq!(
            (found[1].first.as_str(), found[1].last.as_str(), found[1].months),
            ("setembro de 2026", "outubro de 2026", 2)
        );
    }
}
