//! The way through a text, in slices: added tokens, normalised stretches, pieces, and the tokens of each.
//!
//! In: a text. Out: every added token and the tokens of every piece, in order, to a callback, until a budget is used up.
//! A long text is taken in parts where no part of the tokenizer looks across the cut, so that a slice stays short and
//! memory does not grow with the text; what cannot be cut is normalised in slices, split from piece to piece where the first splitter is
//! written by hand, and a long piece is encoded in slices. An engine of expressions splits what cannot be cut in one step.
//! Refuses to know what becomes of the tokens.

use super::added::Stretch;
use super::aligned::Aligned;
use super::cut::part_end;
use super::model::{Memory, Model, Token};
use super::normalise::{Normaliser, Normalising};
use super::split::known::Known;
use super::split::{Behavior, Pieces, Prepend, Splitter};
use super::{Parts, Tokenizer};
use crate::{Result, ensure};

/// Pieces of more bytes are encoded in slices.
const LONG: u32 = 1 << 13;

/// Bytes of a text that are split at a time.
const SPLIT: usize = 1 << 17;

/// What is found on the way through a text.
pub(super) enum Stretches<'s, 'a> {
    /// An added token: its number, its bytes of the whole text, the text that was matched.
    Added(u32, usize, usize, &'s str),
    /// Tokens of a piece, the last ones if the flag is set: their places are counted from the piece's start.
    Tokens(&'s [Token], &'s Pieces<'a>, (u32, u32), bool),
}

/// A normalised stretch in which added tokens were looked for again, and the next of its parts.
struct Normalised<'t> {
    aligned: Aligned<'t>,
    stretches: Vec<Stretch>,
    next: usize,
}

/// A walk under way.
pub(super) struct Walk<'t> {
    tokenizer: &'t Tokenizer,
    text: &'t str,
    track: bool,
    raw: bool,
    in_parts: bool,
    by_lines: bool,
    outer: Vec<Stretch>,
    next: usize,
    /// Where the next part of the current stretch begins.
    from: usize,
    /// The part that is being normalised, from and to.
    normalising: Option<(Normalising, usize, usize)>,
    normalised: Option<Normalised<'t>>,
    /// What is being split, and how far it is.
    splitting: Option<(Aligned<'t>, usize)>,
    pieces: Option<(Pieces<'t>, usize)>,
    memory: Memory,
    tokens: Vec<Token>,
    /// How many tokens of a long piece were handed out, once all are known.
    told: Option<usize>,
}

impl<'t> Walk<'t> {
    /// Begins a walk; `track` says whether the caller will ask for places in the text.
    ///
    /// # Errors
    /// `bad-input` for a text of 4 GiB.
    pub(super) fn new(tokenizer: &'t Tokenizer, text: &'t str, track: bool) -> Result<Self> {
        ensure!(text.len() < u32::MAX as usize, BadInput, "encode: a text of 4 GiB or more");
        let mut outer = Vec::new();
        tokenizer.added.split(text, false, &mut outer);
        Ok(Walk {
            tokenizer,
            text,
            track: track || tokenizer.asks_for_places(),
            raw: matches!(&tokenizer.model, Model::Bpe(model) if model.takes_bytes()),
            in_parts: tokenizer.reads_parts_alike(),
            by_lines: tokenizer.parts.cuts_lines(),
            from: outer.first().map_or(0, |stretch| stretch.1),
            outer,
            next: 0,
            normalising: None,
            normalised: None,
            splitting: None,
            pieces: None,
            memory: Memory::default(),
            tokens: Vec::new(),
            told: None,
        })
    }

    /// Walks on over about `budget` bytes; `true`: it is at the end.
    ///
    /// # Errors
    /// `bad-input` when a splitter gives up, `bad-file` when an unknown token is needed and there is none, and whatever
    /// the callback gives.
    pub(super) fn advance(
        &mut self,
        mut budget: usize,
        found: &mut dyn FnMut(Stretches<'_, 't>) -> Result<()>,
    ) -> Result<bool> {
        loop {
            if let Some((pieces, next)) = &mut self.pieces {
                let model = &self.tokenizer.model;
                while let Some(&cut) = pieces.cuts.get(*next) {
                    if budget == 0 {
                        return Ok(false);
                    }
                    if cut.1 - cut.0 > LONG {
                        let (piece, raw) = (pieces.slice(cut), pieces.raw);
                        let told = match self.told {
                            Some(told) => told,
                            None if model.encode_on(piece, raw, &mut self.memory, &mut self.tokens, &mut budget)? => 0,
                            None => return Ok(false),
                        };
                        let until = self.tokens.len().min(told.saturating_add(budget.max(1)));
                        budget = budget.saturating_sub(until - told);
                        let last = until == self.tokens.len();
                        let some = self.tokens.get(told..until).unwrap_or_default();
                        found(Stretches::Tokens(some, pieces, cut, last))?;
                        self.told = Some(until).filter(|_| !last);
                        if last {
                            self.tokens.clear();
                            *next += 1;
                        }
                        continue;
                    }
                    *next += 1;
                    budget = budget.saturating_sub((cut.1 - cut.0) as usize);
                    match model {
                        Model::Bpe(model) if pieces.raw => {
                            let bytes = pieces.text.text().as_bytes();
                            let (start, end) = (cut.0 as usize, cut.1 as usize);
                            model.encode_bytes(bytes, start, end, &mut self.memory.bpe, &mut self.tokens);
                        }
                        model => model.encode(pieces.slice(cut), &mut self.memory, &mut self.tokens)?,
                    }
                    found(Stretches::Tokens(&self.tokens, pieces, cut, true))?;
                    self.tokens.clear();
                }
                self.pieces = None;
            }
            if budget == 0 {
                return Ok(false);
            }
            if !self.prepare(&mut budget, found)? {
                return Ok(true);
            }
        }
    }

    /// How far it is, in bytes of the text.
    pub(super) fn position(&self) -> usize {
        self.from
    }

    /// Makes the next pieces ready or comes nearer to them, or calls back with an added token; `false`: there is nothing left.
    fn prepare(&mut self, budget: &mut usize, found: &mut dyn FnMut(Stretches<'_, 't>) -> Result<()>) -> Result<bool> {
        let added = &self.tokenizer.added;
        if self.splitting.is_some() {
            return self.split().map(|()| true);
        }
        if let Some((normalising, from, to)) = &mut self.normalising {
            let (text, how) = (self.text.get(*from..*to).unwrap_or_default(), (*from, self.track));
            let done = match &self.tokenizer.parts.normaliser {
                Some(normaliser) => normalising.advance(normaliser, text, how, budget)?,
                None => true,
            };
            if done {
                let aligned = std::mem::take(normalising).finish(text, how);
                self.normalising = None;
                self.look(aligned);
            }
            return Ok(true);
        }
        if let Some(normalised) = &mut self.normalised {
            let Some(&(token, from, to)) = normalised.stretches.get(normalised.next) else {
                self.normalised = None;
                return Ok(true);
            };
            normalised.next += 1;
            let aligned = &normalised.aligned;
            if let Some(token) = token.and_then(|index| added.tokens().get(index)) {
                let (start, end) = aligned.source(from, to);
                let matched = aligned.slice(from as u32, to as u32);
                found(Stretches::Added(token.id, start as usize, end as usize, matched))?;
                return Ok(true);
            }
            self.splitting = Some((aligned.part(from, to), 0));
            return Ok(true);
        }
        let Some(&(token, start, end)) = self.outer.get(self.next) else { return Ok(false) };
        if let Some(token) = token.and_then(|index| added.tokens().get(index)) {
            self.next += 1;
            self.from = end;
            found(Stretches::Added(token.id, start, end, self.text.get(start..end).unwrap_or_default()))?;
            return Ok(true);
        }
        let stretch = self.text.get(start..end).unwrap_or_default();
        let from = self.from.max(start);
        let to = if self.in_parts { start + part_end(stretch, from - start, self.by_lines) } else { end };
        self.from = to;
        if to >= end {
            self.next += 1;
        }
        self.normalising = Some((Normalising::default(), from, to));
        Ok(true)
    }

    /// Looks for added tokens in a normalised part, or has it split.
    fn look(&mut self, aligned: Aligned<'t>) {
        let added = &self.tokenizer.added;
        if !added.any(true) {
            self.splitting = Some((aligned, 0));
            return;
        }
        let mut stretches = Vec::new();
        added.split(aligned.text(), true, &mut stretches);
        self.normalised = Some(Normalised { aligned, stretches, next: 0 });
    }

    /// Splits what is to be split, or some of it.
    fn split(&mut self) -> Result<()> {
        let Some((aligned, from)) = self.splitting.take() else { return Ok(()) };
        let (length, splitter) = (aligned.text().len(), self.tokenizer.parts.splitter.as_ref());
        let least = from + SPLIT;
        let to = match splitter {
            Some(splitter) if least < length => splitter.end_after(aligned.text(), from, least),
            _ => length,
        };
        let part = if (from, to) == (0, length) {
            aligned
        } else {
            let part = aligned.part(from, to);
            self.splitting = Some((aligned, to)).filter(|_| to < length);
            part
        };
        let mut pieces = Pieces::new(part);
        if let Some(splitter) = splitter {
            splitter.split(&mut pieces, self.raw)?;
        }
        self.pieces = Some((pieces, 0));
        Ok(())
    }
}

impl Tokenizer {
    /// Calls back with every added token and the tokens of every piece, in order.
    pub(super) fn walk<'t>(
        &'t self,
        text: &'t str,
        track: bool,
        found: &mut dyn FnMut(Stretches<'_, 't>) -> Result<()>,
    ) -> Result<()> {
        Walk::new(self, text, track)?.advance(usize::MAX, found).map(drop)
    }

    /// Whether a splitter must be told where in the text a piece stands: one that puts a mark where the text begins, if anything before it
    /// may drop what stands there or cut.
    fn asks_for_places(&self) -> bool {
        fn asks(splitter: &Splitter, cut: bool) -> bool {
            match splitter {
                Splitter::Metaspace { prepend: Prepend::First, .. } => cut,
                Splitter::Sequence(all) => all.iter().enumerate().any(|(at, one)| asks(one, cut || at > 0)),
                _ => false,
            }
        }
        let cut = self.added.any(true) || self.parts.normaliser.is_some();
        self.parts.splitter.as_ref().is_some_and(|splitter| asks(splitter, cut))
    }

    /// Whether a text cut before a space between two ASCII letters or digits gives the same tokens in parts: the normaliser
    /// changes characters where they stand, every splitter goes by what is near, and one of them always cuts there.
    fn reads_parts_alike(&self) -> bool {
        !self.added.any(true)
            && self.parts.normaliser.as_ref().is_none_or(is_local)
            && self
                .parts
                .splitter
                .as_ref()
                .is_some_and(|splitter| goes_by_what_is_near(splitter) && cuts_words(splitter))
    }
}

fn is_local(normaliser: &Normaliser) -> bool {
    match normaliser {
        Normaliser::Strip { .. } | Normaliser::Prepend(_) => false,
        Normaliser::Replace { pattern, .. } => pattern.is_one_character(),
        Normaliser::Sequence(all) => all.iter().all(is_local),
        _ => true,
    }
}

fn goes_by_what_is_near(splitter: &Splitter) -> bool {
    match splitter {
        Splitter::Split { pattern, .. } => pattern.known().is_some(),
        Splitter::Scripts | Splitter::FixedLength(_) => false,
        Splitter::Sequence(all) => all.iter().all(goes_by_what_is_near),
        _ => true,
    }
}

impl Parts {
    /// Whether every line end between a character that is no white space and a letter or digit is the end of a piece, and
    /// nothing is put before a part.
    pub fn cuts_lines(&self) -> bool {
        fn cuts(splitter: &Splitter) -> bool {
            match splitter {
                Splitter::ByteLevel { regex, .. } => *regex,
                Splitter::Bert | Splitter::Whitespace | Splitter::WhitespaceSplit => true,
                Splitter::Split { pattern, behavior, .. } => {
                    pattern.known().is_some_and(|known| known != Known::Characters) && *behavior == Behavior::Isolated
                }
                Splitter::Sequence(all) => all.iter().any(cuts),
                _ => false,
            }
        }
        fn puts_nothing(splitter: &Splitter) -> bool {
            match splitter {
                Splitter::Metaspace { .. } | Splitter::ByteLevel { prefix_space: true, .. } => false,
                Splitter::Sequence(all) => all.iter().all(puts_nothing),
                _ => true,
            }
        }
        fn keeps(normaliser: &Normaliser, drops_spaces: bool) -> bool {
            match normaliser {
                Normaliser::Form(_) | Normaliser::Lowercase | Normaliser::StripAccents => true,
                // It makes line ends spaces.
                Normaliser::Bert { .. } => drops_spaces,
                Normaliser::Sequence(all) => all.iter().all(|one| keeps(one, drops_spaces)),
                _ => false,
            }
        }
        let Some(splitter) = &self.splitter else { return false };
        let drops_spaces = matches!(splitter, Splitter::Bert | Splitter::Whitespace | Splitter::WhitespaceSplit);
        let kept = self.normaliser.as_ref().is_none_or(|normaliser| keeps(normaliser, drops_spaces));
        kept && cuts(splitter) && puts_nothing(splitter)
    }
}

/// Whether every space between two words is the place of a cut.
fn cuts_words(splitter: &Splitter) -> bool {
    match splitter {
        Splitter::ByteLevel { regex, .. } => *regex,
        Splitter::Bert | Splitter::Whitespace | Splitter::WhitespaceSplit => true,
        Splitter::Metaspace { split, .. } => *split,
        Splitter::Split { pattern, behavior, .. } => pattern.known().is_some() && *behavior == Behavior::Isolated,
        Splitter::Sequence(all) => all.iter().any(cuts_words),
        _ => false,
    }
}
