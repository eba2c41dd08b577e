//! The model's calls that read a text and say something of it.
//!
//! In: texts, how many of the best are wanted. Out: plain objects, typed arrays. Places in texts are UTF-16 code units.

use super::job::{Desk, Job};
use super::model::{Model, tensor};
use super::values::{Plain, options};
use crate::device::Signal;
use crate::tasks::{Pooling, ROWS, Span, Trace, Views};
use js_sys::{Array, Float32Array};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

/// What `embed` may choose, as it crosses.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Pooled {
    pooling: Pooling,
    normalize: bool,
}

impl Default for Pooled {
    fn default() -> Pooled {
        Pooled { pooling: Pooling::default(), normalize: true }
    }
}

/// A list of plain objects.
fn list<T>(of: impl IntoIterator<Item = T>, cross: impl Fn(T) -> Plain) -> Array {
    of.into_iter().map(|one| JsValue::from(cross(one))).collect()
}

fn span(span: &Span) -> Plain {
    let plain = Plain::default().with("text", span.text.as_str());
    let plain = if span.label.is_empty() { plain } else { plain.with("label", span.label.as_str()) };
    plain.with("p", span.p).with("start", span.start as u32).with("end", span.end as u32)
}

fn trace(made: &Trace) -> Plain {
    let layers = list(&made.layers, |layer| {
        let mut plain = Plain::default();
        if let Some(map) = &layer.attention {
            plain = plain.with("attention", tensor(map));
        }
        if let Some(state) = &layer.hidden {
            plain = plain.with("hidden", tensor(state));
        }
        if let Some(lens) = &layer.lens {
            let guess = |(token, p): &(String, f64)| Plain::default().with("token", token.as_str()).with("p", *p);
            plain = plain.with("lens", lens.iter().map(|guesses| list(guesses, guess)).collect::<Array>());
        }
        plain
    });
    let tokens: Array = made.tokens.iter().map(|token| JsValue::from(token.as_str())).collect();
    let mut plain = Plain::default().with("tokens", tokens).with("layers", layers);
    if let Some(encoder) = &made.encoder {
        plain = plain.with("encoder", JsValue::from(trace(encoder)));
    }
    if !made.cross.is_empty() {
        plain = plain.with("cross", made.cross.iter().map(tensor).collect::<Array>());
    }
    plain
}

/// Between two batches of texts: tells how many have their answers, and lets others at the model.
async fn between(desk: &Desk, phase: &str, all: &Array, texts: usize) {
    desk.progress(phase, f64::from(all.length()), Some(texts as f64), false);
    if (all.length() as usize) < texts {
        desk.boundary().await;
    }
}

#[wasm_bindgen]
impl Model {
    /// The log-probability of each token, and the perplexity.
    pub fn score(&self, text: String) -> Job {
        let model = self.inner.clone();
        Job::new(move |_| async move {
            let tokenizer = model.need_tokenizer()?;
            let scored = model.score(&text, &Signal::default()).await?;
            let mean = scored.iter().map(|(_, logprob)| logprob).sum::<f64>() / scored.len() as f64;
            let tokens = list(scored, |(id, logprob)| {
                let token = tokenizer.id_to_token(id).unwrap_or_default();
                Plain::default().with("token", token).with("id", id).with("logprob", logprob)
            });
            Ok(Plain::default().with("tokens", tokens).with("perplexity", (-mean).exp()).into())
        })
    }

    /// For each mask token what may stand there.
    pub fn fill(&self, text: String, top: usize) -> Job {
        let model = self.inner.clone();
        Job::new(move |_| async move {
            let tokenizer = model.need_tokenizer()?;
            let found = model.fill(&text, top, &Signal::default()).await?;
            let fillings = found.into_iter().map(|fillings| {
                list(fillings, |filling| {
                    let token = tokenizer.id_to_token(filling.id).unwrap_or_default();
                    let plain = Plain::default().with("token", token).with("id", filling.id);
                    plain.with("p", filling.p).with("text", filling.text)
                })
            });
            Ok(fillings.collect::<Array>().into())
        })
    }

    /// For each text its labels, the most probable first.
    pub fn classify(&self, texts: Vec<String>, top: Option<usize>) -> Job {
        let model = self.inner.clone();
        Job::new(move |desk| async move {
            let all = Array::new();
            for some in texts.chunks(ROWS) {
                let found = model.classify(some, top.unwrap_or(usize::MAX), &Signal::default()).await?;
                for labels in found {
                    all.push(&list(labels, |(label, p)| Plain::default().with("label", label).with("p", p)));
                }
                between(&desk, "classify", &all, texts.len()).await;
            }
            Ok(all.into())
        })
    }

    /// The entities of a text.
    pub fn tag(&self, text: String) -> Job {
        let model = self.inner.clone();
        Job::new(move |_| async move { Ok(list(&model.tag(&text, &Signal::default()).await?, span).into()) })
    }

    /// The best answers within a context.
    pub fn answer(&self, question: String, context: String, top: usize) -> Job {
        let model = self.inner.clone();
        Job::new(move |_| async move {
            Ok(list(&model.answer(&question, &context, top, &Signal::default()).await?, span).into())
        })
    }

    /// One vector for each text.
    pub fn embed(&self, texts: Vec<String>, given: JsValue) -> Job {
        let model = self.inner.clone();
        Job::new(move |desk| async move {
            let Pooled { pooling, normalize } = options(given, "embed")?;
            let all = Array::new();
            for some in texts.chunks(ROWS) {
                for vector in model.embed(some, pooling, normalize, &Signal::default()).await? {
                    all.push(&Float32Array::from(&vector[..]));
                }
                between(&desk, "embed", &all, texts.len()).await;
            }
            Ok(all.into())
        })
    }

    /// A text's way through the layers.
    pub fn inspect(&self, text: String, given: JsValue) -> Job {
        let model = self.inner.clone();
        Job::new(move |_| async move {
            let views: Views = options(given, "inspect")?;
            Ok(trace(&model.inspect(&text, views, &Signal::default()).await?).into())
        })
    }
}
