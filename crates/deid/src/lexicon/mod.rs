//! One hash for every word that means something to the scanner: names, context words, units.

mod eponyms;
mod names;
mod ordinary;
mod people;
mod surnames;
mod things;

use std::sync::LazyLock;

use crate::cues::Cue;
use crate::fold;

/// What the scanner does on meeting the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing beyond its flags.
    None,
    /// Announces a number, e.g. "CPF".
    Cue(Cue),
    /// May introduce a name, e.g. "paciente", "filha".
    Person,
    /// Nearly always introduces a name, e.g. "Dra.", "Dona".
    Honorific,
    /// An honorific that is usually something else: "seu", "D.".
    WeakHonorific,
    /// "nome"
    Label,
    /// "chama", "chamo": a label when reflexive.
    Calls,
    /// Street, in full: "rua", "avenida".
    Street,
    /// Street, abbreviated, a word that is often something else: "av", "r", "al".
    StreetShort,
    /// "http", "www"
    Web,
}

const ROLES: [Role; 26] = [
    Role::None,
    Role::Person,
    Role::Honorific,
    Role::WeakHonorific,
    Role::Label,
    Role::Calls,
    Role::Street,
    Role::StreetShort,
    Role::Web,
    Role::None,
    Role::Cue(Cue::Cpf),
    Role::Cue(Cue::Cns),
    Role::Cue(Cue::Cnpj),
    Role::Cue(Cue::Phone),
    Role::Cue(Cue::MorePhones),
    Role::Cue(Cue::Cep),
    Role::Cue(Cue::Rg),
    Role::Cue(Cue::Chart),
    Role::Cue(Cue::Birth),
    Role::Cue(Cue::Crm),
    Role::Cue(Cue::Coren),
    Role::Cue(Cue::Plate),
    Role::Cue(Cue::Pix),
    Role::Cue(Cue::Email),
    Role::Cue(Cue::Home),
    Role::Cue(Cue::Record),
];

/// What is known about a word: a frequency bucket as a first name, flags, and a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Entry(u32);

impl Entry {
    const BUCKET: u32 = 0b111;
    const ROLE_SHIFT: u32 = 24;

    /// Also an ordinary word, even when capitalised at the head of a sentence: Rosa, Vitória.
    pub(crate) const ORDINARY: u32 = 1 << 3;
    /// An ordinary word when written in lower case only: marcos, sara.
    pub(crate) const LOWER_ORDINARY: u32 = 1 << 4;
    pub(crate) const SURNAME: u32 = 1 << 5;
    /// "da", "dos": joins the parts of a name.
    pub(crate) const PARTICLE: u32 = 1 << 6;
    /// Names a disease, sign or device: Parkinson, Foley.
    pub(crate) const EPONYM: u32 = 1 << 7;
    /// What an eponym is said of: "doença de", "sinal de".
    pub(crate) const EPONYM_HEAD: u32 = 1 << 8;
    /// Heads the name of a place or institution: "Hospital", "São".
    pub(crate) const PLACE_HEAD: u32 = 1 << 9;
    /// Never part of a name.
    pub(crate) const BLOCKED: u32 = 1 << 10;
    /// Does not separate a context word from its number: "nº", "do".
    pub(crate) const FILLER: u32 = 1 << 11;
    /// Makes the number before it a measure.
    pub(crate) const UNIT: u32 = 1 << 12;
    /// Code of a state: "SP".
    pub(crate) const STATE: u32 = 1 << 13;
    /// Complement of an address: "apto", "bloco".
    pub(crate) const UNIT_OF_HOME: u32 = 1 << 14;
    /// A street word cannot lead to a number past this one: "há", "com".
    pub(crate) const STOP: u32 = 1 << 15;
    /// Name of a month, whole or cut to three letters.
    pub(crate) const MONTH: u32 = 1 << 16;

    const fn role(place: u32) -> u32 {
        place << Entry::ROLE_SHIFT
    }
    pub(crate) const PERSON: u32 = Entry::role(1);
    pub(crate) const HONORIFIC: u32 = Entry::role(2);
    pub(crate) const WEAK_HONORIFIC: u32 = Entry::role(3);
    pub(crate) const LABEL: u32 = Entry::role(4);
    pub(crate) const CALLS: u32 = Entry::role(5);
    pub(crate) const STREET: u32 = Entry::role(6);
    pub(crate) const STREET_SHORT: u32 = Entry::role(7);
    pub(crate) const WEB: u32 = Entry::role(8);
    pub(crate) const fn cue(cue: Cue) -> u32 {
        Entry::role(10 + cue as u32)
    }

    #[inline(always)]
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many bear it as a first name, 0 (not listed) to 7 (a million).
    pub(crate) fn bucket(self) -> u32 {
        self.0 & Entry::BUCKET
    }

    #[inline(always)]
    pub(crate) fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }

    pub(crate) fn role_of(self) -> Role {
        ROLES.get((self.0 >> Entry::ROLE_SHIFT) as usize).copied().unwrap_or(Role::None)
    }
}

/// Words to the power of two that keeps probes short; 49 bits of the mixed key tell two words apart.
const SLOT_BITS: u32 = 17;
const SLOTS: usize = 1 << SLOT_BITS;

struct Table {
    marks: Vec<u32>,
    entries: Vec<u32>,
}

#[inline(always)]
fn place(key: u64) -> (usize, u32) {
    let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = mixed ^ (mixed >> 32);
    let mixed = mixed.wrapping_mul(0xd6e8_feb8_6659_fd93);
    ((mixed >> (64 - SLOT_BITS)) as usize, (mixed >> 15) as u32 | 1)
}

impl Table {
    fn build() -> Table {
        let mut table = Table { marks: vec![0; SLOTS], entries: vec![0; SLOTS] };
        names::each(|key, bucket| table.add(key, bucket));
        for list in [people::WORDS, things::WORDS, eponyms::WORDS, surnames::WORDS, ordinary::WORDS] {
            for &(flags, words) in list {
                for word in words.split_ascii_whitespace() {
                    table.add(fold::key(word), flags);
                }
            }
        }
        table
    }

    fn add(&mut self, key: u64, flags: u32) {
        let (mut slot, mark) = place(key);
        while self.marks[slot] != 0 && self.marks[slot] != mark {
            slot = (slot + 1) % SLOTS;
        }
        self.marks[slot] = mark;
        self.entries[slot] |= flags;
    }

    #[inline(always)]
    fn get(&self, key: u64) -> Entry {
        let (mut slot, mark) = place(key);
        loop {
            match self.marks[slot] {
                0 => return Entry(0),
                m if m == mark => return Entry(self.entries[slot]),
                _ => slot = (slot + 1) % SLOTS,
            }
        }
    }
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::build);

/// The lexicon, borrowed once for a scan.
#[derive(Clone, Copy)]
pub(crate) struct Lexicon(&'static Table);

impl Lexicon {
    pub(crate) fn get() -> Lexicon {
        Lexicon(&TABLE)
    }

    #[inline(always)]
    pub(crate) fn look_up(self, key: u64) -> Entry {
        self.0.get(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(word: &str) -> Entry {
        Lexicon::get().look_up(fold::read_word(word, 0).unwrap().key)
    }

    #[test]
    fn names_and_roles_are_found_in_any_spelling() {
        assert_eq!(entry("João").bucket(), 7);
        assert_eq!(entry("JOAO").bucket(), 7);
        assert_eq!(entry("Prontuário").role_of(), Role::Cue(Cue::Chart));
        assert_eq!(entry("CPF").role_of(), Role::Cue(Cue::Cpf));
        assert_eq!(entry("dra").role_of(), Role::Honorific);
        assert!(entry("hemoglobina").bucket() == 0);
    }

    #[test]
    fn every_cue_has_its_role() {
        for cue in Cue::ALL {
            assert_eq!(Entry(Entry::cue(cue)).role_of(), Role::Cue(cue));
        }
    }

    #[test]
    fn a_word_has_one_role() {
        let mut roles = std::collections::HashMap::new();
        for list in [people::WORDS, things::WORDS, eponyms::WORDS, surnames::WORDS, ordinary::WORDS] {
            for &(flags, words) in list {
                let role = flags >> Entry::ROLE_SHIFT;
                for word in words.split_ascii_whitespace() {
                    assert!(word.bytes().all(|b| b.is_ascii_lowercase()), "{word} must be folded");
                    if role != 0 {
                        let before = roles.insert(word, role);
                        assert!(before.is_none_or(|r| r == role), "{word} has two roles");
                    }
                }
            }
        }
    }

    #[test]
    fn the_table_is_loose_enough() {
        let used = TABLE.marks.iter().filter(|&&m| m != 0).count();
        assert!(used * 2 < SLOTS, "{used} of {SLOTS} slots");
    }
}
