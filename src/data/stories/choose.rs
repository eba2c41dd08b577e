//! Choosing among forms and words.
//!
//! In: the stream of one story. Out: what it fell on, so that the same stream tells the same story everywhere.

use crate::rng::Rng;

/// One of several.
pub(super) fn of<T: Copy>(rng: &mut Rng, options: &[T]) -> T {
    options[rng.below(options.len() as u64) as usize]
}

/// `N` different ones of several, in random order. There must be at least `N`.
pub(super) fn some<T: Copy, const N: usize>(rng: &mut Rng, options: &[T]) -> [T; N] {
    let mut order: Vec<usize> = (0..options.len()).collect();
    rng.shuffle(&mut order);
    std::array::from_fn(|at| options[order[at]])
}

/// One of several sentences.
pub(super) fn say<const N: usize>(rng: &mut Rng, forms: [String; N]) -> String {
    let chosen = rng.below(N as u64) as usize;
    forms.into_iter().nth(chosen).unwrap_or_default()
}

/// Whether something happens this time.
pub(super) fn sometimes(rng: &mut Rng, of_ten: u64) -> bool {
    rng.below(10) < of_ten
}

/// A text with its first letter in upper case.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Sentences as a paragraph.
pub(super) fn told(sentences: Vec<String>) -> String {
    let kept: Vec<String> = sentences.into_iter().filter(|sentence| !sentence.is_empty()).collect();
    kept.join(" ")
}
