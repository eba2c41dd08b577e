//! The greatest of many numbers that change one at a time.
//!
//! In: a number that is not negative for each index. Out: the first index of the greatest one. The greatest of each block is kept, so
//! that finding it looks at a share of them. Refuses to know what is bounded.

const BLOCK: usize = 64;

#[derive(Default)]
pub(super) struct Bounds {
    of: Vec<f64>,
    /// The greatest of each block.
    tops: Vec<f64>,
}

impl Bounds {
    pub(super) fn at(&self, index: u32) -> f64 {
        self.of[index as usize]
    }

    pub(super) fn set(&mut self, index: u32, bound: f64) {
        let index = index as usize;
        let block = index / BLOCK;
        let old = std::mem::replace(&mut self.of[index], bound);
        let top = &mut self.tops[block];
        if bound >= *top {
            *top = bound;
        } else if old == *top {
            let end = self.of.len().min((block + 1) * BLOCK);
            *top = greatest(&self.of[block * BLOCK..end]);
        }
    }

    /// Goes on to `count` numbers; those that are new are 0.
    pub(super) fn grow(&mut self, count: usize) {
        if count > self.of.len() {
            self.of.resize(count, 0.0);
            self.tops.resize(count.div_ceil(BLOCK), 0.0);
        }
    }

    /// The first of the greatest numbers, unless all are 0.
    pub(super) fn first(&self) -> Option<u32> {
        let most = greatest(&self.tops);
        let block = self.tops.iter().position(|&top| top == most && most > 0.0)?;
        let within = self.of[block * BLOCK..].iter().position(|&bound| bound == most)?;
        Some((block * BLOCK + within) as u32)
    }

    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        self.of.len()
    }

    pub(super) fn reserve(&mut self, count: usize) {
        self.of.reserve_exact(count.saturating_sub(self.of.len()));
        self.tops.reserve_exact(count.div_ceil(BLOCK).saturating_sub(self.tops.len()));
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        (self.of.capacity() + self.tops.capacity()) * 8
    }
}

/// The greatest, several at a time.
fn greatest(numbers: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut tops = [0.0f64; LANES];
    let chunks = numbers.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (top, &number) in tops.iter_mut().zip(chunk) {
            *top = if number > *top { number } else { *top };
        }
    }
    tops.iter().chain(rest).fold(0.0, |top, &number| if number > top { number } else { top })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_greatest_is_found_after_any_change() {
        let mut bounds = Bounds::default();
        let mut plain = Vec::new();
        assert_eq!(bounds.first(), None);
        for step in 0u32..2000 {
            let count = 1 + step as usize / 3;
            bounds.grow(count);
            plain.resize(count, 0.0);
            let drawn = step.wrapping_mul(2_654_435_761) >> 7;
            let (index, bound) = (drawn % count as u32, f64::from(drawn / 7 % 11));
            bounds.set(index, bound);
            plain[index as usize] = bound;
            let most = plain.iter().copied().fold(0.0, f64::max);
            let first = plain.iter().position(|&bound| bound == most && most > 0.0);
            assert_eq!(bounds.first(), first.map(|index| index as u32), "step {step}");
        }
    }
}
