// Finds where a ranking of V tokens must be cut so that the best weigh at least `goal`, four bits of the key at a time.
// The using file declares THREADS and `ranked(mode, start, v)`: a key, greater is better and 0 is out, and a weight.
struct Ranked {
    key: u32,
    weight: f32,
}

struct Cut {
    key: u32, // the last key that stays
    above: f32, // what all greater keys weigh
}

var<workgroup> select_bins: array<vec4<f32>, THREADS>;

// Greater numbers have greater keys.
fn select_key(bits: u32) -> u32 {
    return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

fn select_sum(thread: u32, value: vec4<f32>) -> vec4<f32> {
    workgroupBarrier();
    select_bins[thread] = value;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        if (thread < half) {
            select_bins[thread] += select_bins[thread + half];
        }
        workgroupBarrier();
    }
    return select_bins[0];
}

fn select_cut(mode: u32, start: u32, count: u32, thread: u32, goal: f32) -> Cut {
    var cut = Cut(0u, 0.0);
    for (var round = 0u; round < 8u; round++) {
        let shift = 28u - 4u * round;
        var low = vec4<f32>(0.0);
        var below = vec4<f32>(0.0);
        var over = vec4<f32>(0.0);
        var high = vec4<f32>(0.0);
        for (var v = thread; v < count; v += THREADS) {
            let token = ranked(mode, start, v);
            // In two shifts, since the first round has no bits before.
            if (token.key == 0u || ((token.key >> shift) >> 4u) != cut.key) {
                continue;
            }
            let digit = (token.key >> shift) & 15u;
            let lanes = vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(digit & 3u);
            let weights = select(vec4<f32>(0.0), vec4<f32>(token.weight), lanes);
            switch (digit >> 2u) {
                case 0u: {
                    low += weights;
                }
                case 1u: {
                    below += weights;
                }
                case 2u: {
                    over += weights;
                }
                default: {
                    high += weights;
                }
            }
        }
        var bins = array<vec4<f32>, 4>(
            select_sum(thread, low),
            select_sum(thread, below),
            select_sum(thread, over),
            select_sum(thread, high),
        );
        var digit = 15u;
        while (digit > 0u) {
            let weight = bins[digit >> 2u][digit & 3u];
            if (cut.above + weight >= goal) {
                break;
            }
            cut.above += weight;
            digit -= 1u;
        }
        cut.key = (cut.key << 4u) | digit;
    }
    return cut;
}
