//! Decoding while tokens arrive.
//!
//! In: ids, one at a time. Out: the text that is certain so far, in whole characters; all of it together is what decoding
//! the ids at once gives. A character whose bytes are still to come waits, and so does a run of byte tokens: one bad
//! byte makes all of it unreadable.

use super::Tokenizer;
use super::decode::{Decoder, coded_byte};
use crate::Result;

/// Decodes a stream of ids.
#[derive(Debug)]
pub struct StreamDecoder<'t> {
    tokenizer: &'t Tokenizer,
    skip_special: bool,
    stages: Vec<Stage<'t>>,
}

/// One step of decoding, with what it must remember.
#[derive(Debug)]
enum Stage<'t> {
    /// A decoder that looks at single tokens, and whether any went by.
    Single(&'t Decoder),
    /// One that treats the first token differently.
    First(&'t Decoder, bool),
    /// One that treats the last token differently: the one that may be it waits.
    Last(&'t Decoder, Option<String>),
    /// One that drops repeated tokens, and the token before.
    Repeated(&'t Decoder, Option<String>),
    /// Words between spaces: no decoder at all.
    Spaced(bool),
    /// Bytes of a character that is not complete.
    Bytes(Vec<u8>),
    /// A run of byte tokens.
    Fallback(Vec<String>),
    /// After all is one text: so many characters may still be taken off its front.
    Front(char, usize),
    /// After all is one text, what looks at the whole of it: all of it waits.
    Whole(&'t Decoder, String),
}

impl Tokenizer {
    /// Begins to decode ids as they come.
    pub fn stream(&self, skip_special: bool) -> StreamDecoder<'_> {
        let mut stages = Vec::new();
        match &self.parts.decoder {
            Some(decoder) => list(decoder, &mut stages, &mut false),
            None => stages.push(Stage::Spaced(false)),
        }
        StreamDecoder { tokenizer: self, skip_special, stages }
    }
}

/// Lists the stages of a decoder; `fused`: what comes to it is one text.
fn list<'t>(decoder: &'t Decoder, stages: &mut Vec<Stage<'t>>, fused: &mut bool) {
    stages.push(match decoder {
        Decoder::Sequence(decoders) => return decoders.iter().for_each(|decoder| list(decoder, stages, fused)),
        Decoder::Fuse => {
            *fused = true;
            return;
        }
        Decoder::Strip { content, start, stop: 0 } if *fused => Stage::Front(*content, *start),
        Decoder::Replace { pattern, .. } if *fused && pattern.is_one_character() => Stage::Single(decoder),
        _ if *fused => Stage::Whole(decoder, String::new()),
        Decoder::ByteLevel { .. } => {
            *fused = true;
            Stage::Bytes(Vec::new())
        }
        Decoder::ByteFallback => Stage::Fallback(Vec::new()),
        Decoder::WordPiece { .. } | Decoder::Metaspace { .. } => Stage::First(decoder, false),
        Decoder::Strip { .. } | Decoder::Replace { .. } => Stage::Single(decoder),
        Decoder::Bpe(_) => Stage::Last(decoder, None),
        Decoder::Ctc { .. } => Stage::Repeated(decoder, None),
    });
}

impl Stage<'_> {
    /// Takes a token and gives what is certain of its text.
    fn push(&mut self, token: String) -> Result<Vec<String>> {
        match self {
            Stage::Single(decoder) => decoder.apply(vec![token]),
            Stage::First(decoder, begun) => {
                if !std::mem::replace(begun, true) {
                    return decoder.apply(vec![token]);
                }
                // An empty token in front makes this one not the first.
                let mut two = decoder.apply(vec![String::new(), token])?;
                two.remove(0);
                Ok(two)
            }
            Stage::Last(decoder, waiting) => {
                let Some(before) = waiting.replace(token) else { return Ok(Vec::new()) };
                // An empty token behind makes this one not the last.
                let mut two = decoder.apply(vec![before, String::new()])?;
                two.truncate(1);
                Ok(two)
            }
            Stage::Repeated(decoder, before) => {
                if before.as_ref() == Some(&token) {
                    return Ok(Vec::new());
                }
                *before = Some(token.clone());
                decoder.apply(vec![token])
            }
            Stage::Spaced(begun) => {
                let first = !std::mem::replace(begun, true);
                Ok(vec![if first { token } else { format!(" {token}") }])
            }
            Stage::Bytes(waiting) => {
                if !super::bytes::decode_into(&token, waiting) {
                    waiting.extend_from_slice(token.as_bytes());
                }
                Ok(vec![whole_characters(waiting)])
            }
            Stage::Fallback(run) => {
                let coded = coded_byte(&token).is_some();
                run.push(token);
                if coded { Ok(Vec::new()) } else { Decoder::ByteFallback.apply(std::mem::take(run)) }
            }
            Stage::Front(content, left) => {
                let mut rest = token.as_str();
                while *left > 0 && !rest.is_empty() {
                    match rest.strip_prefix(*content) {
                        Some(stripped) => {
                            rest = stripped;
                            *left -= 1;
                        }
                        None => *left = 0,
                    }
                }
                Ok(vec![rest.to_owned()])
            }
            Stage::Whole(_, text) => {
                text.push_str(&token);
                Ok(Vec::new())
            }
        }
    }

    /// Gives what was still waiting.
    fn finish(&mut self) -> Result<Vec<String>> {
        match self {
            Stage::Bytes(waiting) => Ok(vec![String::from_utf8_lossy(&std::mem::take(waiting)).into_owned()]),
            Stage::Fallback(run) => Decoder::ByteFallback.apply(std::mem::take(run)),
            Stage::Last(decoder, waiting) => decoder.apply(waiting.take().into_iter().collect()),
            Stage::Whole(decoder, text) => decoder.apply(vec![std::mem::take(text)]),
            _ => Ok(Vec::new()),
        }
    }
}

/// Takes from the front of the bytes all that is decided: characters, and replacements for what can be none.
fn whole_characters(waiting: &mut Vec<u8>) -> String {
    let mut out = String::new();
    let mut at = 0;
    for chunk in waiting.utf8_chunks() {
        out.push_str(chunk.valid());
        at += chunk.valid().len();
        let open = at + chunk.invalid().len() == waiting.len() && is_open(chunk.invalid());
        if !chunk.invalid().is_empty() && !open {
            out.push('\u{fffd}');
            at += chunk.invalid().len();
        }
    }
    waiting.drain(..at);
    out
}

/// Whether bytes could be the beginning of a character.
fn is_open(bytes: &[u8]) -> bool {
    !bytes.is_empty() && std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

impl StreamDecoder<'_> {
    /// Takes an id and gives the text that has become certain, often the token's, sometimes none.
    ///
    /// # Errors
    /// `bad-input` when a decoder's regular expression gives up.
    pub fn push(&mut self, id: u32) -> Result<String> {
        match self.tokenizer.decoded(id, self.skip_special) {
            Some(token) => through(&mut self.stages, vec![token.to_owned()]),
            None => Ok(String::new()),
        }
    }

    /// Gives what is left when no more ids come.
    ///
    /// # Errors
    /// As [`StreamDecoder::push`].
    pub fn finish(&mut self) -> Result<String> {
        let stages = &mut self.stages;
        let mut out = String::new();
        for index in 0..stages.len() {
            let rest = stages.get_mut(index).map(Stage::finish).transpose()?.unwrap_or_default();
            out.push_str(&through(stages.get_mut(index + 1..).unwrap_or_default(), rest)?);
        }
        Ok(out)
    }
}

/// Sends tokens through the stages.
fn through(stages: &mut [Stage<'_>], mut tokens: Vec<String>) -> Result<String> {
    for stage in stages {
        let mut next = Vec::new();
        for token in tokens {
            next.extend(stage.push(token)?);
        }
        tokens = next;
    }
    Ok(tokens.concat())
}
