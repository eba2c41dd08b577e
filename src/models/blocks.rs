//! Who holds which block of the key/value caches: one block a sequence, several holders at once.
//!
//! Knows numbers only; the buffers lie in the arenas. Where they are laid out anew, all that stood in them is nobody's, and each
//! holder fills its blocks again from its ids.

use std::cell::RefCell;

/// The blocks of one model.
#[derive(Debug, Default)]
pub struct Blocks {
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Positions of each block.
    capacity: usize,
    /// The holder of each block; 0 is nobody.
    owners: Vec<u64>,
    /// How often blocks were laid out.
    layout: u64,
    holders: u64,
    /// Who wrote the encoder's keys and values last, and whose the drawn tokens are.
    source: u64,
    drawn: u64,
}

impl Blocks {
    /// A number for one who will hold blocks.
    pub fn enter(&self) -> u64 {
        let mut state = self.state.borrow_mut();
        state.holders += 1;
        state.holders
    }

    /// Gives back what `holder` has.
    pub fn leave(&self, holder: u64) {
        let mut state = self.state.borrow_mut();
        state.owners.iter_mut().filter(|owner| **owner == holder).for_each(|owner| *owner = 0);
    }

    /// The layout's number, its blocks, and the positions of each.
    pub fn layout(&self) -> (u64, usize, usize) {
        let state = self.state.borrow();
        (state.layout, state.owners.len(), state.capacity)
    }

    /// The blocks of `holder`.
    pub fn of(&self, holder: u64) -> Vec<u32> {
        let state = self.state.borrow();
        let places = state.owners.iter().enumerate();
        places.filter(|(_, owner)| **owner == holder).map(|(place, _)| place as u32).collect()
    }

    /// How many blocks somebody other than `holder` has.
    pub fn others(&self, holder: u64) -> usize {
        self.state.borrow().owners.iter().filter(|&&owner| owner != 0 && owner != holder).count()
    }

    /// Takes free blocks until `holder` has `count`; false, and nothing taken, where too few are free.
    pub fn take(&self, holder: u64, count: usize) -> bool {
        let mut state = self.state.borrow_mut();
        let has = state.owners.iter().filter(|&&owner| owner == holder).count();
        let free = state.owners.iter().filter(|&&owner| owner == 0).count();
        if has + free < count {
            return false;
        }
        let missing = count.saturating_sub(has);
        state.owners.iter_mut().filter(|owner| **owner == 0).take(missing).for_each(|owner| *owner = holder);
        true
    }

    /// Frees all blocks of `holder` but the first `count`.
    pub fn keep(&self, holder: u64, count: usize) {
        let mut state = self.state.borrow_mut();
        let own = state.owners.iter_mut().filter(|owner| **owner == holder);
        own.skip(count).for_each(|owner| *owner = 0);
    }

    /// The blocks that somebody has: who, and which.
    pub fn held(&self) -> Vec<(u64, u32)> {
        let state = self.state.borrow();
        let places = state.owners.iter().enumerate().filter(|(_, owner)| **owner != 0);
        places.map(|(place, &owner)| (owner, place as u32)).collect()
    }

    /// Lays out one block of `capacity` positions for each of `owners`; 0 is nobody.
    pub fn lay(&self, owners: Vec<u64>, capacity: usize) {
        let mut state = self.state.borrow_mut();
        (state.owners, state.capacity) = (owners, capacity);
        state.layout += 1;
    }

    /// Makes `holder` the one whose encoder's keys and values stand; whether it was.
    pub fn take_source(&self, holder: u64) -> bool {
        std::mem::replace(&mut self.state.borrow_mut().source, holder) == holder
    }

    /// Makes `holder` the one whose drawn tokens stand; whether it was.
    pub fn take_drawn(&self, holder: u64) -> bool {
        std::mem::replace(&mut self.state.borrow_mut().drawn, holder) == holder
    }

    /// Whether the drawn tokens that stand are those of `holder`.
    pub fn holds_drawn(&self, holder: u64) -> bool {
        self.state.borrow().drawn == holder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_go_to_who_asks_and_come_back() {
        let blocks = Blocks::default();
        let (one, two) = (blocks.enter(), blocks.enter());
        assert!(!blocks.take(one, 1), "there are none yet");
        blocks.lay(vec![0; 3], 64);
        assert!(blocks.take(one, 2) && blocks.take(one, 2) && !blocks.take(two, 2) && blocks.take(two, 1));
        assert_eq!((blocks.of(one), blocks.of(two), blocks.others(one)), (vec![0, 1], vec![2], 1));
        blocks.leave(one);
        assert!(blocks.take(two, 3));
        assert_eq!(blocks.of(two), [0, 1, 2]);
        blocks.keep(two, 1);
        assert_eq!(blocks.held(), [(two, 0)]);
        blocks.lay(vec![0], 128);
        assert!(blocks.of(two).is_empty() && blocks.layout() == (2, 1, 128));
    }
}
