//! Properties of characters, as expressions name them, as lists that stand inside a class.
//!
//! In: a name in Oniguruma's spelling. Out: a list that JavaScript and fancy-regex read the same: general categories, a
//! few properties of yes or no, and for any other name a script. Refuses to know whether the engine has it.

/// White space as a list inside a class.
pub(super) const SPACES: &str = r"\t-\r \u{85}\u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";
/// Characters of words as a list inside a class.
pub(super) const WORDS: &str = r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}";
/// What the reference's engine counts among them too, but for inside a class: the fractions and raised digits of Latin-1.
pub(super) const LATIN_WORDS: &str = "²³¹¼½¾";
/// What is neither white space nor a control nor free.
const VISIBLE: &str = r"[^\p{Z}\p{Cc}\p{Cn}\p{Cs}]";

/// Categories and yes-or-no properties by their long names; any other long name is a script's.
const PROPERTIES: [&str; 47] = [
    "Letter",
    "Cased_Letter",
    "Uppercase_Letter",
    "Lowercase_Letter",
    "Titlecase_Letter",
    "Modifier_Letter",
    "Other_Letter",
    "Mark",
    "Nonspacing_Mark",
    "Spacing_Mark",
    "Enclosing_Mark",
    "Number",
    "Decimal_Number",
    "Letter_Number",
    "Other_Number",
    "Connector_Punctuation",
    "Dash_Punctuation",
    "Open_Punctuation",
    "Close_Punctuation",
    "Initial_Punctuation",
    "Final_Punctuation",
    "Other_Punctuation",
    "Symbol",
    "Math_Symbol",
    "Currency_Symbol",
    "Modifier_Symbol",
    "Other_Symbol",
    "Separator",
    "Space_Separator",
    "Line_Separator",
    "Paragraph_Separator",
    "Other",
    "Control",
    "Format",
    "Private_Use",
    "Unassigned",
    "Emoji",
    "Emoji_Presentation",
    "Emoji_Modifier",
    "Emoji_Modifier_Base",
    "Emoji_Component",
    "Extended_Pictographic",
    "Ideographic",
    "Math",
    "ID_Start",
    "ID_Continue",
    "White_Space",
];

/// A property's list inside a class.
pub(super) fn property(name: &str) -> String {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    match plain.to_ascii_lowercase().as_str() {
        "any" => r"\s\S".to_owned(),
        "alpha" | "alphabetic" => r"\p{Alphabetic}".to_owned(),
        "digit" => r"\p{Nd}".to_owned(),
        "alnum" => r"\p{Alphabetic}\p{Nd}".to_owned(),
        "upper" | "uppercase" => r"\p{Uppercase}".to_owned(),
        "lower" | "lowercase" => r"\p{Lowercase}".to_owned(),
        "space" | "whitespace" => SPACES.to_owned(),
        "word" => WORDS.to_owned(),
        "punct" | "punctuation" => r"\p{P}".to_owned(),
        "xdigit" => "0-9a-fA-F".to_owned(),
        "cntrl" => r"\p{Cc}".to_owned(),
        "ascii" => r"\u{0}-\u{7f}".to_owned(),
        "blank" => r"\p{Zs}\t".to_owned(),
        "graph" => VISIBLE.to_owned(),
        "print" => format!(r"\p{{Zs}}{VISIBLE}"),
        lower if lower.len() <= 2 => format!(r"\p{{{}}}", capitalised(lower)),
        _ if name.contains('=') => format!(r"\p{{{name}}}"),
        lower if let Some(own) = PROPERTIES.iter().find(|own| own.to_ascii_lowercase().replace('_', "") == lower) => {
            format!(r"\p{{{own}}}")
        }
        _ => format!(r"\p{{Script={}}}", name.split('_').map(capitalised).collect::<Vec<_>>().join("_")),
    }
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}
