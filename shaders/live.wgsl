// The live words: what varies from step to step, written once per step. Their places are named in src/kernels/live.rs.
@group(1) @binding(1) var<uniform> live_words: array<vec4<u32>, 16>;

fn live(place: u32) -> u32 {
    return live_words[place / 4u][place % 4u];
}

fn live_f32(place: u32) -> f32 {
    return bitcast<f32>(live(place));
}
