//! Which parameters learn: patterns of names, as people write them.
//!
//! In: a pattern and a parameter's name. Out: whether the one stands for the other. A pattern with `*` is the whole name, each star any
//! stretch of it (`transformer.h.0.*`); one without is a part of the name (`lm_head`, `.bias`).
//! It refuses to know what parameters are.

/// Whether a pattern stands for a name.
pub fn stands_for(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return name.contains(pattern) };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match left.find(piece) {
            Some(at) => left = &left[at + piece.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::stands_for;

    #[test]
    fn a_pattern_without_a_star_is_a_part_of_the_name() {
        assert!(stands_for("h.0.", "transformer.h.0.attn.c_attn.bias"));
        assert!(stands_for("lm_head.weight", "lm_head.weight"));
        assert!(!stands_for("h.0.", "transformer.h.10.attn.c_attn.bias"));
    }

    #[test]
    fn a_pattern_with_stars_is_the_whole_name() {
        let name = "transformer.h.0.attn.c_attn.bias";
        for pattern in ["*", "*h.0*", "transformer.h.*", "*.bias", "transformer.*.attn.*.bias", "t*s"] {
            assert!(stands_for(pattern, name), "{pattern}");
        }
        for pattern in ["h.0.*", "*.weight", "transformer.*.mlp.*", "transformer.h.0.attn.c_attn.bias*s", "*bias*bias"]
        {
            assert!(!stands_for(pattern, name), "{pattern}");
        }
    }
}
