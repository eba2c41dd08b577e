//! An encoded text: ids and all that belongs to each of them.
//!
//! In: tokens as the models give them. Out: parallel lists that can be cut, joined and padded together. What is cut off
//! is kept as further encodings. Joining two that both have such parts gives every combination, as the reference does.

use crate::{Result, ensure};

/// Which end something happens at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The front.
    Left,
    /// The back.
    #[default]
    Right,
}

/// A text as tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// The tokens' numbers.
    pub ids: Vec<u32>,
    /// The tokens that are written otherwise than their numbers say, by place: what was matched in the text, unknown pieces.
    pub written: Vec<(u32, Box<str>)>,
    /// Start and end of each token in its text, where they were asked for.
    pub offsets: Vec<(u32, u32)>,
    /// Which text of a pair a token belongs to, as the template says.
    pub type_ids: Vec<u32>,
    /// 1 for tokens, 0 for padding.
    pub attention_mask: Vec<u32>,
    /// 1 for tokens that the template or padding put in.
    pub special_mask: Vec<u32>,
    /// The piece of the text that a token is of, -1 for none.
    pub word_ids: Vec<i32>,
    /// What truncation cut off, in parts of full length.
    pub overflow: Vec<Encoding>,
}

/// Where parts of `length` tokens begin and end that more tokens are cut into; each but the first shares `stride` with the one before.
///
/// # Errors
/// `bad-option` when the parts would not get ahead: the stride is not smaller than the length.
pub fn cuts(count: usize, length: usize, stride: usize, side: Side) -> Result<impl Iterator<Item = (usize, usize)>> {
    ensure!(stride < length, BadOption, "truncate: stride {stride} must be smaller than the length kept, {length}");
    let step = length - stride;
    let parts = 1 + count.saturating_sub(length).div_ceil(step);
    Ok((0..parts).map(move |part| match (part * step, side) {
        (at, Side::Right) => (at, (at + length).min(count)),
        (at, Side::Left) => (count.saturating_sub(at + length), count - at),
    }))
}

impl Encoding {
    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Tokens that a template puts in; like `like`, they have offsets or not.
    pub fn special(ids: &[u32], tokens: &[String], type_id: u32, like: &Detail) -> Self {
        let count = ids.len();
        Encoding {
            ids: ids.to_vec(),
            written: (0..).zip(tokens).map(|(at, token)| (at, token.as_str().into())).collect(),
            offsets: if like.offsets { vec![(0, 0); count] } else { Vec::new() },
            type_ids: vec![type_id; count],
            attention_mask: vec![1; count],
            special_mask: vec![1; count],
            word_ids: vec![-1; count],
            overflow: Vec::new(),
        }
    }

    /// What is written otherwise from `start` to `stop`.
    fn written_in(&self, start: usize, stop: usize) -> impl Iterator<Item = &(u32, Box<str>)> {
        let from = self.written.partition_point(|entry| (entry.0 as usize) < start);
        self.written.iter().skip(from).take_while(move |entry| (entry.0 as usize) < stop)
    }

    /// Gives tokens of a text what all of them have alike.
    pub fn fill(&mut self, type_id: u32) {
        let count = self.ids.len();
        self.type_ids = vec![type_id; count];
        self.attention_mask = vec![1; count];
        self.special_mask = vec![0; count];
    }

    /// The tokens from `start` to `stop`.
    pub fn part(&self, start: usize, stop: usize) -> Encoding {
        fn part<T: Clone>(list: &[T], start: usize, stop: usize) -> Vec<T> {
            list.get(start..stop).map(<[T]>::to_vec).unwrap_or_default()
        }
        Encoding {
            ids: part(&self.ids, start, stop),
            written: self.written_in(start, stop).map(|(at, token)| (at - start as u32, token.clone())).collect(),
            offsets: part(&self.offsets, start, stop),
            type_ids: part(&self.type_ids, start, stop),
            attention_mask: part(&self.attention_mask, start, stop),
            special_mask: part(&self.special_mask, start, stop),
            word_ids: part(&self.word_ids, start, stop),
            overflow: Vec::new(),
        }
    }

    /// Cuts to `length` tokens; what goes is kept in parts that overlap by `stride` tokens, if `overflow`.
    ///
    /// # Errors
    /// `bad-option` when the parts would not get ahead: the stride is not smaller than the length.
    pub fn truncate(&mut self, length: usize, stride: usize, side: Side, overflow: bool) -> Result<()> {
        let count = self.len();
        if length >= count {
            return Ok(());
        }
        if length == 0 {
            let all = std::mem::take(self);
            if overflow {
                self.overflow.push(all);
            }
            return Ok(());
        }
        let most = if overflow { usize::MAX } else { 1 };
        let parts: Vec<_> =
            cuts(count, length, stride, side)?.take(most).map(|(start, stop)| self.part(start, stop)).collect();
        let mut parts = parts.into_iter();
        *self = parts.next().unwrap_or_default();
        self.overflow = parts.collect();
        Ok(())
    }

    /// Puts another encoding after this one; overflowing parts are combined, each with each.
    pub fn append(&mut self, other: Encoding) {
        let mut overflow = Vec::new();
        for part in &self.overflow {
            for tail in std::iter::once(&other).chain(&other.overflow) {
                let mut joined = part.clone();
                joined.extend(tail);
                overflow.push(joined);
            }
        }
        for tail in &other.overflow {
            let mut joined = self.part(0, self.len());
            joined.extend(tail);
            overflow.push(joined);
        }
        self.extend(&other);
        self.overflow = overflow;
    }

    fn extend(&mut self, other: &Encoding) {
        let count = self.ids.len() as u32;
        self.written.extend(other.written.iter().map(|(at, token)| (count + at, token.clone())));
        self.ids.extend_from_slice(&other.ids);
        self.offsets.extend_from_slice(&other.offsets);
        self.type_ids.extend_from_slice(&other.type_ids);
        self.attention_mask.extend_from_slice(&other.attention_mask);
        self.special_mask.extend_from_slice(&other.special_mask);
        self.word_ids.extend_from_slice(&other.word_ids);
    }

    /// Fills up to `length` tokens with padding, and the overflowing parts too; `written`: its number does not say its text.
    pub fn pad(&mut self, length: usize, padding: &Pad, written: bool, detail: &Detail) {
        for part in &mut self.overflow {
            part.pad(length, padding, written, detail);
        }
        let Some(count) = length.checked_sub(self.len()).filter(|&count| count > 0) else { return };
        fn fill<T: Clone>(list: &mut Vec<T>, count: usize, value: T, side: Side) {
            match side {
                Side::Right => list.resize(list.len() + count, value),
                Side::Left => drop(list.splice(0..0, std::iter::repeat_n(value, count))),
            }
        }
        let side = padding.side;
        fill(&mut self.ids, count, padding.id, side);
        let (first, shift) = if side == Side::Right { (self.len() - count, 0) } else { (0, count as u32) };
        self.written.iter_mut().for_each(|entry| entry.0 += shift);
        if written {
            let fillers = (first as u32..).take(count).map(|at| (at, padding.token.as_str().into()));
            match side {
                Side::Right => self.written.extend(fillers),
                Side::Left => drop(self.written.splice(0..0, fillers)),
            }
        }
        if detail.offsets {
            fill(&mut self.offsets, count, (0, 0), side);
        }
        fill(&mut self.type_ids, count, padding.type_id, side);
        fill(&mut self.attention_mask, count, 0, side);
        fill(&mut self.special_mask, count, 1, side);
        fill(&mut self.word_ids, count, -1, side);
    }

    /// Calls back for this encoding and its overflowing parts.
    pub fn each(&mut self, change: &mut impl FnMut(&mut Encoding)) {
        change(self);
        for part in &mut self.overflow {
            part.each(change);
        }
    }
}

/// What an encoding carries beside ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Places in the text.
    pub offsets: bool,
}

/// What is filled up with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pad {
    /// The padding token's number.
    pub id: u32,
    /// Its type.
    pub type_id: u32,
    /// The token itself.
    pub token: String,
    /// The end it is put at.
    pub side: Side,
}
