//! The words before a number that say what it is.

/// What a context word announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cue {
    Cpf,
    Cns,
    Cnpj,
    Phone,
    /// A telephone number has just gone by; another may follow.
    MorePhones,
    Cep,
    Rg,
    Chart,
    Birth,
    Crm,
    Coren,
    Plate,
    Pix,
    Email,
    Home,
    Record,
}

impl Cue {
    const COUNT: usize = 16;
    /// Every cue, in the order of the enum.
    #[cfg(test)]
    pub(crate) const ALL: [Cue; Cue::COUNT] = [
        Cue::Cpf,
        Cue::Cns,
        Cue::Cnpj,
        Cue::Phone,
        Cue::MorePhones,
        Cue::Cep,
        Cue::Rg,
        Cue::Chart,
        Cue::Birth,
        Cue::Crm,
        Cue::Coren,
        Cue::Plate,
        Cue::Pix,
        Cue::Email,
        Cue::Home,
        Cue::Record,
    ];
}

/// How far, in bytes, a context word still speaks for a number.
const NEAR_BYTES: usize = 60;

#[derive(Clone, Copy)]
struct Seen {
    end: usize,
    words: usize,
}

/// The last place each cue was seen, measured in bytes and in words that are not fillers.
pub(crate) struct Cues {
    seen: [Option<Seen>; Cue::COUNT],
    words: usize,
    any: bool,
}

impl Cues {
    pub(crate) fn new() -> Self {
        Cues { seen: [None; Cue::COUNT], words: 0, any: false }
    }

    /// A word with something to say of its own went by.
    #[inline(always)]
    pub(crate) fn pass_word(&mut self) {
        self.words += 1;
    }

    pub(crate) fn set(&mut self, cue: Cue, end: usize) {
        self.seen[cue as usize] = Some(Seen { end, words: self.words });
        self.any = true;
    }

    /// A datum was found, or an old tag passed: what stood before it has been spent.
    pub(crate) fn clear(&mut self) {
        if self.any {
            self.seen = [None; Cue::COUNT];
            self.any = false;
        }
    }

    /// Whether the cue stands before `pos` with at most `words` words and a line's width between.
    pub(crate) fn within(&self, cue: Cue, pos: usize, words: usize) -> bool {
        self.any
            && self.seen[cue as usize]
                .is_some_and(|s| pos.saturating_sub(s.end) <= NEAR_BYTES && self.words - s.words <= words)
    }

    /// The cue is close enough to lend its weight.
    pub(crate) fn near(&self, cue: Cue, pos: usize) -> bool {
        self.within(cue, pos, 4)
    }

    /// Nothing but fillers ("nº", "do paciente", ":") between the cue and `pos`.
    pub(crate) fn tight(&self, cue: Cue, pos: usize) -> bool {
        self.within(cue, pos, 0)
    }

    /// Whether any cue has been seen since the last datum.
    #[inline(always)]
    pub(crate) fn any(&self) -> bool {
        self.any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tight_until_a_word_passes_near_until_several_do() {
        let mut cues = Cues::new();
        cues.set(Cue::Chart, 10);
        assert!(cues.tight(Cue::Chart, 12));
        cues.pass_word();
        assert!(!cues.tight(Cue::Chart, 20));
        assert!(cues.near(Cue::Chart, 20));
        assert!(!cues.near(Cue::Chart, 200));
        cues.clear();
        assert!(!cues.near(Cue::Chart, 20));
    }

    #[test]
    fn the_table_has_a_place_for_each_cue() {
        for (place, cue) in Cue::ALL.into_iter().enumerate() {
            assert_eq!(cue as usize, place);
        }
    }
}
