//! LayerNorm and RMSNorm at awkward sizes, far from zero, and with every flag.

use griot::kernels::Case;
use griot::kernels::{norm, norm_gradient, norm_weights};

use crate::devices::agree;

const SIZES: [(usize, usize); 6] = [(1, 1), (3, 7), (5, 64), (131, 80), (2, 513), (66_000, 3)];

#[test]
fn norm_agrees_with_every_flag_and_far_from_zero() {
    let mut cases = Vec::new();
    for (rows, width) in SIZES {
        for flags in 0..16u32 {
            let (centred, scaled, shifted, residual) = (flags & 1, flags >> 1 & 1, flags >> 2 & 1, flags >> 3);
            let offset = if scaled == 1 { 1.0 } else { 0.0 };
            let (r, w) = (rows as u32, width as u32);
            let params = norm::Params { rows: r, width: w, eps: 1e-5, centred, scaled, shifted, offset, residual };
            let case = Case::new(&norm::NORM, &params, &[("THREADS", norm::threads(width))])
                .uniform(rows * width, 80.0)
                .uniform(width, 1.0)
                .uniform(width, 1.0)
                .uniform(rows * width, 1.0)
                .output(rows * width + 2)
                .output(rows * 2 + 2);
            cases.push((format!("({rows}, {width}) flags {flags}"), case));
        }
    }
    agree(cases);
}

#[test]
fn a_large_mean_costs_no_digits_of_the_variance() {
    let x: Vec<f32> = (0..6 * 96).map(|i| 1000.0 + (i % 7) as f32).collect();
    let (centred, scaled, shifted, offset) = (1, 0, 0, 0.0);
    let params = norm::Params { rows: 6, width: 96, eps: 1e-5, centred, scaled, shifted, offset, residual: 0 };
    let case = Case::new(&norm::NORM, &params, &[("THREADS", 64)]).f32(x).uniform(96, 1.0).uniform(96, 1.0);
    agree([("around 1000".to_owned(), case.uniform(96, 1.0).output(6 * 96).output(12).tolerance(1e-4))]);
}

#[test]
fn the_gradient_of_norm_agrees_with_every_flag() {
    let mut cases = Vec::new();
    for (rows, width) in SIZES {
        for flags in 0..16u32 {
            let (centred, scaled, accumulate, restore) = (flags & 1, flags >> 1 & 1, flags >> 2 & 1, flags >> 3);
            let (block, shifted, offset) = (norm_gradient::block(rows), scaled & centred, 0.5);
            let (r, w) = (rows as u32, width as u32);
            let params = norm_gradient::Params {
                rows: r,
                width: w,
                block,
                centred,
                scaled,
                shifted,
                offset,
                accumulate,
                restore,
            };
            for kernel in [&norm_gradient::NORM_GRADIENT, &norm_gradient::NORM_GRADIENT_PLAIN] {
                let stats = (0..rows).flat_map(|row| [0.2 - (row % 3) as f32 * 0.1, 0.5 + (row % 5) as f32]).collect();
                let mut case = Case::new(kernel, &params, &[("THREADS", norm::threads(width))])
                    .uniform(rows * width, 2.0)
                    .uniform(width, 1.0)
                    .uniform(width, 1.0)
                    .f32(stats)
                    .accumulate(rows * width, 1.0);
                case = if accumulate == 1 { case.accumulate(rows * width, 1.0) } else { case.output(rows * width + 2) };
                if kernel.bindings.len() == 7 {
                    case = case.output(rows.div_ceil(block as usize) * 2 * width + 2);
                }
                cases.push((format!("({rows}, {width}) flags {flags}"), case));
            }
        }
    }
    agree(cases);
}

#[test]
fn sums_of_blocks_reach_both_weights() {
    let mut cases = Vec::new();
    for (blocks, width) in [(1u32, 1u32), (3, 65), (257, 48)] {
        for flags in 0..4u32 {
            let (accumulate_scale, accumulate_bias) = (flags & 1, flags >> 1);
            let params = norm_weights::Params { blocks, width, accumulate_scale, accumulate_bias };
            let c = width as usize;
            let mut case = Case::new(&norm_weights::NORM_WEIGHTS, &params, &[]).uniform(blocks as usize * 2 * c, 1.0);
            for flag in [accumulate_scale, accumulate_bias] {
                case = if flag == 1 { case.accumulate(c, 1.0) } else { case.output(c + 1) };
            }
            cases.push((format!("{blocks} blocks of {width}, flags {flags}"), case));
        }
    }
    agree(cases);
}
