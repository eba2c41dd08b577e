//! Encodings on their way to the caller: few flat lists for all of a call, and each token's text once.
//!
//! In: encodings and their tokenizer. Out: `{ shape, ids, offsets, wordIds, known, names, ends, written, texts }`, and of `typeIds`,
//! `attentionMask` and `specialMask` those that say anything. `shape` holds, for each encoding before its overflowing parts, how many tokens and
//! how many parts it has; `known` the distinct ids, `names` what they say in one text, `ends` where each ends in it, in UTF-16 code units;
//! `written` places in the flat lists whose tokens read otherwise, as `texts` has them. Refuses to know what was encoded.

use super::values::Plain;
use super::yielding::Pace;
use crate::tokenizer::{Encoding, Tokenizer};
use js_sys::{Array, Int32Array, JsString, Uint32Array};
use std::collections::BTreeSet;
use wasm_bindgen::prelude::*;

/// Ids up to this one are ticked off in a field of bits.
const TICKED: u32 = 1 << 24;
/// Tokens between two looks at the clock.
const STRETCH: usize = 1 << 17;

/// All encodings of a call as they cross.
pub(super) async fn crossed(tokenizer: &Tokenizer, encodings: &[Encoding], pace: &Pace) -> JsValue {
    let mut all = Vec::with_capacity(encodings.len());
    encodings.iter().for_each(|encoding| list(encoding, &mut all));
    let shape: Vec<u32> = all.iter().flat_map(|part| [part.len() as u32, part.overflow.len() as u32]).collect();
    let (mut ticked, mut beyond) = (Vec::new(), BTreeSet::new());
    for stretch in all.iter().flat_map(|part| part.ids.chunks(STRETCH)) {
        for &id in stretch {
            if id >= TICKED {
                beyond.insert(id);
                continue;
            }
            let word = id as usize / 64;
            if word >= ticked.len() {
                ticked.resize(word + 1, 0u64);
            }
            ticked[word] |= 1 << (id % 64);
        }
        pace.breathe().await;
    }
    let ticked = (0u32..)
        .zip(ticked)
        .flat_map(|(word, bits)| (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit));
    let known: Vec<u32> = ticked.chain(beyond).collect();
    let (mut names, mut ends, mut units) = (String::new(), Vec::with_capacity(known.len()), 0);
    for &id in &known {
        let name = tokenizer.spoken(id);
        names.push_str(name);
        units += name.chars().map(char::len_utf16).sum::<usize>();
        ends.push(units as u32);
    }
    pace.breathe().await;
    let mut out = Plain::default()
        .with("shape", Uint32Array::from(&shape[..]))
        .with("known", Uint32Array::from(&known[..]))
        .with("names", JsString::from(names))
        .with("ends", Uint32Array::from(&ends[..]))
        .with("ids", numbers(&all, |part| &part.ids));
    pace.breathe().await;
    out = out.with("offsets", {
        let offsets = all.iter().flat_map(|part| &part.offsets);
        let mut flat = Vec::with_capacity(2 * all.iter().map(|part| part.offsets.len()).sum::<usize>());
        offsets.for_each(|&(start, end)| flat.extend([start, end]));
        Uint32Array::from(&flat[..])
    });
    pace.breathe().await;
    out = out.with(
        "wordIds",
        match &all[..] {
            [one] => Int32Array::from(&one.word_ids[..]),
            _ => Int32Array::from(&all.iter().flat_map(|part| part.word_ids.iter().copied()).collect::<Vec<_>>()[..]),
        },
    );
    pace.breathe().await;
    // Lists that say nothing new are made where they arrive.
    type List = fn(&Encoding) -> &Vec<u32>;
    let usual: [(&str, List, u32); 3] = [
        ("typeIds", |part| &part.type_ids, 0),
        ("attentionMask", |part| &part.attention_mask, 1),
        ("specialMask", |part| &part.special_mask, 0),
    ];
    for (name, of, value) in usual {
        if all.iter().any(|part| of(part).iter().any(|&one| one != value)) {
            out = out.with(name, numbers(&all, of));
        }
        pace.breathe().await;
    }
    let (mut written, texts, mut before) = (Vec::new(), Array::new(), 0);
    for part in &all {
        for (at, text) in &part.written {
            written.push(before + at);
            texts.push(&JsString::from(&**text));
        }
        before += part.len() as u32;
        pace.breathe().await;
    }
    out.with("written", Uint32Array::from(&written[..])).with("texts", texts).into()
}

/// An encoding and its overflowing parts, in order.
fn list<'e>(encoding: &'e Encoding, all: &mut Vec<&'e Encoding>) {
    all.push(encoding);
    encoding.overflow.iter().for_each(|part| list(part, all));
}

fn numbers(all: &[&Encoding], of: impl Fn(&Encoding) -> &Vec<u32>) -> Uint32Array {
    match all {
        [one] => Uint32Array::from(&of(one)[..]),
        _ => Uint32Array::from(&all.iter().flat_map(|part| of(part).iter().copied()).collect::<Vec<_>>()[..]),
    }
}
