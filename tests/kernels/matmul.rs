//! Products in all layouts, at sizes that fit tiles and sizes that do not, with every epilogue.

use griot::kernels::activation::Activation;
use griot::kernels::case::Data;
use griot::kernels::matmul::{
    Layout, MATMUL_NN, MATMUL_NN_PRE, MATMUL_NT, MATMUL_NT_PRE, MATMUL_TN, MATMUL_TN_SUMS, Params, Tiling, kernel,
};
use griot::kernels::{Call, Case, Format, Kernel, Live, Span, format, matmul_fold};

use crate::devices::agree;

const LAYOUTS: [(Layout, &Kernel, &Kernel); 3] = [
    (Layout::NN, &MATMUL_NN, &MATMUL_NN_PRE),
    (Layout::NT, &MATMUL_NT, &MATMUL_NT_PRE),
    (Layout::TN, &MATMUL_TN, &MATMUL_TN_SUMS),
];

/// Tile-exact, ragged, one row, one column, one step, few rows, sums over several chunks.
const SIZES: [(usize, usize, usize); 13] = [
    (64, 64, 32),
    (128, 256, 64),
    (67, 131, 53),
    (1, 96, 48),
    (1, 259, 301),
    (2, 4099, 37),
    (5, 33, 259),
    (33, 1, 29),
    (40, 50, 1),
    (130, 70, 4),
    (9, 17, 600),
    (1, 1, 1),
    (300, 5, 7),
];

/// The bound on sums of `k` products of numbers below 1, relative to the largest sum, which is at least about √k / 4.
fn tolerance(k: usize) -> f64 {
    let bound = 4.0 * k as f64 * f64::from(f32::EPSILON) / 2.0;
    (bound / (k as f64).sqrt() * 4.0).max(1e-6)
}

fn case(kernel: &'static Kernel, params: &Params) -> Case {
    tiled(Tiling::Square, Format::F32, kernel, params)
}

fn tiled(tiling: Tiling, b: Format, kernel: &'static Kernel, params: &Params) -> Case {
    let (m, n, k) = (params.m as usize, params.n as usize, params.k as usize);
    Case::new(kernel, params, &tiling.constants(b))
        .uniform(m * k, 1.0)
        .weight(params.b_start as usize + n * k, 1.0)
        .uniform(n, 1.0)
        .uniform(m * n, 1.0)
        .tolerance(tolerance(k))
}

#[test]
fn every_layout_agrees_at_every_size() {
    let mut cases = Vec::new();
    for (m, n, k) in SIZES {
        for (layout, kernel, _) in LAYOUTS {
            let params = Params::dense(layout, m, n, k);
            // Room after the end must stay poison.
            cases.push((format!("{layout:?} {m}x{n}x{k}"), case(kernel, &params).output(m * n + 3)));
        }
    }
    agree(cases);
}

#[test]
fn every_number_of_rows_is_cut_into_fives_and_fours() {
    let mut cases = Vec::new();
    for m in (3..=26).chain([61, 62, 63, 65]) {
        for (layout, kernel, _) in LAYOUTS {
            let params = Params::dense(layout, m, 11, 9);
            cases.push((format!("{layout:?} {m} rows"), case(kernel, &params).output(m * 11 + 3)));
        }
    }
    agree(cases);
}

#[test]
fn every_epilogue_agrees_in_every_layout() {
    let mut cases = Vec::new();
    for (m, n, k) in [(67, 71, 53), (1, 259, 301)] {
        for (layout, kernel, second) in LAYOUTS {
            for flags in 0..8u32 {
                for activation in [0, Activation::GeluErf.code()] {
                    let (bias, residual, accumulate) = (flags & 1, flags >> 1 & 1, flags >> 2);
                    let params = Params { bias, residual, activation, accumulate, ..Params::dense(layout, m, n, k) };
                    let name = format!("{layout:?} {m}x{n}x{k} {flags:03b} activation {activation}");
                    let output = |case: Case, words| {
                        if accumulate == 1 { case.accumulate(words, 1.0) } else { case.output(words) }
                    };
                    cases.push((name.clone(), output(case(kernel, &params), m * n)));
                    if layout == Layout::TN {
                        for sums_of_a in [0, 1] {
                            let params = Params { sums_of_a, sums_accumulate: 1 - accumulate, ..params };
                            let words = if sums_of_a == 1 { m } else { n };
                            let case = output(case(second, &params), m * n);
                            let case =
                                if accumulate == 1 { case.output(words + 1) } else { case.accumulate(words, 1.0) };
                            cases.push((format!("{name} sums of a {sums_of_a}"), case));
                        }
                    } else {
                        cases.push((format!("{name} pre"), output(case(second, &params), m * n).output(m * n)));
                    }
                }
            }
        }
    }
    agree(cases);
}

/// Two matrices with poison around their numbers: what is read beside them shows.
fn poisoned(case: Case, start: usize, lines: usize, width: usize, step: usize, batch: usize, apart: usize) -> Case {
    let mut numbers = vec![f32::NAN; start + batch * apart + 5];
    let mut value = 0.3f32;
    for b in 0..batch {
        for line in 0..lines {
            for at in 0..width {
                value = (value * 1.7 + 0.21) % 1.0;
                numbers[start + b * apart + line * step + at] = value - 0.5;
            }
        }
    }
    case.f32(numbers)
}

#[test]
fn strides_offsets_and_batches_touch_nothing_else() {
    let mut cases = Vec::new();
    for (m, n, k, gap, start) in [(37, 41, 19, 3, 5), (64, 32, 8, 4, 64), (2, 70, 33, 1, 7), (70, 68, 300, 8, 12)] {
        for (layout, kernel, second) in LAYOUTS {
            let dense = Params::dense(layout, m, n, k);
            let (a_lines, a_width) = if layout == Layout::TN { (k, m) } else { (m, k) };
            let (b_lines, b_width) = if layout == Layout::NT { (n, k) } else { (k, n) };
            let (a_step, b_step, c_step) = (a_width + gap, b_width + 2 * gap, n + gap);
            let apart = [a_lines * a_step + gap, b_lines * b_step + gap, m * c_step + gap];
            let params = Params {
                a_step: a_step as u32,
                b_step: b_step as u32,
                c_step: c_step as u32,
                a_start: start as u32,
                b_start: 2 * start as u32,
                c_start: start as u32,
                batch: 3,
                a_batch: apart[0] as u32,
                b_batch: apart[1] as u32,
                c_batch: apart[2] as u32,
                k_last: (k - 3) as u32,
                ..dense
            };
            let case = || {
                let case = Case::new(kernel, &params, &[]).tolerance(tolerance(k));
                let case = poisoned(case, start, a_lines, a_width, a_step, 3, apart[0]);
                let case = poisoned(case, 2 * start, b_lines, b_width, b_step, 3, apart[1]);
                case.uniform(n, 1.0).uniform(1, 1.0).output(start + 3 * apart[2] + 2)
            };
            cases.push((format!("{layout:?} {m}x{n}x{k} gap {gap}"), case()));
            if layout == Layout::TN {
                let mut case = case().output(3 * n + 2);
                case.kernel = second;
                cases.push((format!("{layout:?} {m}x{n}x{k} gap {gap} sums"), case));
            }
        }
    }
    agree(cases);
}

#[test]
fn more_tiles_than_one_grid_dimension_are_all_computed() {
    let params = Params { batch: 70_000, a_batch: 2, b_batch: 2, c_batch: 1, ..Params::dense(Layout::NN, 1, 1, 2) };
    let case =
        Case::new(&MATMUL_NN, &params, &[]).uniform(140_000, 1.0).uniform(140_000, 1.0).uniform(1, 1.0).uniform(1, 1.0);
    agree([("70,000 batches".to_owned(), case.output(70_000))]);
}

fn bits(kernel: &Kernel, params: &Params, data: &[Vec<f32>], step: usize) -> Vec<u32> {
    let mut data = data.to_vec();
    let words: Vec<u32> = bytemuck::cast_slice(bytemuck::bytes_of(params)).to_vec();
    // SAFETY: each span covers its own vector, which outlives the call.
    let spans: Vec<Span<f32>> = data.iter_mut().map(|d| unsafe { Span::new(d.as_mut_ptr(), d.len()) }).collect();
    let call = Call { params: &words, live: &Live::default(), constants: &[], spans: &spans };
    let units = griot::kernels::Params::extent(params, &[]).units;
    for unit in (0..units).step_by(step) {
        (kernel.cpu)(&call, unit..units.min(unit + step));
    }
    data[4..].concat().iter().map(|x| x.to_bits()).collect()
}

#[test]
fn bits_depend_neither_on_the_split_nor_on_how_many_rows_there_are() {
    let (m, n, k) = (150, 520, 700);
    let mut value = 0.1f32;
    let mut numbers = |count: usize| -> Vec<f32> {
        (0..count)
            .map(|_| {
                value = (value * 1.9 + 0.37) % 1.0;
                value - 0.5
            })
            .collect()
    };
    for (layout, kernel, second) in LAYOUTS {
        let params = Params::dense(layout, m, n, k);
        let data = [numbers(m * k), numbers(k * n), numbers(n), vec![0.0], vec![0.0; m * n]];
        let whole = bits(kernel, &params, &data, usize::MAX >> 1);
        for step in [1, 2, 3, 5] {
            assert_eq!(bits(kernel, &params, &data, step), whole, "{layout:?} by {step}");
        }
        if layout == Layout::TN {
            let data = [&data[..], &[vec![0.0; n]]].concat();
            let whole = bits(second, &params, &data, usize::MAX >> 1);
            assert_eq!(bits(second, &params, &data, 1), whole, "sums");
            continue;
        }
        // The first rows alone take the path without packing.
        for few in [1, 3, 8, 13] {
            let params = Params { m: few, ..params };
            let mut data = data.clone();
            data[4].truncate(few as usize * n);
            assert_eq!(bits(kernel, &params, &data, 1), whole[..few as usize * n], "{layout:?}, {few} rows");
        }
    }
}

#[test]
fn the_same_launch_gives_the_same_bits_again() {
    for (name, device) in crate::devices::all() {
        for (layout, kernel, _) in LAYOUTS {
            let case = case(kernel, &Params::dense(layout, 130, 150, 290)).output(130 * 150);
            let run = || pollster::block_on(device.run(&case)).unwrap();
            assert_eq!(run()[4], run()[4], "{layout:?} on {name}");
        }
    }
}

/// Products that every tiling takes, with all that a tiling may get wrong: edges, epilogues, sums, strides, batches.
fn tiled_cases(tiling: Tiling, b: Format) -> Vec<(String, Case)> {
    let mut cases = Vec::new();
    for (m, n, k) in [(132, 136, 52), (3, 36, 8), (1, 132, 516), (67, 131, 53)] {
        for layout in [Layout::NN, Layout::NT, Layout::TN] {
            for second in [false, true] {
                let dense = Params::dense(layout, m, n, k);
                // Gradients of weights have no weight among their factors.
                if !tiling.takes(layout, &dense) || (layout, b) == (Layout::TN, Format::F16) {
                    continue;
                }
                let epilogue = u32::from(layout != Layout::TN);
                let params = Params {
                    bias: epilogue,
                    residual: epilogue,
                    activation: if second { Activation::Silu.code() * epilogue } else { 0 },
                    accumulate: u32::from(!second),
                    sums_of_a: u32::from(m > 64),
                    b_start: match b {
                        Format::F32 => 0,
                        Format::F16 if dense.in_fours(layout) => 4,
                        Format::F16 => 3,
                    },
                    ..dense
                };
                let case = tiled(tiling, b, kernel(tiling, layout, second), &params);
                let case = if second { case.output(m * n) } else { case.accumulate(m * n, 1.0) };
                let case = match (second, layout) {
                    (false, _) => case,
                    (true, Layout::TN) => case.output(if m > 64 { m } else { n }),
                    (true, _) => case.output(m * n),
                };
                cases.push((format!("{tiling:?} {layout:?} {b:?} {m}x{n}x{k} second {second}"), case));
            }
        }
    }
    cases
}

#[test]
fn every_tiling_agrees() {
    agree(Tiling::ALL.into_iter().skip(1).flat_map(|tiling| tiled_cases(tiling, Format::F32)));
}

#[test]
fn every_tiling_reads_halves() {
    agree(Tiling::ALL.into_iter().flat_map(|tiling| tiled_cases(tiling, Format::F16)));
}

#[test]
fn halves_give_the_bits_that_the_numbers_they_stand_for_give() {
    for (name, device) in crate::devices::all() {
        for tiling in Tiling::ALL {
            for (layout, rows) in [(Layout::NN, 37), (Layout::NT, 37), (Layout::NN, 1), (Layout::NT, 2)] {
                let params = Params::dense(layout, rows, 132, 188);
                let halves = tiled(tiling, Format::F16, kernel(tiling, layout, false), &params).output(rows * 132);
                let Data::U32(words) = &halves.data[1] else { unreachable!("a weight of f16") };
                let mut whole = tiled(tiling, Format::F32, kernel(tiling, layout, false), &params).output(rows * 132);
                whole.data[1] = Data::F32(format::unpack(words).collect());
                let run = |case: &Case| pollster::block_on(device.run(case)).unwrap().swap_remove(4);
                assert!(run(&halves) == run(&whole), "{layout:?} {tiling:?} of {rows} rows on {name}");
            }
        }
    }
}

#[test]
fn tilings_that_add_up_in_one_order_give_the_same_bits() {
    let numbered = [Tiling::Square, Tiling::Vector, Tiling::Large, Tiling::Direct];
    for (name, device) in crate::devices::all() {
        for layout in [Layout::NN, Layout::NT, Layout::TN] {
            let params = Params::dense(layout, 132, 140, 188);
            let run = |tiling: Tiling| {
                let case = tiled(tiling, Format::F32, kernel(tiling, layout, false), &params).output(132 * 140);
                pollster::block_on(device.run(&case)).unwrap().swap_remove(4)
            };
            let first = run(numbered[0]);
            for tiling in &numbered[1..] {
                assert!(run(*tiling) == first, "{layout:?} {tiling:?} on {name}");
            }
        }
    }
}

#[test]
fn a_sum_cut_into_batches_and_folded_is_the_sum() {
    let (m, n, k, part) = (20, 24, 1000, 160);
    let parts = (k as u32).div_ceil(part);
    let cut = Params {
        k: part,
        k_last: k as u32 - (parts - 1) * part,
        batch: parts,
        a_batch: part * m as u32,
        b_batch: part * n as u32,
        c_batch: (m * n) as u32,
        ..Params::dense(Layout::TN, m, n, k)
    };
    let whole = case(&MATMUL_TN_SUMS, &Params::dense(Layout::TN, m, n, k)).output(m * n).output(n);
    let pieces = tiled(Tiling::Square, Format::F32, &MATMUL_TN_SUMS, &cut);
    let mut pieces = pieces.output(parts as usize * m * n).output(parts as usize * n);
    pieces.data[..2].clone_from_slice(&whole.data[..2]);
    for (name, device) in crate::devices::all() {
        let (whole, pieces) = (whole.expected(), pollster::block_on(device.run(&pieces)).unwrap());
        for (binding, count) in [(4, m * n), (5, n)] {
            let words: Vec<f32> = pieces[binding].iter().map(|&word| f32::from_bits(word)).collect();
            let params = matmul_fold::Params { count: count as u32, parts, accumulate: 0 };
            let fold = Case::new(&matmul_fold::MATMUL_FOLD, &params, &[]).f32(words).output(count);
            let sums = pollster::block_on(device.run(&fold)).unwrap().swap_remove(1);
            for (sum, expected) in sums.iter().zip(&whole[binding]) {
                assert!((f64::from(f32::from_bits(*sum)) - expected).abs() < 1e-4, "{name}: {sum} and {expected}");
            }
        }
    }
}
