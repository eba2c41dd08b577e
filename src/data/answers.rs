//! Answers in a longer text: where they start and end, part by part, as Hugging Face's example for SQuAD finds them.
//!
//! In: an encoded question with a part of its context, and the answer's place in code units. Out: a row. A part that does not hold the
//! whole answer has its first token for an answer, which stands for "not here".

use super::row::Row;
use crate::tokenizer::encoding::Encoding;

/// The row of an encoded question and a part of its context; `from..to` is where the answer stands in the context, if anywhere.
pub fn row(part: Encoding, answer: Option<(u32, u32)>, first: u32) -> Row {
    let answer = answer.and_then(|answer| place(&part, answer)).unwrap_or([0, 0]);
    Row { answer: Some(answer), types: part.type_ids, ..Row::new(part.ids, Vec::new(), first) }
}

/// First and last token of an answer in a part, if all of it is there.
fn place(part: &Encoding, (from, to): (u32, u32)) -> Option<[u32; 2]> {
    let plain = |at: usize| part.special_mask.get(at) == Some(&0);
    // The context is the second stretch of tokens that no template put in.
    let begins: Vec<usize> = (0..part.ids.len()).filter(|&at| plain(at) && (at == 0 || !plain(at - 1))).collect();
    let mut first = *begins.get(1)?;
    let mut last = (first..part.ids.len()).take_while(|&at| plain(at)).last()?;
    let offset = |at: usize| part.offsets.get(at).copied().unwrap_or_default();
    if offset(first).0 > from || offset(last).1 < to {
        return None;
    }
    let end = last;
    while first <= end && offset(first).0 <= from {
        first += 1;
    }
    while last > 0 && offset(last).1 >= to {
        last -= 1;
    }
    Some([first as u32 - 1, last as u32 + 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[CLS] qui ? [SEP] Ada est à Paris [SEP]`, the context cut in two parts that share a token.
    fn parts() -> [Encoding; 2] {
        let part = |ids: &[u32], offsets: &[(u32, u32)]| Encoding {
            ids: [&[1, 7, 8, 2], ids, &[2]].concat(),
            offsets: [&[(0, 0), (0, 3), (4, 5), (0, 0)], offsets, &[(0, 0)]].concat(),
            special_mask: [&[1, 0, 0, 1], &vec![0; ids.len()][..], &[1]].concat(),
            ..Encoding::default()
        };
        [part(&[20, 21, 22], &[(0, 3), (4, 7), (8, 9)]), part(&[22, 23], &[(8, 9), (10, 15)])]
    }

    #[test]
    fn an_answer_is_found_in_the_part_that_holds_it() {
        let of = |answer| parts().map(|part| row(part, answer, 0).answer.unwrap());
        assert_eq!(of(Some((0, 3))), [[4, 4], [0, 0]]);
        assert_eq!(of(Some((4, 9))), [[5, 6], [0, 0]]);
        assert_eq!(of(Some((8, 9))), [[6, 6], [4, 4]]);
        assert_eq!(of(Some((10, 15))), [[0, 0], [5, 5]]);
        // From one part into the next: neither holds it whole.
        assert_eq!(of(Some((4, 15))), [[0, 0], [0, 0]]);
        assert_eq!(of(None), [[0, 0], [0, 0]]);
    }
}
