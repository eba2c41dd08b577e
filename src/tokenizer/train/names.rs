//! The names of tokens, by id and back, in flat memory.
//!
//! In: names, one at a time. Out: ids in the order in which names were first given. The names lie end to end; a table of ids
//! finds them again by hash, and grows by halves at most, since what a training holds is counted.
//! Refuses to know what is named.

use crate::tokenizer::count::hash;

const EMPTY: u32 = u32::MAX;

#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    text: String,
    /// Where each name ends.
    ends: Vec<u32>,
    /// Open addressing over the ids; the size is a power of two.
    table: Vec<u32>,
}

/// About how long a name is, in bytes.
const USUAL: usize = 10;

impl Names {
    /// Makes room for so many names: growing would hold the old beside the new.
    pub(super) fn reserve(&mut self, names: usize) {
        self.ends.reserve_exact(names.saturating_sub(self.ends.len()));
        self.text.reserve_exact((names * USUAL).saturating_sub(self.text.len()));
        while names * 4 >= self.table.len() * 3 {
            self.grow();
        }
    }

    /// The id of `name`, a new one if it was unknown.
    pub(super) fn intern(&mut self, name: &str) -> u32 {
        if self.ends.len() * 4 >= self.table.len() * 3 {
            self.grow();
        }
        let slot = self.slot(name);
        if self.table[slot] != EMPTY {
            return self.table[slot];
        }
        let id = self.ends.len() as u32;
        if self.text.capacity() - self.text.len() < name.len() {
            self.text.reserve_exact(name.len().max(self.text.len() / 4).max(1024));
        }
        if self.ends.len() == self.ends.capacity() {
            self.ends.reserve_exact((self.ends.len() / 4).max(256));
        }
        self.text.push_str(name);
        self.ends.push(self.text.len() as u32);
        self.table[slot] = id;
        id
    }

    fn grow(&mut self) {
        let size = (self.table.len() * 2).max(1024);
        self.table = Vec::new();
        self.table.resize(size, EMPTY);
        for id in 0..self.ends.len() as u32 {
            let slot = self.slot(self.name(id));
            self.table[slot] = id;
        }
    }

    /// Where a name's id stands in the table, or would.
    fn slot(&self, name: &str) -> usize {
        let mask = self.table.len() - 1;
        let mut slot = hash(name.as_bytes()) as usize & mask;
        while self.table[slot] != EMPTY && self.name(self.table[slot]) != name {
            slot = (slot + 1) & mask;
        }
        slot
    }

    pub(super) fn id(&self, name: &str) -> Option<u32> {
        let found = (!self.table.is_empty()).then(|| self.table[self.slot(name)]);
        found.filter(|&id| id != EMPTY)
    }

    pub(super) fn name(&self, id: u32) -> &str {
        let start =
            (id as usize).checked_sub(1).map_or(Some(0), |before| self.ends.get(before).map(|&end| end as usize));
        let range = start.zip(self.ends.get(id as usize));
        range.and_then(|(start, &end)| self.text.get(start..end as usize)).unwrap_or("")
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn into_names(self) -> Vec<String> {
        (0..self.ends.len() as u32).map(|id| self.name(id).to_string()).collect()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.text.capacity() + (self.ends.capacity() + self.table.capacity()) * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_id_and_an_id_one_name() {
        let mut names = Names::default();
        assert_eq!(names.id("a"), None);
        for round in 0..2 {
            for n in 0..5000 {
                assert_eq!(
                    names.intern(&"é".repeat(n % 7).repeat(n / 7)),
                    names.id(&"é".repeat(n % 7 * (n / 7))).unwrap(),
                    "{round}"
                );
            }
        }
        let count = names.len() as u32;
        assert!((0..count).all(|id| names.id(names.name(id)) == Some(id)));
        assert_eq!((names.name(count), names.id("é?")), ("", None));
        assert_eq!(names.into_names().len(), count as usize);
    }
}
