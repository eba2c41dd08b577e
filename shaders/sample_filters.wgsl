// Top-k, top-p, min-p and typical-p over the scores of a sequence, for sample.wgsl, which declares all they name.

fn share(bits: u32) -> f32 {
    if (bits == p.out) {
        return 0.0;
    }
    return exp(bitcast<f32>(bits) - best);
}

fn ranked(mode: u32, start: u32, v: u32) -> Ranked {
    let bits = scores[start + v];
    if (bits == p.out) {
        return Ranked(0u, 0.0);
    }
    if (mode == 0u) {
        return Ranked(select_key(bits), 1.0);
    }
    if (mode == 1u) {
        return Ranked(select_key(bits), share(bits));
    }
    return Ranked(select_key(bitcast<u32>(-abs(log_sum - bitcast<f32>(bits) - surprise))), share(bits));
}

fn total(start: u32, thread: u32) -> f32 {
    var sum = 0.0;
    for (var v = thread; v < p.vocab; v += THREADS) {
        sum += share(scores[start + v]);
    }
    return reduce_sum(thread, sum);
}

fn keep(mode: u32, start: u32, thread: u32, key: u32) {
    for (var v = thread; v < p.vocab; v += THREADS) {
        if (ranked(mode, start, v).key < key) {
            scores[start + v] = p.out;
        }
    }
}

// Of the tokens with the last key that stays, those with the highest ids go until `goal` needs all that are left.
fn break_tie(start: u32, thread: u32, cut: Cut, goal: f32) {
    let each = (p.vocab + THREADS - 1u) / THREADS;
    storageBarrier();
    var own = 0.0;
    for (var v = thread * each; v < min((thread + 1u) * each, p.vocab); v++) {
        own += select(0.0, 1.0, ranked(1u, start, v).key == cut.key);
    }
    workgroupBarrier();
    reduce_memory[thread] = own;
    workgroupBarrier();
    var held = cut.above;
    for (var other = 0u; other < thread; other++) {
        own += reduce_memory[other];
    }
    own -= reduce_memory[thread];
    for (var v = thread * each; v < min((thread + 1u) * each, p.vocab); v++) {
        let token = ranked(1u, start, v);
        if (token.key == cut.key) {
            if (held + own * token.weight >= goal && own > 0.0) {
                scores[start + v] = p.out;
            }
            own += 1.0;
        }
    }
    storageBarrier();
}

fn filtered(start: u32, thread: u32) {
    let top_k = live(TOP_K);
    if (top_k > 0u && top_k < p.vocab) {
        keep(0u, start, thread, select_cut(0u, start, p.vocab, thread, f32(top_k)).key);
    }
    let top_p = live_f32(TOP_P);
    if (top_p > 0.0 && top_p < 1.0) {
        let goal = top_p * total(start, thread);
        let cut = select_cut(1u, start, p.vocab, thread, goal);
        keep(1u, start, thread, cut.key);
        break_tie(start, thread, cut, goal);
    }
    let min_p = live_f32(MIN_P);
    if (min_p > 0.0) {
        for (var v = thread; v < p.vocab; v += THREADS) {
            let bits = scores[start + v];
            if (share(bits) < min_p && bitcast<f32>(bits) < best) {
                scores[start + v] = p.out;
            }
        }
    }
    let typical_p = live_f32(TYPICAL_P);
    if (typical_p > 0.0 && typical_p < 1.0) {
        let whole = total(start, thread);
        log_sum = best + log(whole);
        var sum = 0.0;
        for (var v = thread; v < p.vocab; v += THREADS) {
            let weight = share(scores[start + v]);
            if (weight > 0.0) {
                sum += weight * (log_sum - bitcast<f32>(scores[start + v]));
            }
        }
        surprise = reduce_sum(thread, sum) / whole;
        keep(2u, start, thread, select_cut(2u, start, p.vocab, thread, typical_p * whole).key);
    }
}
