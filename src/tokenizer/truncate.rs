//! Cutting texts to length.
//!
//! In: one text or two, and how long they may be together. Out: the same, shorter. Refuses to know special tokens: the length is
//! what they leave.

use super::encode::{Strategy, Truncation};
use super::encoding::Encoding;
use crate::{Result, bail, ensure};

/// A pair of truncated texts may overflow in at most so many combinations.
const COMBINATIONS: usize = 100_000;

/// Cuts one text or two so that together they have at most `length` tokens; what is cut off is kept where `overflow` is wanted.
///
/// # Errors
/// `bad-option` where the strategy cannot cut so much, or a pair overflows in too many combinations.
pub(super) fn truncate(texts: &mut [Encoding], length: usize, how: &Truncation, overflow: bool) -> Result<()> {
    let total: usize = texts.iter().map(Encoding::len).sum();
    if total <= length {
        return Ok(());
    }
    let lengths: Vec<usize> = texts.iter().map(Encoding::len).collect();
    let keep = kept(&lengths, length, how.strategy)?;
    for (text, keep) in texts.iter_mut().zip(keep) {
        text.truncate(keep, how.stride, how.side, overflow)?;
    }
    let combinations: usize = texts.iter().map(|text| text.overflow.len() + 1).product();
    ensure!(
        combinations <= COMBINATIONS,
        BadOption,
        "truncate: the pair overflows in {combinations} combinations, at most {COMBINATIONS} are given"
    );
    Ok(())
}

/// How many tokens each text keeps so that together they have `length`.
fn kept(lengths: &[usize], length: usize, strategy: Strategy) -> Result<Vec<usize>> {
    let total: usize = lengths.iter().sum();
    match (strategy, lengths) {
        _ if length == 0 => Ok(vec![0; lengths.len()]),
        (Strategy::Longest, &[first, second]) => {
            let short = first.min(second);
            let (mut less, mut more) = (short, short.max(length.saturating_sub(short)));
            if less + more > length {
                less = length / 2;
                more = less + length % 2;
            }
            Ok(if first > second { vec![more, less] } else { vec![less, more] })
        }
        (Strategy::Longest, _) => Ok(vec![length]),
        _ => {
            let index = (strategy == Strategy::Second) as usize;
            let Some(&have) = lengths.get(index) else {
                bail!(BadOption, "truncate: the second text is to be cut, and there is none");
            };
            let excess = total - length;
            ensure!(have > excess, BadOption, "truncate: {excess} tokens must go, the text to be cut has {have}");
            Ok(lengths.iter().enumerate().map(|(at, &have)| if at == index { have - excess } else { have }).collect())
        }
    }
}
