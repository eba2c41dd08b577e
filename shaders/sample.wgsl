// The next token of a sequence from its logits: the processors in transformers' order, then a draw. A workgroup a sequence.
//!use live
//!use rng
//!use reduce
//!use select
//!use sample_filters

const THREADS: u32 = 256u;
const POSITION: u32 = 16u; // of the live words; the next eight follow it
const TEMPERATURE: u32 = 17u;
const TOP_K: u32 = 18u;
const TOP_P: u32 = 19u;
const MIN_P: u32 = 20u;
const TYPICAL_P: u32 = 21u;
const REPETITION: u32 = 22u;
const FREQUENCY: u32 = 23u;
const PRESENCE: u32 = 24u;

struct Params {
    rows: u32, // B
    vocab: u32, // V
    counted: u32, // 1: `counts` penalise
    biased: u32, // 1: plus `bias`
    mask_words: u32, // of a sequence's mask, 0: none
    out: u32, // the bits of minus infinity: the score of a token that is out
}

@group(0) @binding(0) var<storage, read> logits: array<f32>; // (B, V)
@group(0) @binding(1) var<storage, read> counts: array<u32>; // (B, V): times made, bit 31: stands in the prompt
@group(0) @binding(2) var<storage, read> bias: array<f32>; // (V)
@group(0) @binding(3) var<storage, read> control: array<u32>; // (B, 2 + W): seed, first position, mask
@group(0) @binding(4) var<storage, read_write> scores: array<u32>; // (B, V): bits of numbers
@group(0) @binding(5) var<storage, read_write> ids: array<u32>; // (B)
@group(0) @binding(6) var<storage, read_write> logprobs: array<f32>; // (B), before the processors
@group(1) @binding(0) var<uniform> p: Params;

var<private> best: f32; // score
var<private> log_sum: f32; // of e to the scores
var<private> surprise: f32; // mean of it
var<workgroup> chosen: u32;

fn processed(row: u32, v: u32) -> u32 {
    let at = row * p.vocab + v;
    var score = logits[at];
    let line = row * (2u + p.mask_words) + 2u;
    if (p.mask_words > 0u && ((control[line + v / 32u] >> (v % 32u)) & 1u) == 0u) {
        return p.out;
    }
    if (bitcast<u32>(score) == p.out) {
        return p.out;
    }
    if (p.biased == 1u) {
        score += bias[v];
    }
    if (p.counted == 1u) {
        let penalty = live_f32(REPETITION);
        if (counts[at] > 0u && penalty > 0.0) {
            score = select(score / penalty, score * penalty, score < 0.0);
        }
        let made = f32(counts[at] & 0x7fffffffu);
        score -= live_f32(FREQUENCY) * made + live_f32(PRESENCE) * min(made, 1.0);
    }
    return bitcast<u32>(score);
}

// Draws by the tokens' shares in the order of their ids: each invocation has a stretch of them.
fn draw(row: u32, start: u32, thread: u32) {
    let each = (p.vocab + THREADS - 1u) / THREADS;
    let end = min((thread + 1u) * each, p.vocab);
    storageBarrier();
    var own = 0.0;
    for (var v = thread * each; v < end; v++) {
        own += share(scores[start + v]);
    }
    workgroupBarrier();
    reduce_memory[thread] = own;
    workgroupBarrier();
    var before = 0.0;
    var whole = 0.0;
    for (var other = 0u; other < THREADS; other++) {
        if (other == thread) {
            before = whole;
        }
        whole += reduce_memory[other];
    }
    let line = row * (2u + p.mask_words);
    let word = threefry(vec2<u32>(control[line], 0u), vec2<u32>(control[line + 1u] + live(POSITION), 0u)).x;
    let goal = unit(word) * whole;
    if (own > 0.0 && before <= goal && goal < before + own) {
        for (var v = thread * each; v < end; v++) {
            let weight = share(scores[start + v]);
            if (weight > 0.0) {
                chosen = v;
                if (goal < before + weight) {
                    break;
                }
                before += weight;
            }
        }
    }
}

@compute @workgroup_size(THREADS)
fn sample(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let row = group.x;
    let start = row * p.vocab;
    var raw_best = -3.4e38;
    var raw_sum = 0.0;
    var own_best = -3.4e38;
    var own_id = 0u;
    let temperature = live_f32(TEMPERATURE);
    for (var v = thread; v < p.vocab; v += THREADS) {
        let logit = logits[start + v];
        if (logit > raw_best) {
            raw_sum = raw_sum * exp(raw_best - logit) + 1.0;
            raw_best = logit;
        } else {
            raw_sum += exp(logit - raw_best);
        }
        var bits = processed(row, v);
        if (bits != p.out) {
            if (temperature > 0.0) {
                bits = bitcast<u32>(bitcast<f32>(bits) / temperature);
            }
            if (bitcast<f32>(bits) > own_best) {
                own_best = bitcast<f32>(bits);
                own_id = v;
            }
        }
        scores[start + v] = bits;
    }
    let raw_most = reduce_max(thread, raw_best);
    let raw_log = log(reduce_sum(thread, raw_sum * exp(raw_best - raw_most)));
    best = reduce_max(thread, own_best);
    // Ids are exact as numbers; the lowest of equals wins.
    let first = -reduce_max(thread, select(-16777216.0, -f32(own_id), own_best == best));
    if (thread == 0u) {
        chosen = u32(first);
    }
    if (temperature > 0.0) {
        filtered(start, thread);
        draw(row, start, thread);
    }
    workgroupBarrier();
    if (thread == 0u) {
        ids[row] = chosen;
        // In this order, so that a probability near 1 keeps its digits.
        logprobs[row] = logits[start + chosen] - raw_most - raw_log;
    }
}
