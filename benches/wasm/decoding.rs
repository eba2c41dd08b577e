//! What a token of a decoder is made of, behind plain exports for `benches/decoding.mjs`: a product of one row, attention over a cache.
//!
//! Both read much and compute little: `read` sums as many numbers and does nothing else, which is the bound of the machine.

use std::cell::RefCell;

use griot::kernels::attention;
use griot::kernels::attention_decode::{ATTENTION_DECODE, Params as Decode};
use griot::kernels::matmul::{Layout, MATMUL_NN, MATMUL_NT, Params};
use griot::kernels::simd::F32x4;
use griot::kernels::{Call, Kernel, Live, Span, place};

#[derive(Default)]
struct Launch {
    kernel: Option<&'static Kernel>,
    params: Vec<u32>,
    live: Live,
    units: usize,
    data: Vec<Vec<f32>>,
    sum: f64,
}

thread_local! {
    static LAUNCH: RefCell<Launch> = RefCell::default();
}

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919) % 1009) as f32 / 1009.0 - 0.5).collect()
}

/// One row of k numbers times a matrix of n columns; layout 0 NN, 1 NT. Gives the numbers that are read.
#[unsafe(no_mangle)]
pub extern "C" fn prepare_product(layout: u32, n: usize, k: usize) -> usize {
    let (layout, kernel) = if layout == 0 { (Layout::NN, &MATMUL_NN) } else { (Layout::NT, &MATMUL_NT) };
    let params = Params::dense(layout, 1, n, k);
    LAUNCH.set(Launch {
        kernel: Some(kernel),
        units: griot::kernels::Params::extent(&params, &[]).units,
        params: bytemuck::cast_slice(bytemuck::bytes_of(&params)).to_vec(),
        data: vec![numbers(k), numbers(n * k), vec![0.0], vec![0.0], vec![0.0; n]],
        ..Launch::default()
    });
    n * k
}

/// One query of each head over a cache of `keys` positions. Gives the numbers that are read.
#[unsafe(no_mangle)]
pub extern "C" fn prepare_attention(heads: u32, kv_heads: u32, head: u32, keys: u32) -> usize {
    let p = attention::Params {
        batch: 1,
        heads,
        kv_heads,
        head,
        queries: 1,
        keys,
        query_stride: (heads + 2 * kv_heads) * head,
        key_stride: 2 * kv_heads * head,
        value_offset: kv_heads * head,
        own: 1,
        cached: 1,
        causal: 1,
        scale: 1.0 / (head as f32).sqrt(),
        ..attention::Params::default()
    };
    let cache = (keys * p.key_stride) as usize;
    LAUNCH.set(Launch {
        kernel: Some(&ATTENTION_DECODE),
        units: griot::kernels::Params::extent(&Decode(p), &[]).units,
        params: bytemuck::cast_slice(bytemuck::bytes_of(&p)).to_vec(),
        live: Live::default().with(place::PAST, keys - 1),
        data: vec![
            numbers(p.query_stride as usize),
            numbers(cache),
            vec![f32::from_bits(0), f32::from_bits(keys)],
            vec![0.0],
            vec![f32::from_bits(0)],
            vec![0.0; (heads * head) as usize],
            vec![0.0; heads as usize],
        ],
        ..Launch::default()
    });
    cache
}

/// Runs the launch.
#[unsafe(no_mangle)]
pub extern "C" fn play() {
    LAUNCH.with_borrow_mut(|launch| {
        let Some(kernel) = launch.kernel else { return };
        // SAFETY: each span covers its own vector, which outlives the call; what is written is bound once.
        let spans: Vec<Span<f32>> =
            launch.data.iter_mut().map(|d| unsafe { Span::new(d.as_mut_ptr(), d.len()) }).collect();
        (kernel.cpu)(
            &Call { params: &launch.params, live: &launch.live, constants: &[], spans: &spans },
            0..launch.units,
        );
    });
}

/// Sums the large operand, 32 numbers at a time.
#[unsafe(no_mangle)]
pub extern "C" fn read() {
    LAUNCH.with_borrow_mut(|launch| {
        let mut sums = [F32x4::zero(); 8];
        for part in launch.data[1].chunks_exact(32) {
            // SAFETY: a chunk of 32.
            let load = |at: usize| unsafe { F32x4::load(part.as_ptr().add(4 * at)) };
            sums = std::array::from_fn(|at| sums[at].plus(load(at)));
        }
        let [a, b, c, d, e, f, g, h] = sums;
        let sum = a.plus(b).plus(c.plus(d)).plus(e.plus(f).plus(g.plus(h)));
        let mut four = [0.0; 4];
        // SAFETY: an array of four.
        unsafe { sum.store(four.as_mut_ptr()) }
        launch.sum = four.iter().map(|&x| f64::from(x)).sum();
    });
}

/// The sum of what was written and read.
#[unsafe(no_mangle)]
pub extern "C" fn total() -> f64 {
    LAUNCH.with_borrow(|launch| {
        launch.data[launch.data.len() - 2..].iter().flatten().map(|&x| f64::from(x)).sum::<f64>() + launch.sum
    })
}
