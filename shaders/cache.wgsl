// Writes keys and values of new positions into the cache, after the live past. One thread a number.
//!use live

struct Params {
    batch: u32,
    time: u32,
    stride: u32, // of a packed position
    offset: u32, // of its keys
    width: u32, // keys and values together
    capacity: u32,
}

@group(0) @binding(0) var<storage, read> packed: array<f32>; // (B, T, stride)
@group(0) @binding(1) var<storage, read> places: array<u32>; // (B)
@group(0) @binding(2) var<storage, read_write> cache_words: array<f32>; // (blocks, capacity, width)
@group(1) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(256)
fn cache(
    @builtin(workgroup_id) wg: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (wg.y * groups.x + wg.x) * 256u + thread;
    let row = i / p.width;
    if (row >= p.batch * p.time) {
        return;
    }
    let b = row / p.time;
    let at = live(5u) + row % p.time;
    if (at < p.capacity) {
        cache_words[(places[b] * p.capacity + at) * p.width + i % p.width] = packed[row * p.stride + p.offset + i % p.width];
    }
}
