//! Conversations: only what the assistant says is learned.
//!
//! In: messages and a template. Out: the text that the template makes of them, and which stretches of it are the assistant's: what
//! `{% generation %}` blocks print, or, in a template without any, what each of the assistant's messages adds to the text before it
//! with its prompt to answer. Refuses to know tokens.

use std::ops::Range;

use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::tokenizer::chat::{ChatOptions, ChatTemplate};
use crate::{bail, ensure};

/// The text of a conversation, and the assistant's bytes of it.
pub fn assistant_spans(
    template: &ChatTemplate,
    messages: &Value,
    options: &ChatOptions,
) -> Result<(String, Vec<Range<usize>>)> {
    let Some(list) = messages.as_array() else { bail!(BadInput, "train: messages: a list is wanted") };
    let says = |message: &Value| message.get("role").and_then(Value::as_str) == Some("assistant");
    ensure!(
        list.iter().any(says),
        BadInput,
        "train: a conversation without a message of the assistant's teaches nothing"
    );
    let whole = ChatOptions { add_generation_prompt: false, ..options.clone() };
    let (text, spans) = template.render_spans(messages, &whole)?;
    if let Some(spans) = spans {
        return Ok((text, spans));
    }
    let mut spans = Vec::new();
    for (at, _) in list.iter().enumerate().filter(|(_, message)| says(message)) {
        let up_to = |count: usize| Value::Array(list[..count].to_vec());
        let asked = ChatOptions { add_generation_prompt: true, ..options.clone() };
        let before = template.render(&up_to(at), &asked)?;
        let after = template.render(&up_to(at + 1), &whole)?;
        if !(after.starts_with(&before) && text.starts_with(&after)) {
            let message = "train: the chat template does not write a conversation as its beginning goes on";
            return Err(Error::new(Kind::BadInput, message)
                .hint("mark what the assistant says with {% generation %} and {% endgeneration %}"));
        }
        spans.push(before.len()..after.len());
    }
    Ok((text, spans))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn talk() -> Value {
        json!([
            {"role": "user", "content": "Qui?"},
            {"role": "assistant", "content": "Ada."},
            {"role": "user", "content": "Où?"},
            {"role": "assistant", "content": "À Paris."},
        ])
    }

    fn said(source: &str, messages: &Value) -> Vec<String> {
        let template = ChatTemplate::new(source).unwrap();
        let (text, spans) = assistant_spans(&template, messages, &ChatOptions::default()).unwrap();
        spans.into_iter().map(|span| text[span].to_owned()).collect()
    }

    const PLAIN: &str = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
    const MARKED: &str = "{% for m in messages %}\n<{{ m.role }}>\n  {%- if m.role == 'assistant' %}\n  {% generation %}\n{{ m.content }}|\n  {%- endgeneration %}\n  {%- else %}{{ m.content }}{% endif %}\n{% endfor %}";

    #[test]
    fn what_follows_the_prompt_to_answer_is_the_assistant_s() {
        assert_eq!(said(PLAIN, &talk()), ["Ada.</s>", "À Paris.</s>"]);
    }

    #[test]
    fn generation_blocks_say_themselves_what_is_the_assistant_s() {
        assert_eq!(said(MARKED, &talk()), ["Ada.|", "À Paris.|"]);
    }

    #[test]
    fn a_template_that_cannot_be_divided_and_a_talk_without_answers_are_refused() {
        let template =
            ChatTemplate::new("{{ messages|length }}{% for m in messages %}{{ m.content }}{% endfor %}").unwrap();
        let refused = assistant_spans(&template, &talk(), &ChatOptions::default());
        assert_eq!(refused.unwrap_err().code(), "bad-input");
        let plain = ChatTemplate::new(PLAIN).unwrap();
        let alone = assistant_spans(&plain, &json!([{"role": "user", "content": "Qui?"}]), &ChatOptions::default());
        assert_eq!(alone.unwrap_err().code(), "bad-input");
    }
}
