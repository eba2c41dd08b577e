//! The text of a file in `shaders/`, as the library carries it.
//!
//! In: the file's name. Out: its text; in the wasm that ships without comments and indentation, which nobody reads there, and with every line where it
//! stood, so that the line of an error is that of the file. Directives (`//!use`) stay. Done while compiling.
//! Refuses to know WGSL beyond its comments: it has no texts in quotes in which a comment could seem to begin.

/// The text of a file there, by its name without `.wgsl`.
macro_rules! shader {
    ($name:expr) => {{
        const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shaders/", $name, ".wgsl"));
        #[cfg(not(target_arch = "wasm32"))]
        {
            TEXT
        }
        #[cfg(target_arch = "wasm32")]
        {
            const BARE: ([u8; TEXT.len()], usize) = $crate::kernels::shader::bare(TEXT.as_bytes());
            const LENGTH: usize = BARE.1;
            const KEPT: [u8; LENGTH] = $crate::kernels::shader::first(&BARE.0);
            match std::str::from_utf8(&KEPT) {
                Ok(text) => text,
                Err(_) => TEXT,
            }
        }
    }};
}
pub(crate) use shader;

/// A text without comments and without white space at the ends of its lines, and how many bytes that leaves.
#[cfg(any(test, target_arch = "wasm32"))]
pub(crate) const fn bare<const N: usize>(text: &[u8]) -> ([u8; N], usize) {
    let mut out = [0; N];
    let (mut at, mut to, mut line) = (0, 0, 0);
    while at < text.len() {
        let byte = text[at];
        if byte == b'/' && at + 1 < text.len() && text[at + 1] == b'/' {
            // `//!use` is the one comment that says something to us.
            let stays = to == line && at + 3 < text.len() && text[at + 2] == b'!' && text[at + 3] == b'u';
            while at < text.len() && text[at] != b'\n' {
                if stays {
                    out[to] = text[at];
                    to += 1;
                }
                at += 1;
            }
            continue;
        }
        if byte == b'\n' {
            while to > line && out[to - 1] == b' ' {
                to -= 1;
            }
            out[to] = byte;
            to += 1;
            line = to;
        } else if byte != b' ' || to > line {
            out[to] = byte;
            to += 1;
        }
        at += 1;
    }
    (out, to)
}

/// The first bytes of a text.
#[cfg(any(test, target_arch = "wasm32"))]
pub(crate) const fn first<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    let mut at = 0;
    while at < N {
        out[at] = text[at];
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indentation_go_and_lines_stay() {
        const TEXT: &str = "//! What é it does.\n//!use rng\nfn f() { // why\n    a / b; \n\n    // no\n}\n";
        const BARE: ([u8; TEXT.len()], usize) = bare(TEXT.as_bytes());
        const LENGTH: usize = BARE.1;
        let kept: [u8; LENGTH] = first(&BARE.0);
        let kept = std::str::from_utf8(&kept).unwrap();
        assert_eq!(kept, "\n//!use rng\nfn f() {\na / b;\n\n\n}\n");
        assert_eq!(kept.lines().count(), TEXT.lines().count());
    }
}
