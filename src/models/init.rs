//! The first numbers of a model: a part of a parameter and a seed in, its numbers out, the same on every machine.
//!
//! Each part has its own stream, named by the part, so that its numbers depend on nothing else in the model. They come in
//! stretches, so that no whole table need stand in host memory. How each family begins is written where its parts are listed.

use crate::error::Result;
use crate::nn::{Angles, Init, Parameter, Part};
use crate::rng::{self, Rng};

/// Numbers given at once.
const STRETCH: usize = 1 << 16;

/// Gives the first numbers of `part`: `take(offset, numbers)` in order, offsets counted from the part's start.
pub fn fill(
    parameter: &Parameter,
    part: &Part,
    seed: u64,
    mut take: impl FnMut(usize, &[f32]) -> Result<()>,
) -> Result<()> {
    let row = parameter.row_words();
    let words = part.rows.len() * row;
    let mut random = Rng::new(seed, stream(&part.name));
    let mut stretch = Vec::with_capacity(words.min(STRETCH));
    let mut offset = 0;
    for at in 0..words {
        stretch.push(match part.init {
            Init::Zeros => 0.0,
            Init::Constant(value) => value,
            Init::Normal { std, blank } => {
                // The blank row takes its numbers from the stream too, so that it moves nobody else's.
                let number = (random.normal() * std) as f32;
                if blank == Some(at / row) { 0.0 } else { number }
            }
            Init::Angles(ref angles) => angle(angles, at / row, at % row),
            Init::Sinusoids => sinusoid(at / row, at % row, row),
        });
        if stretch.len() == STRETCH || at + 1 == words {
            take(offset, &stretch)?;
            offset += stretch.len();
            stretch.clear();
        }
    }
    Ok(())
}

/// All sines first, then all cosines, of position / 10000^(2i / width).
fn sinusoid(position: usize, column: usize, width: usize) -> f32 {
    let half = width.div_ceil(2);
    let (place, cosine) = if column < half { (column, false) } else { (column - half, true) };
    let angle = position as f64 * rng::exp(-rng::ln(10_000.0) * (2 * place) as f64 / width as f64);
    (if cosine { rng::cos(angle) } else { rng::sin(angle) }) as f32
}

fn angle(angles: &Angles, position: usize, column: usize) -> f32 {
    let half = angles.frequencies.len();
    let (pair, cosine) = if column < half { (column, true) } else { (column - half, false) };
    let angle = position as f64 * angles.frequencies.get(pair).copied().unwrap_or_default();
    (angles.scale * if cosine { rng::cos(angle) } else { rng::sin(angle) }) as f32
}

/// A number for a name (FNV-1a).
fn stream(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Inventory;

    fn numbers(list: &Inventory, index: usize, seed: u64) -> Vec<f32> {
        let parameter = list.at(index).unwrap();
        let mut all = Vec::new();
        for part in &parameter.parts {
            fill(parameter, part, seed, |_, numbers| {
                all.extend_from_slice(numbers);
                Ok(())
            })
            .unwrap();
        }
        all
    }

    #[test]
    fn normal_numbers_have_their_deviation_and_the_blank_row_is_zero() {
        let mut list = Inventory::new();
        list.add("table", &[2000, 50], Init::Normal { std: 0.02, blank: Some(3) });
        let table = numbers(&list, 0, 1);
        assert_eq!(table.len(), 100_000);
        assert!(table[150..200].iter().all(|&x| x == 0.0));
        let deviation = (table.iter().map(|x| f64::from(x * x)).sum::<f64>() / 1e5).sqrt();
        assert!((deviation - 0.02).abs() < 2e-4, "{deviation}");
        assert_eq!(table, numbers(&list, 0, 1));
        assert_ne!(table, numbers(&list, 0, 2));
    }

    #[test]
    fn a_part_begins_the_same_whatever_stands_beside_it() {
        let mut list = Inventory::new();
        let part = |name: &str| (name.to_owned(), 4, Init::normal(1.0));
        list.fused("both", &[8, 5], vec![part("first"), part("second")]);
        list.fused("turned", &[8, 5], vec![part("second"), part("first")]);
        let (both, turned) = (numbers(&list, 0, 9), numbers(&list, 1, 9));
        assert_eq!(both[..20], turned[20..]);
        assert_ne!(both[..20], both[20..]);
    }

    #[test]
    fn sinusoids_are_sines_then_cosines() {
        let mut list = Inventory::new();
        list.add("positions", &[4, 6], Init::Sinusoids);
        let table = numbers(&list, 0, 0);
        let first = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        assert!(table.iter().zip(first).all(|(is, should)| (is - should).abs() < 1e-15), "{table:?}");
        assert!((table[6] - 1f32.sin()).abs() < 1e-7 && (table[9] - 1f32.cos()).abs() < 1e-7);
        let slow = 3.0 * 10_000f64.powf(-4.0 / 6.0);
        assert!((f64::from(table[20]) - slow.sin()).abs() < 1e-7);
    }
}
