//! Times the matmul kernels of the CPU natively, one thread: `cargo bench --bench matmul`. In wasm: `benches/matmul.mjs`.
//!
//! Prints the median of repeated plays in GFLOP/s for each layout and shape. Wall time: run it on a quiet machine.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

use std::time::{Duration, Instant};

use griot::kernels::matmul::{Layout, MATMUL_NN, MATMUL_NT, MATMUL_TN, Params};
use griot::kernels::{Call, Kernel, Live, Span};

const SHAPES: [(usize, usize, usize); 10] = [
    (512, 3072, 768),
    (512, 768, 3072),
    (256, 256, 256),
    (1024, 1024, 1024),
    (2048, 384, 128),
    (16, 3072, 768),
    (4, 3072, 768),
    (1, 3072, 768),
    (1, 4096, 4096),
    (768, 768, 4096),
];

fn gflops(kernel: &Kernel, layout: Layout, m: usize, n: usize, k: usize) -> f64 {
    let params = Params::dense(layout, m, n, k);
    let words: Vec<u32> = bytemuck::cast_slice(bytemuck::bytes_of(&params)).to_vec();
    let numbers = |count: usize| (0..count).map(|i| ((i * 7919) % 1009) as f32 / 1009.0 - 0.5).collect::<Vec<f32>>();
    let mut data = [numbers(m * k), numbers(n * k), vec![0.0], vec![0.0], vec![0.0; m * n]];
    // SAFETY: each span covers its own vector, which outlives the calls.
    let spans: Vec<Span<f32>> = data.iter_mut().map(|d| unsafe { Span::new(d.as_mut_ptr(), d.len()) }).collect();
    let call = Call { params: &words, live: &Live::default(), constants: &[], spans: &spans };
    let units = griot::kernels::Params::extent(&params, &[]).units;
    let repeat = (200_000_000 / (2 * m * n * k)).max(1);
    let mut times = Vec::new();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(400) || times.len() < 5 {
        let once = Instant::now();
        for _ in 0..repeat {
            (kernel.cpu)(&call, 0..units);
        }
        times.push(once.elapsed().as_secs_f64() / repeat as f64);
    }
    times.sort_by(f64::total_cmp);
    (2 * m * n * k) as f64 / times[times.len() / 2] / 1e9
}

fn main() {
    println!("GFLOP/s, median   NN      NT      TN");
    for (m, n, k) in SHAPES {
        let cells = [(Layout::NN, &MATMUL_NN), (Layout::NT, &MATMUL_NT), (Layout::TN, &MATMUL_TN)]
            .map(|(layout, kernel)| format!("{:7.1}", gflops(kernel, layout, m, n, k)));
        println!("{:<16} {}", format!("{m}x{n}x{k}"), cells.join(" "));
    }
}
