//! Regular expressions as tokenizer files write them (Oniguruma's Ruby syntax) for other engines.
//!
//! In: an expression. Out: one that matches the same in JavaScript (with the flags `gv`) or in fancy-regex: classes of
//! Unicode, spelled out where engines differ, `^` and `$` at lines, case folding of letters written as classes; for
//! JavaScript possessive and atomic groups through a lookahead that captures. What has no counterpart is refused by name.
//! Case folds go one character to one.

use super::folding::{cases, push_literal, push_range};
use super::properties::{LATIN_WORDS, SPACES, WORDS, property};
use crate::{Result, bail};

/// Whose syntax an expression is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// JavaScript's RegExp.
    Browser,
    /// fancy-regex, which has possessive and atomic groups of its own.
    Fancy,
}

/// Writes an expression in an engine's syntax.
///
/// # Errors
/// `unsupported` when it uses what cannot be said there, `bad-file` when it is cut short.
pub fn translate(source: &str, engine: Engine) -> Result<String> {
    let mut translator = Translator {
        engine,
        source,
        chars: source.chars().collect(),
        at: 0,
        out: String::with_capacity(source.len() * 2),
        atoms: 0,
        folds: false,
        dot_all: false,
    };
    translator.alternatives(0)?;
    if translator.at < translator.chars.len() {
        bail!(BadFile, "regular expression {source:?}: a closing parenthesis too many");
    }
    Ok(translator.out)
}

/// Groups may stand this deep in each other.
const DEPTH: usize = 100;

struct Translator<'s> {
    engine: Engine,
    source: &'s str,
    chars: Vec<char>,
    at: usize,
    out: String,
    atoms: usize,
    folds: bool,
    dot_all: bool,
}

impl Translator<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn ahead(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(index, c)| self.chars.get(self.at + index) == Some(&c))
    }

    fn take(&mut self, text: &str) -> bool {
        let is = self.ahead(text);
        if is {
            self.at += text.chars().count();
        }
        is
    }

    fn next(&mut self) -> Result<char> {
        let Some(c) = self.peek() else { bail!(BadFile, "regular expression {:?} is cut short", self.source) };
        self.at += 1;
        Ok(c)
    }

    fn refuse<T>(&self, what: &str) -> Result<T> {
        bail!(Unsupported, "regular expression {:?}: {what} cannot be had in a browser", self.source)
    }

    /// Alternatives up to the end or a closing parenthesis, which is left standing.
    fn alternatives(&mut self, depth: usize) -> Result<()> {
        if depth > DEPTH {
            return self.refuse("groups nested so deep");
        }
        let (folds, dot_all) = (self.folds, self.dot_all);
        while let Some(c) = self.peek() {
            match c {
                ')' => break,
                '|' => {
                    self.at += 1;
                    self.out.push('|');
                }
                _ => {
                    let start = self.out.len();
                    if self.atom(depth)? {
                        self.quantifiers(start)?;
                    }
                }
            }
        }
        (self.folds, self.dot_all) = (folds, dot_all);
        Ok(())
    }

    /// One thing that can be repeated; says no after flags, which cannot.
    fn atom(&mut self, depth: usize) -> Result<bool> {
        match self.next()? {
            '(' => return self.group(depth),
            '[' => {
                let class = self.class(depth)?;
                self.out.push_str(&class);
            }
            '\\' => self.escape()?,
            '.' => self.out.push_str(if self.dot_all { r"[\s\S]" } else { r"[^\n]" }),
            '^' => self.out.push_str(r"(?:(?<![\s\S])|(?<=\n)(?=[\s\S]))"),
            '$' => self.out.push_str(r"(?=\n|(?![\s\S]))"),
            '*' | '+' | '?' => bail!(BadFile, "regular expression {:?}: nothing to repeat", self.source),
            c => self.literal(c),
        }
        Ok(true)
    }

    /// A character that stands for itself, in both cases if case does not count.
    fn literal(&mut self, c: char) {
        let several = self.folds && !cases(c).is_empty();
        if several {
            self.out.push('[');
        }
        push_literal(&mut self.out, c, self.folds);
        if several {
            self.out.push(']');
        }
    }

    fn group(&mut self, depth: usize) -> Result<bool> {
        let mut atomic = None;
        if self.take("?>") {
            atomic = Some(self.out.len());
            self.out.push_str("(?:");
        } else if self.take("?#") {
            while self.next()? != ')' {}
            return Ok(false);
        } else if let Some(open) = ["?:", "?=", "?!", "?<=", "?<!"].into_iter().find(|open| self.ahead(open)) {
            self.take(open);
            self.out.push('(');
            self.out.push_str(open);
        } else if self.take("?<") {
            while self.next()? != '>' {}
            self.out.push_str("(?:");
        } else if self.take("?") {
            return self.flags(depth);
        } else {
            self.out.push_str("(?:"); // captures are not asked for
        }
        self.alternatives(depth + 1)?;
        self.close()?;
        if let Some(start) = atomic {
            self.make_atomic(start);
        }
        Ok(true)
    }

    fn close(&mut self) -> Result<()> {
        if self.next()? != ')' {
            bail!(BadFile, "regular expression {:?}: a group is not closed", self.source);
        }
        self.out.push(')');
        Ok(())
    }

    /// `(?i)` and `(?i:…)`; in Ruby's syntax `m` lets the dot match line ends.
    fn flags(&mut self, depth: usize) -> Result<bool> {
        let (mut folds, mut dot_all, mut on) = (self.folds, self.dot_all, true);
        loop {
            match self.next()? {
                'i' => folds = on,
                'm' => dot_all = on,
                '-' => on = false,
                ')' => {
                    // Holds to the end of the group that it stands in.
                    (self.folds, self.dot_all) = (folds, dot_all);
                    return Ok(false);
                }
                ':' => break,
                other => return self.refuse(&format!("the flag {other}")),
            }
        }
        let before = (self.folds, self.dot_all);
        (self.folds, self.dot_all) = (folds, dot_all);
        self.out.push_str("(?:");
        self.alternatives(depth + 1)?;
        (self.folds, self.dot_all) = before;
        self.close()?;
        Ok(true)
    }

    fn quantifiers(&mut self, start: usize) -> Result<()> {
        let mut first = true;
        loop {
            let counted = match self.peek() {
                Some('*' | '+' | '?') => {
                    if !first {
                        self.wrap(start);
                    }
                    let quantifier = self.next()?;
                    self.out.push(quantifier);
                    false
                }
                Some('{') => {
                    let Some(counts) = self.counts() else { return Ok(()) };
                    if !first {
                        self.wrap(start);
                    }
                    self.out.push_str(&counts);
                    true
                }
                _ => return Ok(()),
            };
            first = false;
            if self.take("?") {
                self.out.push('?');
            } else if !counted && self.take("+") {
                self.make_atomic(start);
            }
        }
    }

    /// `{n}`, `{n,}`, `{n,m}`, `{,m}`; anything else in braces is text.
    fn counts(&mut self) -> Option<String> {
        let rest: String = self.chars.get(self.at + 1..)?.iter().take_while(|&&c| c != '}').take(20).collect();
        let (low, high) = rest.split_once(',').map_or((rest.as_str(), None), |(low, high)| (low, Some(high)));
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        if !digits(low) || !high.is_none_or(digits) || (low.is_empty() && high.is_none_or(str::is_empty)) {
            return None;
        }
        if let (Ok(low), Some(Ok(high))) = (low.parse::<u32>(), high.map(str::parse::<u32>))
            && low > high
        {
            return None;
        }
        self.at += rest.chars().count() + 2;
        let low = if low.is_empty() { "0" } else { low };
        Some(match high {
            Some(high) => format!("{{{low},{high}}}"),
            None => format!("{{{low}}}"),
        })
    }

    fn wrap(&mut self, start: usize) {
        self.out.insert_str(start, "(?:");
        self.out.push(')');
    }

    /// What was written from `start` on shall not give anything back: a lookahead captures it, then it is taken.
    fn make_atomic(&mut self, start: usize) {
        if self.engine == Engine::Fancy {
            self.out.insert_str(start, "(?>");
            return self.out.push(')');
        }
        self.atoms += 1;
        let name = format!("atom{}", self.atoms);
        self.out.insert_str(start, &format!("(?:(?=(?<{name}>"));
        self.out.push_str(&format!("))\\k<{name}>)"));
    }

    /// After a backslash, outside a class.
    fn escape(&mut self) -> Result<()> {
        let c = self.next()?;
        match c {
            'A' => self.out.push_str(r"(?<![\s\S])"),
            'z' => self.out.push_str(r"(?![\s\S])"),
            'Z' => self.out.push_str(r"(?=\n?(?![\s\S]))"),
            'b' | 'B' => {
                let words = format!("[{WORDS}{LATIN_WORDS}]");
                let (after, before) = if c == 'b' { ("!", "=") } else { ("=", "!") };
                self.out.push_str(&format!("(?:(?<={words})(?{after}{words})|(?<!{words})(?{before}{words}))"));
            }
            'O' => self.out.push_str(r"[\s\S]"),
            'N' => self.out.push_str(r"[^\n]"),
            'R' => {
                let start = self.out.len();
                self.out.push_str(r"(?:\r\n|[\n-\r\u{85}\u{2028}\u{2029}])");
                self.make_atomic(start);
            }
            _ => match self.in_class(c)? {
                // What counts among the characters of words outside a class alone.
                Item::Class(list) => self.out.push_str(&list.replace(WORDS, &format!("{WORDS}{LATIN_WORDS}"))),
                Item::Char(c) => self.literal(c),
            },
        }
        Ok(())
    }

    /// After a backslash: a class, written as a nested one, or a character.
    fn in_class(&mut self, c: char) -> Result<Item> {
        let class = |list: &str, negated: bool| Item::Class(format!("[{}{list}]", if negated { "^" } else { "" }));
        Ok(match c {
            'd' | 'D' => class(r"\p{Nd}", c == 'D'),
            'w' | 'W' => class(WORDS, c == 'W'),
            's' | 'S' => class(SPACES, c == 'S'),
            'h' | 'H' => class("0-9a-fA-F", c == 'H'),
            'p' | 'P' => {
                if self.next()? != '{' {
                    return self.refuse("a property without braces");
                }
                let negated = self.take("^") != (c == 'P');
                let mut name = String::new();
                loop {
                    match self.next()? {
                        '}' => break,
                        c => name.push(c),
                    }
                }
                class(&property(&name), negated)
            }
            'n' => Item::Char('\n'),
            'r' => Item::Char('\r'),
            't' => Item::Char('\t'),
            'f' => Item::Char('\u{c}'),
            'v' => Item::Char('\u{b}'),
            'a' => Item::Char('\u{7}'),
            'e' => Item::Char('\u{1b}'),
            '0' => Item::Char('\0'),
            'x' if self.take("{") => {
                let mut digits = String::new();
                loop {
                    match self.next()? {
                        '}' => break,
                        c => digits.push(c),
                    }
                }
                Item::Char(self.code(&digits)?)
            }
            'x' | 'u' => {
                let count = if c == 'x' { 2 } else { 4 };
                let digits = (0..count).map(|_| self.next()).collect::<Result<String>>()?;
                Item::Char(self.code(&digits)?)
            }
            c if !c.is_ascii_alphanumeric() => Item::Char(c),
            c => return self.refuse(&format!("\\{c}")),
        })
    }

    fn code(&self, digits: &str) -> Result<char> {
        match u32::from_str_radix(digits, 16).ok().and_then(char::from_u32) {
            Some(c) => Ok(c),
            None => bail!(BadFile, "regular expression {:?}: {digits:?} is no character", self.source),
        }
    }

    /// A class, after its opening bracket.
    fn class(&mut self, depth: usize) -> Result<String> {
        if depth > DEPTH {
            return self.refuse("classes nested so deep");
        }
        let negated = self.take("^");
        let mut sides = vec![String::new()];
        let mut first = true;
        loop {
            if self.take("&&") {
                sides.push(String::new());
                continue;
            }
            let c = self.next()?;
            let item = match c {
                ']' if !first => break,
                '[' if self.ahead(":") => Item::Class(self.posix()?),
                '[' => Item::Class(self.class(depth + 1)?),
                '\\' => {
                    let c = self.next()?;
                    if c == 'b' { Item::Char('\u{8}') } else { self.in_class(c)? }
                }
                c => Item::Char(c),
            };
            first = false;
            let folds = self.folds;
            let low = match item {
                Item::Class(class) => {
                    if let Some(side) = sides.last_mut() {
                        side.push_str(&class);
                    }
                    continue;
                }
                Item::Char(low) => low,
            };
            let ranges = self.ahead("-") && self.chars.get(self.at + 1).is_some_and(|&c| c != ']' && c != '[');
            let mut high = low;
            if ranges {
                self.at += 1;
                high = match self.next()? {
                    '\\' => {
                        let c = self.next()?;
                        match self.in_class(c)? {
                            Item::Char(high) => high,
                            Item::Class(_) => return self.refuse("a range up to a class"),
                        }
                    }
                    c => c,
                };
            }
            if let Some(side) = sides.last_mut() {
                push_range(side, low, high, folds);
            }
        }
        let negation = if negated { "^" } else { "" };
        Ok(match sides.as_slice() {
            [only] => format!("[{negation}{only}]"),
            several => {
                let nested: Vec<String> = several.iter().map(|side| format!("[{side}]")).collect();
                format!("[{negation}{}]", nested.join("&&"))
            }
        })
    }

    /// `[:alpha:]`, after its first bracket.
    fn posix(&mut self) -> Result<String> {
        self.at += 1;
        let negated = self.take("^");
        let mut name = String::new();
        while !self.take(":]") {
            name.push(self.next()?);
        }
        // In brackets punctuation has the symbols with it, as a property it has not.
        let list = if name == "punct" { r"\p{P}\p{S}".to_owned() } else { property(&name) };
        Ok(format!("[{}{list}]", if negated { "^" } else { "" }))
    }
}

enum Item {
    Class(String),
    Char(char),
}
