//! The whole way: text to ids, ids to text.
//!
//! In: one text or a pair, and options. Out: an [`Encoding`]. Offsets are counted in bytes inside, and in the unit asked
//! for outside. Truncation and padding are what the options say; what a file says about them is only kept.

use super::Tokenizer;
use super::encoding::{self, Detail, Encoding, Pad, Side};
use super::model::Model;
use super::places::{Places, units, wide_characters};
use super::process::Trim;
use super::walk::{Stretches, Walk};
use crate::{Error, Kind as ErrorKind, Result, ensure};

/// What offsets are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of UTF-8.
    Bytes,
    /// Unicode code points.
    Chars,
    /// UTF-16 code units, as JavaScript counts.
    #[default]
    Utf16,
}

/// Which text of a pair gets shorter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The longer one first.
    #[default]
    Longest,
    /// The first.
    First,
    /// The second.
    Second,
}

/// How a text is cut to length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truncation {
    /// The most tokens there may be, special ones included.
    pub length: usize,
    /// Which text of a pair.
    pub strategy: Strategy,
    /// How many tokens the parts that are cut off share with those before them.
    pub stride: usize,
    /// The end that is cut.
    pub side: Side,
}

/// How a text is filled up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Padding {
    /// To this length; unset, to the longest of the batch.
    pub length: Option<usize>,
    /// Then up to a multiple of this.
    pub multiple: Option<usize>,
    /// At this end; unset, as the tokenizer's file says, else at the back.
    pub side: Option<Side>,
    /// With this token; unset, the one the tokenizer has for it.
    pub token: Option<(String, u32)>,
}

/// What to encode with the text, and how.
#[derive(Clone, Debug)]
pub struct EncodeOptions<'p> {
    /// A second text.
    pub pair: Option<&'p str>,
    /// Whether the processor puts special tokens in.
    pub special: bool,
    /// Cuts to length.
    pub truncate: Option<Truncation>,
    /// Keeps what truncation cuts off.
    pub overflow: bool,
    /// Fills up to length.
    pub pad: Option<Padding>,
    /// What offsets are counted in.
    pub unit: Unit,
    /// What there is beside ids.
    pub detail: Detail,
}

impl Default for EncodeOptions<'_> {
    fn default() -> Self {
        EncodeOptions {
            pair: None,
            special: true,
            truncate: None,
            overflow: true,
            pad: None,
            unit: Unit::default(),
            detail: Detail { offsets: true },
        }
    }
}

impl Tokenizer {
    /// Encodes a text, or a pair.
    ///
    /// # Errors
    /// `bad-option` when it cannot be truncated or padded as asked; `bad-input` when a splitter gives up;
    /// `bad-file` when an unknown token is needed and there is none.
    pub fn encode(&self, text: &str, options: &EncodeOptions<'_>) -> Result<Encoding> {
        let mut encoding = self.encode_unpadded(text, options)?;
        if let Some(padding) = &options.pad {
            self.pad(std::slice::from_mut(&mut encoding), padding, &options.detail)?;
        }
        Ok(encoding)
    }

    /// Encodes many texts or pairs; padding without a length goes to the longest.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn encode_batch(&self, texts: &[(&str, Option<&str>)], options: &EncodeOptions<'_>) -> Result<Vec<Encoding>> {
        let mut encodings = texts
            .iter()
            .map(|&(text, pair)| self.encode_unpadded(text, &EncodeOptions { pair, ..options.clone() }))
            .collect::<Result<Vec<_>>>()?;
        if let Some(padding) = &options.pad {
            self.pad(&mut encodings, padding, &options.detail)?;
        }
        Ok(encodings)
    }

    /// The ids of a text and nothing else: the quick way.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn ids(&self, text: &str, special: bool) -> Result<Vec<u32>> {
        let mut ids = self.begin_ids(text, special)?;
        ids.advance(usize::MAX)?;
        ids.finish()
    }

    /// As [`Tokenizer::ids`], in slices.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn begin_ids<'t>(&'t self, text: &'t str, special: bool) -> Result<Ids<'t>> {
        let walk = Walk::new(self, text, false)?;
        Ok(Ids { tokenizer: self, walk, special, ids: Vec::with_capacity(text.len() / 4) })
    }

    /// Begins to encode a text, or a pair, in slices; options' padding is left to [`Tokenizer::pad`].
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn begin<'t>(&'t self, text: &'t str, options: &'t EncodeOptions<'t>) -> Result<Encoder<'t>> {
        let processor = self.parts.processor.as_ref().filter(|_| options.detail.offsets);
        let trims = processor.map_or_else(Vec::new, |processor| processor.trims(options.special));
        let text = Text::new(self, text, options, !trims.is_empty())?;
        Ok(Encoder { tokenizer: self, options, trims, texts: Vec::new(), wide: Vec::new(), text: Some(text), read: 0 })
    }

    fn encode_unpadded(&self, text: &str, options: &EncodeOptions<'_>) -> Result<Encoding> {
        let mut encoder = self.begin(text, options)?;
        while !encoder.advance(usize::MAX)? {}
        encoder.finish()
    }

    /// Sets special tokens around one text or two as they were read, if `special`, and their parts that were cut off.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn join(&self, mut texts: Vec<Encoding>, special: bool, detail: Detail) -> Result<Encoding> {
        (0..).zip(&mut texts).for_each(|(index, text)| text.each(&mut |part| part.fill(index)));
        if let Some(processor) = &self.parts.processor {
            texts = processor.apply(texts, special, &detail)?;
        }
        let mut texts = texts.into_iter();
        let mut encoding = texts.next().unwrap_or_default();
        texts.for_each(|text| encoding.append(text));
        // A template writes its tokens, mostly as their numbers say them.
        encoding.each(&mut |part| {
            let Encoding { written, ids, .. } = part;
            written.retain(|(at, token)| ids.get(*at as usize).is_none_or(|&id| self.spoken(id) != &**token));
        });
        Ok(encoding)
    }

    /// The stretches into which the last of some texts is cut so that with the others and special tokens it has `length` tokens; each but
    /// the first shares `stride` with the one before.
    ///
    /// # Errors
    /// `bad-option` where no token of it would have room, or the stretches would not get ahead.
    pub fn stretches(&self, texts: &[Encoding], length: usize, stride: usize) -> Result<Vec<(usize, usize)>> {
        let Some((last, others)) = texts.split_last() else { return Ok(Vec::new()) };
        let others = others.iter().map(Encoding::len).sum::<usize>() + self.special_tokens(texts.len() > 1);
        let room = length.saturating_sub(others);
        if last.len() <= room {
            return Ok(vec![(0, last.len())]);
        }
        ensure!(
            room > 0,
            BadOption,
            "truncate: of {length} tokens the {others} before leave none for the text to be cut"
        );
        Ok(encoding::cuts(last.len(), room, stride, Side::Right)?.collect())
    }

    /// How many special tokens are set around a text, or a pair.
    fn special_tokens(&self, pair: bool) -> usize {
        self.parts.processor.as_ref().map_or(0, |processor| processor.added(pair))
    }

    /// The tokens of an encoding as text.
    pub fn tokens<'e>(&'e self, encoding: &'e Encoding) -> impl Iterator<Item = &'e str> {
        let mut written = encoding.written.iter().peekable();
        encoding.ids.iter().enumerate().map(move |(at, &id)| match written.next_if(|entry| entry.0 as usize == at) {
            Some((_, token)) => token,
            None => self.spoken(id),
        })
    }

    /// What a number says of its token, unless an encoding has it written.
    pub fn spoken(&self, id: u32) -> &str {
        let added = || self.added.by_id(id).map(|token| token.content.as_str());
        self.model.token(id).or_else(added).unwrap_or_default()
    }

    /// Calls back with the pieces that the model would see, in order: what a trainer counts.
    ///
    /// Pieces of a byte-level tokenizer are plain text here; their symbols are their bytes ([`super::bytes`]).
    ///
    /// # Errors
    /// `bad-input` when a splitter gives up.
    pub fn pieces(&self, text: &str, piece: &mut dyn FnMut(&str)) -> Result<()> {
        self.parts.pieces(text, piece)
    }

    /// Fills up encodings, as the last step of a batch that was encoded text by text.
    ///
    /// # Errors
    /// `bad-option` when there is neither a padding token nor an end token, which then stands for it: what fills is masked.
    pub fn pad(&self, encodings: &mut [Encoding], padding: &Padding, detail: &Detail) -> Result<()> {
        let stored = self.parts.padding.as_ref().map(|(_, pad)| pad);
        let token = padding.token.clone().or_else(|| stored.map(|pad| (pad.token.clone(), pad.id)));
        let Some((token, id)) = token.or_else(|| self.role("pad")).or_else(|| self.role("eos")) else {
            return Err(Error::new(ErrorKind::BadOption, "pad: the tokenizer has no padding token"));
        };
        let side = padding.side.or(stored.map(|pad| pad.side)).unwrap_or_default();
        let pad = Pad { id, token, type_id: stored.map_or(0, |pad| pad.type_id), side };
        let longest = encodings.iter().map(Encoding::len).max().unwrap_or(0);
        let mut length = padding.length.unwrap_or(longest);
        if let Some(multiple) = padding.multiple.filter(|&multiple| multiple > 0) {
            length = length.next_multiple_of(multiple);
        }
        let written = self.spoken(pad.id) != pad.token;
        encodings.iter_mut().for_each(|encoding| encoding.pad(length, &pad, written, detail));
        Ok(())
    }

    /// The text of ids; without special tokens if `skip_special`. Unknown ids stand for nothing.
    ///
    /// # Errors
    /// `bad-input` when a decoder's regular expression gives up.
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> Result<String> {
        let tokens = ids.iter().filter_map(|&id| self.decoded(id, skip_special)).map(str::to_owned).collect();
        match &self.parts.decoder {
            Some(decoder) => Ok(decoder.apply(tokens)?.concat()),
            None => Ok(tokens.join(" ")),
        }
    }

    /// The token of an id as the decoder gets it.
    pub(super) fn decoded(&self, id: u32, skip_special: bool) -> Option<&str> {
        let token = self.added.decoded(id).or_else(|| self.model.token(id))?;
        if skip_special && self.added.by_content(token).is_some_and(|added| added.special) { None } else { Some(token) }
    }
}

/// One text on its way, without special tokens.
struct Text<'t> {
    walk: Walk<'t>,
    places: Places<'t>,
    encoding: Encoding,
    word: i32,
    /// The characters that are two units of UTF-16 each, where offsets count characters until they are trimmed.
    wide: Vec<u32>,
}

impl<'t> Text<'t> {
    fn new(tokenizer: &'t Tokenizer, text: &'t str, options: &EncodeOptions<'_>, trimmed: bool) -> Result<Self> {
        let wide = if trimmed && options.unit == Unit::Utf16 { wide_characters(text) } else { Vec::new() };
        let unit = if wide.is_empty() { options.unit } else { Unit::Chars };
        let (walk, places) = (Walk::new(tokenizer, text, options.detail.offsets)?, Places::new(text, unit));
        Ok(Text { walk, places, encoding: Encoding::default(), word: 0, wide })
    }

    fn advance(&mut self, tokenizer: &Tokenizer, detail: Detail, budget: usize) -> Result<bool> {
        let Text { walk, places, encoding, word, .. } = self;
        // An unknown piece of a Unigram model is its own text.
        let unknown = if let Model::Unigram(model) = &tokenizer.model { model.unk() } else { None };
        walk.advance(budget, &mut |found| {
            let last = !matches!(found, Stretches::Tokens(.., false));
            match found {
                Stretches::Added(id, start, end, matched) => {
                    if matched != tokenizer.spoken(id) {
                        encoding.written.push((encoding.ids.len() as u32, matched.into()));
                    }
                    encoding.ids.push(id);
                    encoding.word_ids.push(*word);
                    if detail.offsets {
                        encoding.offsets.push((places.of(start), places.of(end)));
                    }
                }
                Stretches::Tokens(tokens, pieces, cut, _) => {
                    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| Some(token.id) == unknown) {
                        let text = pieces.slice((cut.0 + token.start, cut.0 + token.end));
                        encoding.written.push(((encoding.ids.len() + at) as u32, text.into()));
                    }
                    encoding.ids.extend(tokens.iter().map(|token| token.id));
                    encoding.word_ids.extend(std::iter::repeat_n(*word, tokens.len()));
                    if detail.offsets {
                        encoding.offsets.extend(tokens.iter().map(|token| {
                            let (from, to) = (cut.0 + token.start, cut.0 + token.end);
                            let (start, end) = pieces.text.source(from as usize, to as usize);
                            (places.of(start as usize), places.of(end as usize))
                        }));
                    }
                }
            }
            *word += i32::from(last);
            Ok(())
        })
    }
}

/// The ids of a text under way.
pub struct Ids<'t> {
    tokenizer: &'t Tokenizer,
    walk: Walk<'t>,
    special: bool,
    ids: Vec<u32>,
}

impl Ids<'_> {
    /// Reads on over about `budget` bytes; `true`: all is read.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn advance(&mut self, budget: usize) -> Result<bool> {
        let Ids { walk, ids, .. } = self;
        walk.advance(budget, &mut |found| {
            match found {
                Stretches::Added(id, ..) => ids.push(id),
                Stretches::Tokens(tokens, ..) => ids.extend(tokens.iter().map(|token| token.id)),
            }
            Ok(())
        })
    }

    /// How many tokens are read.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// The ids of what was read.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn finish(self) -> Result<Vec<u32>> {
        let Ids { tokenizer, special, ids, .. } = self;
        let Some(processor) = &tokenizer.parts.processor else { return Ok(ids) };
        let (texts, detail) = (vec![Encoding { ids, ..Encoding::default() }], Detail { offsets: false });
        let texts = processor.apply(texts, special, &detail)?;
        Ok(texts.into_iter().flat_map(|text| text.ids).collect())
    }
}

/// An encoding under way.
pub struct Encoder<'t> {
    tokenizer: &'t Tokenizer,
    options: &'t EncodeOptions<'t>,
    trims: Vec<Trim>,
    texts: Vec<Encoding>,
    /// The wide characters of each text.
    wide: Vec<Vec<u32>>,
    text: Option<Text<'t>>,
    /// Bytes of the texts that are done.
    read: usize,
}

impl Encoder<'_> {
    /// Encodes on over about `budget` bytes; `true`: all is read.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn advance(&mut self, budget: usize) -> Result<bool> {
        let Some(text) = &mut self.text else { return Ok(true) };
        if !text.advance(self.tokenizer, self.options.detail, budget)? {
            return Ok(false);
        }
        self.read += text.walk.position();
        let second = if self.texts.is_empty() { self.options.pair } else { None };
        let next =
            second.map(|second| Text::new(self.tokenizer, second, self.options, !self.trims.is_empty())).transpose()?;
        if let Some(done) = std::mem::replace(&mut self.text, next) {
            self.wide.push(done.wide);
            self.texts.push(done.encoding);
        }
        Ok(self.text.is_none())
    }

    /// How many bytes of the texts are read.
    pub fn position(&self) -> usize {
        self.read + self.text.as_ref().map_or(0, |text| text.walk.position())
    }

    /// How many tokens of the current text are read.
    pub fn tokens(&self) -> usize {
        self.text.as_ref().map_or(0, |text| text.encoding.len())
    }

    /// The texts as far as they were read, each for itself: [`Tokenizer::join`] sets special tokens around them.
    pub fn texts(mut self) -> Vec<Encoding> {
        let mut texts = self.read();
        self.settle(&mut texts);
        texts
    }

    /// The texts as far as they were read, with offsets that may still be untrimmed.
    fn read(&mut self) -> Vec<Encoding> {
        let mut texts = std::mem::take(&mut self.texts);
        if let Some(text) = self.text.take() {
            self.wide.push(text.wide);
            texts.push(text.encoding);
        }
        texts
    }

    /// Takes off offsets what the processor takes off them, and counts them as wished.
    fn settle(&self, texts: &mut [Encoding]) {
        for (index, (text, wide)) in texts.iter_mut().zip(&self.wide).enumerate() {
            for trim in &self.trims {
                text.each(&mut |text| trim.apply(text, index, &|id| self.tokenizer.spoken(id)));
            }
            if !wide.is_empty() {
                let units = |at| units(at, wide);
                text.each(&mut |text| text.offsets.iter_mut().for_each(|at| *at = (units(at.0), units(at.1))));
            }
        }
    }

    /// Cuts to length and sets special tokens around what was read.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn finish(mut self) -> Result<Encoding> {
        let (tokenizer, options) = (self.tokenizer, self.options);
        let mut texts = self.read();
        if let Some(truncation) = &options.truncate {
            let added = if options.special { tokenizer.special_tokens(options.pair.is_some()) } else { 0 };
            ensure!(
                truncation.length >= added,
                BadOption,
                "truncate: length {} is less than the {added} special tokens",
                truncation.length
            );
            let (length, stride) = (truncation.length - added, truncation.stride);
            // Whatever the text's length is: an option is not good for some texts only.
            ensure!(
                stride < length.max(1),
                BadOption,
                "truncate: stride {stride} must be smaller than the length kept, {length}"
            );
            super::truncate::truncate(&mut texts, length, truncation, options.overflow)?;
        }
        self.settle(&mut texts);
        tokenizer.join(texts, options.special, options.detail)
    }
}
