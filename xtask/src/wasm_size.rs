//! Says which crate the bytes of a wasm file belong to.
//!
//! In: the raw file with its name section. Out: bytes of code by crate, largest first, and bytes of data.
//! A function belongs to the crate that its mangled name begins with; a method of a trait to the crate of its type.
//! It refuses to guess: what has no Rust name is counted under `(other)`.

use std::collections::{BTreeMap, HashMap};

/// Bytes by crate, largest first; `(data)` and `(other)` are among them.
pub fn by_crate(wasm: &[u8]) -> Option<Vec<(String, usize)>> {
    let (mut imported, mut sizes, mut names, mut data) = (0, Vec::new(), HashMap::new(), 0);
    let mut file = Reader { bytes: wasm.get(8..)? };
    while !file.bytes.is_empty() {
        let id = file.byte()?;
        let length = file.number()?;
        let mut section = Reader { bytes: file.take(length)? };
        match id {
            0 if section.text()? == "name" => names = function_names(section)?,
            2 => imported = imported_functions(&mut section)?,
            10 => {
                for _ in 0..section.number()? {
                    let size = section.number()?;
                    section.take(size)?;
                    sizes.push(size);
                }
            }
            11 => data = length,
            _ => {}
        }
    }
    let mut crates = BTreeMap::from([("(data)".to_string(), data)]);
    for (index, size) in sizes.into_iter().enumerate() {
        let name = names.get(&(imported + index)).and_then(|name| crate_of(name)).unwrap_or("(other)");
        *crates.entry(name.to_string()).or_default() += size;
    }
    let mut crates: Vec<_> = crates.into_iter().collect();
    crates.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Some(crates)
}

/// The crate of a mangled name: `_ZN4wgpu3api…` or `_ZN82_$LT$wgpu..api..Device$u20$as…`.
fn crate_of(name: &str) -> Option<&str> {
    let path = name.strip_prefix("_ZN")?.trim_start_matches(|c: char| c.is_ascii_digit());
    let mut path = path.trim_start_matches('_');
    while let Some(rest) = path.strip_prefix('$') {
        // `$LT$`, `$RF$`, `$u5b$` and their like stand before the type.
        path = rest.split_once('$')?.1.trim_start_matches("mut ");
    }
    let end = path.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(path.len());
    // In a plain path the next segment's length follows without a separator: `4wgpu3api`.
    let first = &path[..end];
    let plain = name.strip_prefix("_ZN")?;
    let digits: String = plain.chars().take_while(char::is_ascii_digit).collect();
    let length: usize = digits.parse().ok()?;
    if plain[digits.len()..].starts_with('_') { Some(first) } else { plain.get(digits.len()..digits.len() + length) }
}

fn function_names(mut section: Reader) -> Option<HashMap<usize, String>> {
    let mut names = HashMap::new();
    while !section.bytes.is_empty() {
        let kind = section.byte()?;
        let length = section.number()?;
        let mut part = Reader { bytes: section.take(length)? };
        if kind == 1 {
            for _ in 0..part.number()? {
                let index = part.number()?;
                names.insert(index, part.text()?.to_string());
            }
        }
    }
    Some(names)
}

fn imported_functions(section: &mut Reader) -> Option<usize> {
    let mut functions = 0;
    for _ in 0..section.number()? {
        section.text()?;
        section.text()?;
        match section.byte()? {
            0 => {
                section.number()?;
                functions += 1;
            }
            1 => {
                section.byte()?;
                section.limits()?;
            }
            2 => section.limits()?,
            _ => {
                section.take(2)?;
            }
        }
    }
    Some(functions)
}

/// Reads the few forms that a wasm file is made of.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn number(&mut self) -> Option<usize> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn limits(&mut self) -> Option<()> {
        let bounded = self.byte()? & 1 == 1;
        self.number()?;
        if bounded {
            self.number()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::crate_of;

    #[test]
    fn a_mangled_name_tells_its_crate() {
        assert_eq!(crate_of("_ZN4wgpu3api6device17h0123456789abcdefE"), Some("wgpu"));
        assert_eq!(crate_of("_ZN60_$LT$wgpu..api..Device$u20$as$u20$core..fmt..Debug$GT$3fmt17hE"), Some("wgpu"));
        assert_eq!(
            crate_of("_ZN53_$LT$$RF$serde_json..Value$u20$as$u20$core..fmt..Debug$GT$3fmt17hE"),
            Some("serde_json")
        );
        assert_eq!(crate_of("memcpy"), None);
    }
}
