//! A table from pairs of tokens to numbers, of a size fixed beforehand.
//!
//! In: pairs as 64-bit keys. Out: their counts and places while counting, their record while following.
//! Open addressing with linear probing; a full table says so instead of growing, and the caller cuts its work finer.
//! Refuses to know what is counted.

use crate::bail;
use crate::error::Result;

const EMPTY: u64 = u64::MAX;

/// The key of a pair.
#[inline(always)]
pub(super) fn key(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

/// The pair of a key.
#[inline(always)]
pub(super) fn unkey(key: u64) -> (u32, u32) {
    ((key >> 32) as u32, key as u32)
}

#[derive(Default)]
pub(super) struct PairTable {
    keys: Vec<u64>,
    /// A count while counting, a record's index while following.
    values: Vec<u64>,
    places: Vec<u32>,
    len: usize,
    limit: usize,
}

impl PairTable {
    /// Empties the table and gives it room for `pairs`.
    pub(super) fn reset(&mut self, pairs: usize) -> Result<()> {
        let size = (pairs + pairs / 4).max(16);
        if self.keys.len() != size {
            *self = PairTable::default();
            let reserved = self.keys.try_reserve_exact(size).is_ok()
                && self.values.try_reserve_exact(size).is_ok()
                && self.places.try_reserve_exact(size).is_ok();
            if !reserved {
                bail!(OutOfMemory, "tokenizer training: no memory to count {pairs} pairs");
            }
        }
        self.keys.clear();
        self.keys.resize(size, EMPTY);
        self.values.resize(size, 0);
        self.places.resize(size, 0);
        self.len = 0;
        self.limit = size / 5 * 4;
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn hash(key: u64) -> u64 {
        (key ^ (key >> 29)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    /// The part out of `parts` that a pair belongs to.
    #[inline(always)]
    pub(super) fn part(key: u64, parts: u64) -> u64 {
        (PairTable::hash(key.wrapping_mul(0xD6E8_FEB8_6659_FD93)) >> 40) % parts
    }

    #[inline(always)]
    fn slot(&self, key: u64) -> usize {
        let keys = self.keys.as_slice(); // a list's own indexing is a call where code is compiled for size
        // A hash of 32 bits scaled to the size, so that the size need not be a power of two.
        let mut slot = (((PairTable::hash(key) >> 32) * keys.len() as u64) >> 32) as usize;
        while keys[slot] != key && keys[slot] != EMPTY {
            slot += 1;
            if slot == keys.len() {
                slot = 0;
            }
        }
        slot
    }

    /// Adds a sighting; `false`: the table is full and the pair is new.
    #[inline(always)]
    pub(super) fn count(&mut self, key: u64, weight: u64) -> bool {
        let slot = self.slot(key);
        if self.keys[slot] == EMPTY {
            if self.len == self.limit {
                return false;
            }
            self.len += 1;
            self.keys[slot] = key;
            self.values[slot] = 0;
            self.places[slot] = 0;
        }
        self.values[slot] = self.values[slot].saturating_add(weight);
        self.places[slot] += 1;
        true
    }

    /// The counted pairs: key, count, places. In no order that may matter.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64, u32)> + '_ {
        (0..self.keys.len())
            .filter(|&slot| self.keys[slot] != EMPTY)
            .map(|slot| (self.keys[slot], self.values[slot], self.places[slot]))
    }

    /// Binds a pair to a record; `false`: the table is full.
    pub(super) fn bind(&mut self, key: u64, record: u32) -> bool {
        let slot = self.slot(key);
        if self.keys[slot] == EMPTY {
            if self.len == self.limit {
                return false;
            }
            self.len += 1;
            self.keys[slot] = key;
        }
        self.values[slot] = u64::from(record);
        true
    }

    /// The record that a pair is bound to.
    #[inline]
    pub(super) fn record(&self, key: u64) -> Option<u32> {
        let slot = self.slot(key);
        (self.keys[slot] == key).then(|| self.values[slot] as u32)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.keys.capacity() * 20
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_refuses_new_pairs_and_still_counts_old_ones() {
        let mut table = PairTable::default();
        table.reset(16).unwrap();
        let fitted = (0..100).filter(|&right| table.count(key(1, right), 2)).count();
        assert!((16..24).contains(&fitted), "{fitted}");
        assert!(table.count(key(1, 0), 3));
        assert!(!table.count(key(2, 0), 3));
        assert!(table.iter().any(|entry| entry == (key(1, 0), 5, 2)));
    }

    #[test]
    fn a_pair_is_found_by_what_it_was_bound_to() {
        let mut table = PairTable::default();
        table.reset(1000).unwrap();
        for pair in 0..1000u32 {
            assert!(table.bind(key(pair, pair * 7), pair));
        }
        assert!((0..1000u32).all(|pair| table.record(key(pair, pair * 7)) == Some(pair)));
        assert_eq!(table.record(key(3, 3)), None);
    }
}
