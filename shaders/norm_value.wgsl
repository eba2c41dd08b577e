// One number of what norm gives, by its row's mean and rstd: the same text on the way there and where it is written again.
// Who uses it has p.scaled, p.shifted, p.offset, and the bindings `scale` and `bias`.

fn norm_value(x: f32, mean: f32, rstd: f32, c: u32) -> f32 {
    var out = (x - mean) * rstd;
    if (p.scaled == 1u) {
        out *= scale[c] + p.offset;
    }
    if (p.shifted == 1u) {
        out += bias[c];
    }
    return out;
}
