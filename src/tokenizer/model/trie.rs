//! A set of byte strings to walk through, as a double array (Aoe 1989).
//!
//! In: keys with numbers. Out: every key that a text begins with, at one table access per byte. The child of state `s`
//! by label `c` stands at `base[s] + c` if that place names `s` as its parent. Label 0 is the end of a key, byte `b` is
//! label `b + 1`.

use crate::order;

/// The double array.
#[derive(Clone, Debug, Default)]
pub struct Trie {
    /// (base or value, parent).
    units: Vec<(u32, u32)>,
}

const FREE: u32 = u32::MAX;

impl Trie {
    /// Builds the array; of two equal keys the later one's number counts.
    pub fn new<'k>(keys: impl IntoIterator<Item = (&'k [u8], u32)>) -> Self {
        let mut keys: Vec<(&[u8], u32)> = keys.into_iter().collect();
        order::by_key(&mut keys, |&(key, _)| key);
        keys.dedup_by(|later, kept| {
            let equal = later.0 == kept.0;
            if equal {
                kept.1 = later.1;
            }
            equal
        });
        let mut growing = Growing::new(keys.len());
        let mut unlimited = usize::MAX;
        growing.advance(&mut unlimited, |index| keys.get(index).copied().unwrap_or_default());
        growing.finish()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.units.capacity() * 8
    }

    fn free(&self, at: usize) -> bool {
        self.units.get(at).is_none_or(|unit| unit.1 == FREE)
    }

    fn reserve(&mut self, size: usize) {
        if self.units.len() <= size {
            self.units.resize((size + 1).max(self.units.len() * 3 / 2), (0, FREE));
        }
    }

    fn set(&mut self, at: usize, parent: Option<u32>, value: u32) {
        if let Some(unit) = self.units.get_mut(at) {
            unit.0 = value;
            unit.1 = parent.unwrap_or(unit.1);
        }
    }

    #[inline]
    fn child(&self, state: usize, label: usize) -> Option<(usize, u32)> {
        let at = self.units.get(state)?.0 as usize + label;
        self.units.get(at).filter(|unit| unit.1 == state as u32 && at != 0).map(|unit| (at, unit.0))
    }

    /// Calls back with (length, number) for every key that `text` begins with, shortest first.
    #[inline]
    pub fn prefixes(&self, text: &[u8], mut found: impl FnMut(usize, u32)) {
        let mut state = 0;
        for (index, &byte) in text.iter().enumerate() {
            let Some((next, _)) = self.child(state, byte as usize + 1) else { return };
            state = next;
            if let Some((_, value)) = self.child(state, 0) {
                found(index + 1, value);
            }
        }
    }
}

/// A double array under construction.
#[derive(Debug)]
pub struct Growing {
    trie: Trie,
    first_free: usize,
    /// States whose children are not placed: their keys, from and to, and their depth.
    waiting: Vec<(usize, usize, usize, usize)>,
    children: Vec<(u32, usize, usize)>,
}

impl Growing {
    /// For so many keys.
    pub fn new(keys: usize) -> Self {
        let mut trie = Trie { units: vec![(0, FREE); 512] };
        if let Some(root) = trie.units.first_mut() {
            *root = (0, 0);
        }
        Growing { trie, first_free: 1, waiting: vec![(0, 0, keys, 0)], children: Vec::new() }
    }

    /// Places children until the budget, in bytes of keys looked at, is used up; `true`: all are. `key` gives each key with its number; the keys
    /// are in order, and all different.
    pub fn advance<'k>(&mut self, budget: &mut usize, key: impl Fn(usize) -> (&'k [u8], u32)) -> bool {
        let Growing { trie, first_free, waiting, children } = self;
        while *budget > 0 {
            let Some((state, from, to, depth)) = waiting.pop() else { return true };
            *budget = budget.saturating_sub(to - from + 8);
            children.clear();
            for index in from..to {
                let label = key(index).0.get(depth).map_or(0, |&byte| byte as u32 + 1);
                match children.last_mut() {
                    Some(last) if last.0 == label => last.2 = index + 1,
                    _ => children.push((label, index, index + 1)),
                }
            }
            let Some(&(lowest, ..)) = children.first() else { continue };
            while !trie.free(*first_free) {
                *first_free += 1;
            }
            let mut place = (*first_free).max(lowest as usize + 1);
            let base = loop {
                let base = place - lowest as usize;
                if children.iter().all(|&(label, ..)| trie.free(base + label as usize)) {
                    break base;
                }
                place += 1;
            };
            trie.reserve(base + 257);
            trie.set(state, None, base as u32);
            for &(label, from, to) in &*children {
                let child = base + label as usize;
                let value = if label == 0 { key(from).1 } else { 0 };
                trie.set(child, Some(state as u32), value);
                if label != 0 {
                    waiting.push((child, from, to, depth + 1));
                }
            }
        }
        waiting.is_empty()
    }

    /// Bytes held; twice the array, which grows by being copied.
    pub fn bytes(&self) -> usize {
        2 * self.trie.bytes() + self.waiting.capacity() * 32
    }

    /// The array.
    pub fn finish(self) -> Trie {
        self.trie
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_prefixes_are_found_and_nothing_else() {
        let keys: Vec<String> = (0..3000u32).map(|n| format!("{:x}", n.wrapping_mul(2_654_435_761) >> 12)).collect();
        let trie = Trie::new(keys.iter().enumerate().map(|(id, key)| (key.as_bytes(), id as u32)));
        for text in &keys {
            let mut found = Vec::new();
            trie.prefixes(text.as_bytes(), |length, id| found.push((length, id)));
            let expected: Vec<(usize, u32)> = (1..=text.len())
                .filter_map(|n| keys.iter().rposition(|key| key == &text[..n]).map(|id| (n, id as u32)))
                .collect();
            assert_eq!(found, expected);
        }
    }
}
