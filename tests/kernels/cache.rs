//! The cache takes new positions after the past, in the blocks that the rows were given, and nothing beyond its capacity.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use griot::device::{Device, Signal, Slice};
use griot::graph::Graph;
use griot::kernels::cache::{CACHE, Params};
use griot::kernels::{Case, Live, place};
use griot::ops::{Attention, CacheAppend, Source};
use griot::rng::Rng;

use crate::devices::agree;

#[test]
fn new_positions_lie_after_the_past_and_the_rest_stays() {
    let mut cases = Vec::new();
    for (batch, time, past) in [(1u32, 1u32, 0u32), (3, 5, 2), (2, 9, 6), (1, 3, 11), (2, 2, 40)] {
        let p = Params { batch, time, stride: 20, offset: 8, width: 12, capacity: 11 };
        let places: Vec<u32> = (0..batch).map(|b| (b + 2) % 4).collect();
        let case = Case::new(&CACHE, &p, &[]).uniform((batch * time * 20) as usize, 1.0).u32(places);
        let case = case.output(4 * 11 * 12).live(Live::default().with(place::PAST, past));
        cases.push((format!("{batch} rows of {time} after {past}"), case));
    }
    agree(cases);
}

/// 13 positions of two rows, the second padded on the left by 3, in pieces through the cache: `[first, end)` of each piece.
fn in_pieces(device: &Device, packed: &[f32], pieces: &[(usize, usize)]) -> Vec<f32> {
    let (heads, kv_heads, head, time) = (4, 2, 8, 13);
    let width = (heads + 2 * kv_heads) * head;
    let (blocks, capacity) = (3, 20);
    let words = blocks * capacity * 2 * kv_heads * head;
    let store = pollster::block_on(device.allocate("cache", words)).unwrap();
    device.write(&store, 0, &vec![f32::NAN.to_bits(); words]).unwrap();
    let mut out = vec![0.0; 2 * time * heads * head];
    for &(first, end) in pieces {
        let mut graph = Graph::new();
        let fresh = graph.input("packed", &[2, end - first, width]);
        let (spans, places) = (graph.input("spans", &[2, 2]), graph.input("places", &[2]));
        let shape = [blocks, capacity, 2 * kv_heads * head];
        let cache = graph.state("cache", &shape, Slice { buffer: 0, offset: 0, words });
        graph.apply_into(CacheAppend { heads, kv_heads, head }, &[fresh, places], &[cache], &[false]);
        let attention = Attention { source: Source::Cached, ..Attention::new(heads, kv_heads, head) };
        let mixed = graph.apply(attention, &[fresh, cache, spans, places]).unwrap()[0];
        graph.keep("out", mixed);
        let plan = graph.plan(1, device.limits()).unwrap();
        let mut table = vec![store.clone()];
        for &words in &plan.own {
            table.push(pollster::block_on(device.allocate("plan", words)).unwrap());
        }
        let write = |name: &str, words: &[u32]| {
            let slice = plan.slice(name).unwrap();
            device.write(&table[slice.buffer], slice.offset, words).unwrap();
        };
        let bits = |row: &[f32]| row.iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
        let rows: Vec<u32> =
            packed.chunks(time * width).flat_map(|row| bits(&row[first * width..end * width])).collect();
        write("packed", &rows);
        write("spans", &[0, 20, 3, 20]);
        write("places", &[2, 0]);
        let live = Live::default().with(place::PAST, first as u32);
        let prepared = pollster::block_on(device.prepare(&plan.launches, &table)).unwrap();
        pollster::block_on(device.play(&prepared, &[live], &Signal::default())).unwrap();
        let slice = plan.slice("out").unwrap();
        let words = pollster::block_on(device.read(&table[slice.buffer], slice.offset, slice.words)).unwrap();
        for (b, row) in words.chunks((end - first) * heads * head).enumerate() {
            let at = (b * time + first) * heads * head;
            out[at..at + row.len()].iter_mut().zip(row).for_each(|(out, &word)| *out = f32::from_bits(word));
        }
    }
    out
}

#[test]
fn a_prompt_in_pieces_equals_one_forward() {
    let mut rng = Rng::new(4, 4);
    let packed: Vec<f32> = (0..2 * 13 * 64).map(|_| rng.normal() as f32).collect();
    for (name, device) in crate::devices::all() {
        let whole = in_pieces(&device, &packed, &[(0, 13)]);
        assert!(whole[13 * 32..16 * 32].iter().all(|&x| x == 0.0), "left padding gives zero on {name}");
        for pieces in [vec![(0, 5), (5, 12), (12, 13)], (0..13).map(|t| (t, t + 1)).collect()] {
            let parts = in_pieces(&device, &packed, &pieces);
            for (a, b) in whole.iter().zip(&parts) {
                assert!((a - b).abs() < 2e-6, "{a} at once, {b} in {} pieces on {name}", pieces.len());
            }
        }
    }
}
