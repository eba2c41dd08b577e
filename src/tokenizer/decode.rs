//! Decoding: tokens back to text.
//!
//! In: tokens as the vocabulary writes them. Out: the text they stand for. Named after Hugging Face's decoders: each
//! takes a list of tokens and gives a list, which is joined at the end.

use super::bytes;
use super::split::Prepend;
use super::split::pattern::Pattern;
use crate::Result;

/// A decoder, by the names of Hugging Face's.
#[derive(Clone, Debug)]
pub enum Decoder {
    /// Byte symbols to bytes; the fields have no effect here and are kept for the file.
    ByteLevel {
        /// As in the splitter.
        prefix_space: bool,
        /// As in the processor.
        trim_offsets: bool,
        /// As in the splitter.
        regex: bool,
    },
    /// Takes off the prefix of pieces that continue a word, and sets spaces between words.
    WordPiece {
        /// The prefix, mostly `##`.
        prefix: String,
        /// Whether to take out the spaces before punctuation.
        cleanup: bool,
    },
    /// Marks to spaces.
    Metaspace {
        /// The mark, mostly `▁`.
        mark: char,
        /// Whether the first mark was put there.
        prepend: Prepend,
        /// As in the splitter.
        split: bool,
    },
    /// A suffix to spaces between words.
    Bpe(String),
    /// `<0x41>` to bytes; what is not UTF-8 becomes replacement characters, one per byte.
    ByteFallback,
    /// Joins all tokens.
    Fuse,
    /// Takes a character off the ends of each token, at most so many.
    Strip {
        /// The character.
        content: char,
        /// At the front.
        start: usize,
        /// At the back.
        stop: usize,
    },
    /// Writes one thing for another.
    Replace {
        /// What is looked for.
        pattern: Pattern,
        /// What is written for it.
        content: String,
    },
    /// For speech models: drops repeated tokens and padding.
    Ctc {
        /// What is dropped.
        pad: String,
        /// What becomes a space.
        delimiter: String,
        /// Whether to take out the spaces before punctuation.
        cleanup: bool,
    },
    /// One after the other.
    Sequence(Vec<Decoder>),
}

impl Decoder {
    /// Decodes a list of tokens into a list of texts to be joined.
    ///
    /// # Errors
    /// `bad-input` when a regular expression takes more steps than allowed.
    pub fn apply(&self, mut tokens: Vec<String>) -> Result<Vec<String>> {
        match self {
            Decoder::ByteLevel { .. } => {
                let mut raw = Vec::new();
                for token in &tokens {
                    if !bytes::decode_into(token, &mut raw) {
                        raw.extend_from_slice(token.as_bytes());
                    }
                }
                return Ok(vec![String::from_utf8_lossy(&raw).into_owned()]);
            }
            Decoder::WordPiece { prefix, cleanup: clean } => {
                for (index, token) in tokens.iter_mut().enumerate() {
                    if index > 0 {
                        *token = match token.strip_prefix(prefix.as_str()) {
                            Some(rest) => rest.to_owned(),
                            None => format!(" {token}"),
                        };
                    }
                    if *clean {
                        *token = cleanup(token);
                    }
                }
            }
            Decoder::Metaspace { mark, prepend, .. } => {
                for (index, token) in tokens.iter_mut().enumerate() {
                    if token.contains(*mark) {
                        let space = if index == 0 && *prepend != Prepend::Never { "" } else { " " };
                        *token = token.replace(*mark, space);
                    }
                }
            }
            Decoder::Bpe(suffix) => {
                let last = tokens.len().saturating_sub(1);
                for (index, token) in tokens.iter_mut().enumerate() {
                    *token = token.replace(suffix.as_str(), if index == last { "" } else { " " });
                }
            }
            Decoder::ByteFallback => return Ok(from_bytes(tokens)),
            Decoder::Fuse => return Ok(vec![tokens.concat()]),
            Decoder::Strip { content, start, stop } => {
                for token in &mut tokens {
                    let mut rest = token.as_str();
                    // A file may ask for more than the token has.
                    for _ in 0..(*start).min(token.len()) {
                        rest = rest.strip_prefix(*content).unwrap_or(rest);
                    }
                    for _ in 0..(*stop).min(token.len()) {
                        rest = rest.strip_suffix(*content).unwrap_or(rest);
                    }
                    if rest.len() < token.len() {
                        *token = rest.to_owned();
                    }
                }
            }
            Decoder::Replace { pattern, content } => {
                let mut cover = Vec::new();
                for token in &mut tokens {
                    cover.clear();
                    pattern.cover(token, &mut cover)?;
                    if cover.iter().any(|part| part.2) {
                        let parts = cover.iter().map(|&(start, end, is)| {
                            if is { content.as_str() } else { token.get(start..end).unwrap_or_default() }
                        });
                        *token = parts.collect();
                    }
                }
            }
            Decoder::Ctc { pad, delimiter, cleanup: clean } => {
                tokens.dedup();
                for token in &mut tokens {
                    *token = token.replace(pad.as_str(), "");
                    if *clean {
                        *token = cleanup(token).replace(delimiter.as_str(), " ");
                    }
                }
                tokens.retain(|token| !token.is_empty());
            }
            Decoder::Sequence(decoders) => {
                for decoder in decoders {
                    tokens = decoder.apply(tokens)?;
                }
            }
        }
        Ok(tokens)
    }
}

/// Takes out the spaces that tokenising English leaves before punctuation and contractions.
fn cleanup(text: &str) -> String {
    const CHANGES: [(&str, &str); 11] = [
        (" .", "."),
        (" ?", "?"),
        (" !", "!"),
        (" ,", ","),
        (" ' ", "'"),
        (" n't", "n't"),
        (" 'm", "'m"),
        (" do not", " don't"),
        (" 's", "'s"),
        (" 've", "'ve"),
        (" 're", "'re"),
    ];
    let mut text = text.to_owned();
    for (from, to) in CHANGES {
        if text.contains(from) {
            text = text.replace(from, to);
        }
    }
    text
}

/// The byte that a token such as `<0x41>` stands for.
pub fn coded_byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    if digits.len() == 2 { u8::from_str_radix(digits, 16).ok() } else { None }
}

fn from_bytes(tokens: Vec<String>) -> Vec<String> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut run: Vec<u8> = Vec::new();
    let flush = |run: &mut Vec<u8>, out: &mut Vec<String>| {
        let count = run.len();
        match String::from_utf8(std::mem::take(run)) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => out.push(text),
            Err(_) => out.extend(std::iter::repeat_n("\u{fffd}".to_owned(), count)),
        }
    };
    for token in tokens {
        if let Some(byte) = coded_byte(&token) {
            run.push(byte);
        } else {
            flush(&mut run, &mut out);
            out.push(token);
        }
    }
    flush(&mut run, &mut out);
    out
}
