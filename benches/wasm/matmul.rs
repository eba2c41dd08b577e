//! The matmul kernels behind three plain exports, so that `benches/matmul.mjs` can time them in Node without any glue.
//!
//! `prepare` makes a launch, `play` runs all of its units once, `total` gives the sum of C, so that nothing is left out as unused.

use std::cell::RefCell;

use griot::kernels::matmul::{Layout, MATMUL_NN, MATMUL_NT, MATMUL_TN, Params};
use griot::kernels::{Call, Live, Span};

#[derive(Default)]
struct Launch {
    layout: u32,
    params: Vec<u32>,
    units: usize,
    data: Vec<Vec<f32>>,
}

thread_local! {
    static LAUNCH: RefCell<Launch> = RefCell::default();
}

/// A dense product; layout 0 NN, 1 NT, 2 TN.
#[unsafe(no_mangle)]
pub extern "C" fn prepare(layout: u32, m: usize, n: usize, k: usize) {
    let params = Params::dense([Layout::NN, Layout::NT, Layout::TN][layout as usize], m, n, k);
    let numbers = |count: usize| (0..count).map(|i| ((i * 7919) % 1009) as f32 / 1009.0 - 0.5).collect::<Vec<f32>>();
    LAUNCH.set(Launch {
        layout,
        units: griot::kernels::Params::extent(&params, &[]).units,
        params: bytemuck::cast_slice(bytemuck::bytes_of(&params)).to_vec(),
        data: vec![numbers(m * k), numbers(n * k), vec![0.0], vec![0.0], vec![0.0; m * n]],
    });
}

/// Runs the launch, `parts` units at a time; 0 runs all at once.
#[unsafe(no_mangle)]
pub extern "C" fn play(parts: usize) {
    LAUNCH.with_borrow_mut(|launch| {
        // SAFETY: each span covers its own vector, which outlives the call.
        let spans: Vec<Span<f32>> =
            launch.data.iter_mut().map(|d| unsafe { Span::new(d.as_mut_ptr(), d.len()) }).collect();
        let call = Call { params: &launch.params, live: &Live::default(), constants: &[], spans: &spans };
        let kernel = [&MATMUL_NN, &MATMUL_NT, &MATMUL_TN][launch.layout as usize];
        let parts = if parts == 0 { launch.units } else { parts };
        for unit in (0..launch.units).step_by(parts) {
            (kernel.cpu)(&call, unit..launch.units.min(unit + parts));
        }
    });
}

/// The sum of C.
#[unsafe(no_mangle)]
pub extern "C" fn total() -> f64 {
    LAUNCH.with_borrow(|launch| launch.data[4].iter().map(|&x| f64::from(x)).sum())
}
