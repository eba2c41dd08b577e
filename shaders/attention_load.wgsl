// Four numbers of a query or a key at once; past the head they are 0. Wants HEAD, `query` and `keys`.

fn four_of_query(at: u32, d: u32) -> vec4<f32> {
    if (HEAD % 4u == 0u || d + 4u <= HEAD) {
        return vec4<f32>(query[at + d], query[at + d + 1u], query[at + d + 2u], query[at + d + 3u]);
    }
    var v = vec4<f32>(query[at + d], 0.0, 0.0, 0.0);
    if (d + 1u < HEAD) { v.y = query[at + d + 1u]; }
    if (d + 2u < HEAD) { v.z = query[at + d + 2u]; }
    return v;
}

fn four_of_keys(at: u32, d: u32) -> vec4<f32> {
    if (HEAD % 4u == 0u || d + 4u <= HEAD) {
        return vec4<f32>(keys[at + d], keys[at + d + 1u], keys[at + d + 2u], keys[at + d + 3u]);
    }
    var v = vec4<f32>(keys[at + d], 0.0, 0.0, 0.0);
    if (d + 1u < HEAD) { v.y = keys[at + d + 1u]; }
    if (d + 2u < HEAD) { v.z = keys[at + d + 2u]; }
    return v;
}
