//! What the rows of a query say to somebody who reads no tables.

/// How a verdict is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Ok,
    /// To be looked at.
    Attention,
    /// Not as it should be.
    Problem,
    /// There is nothing to judge yet.
    Empty,
    /// Tells something; neither end is good by itself.
    Information,
}

impl Level {
    /// Every level.
    pub const ALL: [Level; 5] = [Level::Ok, Level::Attention, Level::Problem, Level::Empty, Level::Information];

    /// As stored and in style sheets.
    pub fn code(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Attention => "attention",
            Level::Problem => "problem",
            Level::Empty => "empty",
            Level::Information => "information",
        }
    }

    /// On screen.
    pub fn label(self) -> &'static str {
        match self {
            Level::Ok => "Conforme",
            Level::Attention => "Atenção",
            Level::Problem => "Problema",
            Level::Empty => "Sem registros",
            Level::Information => "Informação",
        }
    }
}

impl Level {
    /// The gravest of several: a problem, else something to be looked at, else as it should be. What there is nothing to
    /// judge of, or only tells something, makes nothing worse.
    pub fn worst(levels: impl IntoIterator<Item = Level>) -> Level {
        levels.into_iter().fold(Level::Ok, |worst, level| match (worst, level) {
            (Level::Problem, _) | (_, Level::Problem) => Level::Problem,
            (Level::Attention, _) | (_, Level::Attention) => Level::Attention,
            _ => Level::Ok,
        })
    }
}

/// A level and the sentence that explains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How to take it.
    pub level: Level,
    /// In Portuguese.
    pub sentence: String,
}

impl Verdict {
    /// A level with its sentence.
    pub fn new(level: Level, sentence: impl Into<String>) -> Verdict {
        Verdict { level, sentence: sentence.into() }
    }
}

/// The rows of an answer: every value as text, booleans as `true` and `false`; none is NULL.
pub struct Rows<'a> {
    /// Names of the columns.
    pub columns: &'a [String],
    /// One list a row, in the columns' order.
    pub rows: &'a [Vec<Option<String>>],
}

impl<'a> Rows<'a> {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The values of a column; none at all when there is no such column, as in an edited query.
    pub(super) fn column(&self, name: &str) -> Option<impl Iterator<Item = Option<&'a str>>> {
        let at = self.columns.iter().position(|column| column == name)?;
        Some(self.rows.iter().map(move |row| row.get(at).and_then(Option::as_deref)))
    }

    /// How many rows have this value in a column.
    pub(super) fn with(&self, name: &str, value: &str) -> Option<usize> {
        Some(self.column(name)?.filter(|found| *found == Some(value)).count())
    }

    /// The number in the only row of a summary.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.column(name)?.next().flatten()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Level::{self, Attention, Empty, Information, Ok, Problem};

    #[test]
    fn the_gravest_counts_wherever_it_stands() {
        assert_eq!(Level::worst([]), Ok);
        assert_eq!(Level::worst([Empty, Information, Ok]), Ok);
        assert_eq!(Level::worst([Ok, Attention, Empty]), Attention);
        assert_eq!(Level::worst([Problem, Attention, Ok]), Problem);
        assert_eq!(Level::worst([Attention, Ok, Problem]), Problem);
    }
}
