//! The angles of rotary positions (Su et al. 2021) and of their scalings: a config's rope in, frequencies out.
//!
//! The angle of pair i at a position is position · frequency(i); plain frequencies are base^(−2i / D). Scalings: linear, dynamic,
//! LLaMA 3.1's, YaRN (Peng et al. 2023), as `transformers` computes them.

use super::config::{Rope, RopeScaling};
use crate::nn::Angles;
use crate::rng::{exp, ln};

const TURN: f64 = 2.0 * std::f64::consts::PI;

impl Rope {
    /// Frequencies for `rotary` numbers that turn, and what their cosines and sines are multiplied by.
    pub fn angles(&self, rotary: usize) -> Angles {
        let plain = |pair: usize| exp(-ln(self.base) * (2 * pair) as f64 / rotary as f64);
        let pairs = 0..rotary / 2;
        let mut scale = 1.0;
        let frequencies = match self.scaling {
            // Dynamic scaling begins past the original context, which is where ours ends.
            RopeScaling::None | RopeScaling::Dynamic { .. } => pairs.map(plain).collect(),
            RopeScaling::Linear { factor } => pairs.map(|pair| plain(pair) / factor).collect(),
            RopeScaling::Llama3 { factor, low, high, original } => pairs
                .map(|pair| {
                    let frequency = plain(pair);
                    let turns = original as f64 * frequency / TURN;
                    let fast = ((turns - low) / (high - low)).clamp(0.0, 1.0);
                    (1.0 - fast) * frequency / factor + fast * frequency
                })
                .collect(),
            RopeScaling::Yarn { factor, original, fast, slow, attention, truncate } => {
                scale = attention;
                let pair_of = |turns: f64| rotary as f64 * ln(original as f64 / (turns * TURN)) / (2.0 * ln(self.base));
                let (mut from, mut to) = (pair_of(fast), pair_of(slow));
                if truncate {
                    (from, to) = (from.floor(), to.ceil());
                }
                (from, to) = (from.max(0.0), to.min(rotary as f64 - 1.0));
                if from == to {
                    to += 0.001;
                }
                pairs
                    .map(|pair| {
                        let slowed = ((pair as f64 - from) / (to - from)).clamp(0.0, 1.0);
                        plain(pair) * (slowed / factor + (1.0 - slowed))
                    })
                    .collect()
            }
        };
        Angles { frequencies, scale }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rope(scaling: RopeScaling) -> Vec<f64> {
        Rope { base: 10_000.0, scaling }.angles(8).frequencies
    }

    #[test]
    fn plain_frequencies_fall_with_the_pair() {
        for (is, should) in rope(RopeScaling::None).iter().zip([1.0, 0.1, 0.01, 0.001]) {
            assert!((is / should - 1.0).abs() < 1e-12, "{is} {should}");
        }
    }

    #[test]
    fn llama_three_keeps_fast_angles_and_divides_slow_ones() {
        let scaled = rope(RopeScaling::Llama3 { factor: 8.0, low: 1.0, high: 4.0, original: 1000 });
        // Turns over 1000 positions: 159, 15.9, 1.59, 0.159.
        assert!((scaled[0] - 1.0).abs() < 1e-12 && (scaled[1] - 0.1).abs() < 1e-12);
        let smooth = (1000.0 * 0.01 / TURN - 1.0) / 3.0;
        assert!((scaled[2] - ((1.0 - smooth) * 0.01 / 8.0 + smooth * 0.01)).abs() < 1e-12);
        assert!((scaled[3] - 0.001 / 8.0).abs() < 1e-12);
    }

    #[test]
    fn yarn_goes_from_kept_to_divided() {
        let scaling =
            RopeScaling::Yarn { factor: 4.0, original: 4096, fast: 32.0, slow: 1.0, attention: 1.1, truncate: true };
        let angles = Rope { base: 10_000.0, scaling }.angles(64);
        // Dimensions 64 ln(4096 / (32 · 2π)) / (2 ln 10000) = 10.5 and, for one turn, 22.5: the ramp is 10..23.
        let ratio = |pair: usize| angles.frequencies[pair] * 10_000f64.powf(2.0 * pair as f64 / 64.0);
        assert!((ratio(10) - 1.0).abs() < 1e-9 && (ratio(23) - 0.25).abs() < 1e-9 && angles.scale == 1.1);
        let middle = 3.0 / 13.0;
        assert!((ratio(13) - (middle / 4.0 + 1.0 - middle)).abs() < 1e-9);
    }
}
