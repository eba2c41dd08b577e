//! T5: both stacks, attention across, relative positions.

use griot::nn::Shape;

use crate::golden::Golden;
use crate::rig::{Inputs, devices, gradients, play};

fn batch(golden: &Golden) -> (Shape, Inputs, Vec<bool>) {
    let (sizes, ids) = golden.ids("in.input_ids");
    let mask = golden.ids("in.attention_mask").1;
    let (decoder_sizes, decoder) = golden.ids("in.decoder_input_ids");
    let mut inputs = Inputs::default();
    inputs.ids("encoder.ids", &ids);
    inputs.mask("encoder.", &mask, sizes[1], None);
    inputs.ids("ids", &decoder);
    inputs.mask("", &vec![1; decoder.len()], decoder_sizes[1], None);
    inputs.targets(&golden.ids("in.labels").1);
    let shape = Shape { batch: sizes[0], time: decoder_sizes[1], source: sizes[1], ..Shape::default() };
    (shape, inputs, mask.iter().map(|&m| m == 1).collect())
}

#[test]
fn t5_gives_the_reference_numbers_and_gradients() {
    let golden = Golden::open("t5");
    let (shape, inputs, seen) = batch(&golden);
    for (device_name, device) in devices() {
        let with_maps = Shape { maps: true, ..shape.clone() };
        let found = play(&golden, &device, &with_maps, false, &inputs, |site| {
            let outputs = site.forward();
            let mut kept = vec![("out.logits".to_owned(), site.logits(&outputs))];
            for (name, list) in [
                ("decoder_hidden_states", &outputs.hidden),
                ("encoder_hidden_states", &outputs.encoder_hidden),
                ("decoder_attentions", &outputs.maps),
                ("encoder_attentions", &outputs.encoder_maps),
                ("cross_attentions", &outputs.cross_maps),
            ] {
                kept.extend(list.iter().enumerate().map(|(at, &tensor)| (format!("out.{name}.{at}"), tensor)));
            }
            kept
        });
        assert_eq!(found.len(), 1 + 6 + 6, "{:?}", found.keys());
        for (name, got) in &found {
            let expected = golden.numbers(name);
            let places = match name {
                name if name.contains("encoder_hidden") => Some(seen.clone()),
                name if name.contains("encoder_attentions") => {
                    let heads = got.len() / (seen.len() * shape.source);
                    Some(seen.chunks(shape.source).flat_map(|row| row.repeat(heads)).collect())
                }
                _ => None,
            };
            golden.agree(&format!("{name} on {device_name}"), got, &expected, places.as_deref(), 1e-4);
        }
        gradients(&golden, &device, &device_name, &shape, &inputs);
    }
}
