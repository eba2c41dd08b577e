//! What training a tokenizer holds, by an allocator that counts: at most four times the bytes of the distinct words, and the vocabulary.
//!
//! The text is made up (benches/peers/mixture.rs). One test alone lives here, since the allocator counts for the whole process.

use griot::tokenizer::Kind;
use griot::tokenizer::train::{TrainOptions, Trainer, WordPieceScore};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

#[path = "../benches/peers/mixture.rs"]
mod mixture;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn grew(bytes: usize) {
    PEAK.fetch_max(HELD.fetch_add(bytes, Relaxed) + bytes, Relaxed);
}

// SAFETY: all is the system's; only numbers are kept beside.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grew(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Shrinking and growing may both copy; only growing counts old and new at once.
        if size > layout.size() {
            grew(size);
            HELD.fetch_sub(layout.size(), Relaxed);
        } else {
            HELD.fetch_sub(layout.size() - size, Relaxed);
        }
        // SAFETY: as the caller promises.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Kind, score, tokens, megabytes. Above 49,152 tokens an id no longer fits into a slot.
const CASES: [(Kind, WordPieceScore, usize, usize); 13] = [
    (Kind::Bpe, WordPieceScore::Count, 8192, 1),
    (Kind::Bpe, WordPieceScore::Count, 32_768, 1),
    (Kind::WordPiece, WordPieceScore::Count, 8192, 1),
    (Kind::WordPiece, WordPieceScore::Count, 32_768, 1),
    (Kind::WordPiece, WordPieceScore::Likelihood, 8192, 1),
    (Kind::Unigram, WordPieceScore::Count, 8192, 1),
    (Kind::Unigram, WordPieceScore::Count, 32_768, 1),
    (Kind::Bpe, WordPieceScore::Count, 8192, 4),
    (Kind::Bpe, WordPieceScore::Count, 90_000, 4),
    (Kind::WordPiece, WordPieceScore::Count, 8192, 4),
    (Kind::WordPiece, WordPieceScore::Likelihood, 8192, 4),
    (Kind::Unigram, WordPieceScore::Count, 8192, 4),
    (Kind::Unigram, WordPieceScore::Count, 32_768, 4),
];

#[test]
fn training_holds_at_most_four_times_the_words_and_the_vocabulary() {
    let mut over = Vec::new();
    // Tables of characters are made at first use and kept.
    for (kind, ..) in CASES {
        let mut trainer = Trainer::new(TrainOptions { vocab_size: Some(300), ..TrainOptions::new(kind) }).unwrap();
        trainer.feed("l'été, 1 fois!").unwrap();
        drop(trainer.finish());
    }
    for megabytes in [1, 4] {
        let text = mixture::mixture(megabytes * 1_000_000);
        for (kind, score, size, _) in CASES.into_iter().filter(|case| case.3 == megabytes) {
            let before = HELD.load(Relaxed);
            let mut options = TrainOptions { vocab_size: Some(size), score, ..TrainOptions::new(kind) };
            if size > 65_534 {
                options.min_frequency = Some(1);
            }
            let mut trainer = Trainer::new(options).unwrap();
            trainer.feed(&text).unwrap();
            let words: usize = trainer.counted().map(|(word, _)| word.len()).sum();
            let fed = HELD.load(Relaxed) - before;
            PEAK.store(HELD.load(Relaxed), Relaxed);
            let (mut longest, mut worst, mut at) = (Duration::ZERO, f64::NEG_INFINITY, (0, 0));
            let mut before_slice = 0;
            loop {
                let started = Instant::now();
                // What is reported is the caller's.
                let done = trainer.advance(10_000).unwrap().1;
                longest = longest.max(started.elapsed());
                let peak = PEAK.swap(HELD.load(Relaxed), Relaxed) - before;
                // What a slice lets go of was there while it ran.
                let after = trainer.vocabulary_bytes();
                let vocabulary = after.max(before_slice);
                before_slice = after;
                let times = (peak as f64 - vocabulary as f64) / words as f64;
                if times > worst {
                    (worst, at) = (times, (peak, vocabulary));
                }
                if done {
                    break;
                }
            }
            let learned = trainer.finish().unwrap().vocab_size();
            println!(
                "{kind:?} by {score:?} to {size}, {megabytes} MB: {learned} tokens, words {words}, fed {:.2}, {worst:.2} times (peak {}, vocabulary {}), longest slice {longest:.1?}",
                fed as f64 / words as f64,
                at.0,
                at.1
            );
            assert!(size < 65_534 || learned > 65_534, "{learned} tokens do not try what {size} would");
            if worst > 4.0 {
                over.push(format!("{kind:?} by {score:?} to {size}, {megabytes} MB: {worst:.2}"));
            }
        }
    }
    assert!(over.is_empty(), "{over:#?}");
}
