// Which bucket a distance falls into; see src/kernels/relative_bias.rs.

struct Params {
    heads: u32,
    reach: u32, // R
    buckets: u32,
    exact: u32, // the first this many distances have a bucket each
    side: u32, // buckets of one direction
    accumulate: u32,
    e0: u32,
    e1: u32,
    e2: u32,
    e3: u32,
    e4: u32,
    e5: u32,
    e6: u32,
    e7: u32,
    e8: u32,
    e9: u32,
    e10: u32,
    e11: u32,
    e12: u32,
    e13: u32,
    e14: u32,
    e15: u32,
    e16: u32,
    e17: u32,
    e18: u32,
    e19: u32,
    e20: u32,
    e21: u32,
    e22: u32,
    e23: u32,
    e24: u32,
    e25: u32,
    e26: u32,
    e27: u32,
    e28: u32,
    e29: u32,
    e30: u32,
}

@group(1) @binding(0) var<uniform> p: Params;

fn past_edge(near: u32, edges: vec4<u32>) -> u32 {
    let past = select(vec4<u32>(), vec4<u32>(1u), vec4<u32>(near) >= edges);
    return past.x + past.y + past.z + past.w;
}

// The bucket of column `at` of (H, 2R - 1).
fn bucket(at: u32) -> u32 {
    let distance = i32(at) - i32(p.reach) + 1;
    var near = u32(max(-distance, 0));
    var first = 0u;
    if (p.side < p.buckets) {
        near = u32(abs(distance));
        if (distance > 0) {
            first = p.side;
        }
    }
    if (near < p.exact) {
        return first + near;
    }
    first += p.exact;
    first += past_edge(near, vec4<u32>(p.e0, p.e1, p.e2, p.e3));
    first += past_edge(near, vec4<u32>(p.e4, p.e5, p.e6, p.e7));
    first += past_edge(near, vec4<u32>(p.e8, p.e9, p.e10, p.e11));
    first += past_edge(near, vec4<u32>(p.e12, p.e13, p.e14, p.e15));
    first += past_edge(near, vec4<u32>(p.e16, p.e17, p.e18, p.e19));
    first += past_edge(near, vec4<u32>(p.e20, p.e21, p.e22, p.e23));
    first += past_edge(near, vec4<u32>(p.e24, p.e25, p.e26, p.e27));
    return first + past_edge(near, vec4<u32>(p.e28, p.e29, p.e30, 0xffffffffu));
}
