//! What training a tokenizer holds, by an allocator that counts: at most four times the bytes of the distinct words, and the vocabulary.
//!
//! The text is made up: words of syllables that follow Zipf's law with a long tail. One test alone lives here, since the allocator counts
//! for the whole process.

use griot::tokenizer::Kind;
use griot::tokenizer::train::{TrainOptions, Trainer};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

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

fn text(bytes: usize) -> String {
    let mut random = 0x2545_F491_4F6C_DD1Du64;
    let mut below = move |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as usize % limit
    };
    const PARTS: [&str; 32] = [
        "ment", "é", "tion", "que", "ou", "ai", "re", "l", "an", "eu", "ç", "à", "ch", "oi", "son", "è", "th", "e",
        "ing", "er", "st", "a", "n", "ed", "it", "on", "al", "w", "ly", "ight", "o", "m",
    ];
    let words: Vec<String> =
        (0..100_000).map(|_| (0..2 + below(4)).map(|_| PARTS[below(PARTS.len())]).collect()).collect();
    let mut out = String::with_capacity(bytes + 64);
    while out.len() < bytes {
        let rank = (100_000f64.powf(below(1 << 20) as f64 / f64::from(1 << 20)) - 1.0) as usize;
        out.push_str(&words[rank]);
        out.push_str(["", "", "", ",", ".", " !"][below(6)]);
        out.push(' ');
    }
    out
}

/// Kind and tokens.
const CASES: [(Kind, usize); 6] = [
    (Kind::Bpe, 8192),
    (Kind::Bpe, 32_768),
    (Kind::WordPiece, 8192),
    (Kind::WordPiece, 32_768),
    (Kind::Unigram, 8192),
    (Kind::Unigram, 32_768),
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
        let text = text(megabytes * 1_000_000);
        for (kind, size) in CASES {
            let before = HELD.load(Relaxed);
            let options = TrainOptions { vocab_size: Some(size), ..TrainOptions::new(kind) };
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
            println!(
                "{kind:?} to {size}, {megabytes} MB: words {words}, fed {:.2}, {worst:.2} times (peak {}, vocabulary {}), longest slice {longest:.1?}",
                fed as f64 / words as f64,
                at.0,
                at.1
            );
            if worst > 4.0 {
                over.push(format!("{kind:?} to {size}, {megabytes} MB: {worst:.2}"));
            }
        }
    }
    assert!(over.is_empty(), "{over:#?}");
}
