//! `UserAttributeSimilarityValidator`: whether a password is made of the letters of a name.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::UserAttributes;
use crate::python::is_word;

/// From which ratio on two texts are too similar.
const MAX_SIMILARITY: f64 = 0.7;

/// The first attribute of `user` that `password` is too similar to, as Django's model calls it.
pub(super) fn similar_attribute(password: &str, user: &UserAttributes<'_>) -> Option<&'static str> {
    let attributes = [
        ("username", user.username),
        ("first name", user.first_name),
        ("last name", user.last_name),
        ("email address", user.email),
    ];
    let password = Letters::of(&Zeroizing::new(password.to_lowercase()));
    let similar = attributes.into_iter().find(|(_, value)| !value.is_empty() && password.is_similar_to(value));
    similar.map(|(name, _)| name)
}

/// The characters of a password, counted once, so that comparing costs only the length of what it is compared with.
struct Letters {
    counts: HashMap<char, usize>,
    length: usize,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut letters = Self { counts: HashMap::new(), length: 0 };
        for character in text.chars() {
            *letters.counts.entry(character).or_default() += 1;
            letters.length += 1;
        }
        letters
    }

    /// Whether `value` or one of the words in it has these letters. `re.split(r"\W+")` finds an empty word before the
    /// first separator and after the last, which an empty password is similar to.
    fn is_similar_to(&self, value: &str) -> bool {
        let value = value.to_lowercase();
        let mut words = value.split(|c| !is_word(c)).filter(|word| !word.is_empty());
        let has_empty_word = value.starts_with(|c| !is_word(c)) || value.ends_with(|c| !is_word(c));
        (has_empty_word && self.is_like("")) || words.any(|word| self.is_like(word)) || self.is_like(&value)
    }

    fn is_like(&self, part: &str) -> bool {
        let part = Self::of(part);
        !self.is_far_longer_than(part.length) && self.ratio(&part) >= MAX_SIMILARITY
    }

    /// `exceeds_maximum_length_ratio`: such a part is passed over.
    #[allow(clippy::cast_precision_loss)]
    fn is_far_longer_than(&self, length: usize) -> bool {
        self.length >= 10 * length && (length as f64) < MAX_SIMILARITY / 2.0 * self.length as f64
    }

    /// `SequenceMatcher.quick_ratio`: twice the letters in common over all letters, their order left out.
    #[allow(clippy::cast_precision_loss)]
    fn ratio(&self, other: &Self) -> f64 {
        let common = |(letter, count): (&char, &usize)| self.counts.get(letter).map_or(0, |ours| *ours.min(count));
        let matches: usize = other.counts.iter().map(common).sum();
        match self.length + other.length {
            0 => 1.0,
            all => 2.0 * matches as f64 / all as f64,
        }
    }
}
