//! Tokens added to a vocabulary, found in the text before anything else is done to it.
//!
//! In: a text. Out: where added tokens stand in it, leftmost first, the longest at each place, with the white space they
//! take along. Those marked `normalized` are looked for, normalised, in normalised text.

use super::model::trie::Trie;
use super::unicode;
use crate::order;
use std::collections::{HashMap, HashSet};

/// A token added to the vocabulary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddedToken {
    /// Its number.
    pub id: u32,
    /// The text it stands for.
    pub content: String,
    /// Only between characters that are not of a word.
    pub single_word: bool,
    /// Takes the white space before it along.
    pub lstrip: bool,
    /// Takes the white space after it along.
    pub rstrip: bool,
    /// Is looked for in normalised text.
    pub normalized: bool,
    /// Is left out when special tokens are not to be decoded.
    pub special: bool,
}

/// All added tokens of a tokenizer.
#[derive(Clone, Debug, Default)]
pub struct AddedTokens {
    tokens: Vec<AddedToken>,
    /// How each token reads after normalising, where that is different.
    normal: Vec<Option<String>>,
    raw: Finder,
    normalised: Finder,
    /// Places in the list by content.
    places: HashMap<String, usize>,
}

/// Finds the contents of added tokens; the numbers are places in the list.
#[derive(Clone, Debug, Default)]
struct Finder {
    trie: Option<Trie>,
    first: Vec<bool>,
}

/// A stretch of text: an added token, by its place in the list, or text between.
pub type Stretch = (Option<usize>, usize, usize);

impl AddedTokens {
    /// Makes the list, in id order; `normalise` gives the normalised form of a text.
    pub fn new(mut tokens: Vec<AddedToken>, normalise: impl Fn(&str) -> String) -> Self {
        let mut seen = HashSet::new();
        tokens.retain(|token| !token.content.is_empty() && seen.insert(token.content.clone()));
        // Of two tokens with one number the later one counts.
        tokens.reverse();
        order::by_key(&mut tokens, |token| token.id);
        tokens.dedup_by_key(|token| token.id);
        let normal: Vec<Option<String>> = tokens
            .iter()
            .map(|token| Some(normalise(&token.content)).filter(|text| token.normalized && *text != token.content))
            .collect();
        let finder = |normalised: bool| {
            let texts: Vec<(&[u8], u32)> = tokens
                .iter()
                .zip(&normal)
                .enumerate()
                .filter(|(_, (token, _))| token.normalized == normalised)
                .map(|(index, (token, normal))| (normal.as_ref().unwrap_or(&token.content).as_bytes(), index as u32))
                .filter(|(text, _)| !text.is_empty())
                .collect();
            let mut first = vec![false; 256];
            for byte in texts.iter().filter_map(|(text, _)| text.first()) {
                if let Some(is) = first.get_mut(*byte as usize) {
                    *is = true;
                }
            }
            Finder { trie: (!texts.is_empty()).then(|| Trie::new(texts)), first }
        };
        let (raw, normalised) = (finder(false), finder(true));
        let places = tokens.iter().enumerate().map(|(index, token)| (token.content.clone(), index)).collect();
        AddedTokens { tokens, normal, raw, normalised, places }
    }

    /// The tokens, in id order.
    pub fn tokens(&self) -> &[AddedToken] {
        &self.tokens
    }

    /// The token with a number.
    pub fn by_id(&self, id: u32) -> Option<&AddedToken> {
        let index = self.tokens.partition_point(|token| token.id < id);
        self.tokens.get(index).filter(|token| token.id == id)
    }

    /// How the token with a number is decoded: normalised, if that is how it is looked for.
    pub fn decoded(&self, id: u32) -> Option<&str> {
        let index = self.tokens.partition_point(|token| token.id < id);
        let token = self.tokens.get(index).filter(|token| token.id == id)?;
        Some(self.normal.get(index).and_then(Option::as_deref).unwrap_or(&token.content))
    }

    /// The number of a token by its text.
    pub fn id(&self, content: &str) -> Option<u32> {
        self.by_content(content).map(|token| token.id)
    }

    /// The token of a text.
    pub fn by_content(&self, content: &str) -> Option<&AddedToken> {
        self.tokens.get(*self.places.get(content)?)
    }

    /// Whether any are looked for, in raw or in normalised text.
    pub fn any(&self, normalised: bool) -> bool {
        if normalised { self.normalised.trie.is_some() } else { self.raw.trie.is_some() }
    }

    /// Cuts a text at added tokens.
    pub fn split(&self, text: &str, normalised: bool, out: &mut Vec<Stretch>) {
        let finder = if normalised { &self.normalised } else { &self.raw };
        let Some(trie) = &finder.trie else {
            return out.push((None, 0, text.len()));
        };
        let (mut done, mut at) = (0, 0);
        let bytes = text.as_bytes();
        while let Some(ahead) = bytes
            .get(at..)
            .and_then(|rest| rest.iter().position(|&byte| finder.first.get(byte as usize) == Some(&true)))
        {
            let start = at + ahead;
            let mut longest = None;
            trie.prefixes(bytes.get(start..).unwrap_or_default(), |length, index| longest = Some((length, index)));
            let Some((length, index)) = longest else {
                at = start + 1;
                continue;
            };
            at = start + length;
            let Some(token) = self.tokens.get(index as usize) else { continue };
            let before = text.get(..start).unwrap_or_default();
            let after = text.get(at..).unwrap_or_default();
            let beside_word = before.chars().next_back().is_some_and(unicode::is_word)
                || after.chars().next().is_some_and(unicode::is_word);
            if token.single_word && beside_word {
                continue;
            }
            let from = if token.lstrip { before.trim_end().len().max(done) } else { start };
            let to = if token.rstrip { text.len() - after.trim_start().len() } else { at };
            if done < from {
                out.push((None, done, from));
            }
            // White space that an earlier token took along may leave nothing of this one.
            if from < to {
                out.push((Some(index as usize), from, to));
            }
            done = to;
        }
        if done < text.len() {
            out.push((None, done, text.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(content: &str, change: impl Fn(&mut AddedToken)) -> AddedToken {
        let mut token = AddedToken { content: content.into(), ..AddedToken::default() };
        change(&mut token);
        token
    }

    #[test]
    fn the_longest_token_wins_and_takes_its_spaces_along() {
        let added = AddedTokens::new(
            vec![
                token("<a>", |t| (t.lstrip, t.rstrip) = (true, true)),
                AddedToken { id: 1, ..token("<a>b", |_| ()) },
                AddedToken { id: 2, ..token("x", |t| t.single_word = true) },
            ],
            str::to_owned,
        );
        let mut out = Vec::new();
        added.split("c  <a> <a>bxx x", false, &mut out);
        assert_eq!(out, [(None, 0, 1), (Some(0), 1, 7), (Some(1), 7, 11), (None, 11, 14), (Some(2), 14, 15)]);
    }

    #[test]
    fn a_token_of_white_space_that_another_took_along_is_not_there_again() {
        let added = AddedTokens::new(vec![token("  ", |t| (t.lstrip, t.rstrip) = (true, true))], str::to_owned);
        let mut out = Vec::new();
        added.split("a      b", false, &mut out);
        assert_eq!(out, [(None, 0, 1), (Some(0), 1, 7), (None, 7, 8)]);
    }
}
