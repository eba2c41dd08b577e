//! Attention through the reverse walk: packed, apart, grouped, and with every flag.

use griot::graph::Graph;
use griot::kernels::attention::spans_of_segments;
use griot::kernels::{Live, place};
use griot::ops::{Attention, Source};

use crate::probe::Probe;

fn packed(attention: Attention, batch: usize, time: usize, spans: &[u32]) -> Probe {
    let width = (attention.heads + 2 * attention.kv_heads) * attention.head;
    let shape = if attention.segments { vec![batch, time, 2] } else { vec![batch, 2] };
    Probe::new(&[&[batch, time, width]], move |g, v, ids| {
        let spans = g.view(ids[0], &shape)?;
        let out = g.apply(attention.clone(), &[v[0], v[0], spans])?;
        Ok(vec![out[0]])
    })
    .ids(spans)
}

#[test]
fn packed_attention_has_the_gradient_it_should() {
    packed(Attention::new(2, 1, 4), 2, 5, &[0, 5, 1, 4]).check();
    packed(Attention { causal: false, ..Attention::new(2, 2, 3) }, 2, 4, &[0, 4, 1, 4]).check();
    packed(Attention { window: Some(2), softcap: Some(1.5), scale: 1.0, ..Attention::new(4, 2, 2) }, 1, 6, &[0, 6])
        .check();
}

#[test]
fn segments_and_dropout_have_the_gradient_they_should() {
    let spans = spans_of_segments(&[1, 1, 1, 2, 2, 0], 6);
    packed(Attention { segments: true, ..Attention::new(2, 2, 3) }, 1, 6, &spans).check();
    let mut probe = packed(Attention { dropout: 0.4, stream: 2, ..Attention::new(2, 1, 4) }, 2, 5, &[0, 5, 0, 5]);
    probe.live = Live::default().with(place::SEED, 9).with(place::STEP, 4);
    probe.check();
}

#[test]
fn cross_attention_has_the_gradient_it_should() {
    let attention = Attention { causal: false, source: Source::Cross, ..Attention::new(4, 2, 3) };
    Probe::new(&[&[2, 3, 12], &[2, 5, 12]], move |g: &mut Graph, v, ids| {
        let spans = g.view(ids[0], &[2, 2])?;
        let out = g.apply(attention.clone(), &[v[0], v[1], spans])?;
        Ok(vec![out[0]])
    })
    .ids(&[0, 5, 2, 4])
    .check();
}

/// Memory grows with the length, not with its square.
#[test]
fn a_row_of_16384_positions_needs_less_than_64_megabytes_with_its_gradient() {
    let bytes = |time: usize| {
        let mut graph = Graph::new();
        let packed = graph.variable("packed", &[1, time, 3 * 64]);
        let spans = graph.input("spans", &[1, 2]);
        let out = graph.apply(Attention::new(1, 1, 64), &[packed, packed, spans]).unwrap()[0];
        let seed = graph.input("seed", &[1, time, 64]);
        graph.backward(&[(out, Some(seed))]).unwrap();
        graph.keep("gradient", graph.gradient(packed).unwrap());
        let limits =
            griot::device::Limits { binding_words: 1 << 25, buffer_words: 1 << 26, class: griot::device::Class::Cpu };
        graph.plan(0, limits).unwrap().bytes()
    };
    assert!(bytes(16_384) < 64_000_000, "{} bytes", bytes(16_384));
    assert!(bytes(16_384) <= 2 * bytes(8_192) + 4096, "twice the length takes more than twice the memory");
}
