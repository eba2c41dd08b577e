//! Tokens to ids and ids to tokens, in flat memory.
//!
//! In: (token, id) pairs. Out: lookups both ways without a string per token. A key of up to seven bytes is compared
//! inside its slot; a longer one by its hash, then by its bytes. Ids may have holes; of two tokens with one id the
//! first is the id's token. Knows nothing of models.

use crate::order;
use crate::{Result, ensure};

/// Byte strings to numbers: open addressing over 16-byte slots.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    slots: Vec<Slot>,
    bytes: Vec<u8>,
    starts: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: u64,
    value: u32,
    entry: u32,
}

const EMPTY: Slot = Slot { key: u64::MAX, value: 0, entry: 0 };
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The key of a short byte string (exact) or a hash of a long one (its top bit is set).
#[inline]
fn key_of(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    if length < 8 {
        let mut packed = [0u8; 8];
        for (to, from) in packed.iter_mut().zip(bytes) {
            *to = *from;
        }
        return u64::from_le_bytes(packed) | (length as u64) << 56;
    }
    let mut hash = length as u64 ^ SPREAD;
    let (chunks, _) = bytes.as_chunks::<8>();
    for chunk in chunks {
        hash = (hash ^ u64::from_le_bytes(*chunk)).wrapping_mul(SPREAD);
        hash ^= hash >> 29;
    }
    if let Some(tail) = bytes.last_chunk::<8>() {
        hash = (hash ^ u64::from_le_bytes(*tail)).wrapping_mul(SPREAD);
        hash ^= hash >> 32;
    }
    // Never u64::MAX, which marks an empty slot.
    (hash | 1 << 63) & !1
}

impl Lookup {
    /// A table for `count` keys of `bytes` bytes together.
    pub fn with_capacity(count: usize, bytes: usize) -> Self {
        let slots = (count * 2).next_power_of_two().max(8);
        Lookup { slots: vec![EMPTY; slots], bytes: Vec::with_capacity(bytes), starts: Vec::with_capacity(count) }
    }

    /// Stores a number under a key; an earlier number under the same key is replaced and returned.
    pub fn insert(&mut self, bytes: &[u8], value: u32) -> Option<u32> {
        if (self.starts.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let key = key_of(bytes);
        let mask = self.slots.len() - 1;
        let mut at = (key.wrapping_mul(SPREAD) >> 32) as usize & mask;
        loop {
            let slot = self.slots.get(at).copied().unwrap_or(EMPTY);
            if slot.key == EMPTY.key {
                break;
            }
            if slot.key == key
                && (key >> 63 == 0 || self.entry(slot.entry) == bytes)
                && let Some(slot) = self.slots.get_mut(at)
            {
                return Some(std::mem::replace(&mut slot.value, value));
            }
            at = (at + 1) & mask;
        }
        let entry = self.starts.len() as u32;
        self.starts.push(self.bytes.len() as u32);
        self.bytes.extend_from_slice(bytes);
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Slot { key, value, entry };
        }
        None
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![EMPTY; (old.len() * 2).max(8)];
        let mask = self.slots.len() - 1;
        for slot in old.into_iter().filter(|slot| slot.key != EMPTY.key) {
            let mut at = (slot.key.wrapping_mul(SPREAD) >> 32) as usize & mask;
            while self.slots.get(at).is_some_and(|slot| slot.key != EMPTY.key) {
                at = (at + 1) & mask;
            }
            if let Some(free) = self.slots.get_mut(at) {
                *free = slot;
            }
        }
    }

    #[inline]
    fn entry(&self, entry: u32) -> &[u8] {
        let start = self.starts.get(entry as usize).copied().unwrap_or(0) as usize;
        let end = self.starts.get(entry as usize + 1).map_or(self.bytes.len(), |&end| end as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// The number under a key.
    #[inline]
    pub fn find(&self, bytes: &[u8]) -> Option<u32> {
        self.probe(key_of(bytes), bytes)
    }

    /// The number under the key `text[start..end]`; quicker than [`Lookup::find`] inside a long text.
    #[inline]
    pub fn find_in(&self, text: &[u8], start: usize, end: usize) -> Option<u32> {
        let length = end - start;
        if length < 8
            && let Some(word) = text.get(start..).and_then(|rest| rest.first_chunk::<8>())
        {
            let word = u64::from_le_bytes(*word) & ((1u64 << (length * 8)) - 1);
            return self.probe(word | (length as u64) << 56, &[]);
        }
        self.find(text.get(start..end)?)
    }

    #[inline]
    fn probe(&self, key: u64, bytes: &[u8]) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = (key.wrapping_mul(SPREAD) >> 32) as usize & mask;
        loop {
            let slot = self.slots.get(at)?;
            if slot.key == key && (key >> 63 == 0 || self.entry(slot.entry) == bytes) {
                return Some(slot.value);
            }
            if slot.key == EMPTY.key {
                return None;
            }
            at = (at + 1) & mask;
        }
    }
}

/// Tokens with their ids.
#[derive(Clone, Debug, Default)]
pub struct Vocab {
    lookup: Lookup,
    text: String,
    entries: Vec<Entry>,
    dense: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    id: u32,
    start: u32,
    end: u32,
}

impl Vocab {
    /// Makes a vocabulary; of two equal tokens the later one counts.
    ///
    /// # Errors
    /// `bad-file` when the tokens together exceed what 32 bits can count.
    pub fn new<S: AsRef<str>>(tokens: impl IntoIterator<Item = (S, u32)>) -> Result<Self> {
        let mut vocab = Vocab { lookup: Lookup::with_capacity(16, 64), ..Vocab::default() };
        for (token, id) in tokens {
            let token = token.as_ref();
            ensure!(
                vocab.text.len() + token.len() < u32::MAX as usize,
                BadFile,
                "vocabulary: tokens of more than 4 GiB together"
            );
            if vocab.lookup.insert(token.as_bytes(), id).is_some() {
                let text = &vocab.text;
                vocab.entries.retain(|entry| text.get(entry.start as usize..entry.end as usize) != Some(token));
            }
            let start = vocab.text.len() as u32;
            vocab.text.push_str(token);
            vocab.entries.push(Entry { id, start, end: vocab.text.len() as u32 });
        }
        order::by_key(&mut vocab.entries, |entry| entry.id);
        vocab.dense = vocab.entries.iter().enumerate().all(|(index, entry)| entry.id as usize == index);
        Ok(vocab)
    }

    /// Makes a vocabulary whose ids are the positions in the list.
    ///
    /// # Errors
    /// As [`Vocab::new`].
    pub fn from_list<S: AsRef<str>>(tokens: impl IntoIterator<Item = S>) -> Result<Self> {
        Vocab::new(tokens.into_iter().enumerate().map(|(id, token)| (token, id as u32)))
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The id of a token.
    #[inline]
    pub fn id(&self, token: &str) -> Option<u32> {
        self.lookup.find(token.as_bytes())
    }

    /// The id of a token given as bytes of UTF-8.
    #[inline]
    pub fn id_of_bytes(&self, token: &[u8]) -> Option<u32> {
        self.lookup.find(token)
    }

    /// The token of an id.
    pub fn token(&self, id: u32) -> Option<&str> {
        let index = if self.dense { id as usize } else { self.entries.partition_point(|entry| entry.id < id) };
        let entry = self.entries.get(index).filter(|entry| entry.id == id)?;
        self.text.get(entry.start as usize..entry.end as usize)
    }

    /// All tokens with their ids, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.entries
            .iter()
            .map(|entry| (self.text.get(entry.start as usize..entry.end as usize).unwrap_or_default(), entry.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_found_again_and_no_other() {
        let tokens: Vec<String> = (0..5000).map(|n| "ab".repeat(n % 9) + &n.to_string()).collect();
        let vocab = Vocab::from_list(&tokens).unwrap();
        for (id, token) in tokens.iter().enumerate() {
            assert_eq!(vocab.id(token), Some(id as u32));
            assert_eq!(vocab.token(id as u32), Some(token.as_str()));
            assert_eq!(vocab.id(&format!("{token}x")), None);
            let text = format!("..{token}..");
            assert_eq!(vocab.lookup.find_in(text.as_bytes(), 2, 2 + token.len()), Some(id as u32));
        }
    }

    #[test]
    fn the_later_of_two_equal_tokens_counts_and_ids_may_have_holes() {
        let vocab = Vocab::new([("a", 7), ("b", 4_000_000_000), ("a", 9)]).unwrap();
        assert_eq!((vocab.len(), vocab.id("a"), vocab.token(7)), (2, Some(9), None));
        assert_eq!(vocab.token(4_000_000_000), Some("b"));
    }
}
