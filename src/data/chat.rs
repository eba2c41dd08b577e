//! Conversations: only what the assistant says is learned.
//!
//! In: messages and a template. Out: the text that the template makes of them, and which stretches of it are the assistant's: what
//! `{% generation %}` blocks print, or, in a template without any, what each of the assistant's messages adds to the text before it
//! with its prompt to answer, found a message at a time. Refuses to know tokens.

use std::ops::Range;

use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::tokenizer::chat::{ChatOptions, ChatTemplate};
use crate::{bail, ensure};

/// A conversation that is being written.
#[derive(Debug)]
pub struct Talk {
    messages: Value,
    text: Option<String>,
    spans: Vec<Range<usize>>,
}

impl Talk {
    /// Takes the messages.
    ///
    /// # Errors
    /// `bad-input` where they are no list, or the assistant has none.
    pub fn new(messages: Value) -> Result<Talk> {
        let Some(list) = messages.as_array() else { bail!(BadInput, "train: messages: a list is wanted") };
        ensure!(
            list.iter().any(says),
            BadInput,
            "train: a conversation without a message of the assistant's teaches nothing"
        );
        Ok(Talk { messages, text: None, spans: Vec::new() })
    }

    /// Writes all of it, then at each call what one of the assistant's messages adds, the last one first; `true`: nothing is left.
    ///
    /// # Errors
    /// `bad-input` where the template cannot write it, or does not write it as its beginning goes on.
    pub fn advance(&mut self, template: &ChatTemplate, options: &ChatOptions) -> Result<bool> {
        let whole = ChatOptions { add_generation_prompt: false, ..options.clone() };
        let Some(text) = &self.text else {
            let (text, spans) = template.render_spans(&self.messages, &whole)?;
            self.text = Some(text);
            let told = spans.is_some();
            self.spans = spans.unwrap_or_default();
            return Ok(told);
        };
        let Some(at) = self.messages.as_array().and_then(|list| list.iter().rposition(says)) else {
            self.spans.reverse();
            return Ok(true);
        };
        let mut up_to = |count: usize, how: &ChatOptions| {
            self.messages.as_array_mut().into_iter().for_each(|list| list.truncate(count));
            template.render(&self.messages, how)
        };
        let after = up_to(at + 1, &whole)?;
        let before = up_to(at, &ChatOptions { add_generation_prompt: true, ..whole })?;
        if !(after.starts_with(&before) && text.starts_with(&after)) {
            let message = "train: the chat template does not write a conversation as its beginning goes on";
            return Err(Error::new(Kind::BadInput, message)
                .hint("mark what the assistant says with {% generation %} and {% endgeneration %}"));
        }
        self.spans.push(before.len()..after.len());
        Ok(false)
    }

    /// The text of what was written, and the assistant's bytes of it.
    pub fn finish(self) -> (String, Vec<Range<usize>>) {
        (self.text.unwrap_or_default(), self.spans)
    }
}

fn says(message: &Value) -> bool {
    message.get("role").and_then(Value::as_str) == Some("assistant")
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

    fn written(template: &ChatTemplate, messages: Value) -> Result<(String, Vec<Range<usize>>)> {
        let mut talk = Talk::new(messages)?;
        while !talk.advance(template, &ChatOptions::default())? {}
        Ok(talk.finish())
    }

    fn said(source: &str, messages: &Value) -> Vec<String> {
        let template = ChatTemplate::new(source).unwrap();
        let (text, spans) = written(&template, messages.clone()).unwrap();
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
        let refused = written(&template, talk());
        assert_eq!(refused.unwrap_err().code(), "bad-input");
        let plain = ChatTemplate::new(PLAIN).unwrap();
        let alone = written(&plain, json!([{"role": "user", "content": "Qui?"}]));
        assert_eq!(alone.unwrap_err().code(), "bad-input");
    }
}
