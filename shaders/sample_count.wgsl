// counts[b, ids[b]] += 1: what was made, for the penalties. One thread a sequence.

struct Params {
    rows: u32, // B
    vocab: u32, // V
}

@group(0) @binding(0) var<storage, read> ids: array<u32>; // (B)
@group(0) @binding(1) var<storage, read_write> counts: array<u32>; // (B, V)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(64)
fn sample_count(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    if (row < p.rows && ids[row] < p.vocab) {
        counts[row * p.vocab + ids[row]] += 1u;
    }
}
