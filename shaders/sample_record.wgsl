// Keeps what was drawn: each sequence's id for the next step, and id and log-probability in a ring by position.

//!use live

const POSITION: u32 = 16u; // of the live words: where the token was made

struct Params {
    rows: u32, // B
    ring: u32, // W, positions that the ring holds
    start: u32, // where the ring begins
}

@group(0) @binding(0) var<storage, read> ids: array<u32>; // (B)
@group(0) @binding(1) var<storage, read> logprobs: array<f32>; // (B)
@group(0) @binding(2) var<storage, read_write> drawn: array<u32>; // (B), then from `start` on (W, B, 2)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(64)
fn sample_record(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    if (row < p.rows) {
        let at = p.start + 2u * ((live(POSITION) % p.ring) * p.rows + row);
        drawn[row] = ids[row];
        drawn[at] = ids[row];
        drawn[at + 1u] = bitcast<u32>(logprobs[row]);
    }
}
