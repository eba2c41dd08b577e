//! The next token: every processor alone and together, awkward vocabularies, masks, penalties, ties, and the shares of the draws.

use griot::kernels::sample::{IN_PROMPT, Params, SAMPLE, Sampling};
use griot::kernels::sample_count::{self, SAMPLE_COUNT};
use griot::kernels::sample_record::{self, SAMPLE_RECORD};
use griot::kernels::{Case, Live};
use griot::rng::Rng;

use crate::devices::{agree, all};

/// Logits that are far enough apart for no rounding to decide: multiples of 1/64 with a normal spread.
fn logits(count: usize, scale: f64) -> Vec<f32> {
    let mut rng = Rng::new(17, count as u64);
    (0..count).map(|_| ((rng.normal() * scale * 64.0).round() / 64.0) as f32).collect()
}

struct Draw {
    rows: usize,
    vocab: usize,
    counted: bool,
    biased: bool,
    masked: bool,
}

impl Draw {
    fn plain(rows: usize, vocab: usize) -> Draw {
        Draw { rows, vocab, counted: false, biased: false, masked: false }
    }

    fn case(&self, logits: Vec<f32>, choice: Sampling, position: u32) -> Case {
        let Draw { rows, vocab, counted, biased, masked } = *self;
        let params = Params::new(rows, vocab, counted, biased, masked);
        let mut rng = Rng::new(1, 1);
        let mut control = Vec::new();
        for row in 0..rows as u32 {
            control.extend([row * 1000 + 1, row]);
            control.extend((0..params.mask_words).map(|_| rng.word() | rng.word()));
        }
        let counts = (0..rows * vocab).map(|i| [0, 1, IN_PROMPT, IN_PROMPT + 3, 0][i % 5]).collect();
        Case::new(&SAMPLE, &params, &[])
            .live(choice.live(Live::default(), position))
            .f32(logits)
            .u32(if counted { counts } else { vec![0] })
            .f32(if biased { (0..vocab).map(|v| [0.5, -2.0, 0.0][v % 3]).collect() } else { vec![0.0] })
            .u32(control)
            .output(rows * vocab)
            .u32(vec![0; rows])
            .output(rows)
    }
}

fn choices() -> Vec<(&'static str, Sampling)> {
    let plain = Sampling { temperature: 0.7, ..Sampling::default() };
    let penalties = Sampling { repetition: 1.3, frequency: 0.25, presence: 0.5, ..plain };
    vec![
        ("greedy", Sampling::default()),
        ("plain", plain),
        ("top-k", Sampling { top_k: 5, ..plain }),
        ("top-k beyond", Sampling { top_k: 1_000_000, ..plain }),
        ("top-p", Sampling { top_p: 0.613, ..plain }),
        ("min-p", Sampling { min_p: 0.0731, ..plain }),
        ("typical-p", Sampling { typical_p: 0.517, ..plain }),
        ("penalties", penalties),
        ("greedy penalties", Sampling { temperature: 0.0, ..penalties }),
        ("all", Sampling { top_k: 50, top_p: 0.913, min_p: 0.0123, typical_p: 0.871, ..penalties }),
    ]
}

#[test]
fn every_processor_agrees_at_every_vocabulary() {
    let mut cases = Vec::new();
    for (rows, vocab) in [(1usize, 1usize), (3, 2), (2, 33), (3, 257), (2, 5003)] {
        for (name, choice) in choices() {
            for flags in [0u32, 7, 5] {
                let draw =
                    Draw { rows, vocab, counted: flags & 1 == 1, biased: flags & 2 == 2, masked: flags & 4 == 4 };
                let case = draw.case(logits(rows * vocab, 3.0), choice, 4);
                cases.push((format!("{name} ({rows}, {vocab}) flags {flags}"), case));
            }
        }
    }
    agree(cases);
}

#[test]
fn a_large_vocabulary_and_far_logits_are_cut_in_the_right_place() {
    let choice = Sampling { temperature: 1.0, top_k: 1000, top_p: 0.9371, ..Sampling::default() };
    agree([
        ("50257".to_owned(), Draw::plain(1, 50_257).case(logits(50_257, 2.0), choice, 1)),
        // The best token has nearly all, and the logarithm of nearly 1 has few digits.
        ("within 80".to_owned(), Draw::plain(2, 700).case(logits(1400, 40.0), choice, 1).tolerance(1e-2)),
    ]);
}

#[test]
fn equal_tokens_are_kept_from_the_lowest_id_on() {
    let choice = Sampling { temperature: 1.0, top_p: 0.501, ..Sampling::default() };
    let case = Draw::plain(1, 300).case(vec![1.0; 300], choice, 0);
    let kept: Vec<bool> = case.expected()[4].iter().map(|score| score.is_finite()).collect();
    assert!(kept[..151].iter().all(|&kept| kept) && kept[151..].iter().all(|&kept| !kept));
    let greedy = Draw::plain(1, 300).case(vec![1.0; 300], Sampling::default(), 0);
    assert_eq!(greedy.expected()[5], [0.0]);
    agree([("top-p".to_owned(), case), ("greedy".to_owned(), greedy)]);
}

#[test]
fn where_nothing_is_left_the_first_token_comes_and_nothing_breaks() {
    let choice = Sampling { temperature: 1.0, top_p: 0.5, typical_p: 0.5, ..Sampling::default() };
    for logit in [f32::NEG_INFINITY, f32::NAN] {
        for (name, device) in all() {
            let case = Draw::plain(1, 40).case(vec![logit; 40], choice, 0);
            let outcome = pollster::block_on(device.run(&case)).unwrap();
            assert!(outcome[5][0] < 40, "{logit} on {name} gives {}", outcome[5][0]);
        }
    }
}

#[test]
fn draws_have_the_shares_of_the_softmax_and_another_lot_for_each_position_and_seed() {
    let numbers = [0.0f32, 1.0, 2.0, -1.0, 0.5];
    let whole: f64 = numbers.iter().map(|&n| f64::from(n).exp()).sum();
    let choice = Sampling { temperature: 1.0, ..Sampling::default() };
    let mut seen = [0.0; 5];
    for position in 0..40 {
        let draw = Draw::plain(200, 5);
        let case = draw.case(numbers.repeat(200), choice, position);
        case.expected()[5].iter().for_each(|&id| seen[id as usize] += 1.0 / 8000.0);
    }
    for (token, share) in seen.into_iter().enumerate() {
        let expected = f64::from(numbers[token]).exp() / whole;
        assert!((share - expected).abs() < 0.02, "token {token}: {share}, not {expected}");
    }
}

#[test]
fn a_sequence_is_the_same_in_any_batch() {
    let choice = Sampling { temperature: 1.0, top_p: 0.95, ..Sampling::default() };
    let numbers = logits(600, 2.0);
    let ids = |from: usize, rows: usize| -> Vec<f64> {
        let mut case = Draw::plain(rows, 100).case(numbers[from * 100..(from + rows) * 100].to_vec(), choice, 9);
        let control = (from as u32..(from + rows) as u32).flat_map(|row| [row + 40, 2 * row]).collect();
        case.data[3] = griot::kernels::case::Data::U32(control);
        case.expected()[5].clone()
    };
    let together = ids(0, 6);
    let apart: Vec<f64> = (0..6).flat_map(|row| ids(row, 1)).collect();
    assert_eq!(together, apart);
}

#[test]
fn what_was_made_is_counted_and_nothing_else() {
    let params = sample_count::Params { rows: 70, vocab: 9 };
    let ids = (0..70).map(|row| row % 11).collect();
    let case =
        Case::new(&SAMPLE_COUNT, &params, &[]).u32(ids).u32((0..630).map(|i| i % 3 + IN_PROMPT * (i % 2)).collect());
    agree([("70 sequences".to_owned(), case)]);
}

#[test]
fn what_was_drawn_is_kept_for_the_next_step_and_in_a_ring() {
    for position in [0, 5, 13] {
        let params = sample_record::Params { rows: 70, ring: 8, start: 128 };
        let case = Case::new(&SAMPLE_RECORD, &params, &[]).live(Sampling::default().live(Live::default(), position));
        let drawn = (0..128 + 2 * 8 * 70).collect();
        let case =
            case.u32((0..70).map(|row| row * 3).collect()).f32((0..70).map(|n| -(n as f32)).collect()).u32(drawn);
        let words = pollster::block_on(all().remove(0).1.run(&case)).unwrap();
        let at = 128 + (position as usize % 8) * 140 + 2 * 6;
        assert_eq!((words[2][6], words[2][at], f32::from_bits(words[2][at + 1])), (18, 18, -6.0));
        agree([(format!("at {position}"), case)]);
    }
}
