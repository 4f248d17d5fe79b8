//! Names in this process's memory, by clinic, because the database has them only sealed: found by the beginnings of words in
//! any order, without accents and in spite of typing errors. Wiped when a clinic's turn is over.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    num::NonZeroUsize,
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::{Duration, Instant},
};

use lru::LruCache;
use sigilo_proof::envelope as normal;
use sigilo_store::{ReadTx, keystore::Keystore, patient as rows};
use tokio::sync::Mutex;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{cells::place, document::Field};
use crate::Result;

/// Clinics whose names are held at once, and for how long after the last search.
const CLINICS: NonZeroUsize = NonZeroUsize::new(64).unwrap();
const IDLE: Duration = Duration::from_secs(1800);
/// With fewer exact finds than this, typing errors are forgiven.
const ENOUGH: usize = 8;
/// What a find through the mother's name is put behind.
const MOTHER: u32 = 8;
/// The distance of a word that is another one.
const FAR: u8 = u8::MAX;

/// A clinic's names, and when they were last searched.
type Held = (Instant, Arc<Mutex<Names>>);

/// The names of the clinics that searched lately.
pub(crate) struct NameIndexes(StdMutex<LruCache<Uuid, Held>>);

impl Default for NameIndexes {
    fn default() -> Self {
        NameIndexes(StdMutex::new(LruCache::new(CLINICS)))
    }
}

impl NameIndexes {
    /// The patients whose name, or whose mother's, has every word of a text; the likeliest first. The transaction must be of
    /// somebody who sees every patient of the clinic, because what it reads is kept for others.
    pub(super) async fn search(
        &self,
        tx: &ReadTx,
        keys: &Keystore,
        clinic: Uuid,
        text: &str,
        most: usize,
    ) -> Result<Vec<Uuid>> {
        let names = self.of(clinic);
        let mut names = names.lock().await;
        names.refresh(tx, keys, clinic).await?;
        Ok(names.find(text, most))
    }

    /// Wipes a clinic's names, which its next search reads again.
    pub(crate) fn forget(&self, clinic: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop(&clinic);
    }

    fn of(&self, clinic: Uuid) -> Arc<Mutex<Names>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while held.peek_lru().is_some_and(|(_, (used, _))| now.duration_since(*used) > IDLE) {
            held.pop_lru();
        }
        let (used, names) = held.get_or_insert_mut(clinic, || (now, Arc::default()));
        *used = now;
        Arc::clone(names)
    }
}

/// The names of one clinic.
#[derive(Default)]
struct Names {
    /// The transaction from which on changes have to be read again.
    horizon: Option<String>,
    places: HashMap<Uuid, usize>,
    entries: Vec<Entry>,
    words: Vocabulary,
}

/// One patient's names, as words of the vocabulary.
struct Entry {
    patient: Uuid,
    name: Vec<u32>,
    mother: Vec<u32>,
}

/// The words of all names, each once: a search compares with a few thousand words instead of with every name.
#[derive(Default)]
struct Vocabulary {
    words: Vec<Zeroizing<String>>,
    /// By the hash of a word, so that no second copy of it lies about.
    places: HashMap<u64, Vec<u32>>,
    hasher: RandomState,
}

impl Vocabulary {
    /// The number of a word.
    fn number(&mut self, word: &str) -> u32 {
        let known = self.places.entry(self.hasher.hash_one(word)).or_default();
        let same = |number: &u32| self.words.get(*number as usize).is_some_and(|known| known.as_str() == word);
        if let Some(number) = known.iter().find(|number| same(number)) {
            return *number;
        }
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        known.push(number);
        self.words.push(Zeroizing::new(word.to_owned()));
        number
    }

    fn get(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", |word| word.as_str())
    }

    /// How far each word is from one that is looked for; [`FAR`] for another word.
    fn distances(&self, wanted: &Word<'_>, forgiving: bool) -> Vec<u8> {
        self.words.iter().map(|word| wanted.distance(word, forgiving).unwrap_or(FAR)).collect()
    }
}

impl Names {
    async fn refresh(&mut self, tx: &ReadTx, keys: &Keystore, clinic: Uuid) -> Result<()> {
        // Before the names: what commits in between is read again next time.
        let horizon = rows::horizon(tx).await?;
        let mut changed = rows::names(tx, self.horizon.as_deref().unwrap_or("0")).await?;
        // No word says whose it is. For those of a patient who was eliminated to go, all go, and are read anew.
        let gone = |row: &rows::NamesRow| row.full_name_sealed.is_none() && self.places.contains_key(&row.patient_id);
        if changed.iter().any(gone) {
            *self = Names::default();
            changed = rows::names(tx, "0").await?;
        }
        let mut cells = Vec::with_capacity(changed.len());
        for row in &changed {
            let named = [
                (Field::FullName, row.full_name_sealed.as_ref()),
                (Field::SocialName, row.social_name_sealed.as_ref()),
                (Field::MotherName, row.mother_name_sealed.as_ref()),
            ];
            cells.extend(
                named
                    .into_iter()
                    .filter_map(|(field, sealed)| Some((row.patient_id, place(field), sealed?.as_slice()))),
            );
        }
        let opened = keys.open_cells(clinic, &cells).await?;
        for row in changed.iter().filter(|row| row.full_name_sealed.is_some()) {
            self.clear(row.patient_id);
        }
        for ((patient, place, _), plain) in cells.iter().zip(opened) {
            let spelt = plain.as_deref().and_then(|plain| normal::name(std::str::from_utf8(plain).ok()?));
            if let Some(spelt) = spelt {
                self.add(*patient, place.column == Field::MotherName.column(), &spelt);
            }
        }
        self.horizon = Some(horizon);
        Ok(())
    }

    fn clear(&mut self, patient: Uuid) {
        let place = *self.places.entry(patient).or_insert(self.entries.len());
        let empty = Entry { patient, name: Vec::new(), mother: Vec::new() };
        match self.entries.get_mut(place) {
            Some(entry) => *entry = empty,
            None => self.entries.push(empty),
        }
    }

    fn add(&mut self, patient: Uuid, mother: bool, spelt: &str) {
        let Some(entry) = self.places.get(&patient).and_then(|place| self.entries.get_mut(*place)) else { return };
        let kept = if mother { &mut entry.mother } else { &mut entry.name };
        kept.extend(spelt.split(' ').map(|word| self.words.number(word)));
    }

    fn find(&self, text: &str, most: usize) -> Vec<Uuid> {
        let Some(text) = normal::name(text).or_else(|| beginning_of_a_name(text)) else { return Vec::new() };
        let words: Vec<Word<'_>> = text.split(' ').map(Word::new).collect();
        let mut found = self.matching(&words, false);
        if found.len() < ENOUGH {
            found = self.matching(&words, true);
        }
        let spelt = |entry: &Entry| -> Vec<&str> { entry.name.iter().map(|word| self.words.get(*word)).collect() };
        found.sort_unstable_by(|(one, a), (other, b)| one.cmp(other).then_with(|| spelt(a).cmp(&spelt(b))));
        found.into_iter().take(most).map(|(_, entry)| entry.patient).collect()
    }

    fn matching(&self, words: &[Word<'_>], forgiving: bool) -> Vec<(u32, &Entry)> {
        let distances: Vec<Vec<u8>> = words.iter().map(|word| self.words.distances(word, forgiving)).collect();
        self.entries
            .iter()
            .filter_map(|entry| {
                let own = score(&distances, &entry.name);
                let mother = || score(&distances, &entry.mother).map(|score| score + MOTHER);
                own.or_else(mother).map(|score| (score, entry))
            })
            .collect()
    }
}

/// What is only a particle so far, as "de", may become a name, as "Denise".
fn beginning_of_a_name(text: &str) -> Option<Zeroizing<String>> {
    let word = text.split_whitespace().next_back()?;
    let longer = normal::name(&format!("{word}x"))?;
    Some(Zeroizing::new(longer.strip_suffix('x')?.to_owned()))
}

/// A word that is looked for.
struct Word<'a> {
    text: &'a str,
    letters: usize,
    mask: u32,
    /// How many typing errors are forgiven in it.
    errors: usize,
}

impl<'a> Word<'a> {
    fn new(text: &'a str) -> Word<'a> {
        let letters = text.chars().count();
        let errors = match letters {
            0..=3 => 0,
            4..=7 => 1,
            _ => 2,
        };
        Word { text, letters, mask: mask(text), errors }
    }

    /// How far a name's word is from it: 0 the same, 1 it begins so, more for each error. None when it is another word.
    fn distance(&self, word: &str, forgiving: bool) -> Option<u8> {
        if word.starts_with(self.text) {
            return Some(u8::from(word.len() > self.text.len()));
        }
        // Fewer letters in common than errors allow: another word, said without comparing.
        if !forgiving || self.errors == 0 || (self.mask & !mask(word)).count_ones() as usize > self.errors {
            return None;
        }
        (self.letters - self.errors..=self.letters + self.errors)
            .map(|length| strsim::osa_distance(self.text, beginning(word, length)))
            .min()
            .filter(|distance| *distance <= self.errors)
            .and_then(|distance| u8::try_from(1 + distance).ok())
    }
}

/// How far a name is from words that it must all have, in any order.
fn score(distances: &[Vec<u8>], name: &[u32]) -> Option<u32> {
    distances.iter().try_fold(0, |sum, from| {
        let nearest =
            name.iter().filter_map(|word| from.get(*word as usize)).min().filter(|distance| **distance < FAR)?;
        Some(sum + u32::from(*nearest))
    })
}

/// Which of the letters a to z a word has.
fn mask(word: &str) -> u32 {
    word.bytes().filter(u8::is_ascii_lowercase).fold(0, |mask, letter| mask | 1 << (letter - b'a'))
}

fn beginning(word: &str, letters: usize) -> &str {
    word.char_indices().nth(letters).map_or(word, |(end, _)| &word[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(all: &[(&str, &str)]) -> Names {
        let mut names = Names::default();
        for (number, (name, mother)) in (1_u128..).zip(all) {
            let patient = Uuid::from_u128(number);
            names.clear(patient);
            for (mother, text) in [(false, name), (true, mother)] {
                if let Some(spelt) = normal::name(text) {
                    names.add(patient, mother, &spelt);
                }
            }
        }
        names
    }

    fn found(names: &Names, text: &str) -> Vec<u128> {
        names.find(text, 20).into_iter().map(|patient| patient.as_u128()).collect()
    }

    #[test]
    fn by_parts_of_words_in_any_order_without_accents() {
        let names = names(&[
            ("Ana Lúcia Prado de Souza", "Rita Prado"),
            ("Luciana Prado", ""),
            ("João Antônio D'Ávila", "Ana Lúcia Prado"),
            ("Ó", ""),
        ]);
        assert_eq!(found(&names, "ana lucia"), [1, 3], "the mother's name comes behind");
        assert_eq!(found(&names, "PRADO ana"), [1, 3]);
        assert_eq!(found(&names, "luc pra"), [1, 2, 3]);
        assert_eq!(found(&names, "joão davila"), [3]);
        assert_eq!(found(&names, "prado de"), [1, 2, 3], "a particle says nothing");
        assert_eq!(found(&names, "d"), [3]);
        assert_eq!(found(&names, "da"), [3], "but may be the beginning of a name");
        assert_eq!(found(&names, "ó"), [4]);
        assert_eq!(found(&names, "rita"), [1]);
        assert_eq!(found(&names, "zzz"), Vec::<u128>::new());
    }

    #[test]
    fn typing_errors_are_forgiven_in_longer_words() {
        let names = names(&[("Wellington Vasconcelos", ""), ("Márcia Gonçalves", ""), ("Ana Paz", "")]);
        for typed in ["welington", "wellingtom vasc", "vasconselos", "Velington", "wellignton"] {
            assert_eq!(found(&names, typed), [1], "{typed}");
        }
        assert_eq!(found(&names, "goncalvez"), [2]);
        assert_eq!(found(&names, "marcai"), [2]);
        assert_eq!(found(&names, "anb"), Vec::<u128>::new(), "three letters forgive nothing");
    }

    #[test]
    fn a_name_that_changed_is_found_by_the_new_one_alone() {
        let mut names = names(&[("Ana Prado", ""), ("Bruno Lima", "")]);
        names.clear(Uuid::from_u128(1));
        names.add(Uuid::from_u128(1), false, "carla mendes");
        assert_eq!((found(&names, "ana"), found(&names, "carla"), found(&names, "bruno")), (vec![], vec![1], vec![2]));
    }

    proptest! {
        #[test]
        fn every_beginning_of_every_word_finds_its_name(name in "[a-zà-ü]{1,12}( [a-zà-ü]{1,12}){0,3}", cut in 1_usize..6) {
            let names = names(&[(&name, "")]);
            for word in normal::name(&name).iter().flat_map(|name| name.split(' ').map(str::to_owned).collect::<Vec<_>>()) {
                prop_assert_eq!(found(&names, beginning(&word, cut)), [1]);
            }
        }

        #[test]
        fn nothing_typed_panics(text in "\\PC{0,80}") {
            names(&[("Ana Lúcia Prado", "Rita Prado"), ("王 小明", "")]).find(&text, 5);
        }
    }
}
