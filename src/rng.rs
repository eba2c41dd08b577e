//! One counter-based generator, the same stream in Rust and in WGSL (`shaders/rng.wgsl`).
//!
//! Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): only
//! additions, rotations and exclusive-ors of 32-bit words, so that it is bitwise equal everywhere.
//! A number is a pure function of (key, counter): dropout masks need no memory and samples need no state.
//! The transcendental functions are our own too, in f64, so that initial weights are equal on every machine.

const ROTATIONS: [[u32; 4]; 2] = [[13, 15, 26, 6], [17, 29, 16, 24]];
const PARITY: u32 = 0x1BD1_1BDA;

/// The two words of the stream `key` at position `counter`.
pub fn threefry(key: [u32; 2], counter: [u32; 2]) -> [u32; 2] {
    let schedule = [key[0], key[1], PARITY ^ key[0] ^ key[1]];
    let mut x = [counter[0].wrapping_add(schedule[0]), counter[1].wrapping_add(schedule[1])];
    for group in 0..5u32 {
        for rotation in ROTATIONS[(group % 2) as usize] {
            x[0] = x[0].wrapping_add(x[1]);
            x[1] = x[1].rotate_left(rotation) ^ x[0];
        }
        let next = group + 1;
        x[0] = x[0].wrapping_add(schedule[(next % 3) as usize]);
        x[1] = x[1].wrapping_add(schedule[((next + 1) % 3) as usize]).wrapping_add(next);
    }
    x
}

/// What [`threefry`] gives at N positions side by side: the second word of the counter goes up by one from `counter`'s.
pub fn threefry_row<const N: usize>(key: [u32; 2], counter: [u32; 2]) -> [[u32; N]; 2] {
    let schedule = [key[0], key[1], PARITY ^ key[0] ^ key[1]];
    let mut x = [counter[0].wrapping_add(schedule[0]); N];
    let mut y: [u32; N] = std::array::from_fn(|i| counter[1].wrapping_add(i as u32).wrapping_add(schedule[1]));
    for group in 0..5u32 {
        for rotation in ROTATIONS[(group % 2) as usize] {
            for (x, y) in x.iter_mut().zip(&mut y) {
                *x = x.wrapping_add(*y);
                *y = y.rotate_left(rotation) ^ *x;
            }
        }
        let next = group + 1;
        let (first, second) = (schedule[(next % 3) as usize], schedule[((next + 1) % 3) as usize].wrapping_add(next));
        x.iter_mut().for_each(|x| *x = x.wrapping_add(first));
        y.iter_mut().for_each(|y| *y = y.wrapping_add(second));
    }
    [x, y]
}

/// A uniform number in [0, 1) with 24 bits, exact in f32.
pub fn unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// A sequential reader of one stream, for the host: shuffling, initialisation, data.
#[derive(Clone, Debug)]
pub struct Rng {
    key: [u32; 2],
    position: u64,
    spare: Option<u32>,
}

impl Rng {
    /// The stream `stream` of `seed`; different streams of one seed are independent.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mixed = threefry([seed as u32, (seed >> 32) as u32], [stream as u32, (stream >> 32) as u32]);
        Rng { key: mixed, position: 0, spare: None }
    }

    /// The next 32 random bits.
    pub fn word(&mut self) -> u32 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let [first, second] = threefry(self.key, [self.position as u32, (self.position >> 32) as u32]);
        self.position += 1;
        self.spare = Some(second);
        first
    }

    /// A uniform number in [0, 1) with 53 bits.
    pub fn uniform(&mut self) -> f64 {
        let high = u64::from(self.word() >> 5);
        let low = u64::from(self.word() >> 6);
        (high * 67_108_864 + low) as f64 / 9_007_199_254_740_992.0
    }

    /// A uniform whole number below `bound`, without bias; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let zone = u64::MAX - u64::MAX % bound;
        loop {
            let draw = (u64::from(self.word()) << 32) | u64::from(self.word());
            if draw < zone {
                return draw % bound;
            }
        }
    }

    /// A standard normal number (Box-Muller on [`ln`], [`cos`]).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * ln(1.0 - self.uniform())).sqrt();
        radius * cos(2.0 * std::f64::consts::PI * self.uniform())
    }

    /// Puts `items` in a random order (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

/// Natural logarithm of a positive finite number, the same bits on every machine.
pub fn ln(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 || x == f64::INFINITY {
        return if x == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    }
    let mut bits = x.to_bits();
    let mut exponent = 0i64;
    if bits >> 52 == 0 {
        bits = (x * 18_014_398_509_481_984.0).to_bits();
        exponent -= 54;
    }
    exponent += ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mut m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if m > std::f64::consts::SQRT_2 {
        m *= 0.5;
        exponent += 1;
    }
    // ln m = 2 artanh s, s = (m - 1) / (m + 1), |s| < 0.172: the series ends below 1e-17 at s^21.
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let mut sum = 0.0;
    for odd in (0..12).rev() {
        sum = sum * square + 1.0 / f64::from(2 * odd + 1);
    }
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * s * sum
}

/// e to the power x, the same bits on every machine.
pub fn exp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x > 709.78 {
        return f64::INFINITY;
    }
    if x < -745.0 {
        return 0.0;
    }
    let k = (x * std::f64::consts::LOG2_E).round();
    // ln 2 in two parts, so that x - k ln 2 keeps its bits.
    let r = (x - k * 6.931_471_803_691_238e-1) - k * 1.908_214_929_270_587_7e-10;
    let mut sum = 1.0;
    for n in (1..=14).rev() {
        sum = 1.0 + sum * r / f64::from(n);
    }
    let half = (k as i64) / 2;
    sum * power_of_two(half) * power_of_two(k as i64 - half)
}

fn power_of_two(n: i64) -> f64 {
    f64::from_bits(((n + 1023).clamp(1, 2046) as u64) << 52)
}

/// Cosine of an angle of moderate size (|x| < 1e6), the same bits on every machine.
pub fn cos(x: f64) -> f64 {
    let quarter = (x * std::f64::consts::FRAC_2_PI).round();
    // pi/2 in two parts, as in `exp`.
    let r = (x - quarter * 1.570_796_326_734_125_6) - quarter * 6.077_100_506_506_192e-11;
    match (quarter as i64).rem_euclid(4) {
        0 => cos_series(r),
        1 => -sin_series(r),
        2 => -cos_series(r),
        _ => sin_series(r),
    }
}

/// Sine of an angle of moderate size, the same bits on every machine.
pub fn sin(x: f64) -> f64 {
    cos(x - std::f64::consts::FRAC_PI_2)
}

/// The factors of a power series: 1/first!, then by turns negative and positive the reciprocal of every second factorial after it.
const fn series(first: u32) -> [f64; 10] {
    let mut factors = [1.0; 10];
    let (mut n, mut factorial) = (1, 1.0);
    while n < factors.len() {
        let top = 2 * n as u32 + first;
        factorial *= ((top - 1) * top) as f64;
        factors[n] = if n % 2 == 1 { -1.0 / factorial } else { 1.0 / factorial };
        n += 1;
    }
    factors
}

/// Of an angle of at most a quarter of pi, as its sine.
fn cos_series(r: f64) -> f64 {
    const FACTORS: [f64; 10] = series(0);
    FACTORS.iter().rev().fold(0.0, |sum, factor| sum * (r * r) + factor)
}

fn sin_series(r: f64) -> f64 {
    const FACTORS: [f64; 10] = series(1);
    r * FACTORS.iter().rev().fold(0.0, |sum, factor| sum * (r * r) + factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threefry_gives_the_published_vectors() {
        assert_eq!(threefry([0, 0], [0, 0]), [0x6b20_0159, 0x99ba_4efe]);
        assert_eq!(threefry([u32::MAX; 2], [u32::MAX; 2]), [0x1cb9_96fc, 0xbb00_2be7]);
        assert_eq!(threefry([0x1319_8a2e, 0x0370_7344], [0x243f_6a88, 0x85a3_08d3]), [0xc492_3a9c, 0x483d_f7a0]);
    }

    #[test]
    fn a_row_of_positions_gives_what_each_position_gives() {
        let [first, second] = threefry_row::<7>([3, 4], [5, u32::MAX - 2]);
        for (i, (first, second)) in first.into_iter().zip(second).enumerate() {
            assert_eq!(threefry([3, 4], [5, (u32::MAX - 2).wrapping_add(i as u32)]), [first, second]);
        }
    }

    #[test]
    fn own_functions_agree_with_the_platform_to_the_last_digits() {
        let mut rng = Rng::new(7, 0);
        for _ in 0..20_000 {
            let x = rng.uniform() * 40.0 - 20.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 4e-15, "exp({x})");
            assert!((cos(x) - x.cos()).abs() < 1e-14, "cos({x})");
            assert!((sin(x) - x.sin()).abs() < 1e-14, "sin({x})");
            let positive = exp(x);
            assert!((ln(positive) - positive.ln()).abs() < 1e-14 * (1.0 + x.abs()), "ln({positive})");
        }
    }

    #[test]
    fn normal_numbers_have_the_moments_they_should() {
        let mut rng = Rng::new(1, 2);
        let draws: Vec<f64> = (0..100_000).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e5;
        let fourth = draws.iter().map(|x| (x - mean).powi(4)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02 && (fourth - 3.0).abs() < 0.1);
    }

    #[test]
    fn below_reaches_every_number_and_none_above() {
        let mut rng = Rng::new(3, 3);
        let mut seen = [0u32; 7];
        for _ in 0..7_000 {
            seen[rng.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| (850..1150).contains(&n)), "{seen:?}");
    }
}
