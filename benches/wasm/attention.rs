//! The attention kernels behind plain exports, so that `benches/attention.mjs` can time them in Node without any glue.
//!
//! `prepare` makes a packed causal scene, `play` runs one kernel of the family, `total` sums its output.

use std::cell::RefCell;

use griot::kernels::attention::{ATTENTION, Params};
use griot::kernels::attention_keys::{self, ATTENTION_KEYS};
use griot::kernels::attention_queries::{self, ATTENTION_QUERIES};
use griot::kernels::{Call, Kernel, Live, Span};

#[derive(Default)]
struct Scene {
    params: Vec<u32>,
    units: [usize; 3],
    data: Vec<Vec<f32>>,
}

thread_local! {
    static SCENE: RefCell<Scene> = RefCell::default();
}

/// One row of `time` positions; all heads have keys of their own.
#[unsafe(no_mangle)]
pub extern "C" fn prepare(heads: u32, head: u32, time: u32, causal: u32, dropout: u32) {
    let p = Params {
        batch: 1,
        heads,
        kv_heads: heads,
        head,
        queries: time,
        keys: time,
        query_stride: 3 * heads * head,
        key_stride: 3 * heads * head,
        key_offset: heads * head,
        value_offset: 2 * heads * head,
        own: 1,
        causal,
        scale: 1.0 / (head as f32).sqrt(),
        dropout: dropout as f32 / 100.0,
        ..Params::default()
    };
    let numbers =
        |count: u32| (0..count).map(|i| ((i as usize * 7919) % 1009) as f32 / 509.0 - 1.0).collect::<Vec<f32>>();
    let spans = vec![f32::from_bits(0), f32::from_bits(time)];
    let units = [
        griot::kernels::Params::extent(&p, &[]).units,
        griot::kernels::Params::extent(&attention_keys::Params(p), &[]).units,
        griot::kernels::Params::extent(&attention_queries::Params(p), &[]).units,
    ];
    let (packed, out, rows) = (time * p.query_stride, time * heads * head, heads * time);
    SCENE.set(Scene {
        params: bytemuck::cast_slice(bytemuck::bytes_of(&p)).to_vec(),
        units,
        // 0 packed, 1 spans, 2 out, 3 lse, 4 dout, 5 stats, 6 dpacked
        data: vec![
            numbers(packed),
            spans,
            vec![0.0; out as usize],
            vec![0.0; rows as usize],
            numbers(out),
            vec![6.0; 2 * rows as usize],
            vec![0.0; packed as usize],
        ],
    });
}

/// Runs the forward (0), the gradient of keys (1) or of queries (2).
#[unsafe(no_mangle)]
pub extern "C" fn play(which: usize) {
    SCENE.with_borrow_mut(|scene| {
        let kernels: [(&Kernel, [usize; 7]); 3] = [
            (&ATTENTION, [0, 0, 1, 1, 1, 2, 3]),
            (&ATTENTION_KEYS, [0, 0, 1, 1, 4, 5, 6]),
            (&ATTENTION_QUERIES, [0, 0, 1, 1, 4, 5, 6]),
        ];
        let (kernel, bindings) = kernels[which];
        // SAFETY: each span covers its own vector, which outlives the call; what is written is bound once.
        let spans: Vec<Span<f32>> =
            bindings.iter().map(|&b| unsafe { Span::new(scene.data[b].as_mut_ptr(), scene.data[b].len()) }).collect();
        let call = Call { params: &scene.params, live: &Live::default(), constants: &[], spans: &spans };
        (kernel.cpu)(&call, 0..scene.units[which]);
    });
}

/// The sum of what the kernel wrote.
#[unsafe(no_mangle)]
pub extern "C" fn total(which: usize) -> f64 {
    SCENE.with_borrow(|scene| scene.data[if which == 0 { 2 } else { 6 }].iter().map(|&x| f64::from(x)).sum())
}
