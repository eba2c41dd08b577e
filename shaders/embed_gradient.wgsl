// dtable[id] += scale × the rows of dy where that id stands, in their order: a workgroup for an id and 64 columns.
// Four invocations share a column and take every fourth row; their sums are added in a fixed order.

struct Params {
    rows: u32, // N, also the number of slots for different ids
    width: u32, // C
    vocab: u32, // V
    tiles: u32, // of 64 columns
    scale: f32,
    first: u32, // the id of the table's first row
    blank: u32, // this id's row learns nothing
}

@group(0) @binding(0) var<storage, read> buckets: array<u32>; // (1 + N + (N + 1) + N): count, ids, starts, order
@group(0) @binding(1) var<storage, read> dy: array<f32>; // (N, C)
@group(0) @binding(2) var<storage, read_write> dtable: array<f32>; // (V, C)
@group(1) @binding(0) var<uniform> p: Params;

var<workgroup> parts: array<f32, 256>;

@compute @workgroup_size(256)
fn embed_gradient(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = group.y * groups.x + group.x;
    let slot = at / p.tiles;
    if (slot >= min(buckets[0], p.rows)) {
        return;
    }
    let id = buckets[1u + slot];
    let column = at % p.tiles * 64u + thread % 64u;
    let first = buckets[1u + p.rows + slot];
    let last = buckets[2u + p.rows + slot];
    var sum = 0.0;
    if (column < p.width) {
        for (var i = first + thread / 64u; i < last; i += 4u) {
            sum += dy[buckets[2u + 2u * p.rows + i] * p.width + column];
        }
    }
    parts[thread] = sum;
    workgroupBarrier();
    if (thread < 64u && column < p.width && id - p.first < p.vocab && id != p.blank) {
        let whole = (parts[thread] + parts[thread + 64u]) + (parts[thread + 128u] + parts[thread + 192u]);
        dtable[(id - p.first) * p.width + column] += p.scale * whole;
    }
}
