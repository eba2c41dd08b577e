// The place of each token in its sequence: tokens already in the cache, plus its place in this batch, less the left padding.
//!use live

const PAST: u32 = 5u;

struct Params {
    rows: u32, // B
    time: u32, // T
}

@group(0) @binding(0) var<storage, read> spans: array<u32>; // (B, 2): first valid place, end
@group(0) @binding(1) var<storage, read_write> positions: array<u32>; // (B, T)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(64)
fn positions_fill(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + thread;
    if (i >= p.rows * p.time) {
        return;
    }
    let place = live(PAST) + i % p.time;
    let first = spans[(i / p.time) * 2u];
    positions[i] = select(0u, place - first, place >= first);
}
