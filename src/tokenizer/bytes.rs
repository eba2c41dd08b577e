//! The 256 printable characters that stand for bytes in byte-level tokens, as GPT-2 chose them.
//!
//! In: a byte or a token. Out: its character or its bytes. Printable Latin-1 stands for itself; the other 68 bytes
//! take the characters from U+0100 on, in order.

use crate::order;

/// Whether a byte stands for itself.
const fn printable(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF)
}

const SYMBOLS: [char; 256] = {
    let mut symbols = ['\0'; 256];
    let (mut byte, mut next) = (0usize, 0u32);
    while byte < 256 {
        symbols[byte] = if printable(byte as u8) {
            byte as u8 as char
        } else {
            next += 1;
            match char::from_u32(0xFF + next) {
                Some(c) => c,
                None => '\0',
            }
        };
        byte += 1;
    }
    symbols
};

const BYTES: [u16; 0x144] = {
    let mut bytes = [NONE; 0x144];
    let mut byte = 0usize;
    while byte < 256 {
        bytes[SYMBOLS[byte] as usize] = byte as u16;
        byte += 1;
    }
    bytes
};

const NONE: u16 = u16::MAX;

/// The character that stands for a byte.
#[inline]
pub fn symbol(byte: u8) -> char {
    SYMBOLS.get(byte as usize).copied().unwrap_or_default()
}

/// The byte that a character stands for.
#[inline]
pub fn byte(symbol: char) -> Option<u8> {
    BYTES.get(symbol as usize).copied().filter(|&byte| byte != NONE).map(|byte| byte as u8)
}

/// Appends the bytes of a token; says no, and appends nothing, when a character stands for none.
pub fn decode_into(token: &str, out: &mut Vec<u8>) -> bool {
    let before = out.len();
    for c in token.chars() {
        match byte(c) {
            Some(byte) => out.push(byte),
            None => {
                out.truncate(before);
                return false;
            }
        }
    }
    true
}

/// The 256 characters in the order of their code points.
pub fn alphabet() -> Vec<char> {
    let mut symbols = SYMBOLS.to_vec();
    order::naturally(&mut symbols);
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_own_symbol() {
        assert_eq!((symbol(b' '), symbol(b'\n'), symbol(b'A'), symbol(0xAD)), ('Ġ', 'Ċ', 'A', 'Ń'));
        assert!((0..=255).all(|b| byte(symbol(b)) == Some(b)));
        assert_eq!((byte('☃'), byte(' ')), (None, None));
    }
}
