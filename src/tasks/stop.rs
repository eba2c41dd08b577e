//! Stop strings over a stream of text: gives out what can no longer become part of one.
//!
//! Comes in: pieces of text. Goes out: text that is certain, and whether a stop string stood. The stop string itself, and what
//! came after it, is never given out.

/// The strings that end a text, and what is held back.
#[derive(Clone, Debug, Default)]
pub struct Stops {
    strings: Vec<String>,
    held: String,
}

/// What came of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// Text that is certain.
    pub text: String,
    /// A stop string stood.
    pub stopped: bool,
}

impl Stops {
    /// Stops at the first of these strings; empty ones are left out.
    pub fn new(strings: impl IntoIterator<Item = String>) -> Stops {
        Stops { strings: strings.into_iter().filter(|s| !s.is_empty()).collect(), held: String::new() }
    }

    /// Takes a piece and gives what is certain now.
    pub fn push(&mut self, piece: &str) -> Released {
        self.held.push_str(piece);
        let first = self.strings.iter().filter_map(|stop| self.held.find(stop.as_str())).min();
        if let Some(at) = first {
            let text = self.held[..at].to_owned();
            self.held.clear();
            return Released { text, stopped: true };
        }
        let keep = self.strings.iter().map(|stop| overlap(&self.held, stop)).max().unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - keep);
        Released { text: std::mem::replace(&mut self.held, rest), stopped: false }
    }

    /// The end of the stream: what was held back is certain after all.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

/// The length of the longest end of `text` that is a beginning of `stop`.
fn overlap(text: &str, stop: &str) -> usize {
    let lengths = stop.char_indices().map(|(at, _)| at).skip(1);
    lengths.filter(|&length| text.ends_with(&stop[..length])).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stops: &[&str], pieces: &[&str]) -> (String, bool) {
        let mut matcher = Stops::new(stops.iter().map(|s| (*s).to_owned()));
        let mut text = String::new();
        for piece in pieces {
            let released = matcher.push(piece);
            text.push_str(&released.text);
            if released.stopped {
                return (text, true);
            }
        }
        (text + &matcher.finish(), false)
    }

    #[test]
    fn a_stop_string_split_over_pieces_is_seen_and_not_given_out() {
        assert_eq!(run(&["\n\nUser:"], &["Bonjour.\n", "\nUs", "er: et"]), ("Bonjour.".to_owned(), true));
    }

    #[test]
    fn what_only_began_like_a_stop_string_comes_out() {
        assert_eq!(run(&["abc"], &["xa", "ba", "b"]), ("xabab".to_owned(), false));
        assert_eq!(run(&["été"], &["l'ét", "é"]), ("l'".to_owned(), true));
    }

    #[test]
    fn the_earliest_of_several_stops_counts() {
        assert_eq!(run(&["b", "ab"], &["xaby"]), ("x".to_owned(), true));
        assert_eq!(run(&[], &["all", " of it"]), ("all of it".to_owned(), false));
    }
}
