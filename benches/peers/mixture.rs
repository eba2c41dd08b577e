//! A text for benches and tests: French, English and code in turn, of words that follow Zipf's law with a long tail, so that a vocabulary
//! of 32,000 tokens must still cut words.
//!
//! In: how many bytes. Out: as many and a few more, always the same.

/// French, English and code of words that follow Zipf's law with a long tail, so that a vocabulary of 32,000 tokens must still cut words.
pub fn mixture(bytes: usize) -> String {
    let mut random = 0x2545_F491_4F6C_DD1Du64;
    let mut below = move |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as usize % limit
    };
    const FRENCH: [&str; 20] = [
        "ment", "é", "tion", "que", "ou", "ai", "re", "l", "an", "eu", "ç", "à", "ch", "oi", "son", "è", "v", "qu",
        "ée", "is",
    ];
    const ENGLISH: [&str; 20] = [
        "th", "e", "ing", "er", "ou", "st", "a", "n", "ed", "re", "s", "it", "on", "al", "w", "ly", "ch", "ight", "o",
        "m",
    ];
    const WORDS: usize = 200_000;
    let mut words = |parts: &[&str]| -> Vec<String> {
        (0..WORDS).map(|_| (0..1 + below(5)).map(|_| parts[below(20)]).collect()).collect()
    };
    let (french, english) = (words(&FRENCH), words(&ENGLISH));
    let mut out = String::with_capacity(bytes + 4096);
    while out.len() < bytes {
        let manner = below(3);
        for _ in 0..200 {
            // The inverse of Zipf's distribution function, roughly: rank = limit^share.
            let rank = ((WORDS as f64).powf(below(1 << 20) as f64 / f64::from(1 << 20)) - 1.0) as usize;
            match manner {
                0 => out.push_str(&french[rank]),
                1 => out.push_str(&english[rank]),
                _ => {
                    out.push_str(&english[rank]);
                    out.push_str([" = ", "(", "_", ".", ", ", "): ", " += ", "[0]", "\n    "][below(9)]);
                    continue;
                }
            }
            out.push_str(["", "", "", "", "", "", ",", ".", " !", ";"][below(10)]);
            out.push(' ');
        }
        out.push('\n');
    }
    out
}
