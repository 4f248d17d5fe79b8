//! Shares with their intervals, and bins of confidence.

use serde::Serialize;

/// A share with its Wilson 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// How many of them.
    pub hits: usize,
    /// Of how many.
    pub n: usize,
    /// Hits by n; 0 when n is 0.
    pub value: f64,
    /// Lower bound of the interval.
    pub low: f64,
    /// Upper bound of the interval.
    pub high: f64,
}

impl Share {
    /// The share of hits in n.
    pub fn of(hits: usize, n: usize) -> Self {
        if n == 0 {
            return Self { hits, n, value: 0.0, low: 0.0, high: 1.0 };
        }
        let (n_, z) = (n as f64, 1.959_964);
        let p = hits as f64 / n_;
        let centre = p + z * z / (2.0 * n_);
        let spread = z * (p * (1.0 - p) / n_ + z * z / (4.0 * n_ * n_)).sqrt();
        let whole = 1.0 + z * z / n_;
        Self {
            hits,
            n,
            value: p,
            low: ((centre - spread) / whole).max(0.0),
            high: ((centre + spread) / whole).min(1.0),
        }
    }

    pub(super) fn count(of: impl Iterator<Item = bool>) -> Self {
        let (mut hits, mut n) = (0, 0);
        for hit in of {
            hits += usize::from(hit);
            n += 1;
        }
        Self::of(hits, n)
    }
}

/// Answers whose confidence lies in a range.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// From this confidence.
    pub from: f64,
    /// To this, excluded except for 1.
    pub to: f64,
    /// Mean confidence in it.
    pub confidence: f64,
    /// How often the first hypothesis was right.
    pub right: Share,
}

/// Ten bins of (confidence, right), empty ones left out, and the expected calibration error.
pub(super) fn reliability(answers: &[(f64, bool)]) -> (Vec<Bin>, f64) {
    let mut bins = Vec::new();
    let mut ece = 0.0;
    for tenth in 0..10 {
        let (from, to) = (f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0);
        let belongs = |confidence: f64| (from..to).contains(&confidence) || (tenth == 9 && confidence >= 1.0);
        let inside: Vec<_> = answers.iter().filter(|(confidence, _)| belongs(*confidence)).collect();
        if inside.is_empty() {
            continue;
        }
        let mean = inside.iter().map(|(confidence, _)| confidence).sum::<f64>() / inside.len() as f64;
        let right = Share::count(inside.iter().map(|(_, right)| *right));
        ece += (mean - right.value).abs() * inside.len() as f64 / answers.len() as f64;
        bins.push(Bin { from, to, confidence: mean, right });
    }
    (bins, ece)
}
