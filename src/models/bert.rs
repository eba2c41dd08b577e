//! BERT (Devlin et al. 2018), DistilBERT, RoBERTa, CamemBERT and FlauBERT: encoders with learned positions and a choice of heads.
//!
//! Config in, graph and inventory out. Norms stand after each half, or before it in a FlauBERT that says so.

use super::config::{Bert, Config, Flavour, Problem, Task};
use super::{Ending, Model, Outputs};
use crate::error::Result;
use crate::graph::{Graph, Tensor};
use crate::kernels::activation::Activation;
use crate::nn::{
    Attention, Block, Embedding, Head, Init, Inventory, Layer, Linear, Mlp, Mode, Norm, Order, Pass, Role, Shape, Side,
    Weights, dropout, mute,
};

/// The assembly.
#[derive(Clone, Debug)]
pub struct BertModel {
    tokens: Embedding,
    positions: Embedding,
    types: Option<Embedding>,
    embedding_norm: Norm,
    blocks: Vec<Block>,
    head: Option<Head>,
    /// BERT's and RoBERTa's bare models have it in their files; nothing here reads it.
    pooler: Option<Linear>,
    /// Length of the bias beside an untied head's own, which the reference keeps in its files and does not read.
    idle_bias: Option<usize>,
    dropout: f32,
    /// FlauBERT's hidden states are zero at padding, and its softmax over places counts them so.
    mutes: bool,
    ending: Ending,
}

impl BertModel {
    /// Puts the bricks together.
    pub fn new(config: &Config, c: &Bert) -> BertModel {
        let width = config.width;
        let table = Init::Normal { std: c.embedding_std, blank: c.padding };
        let tokens = Embedding::new("tokens", config.vocab, width, table);
        // RoBERTa's position table has the padding's row too.
        let blank = c.padding.filter(|_| c.flavour == Flavour::Roberta);
        let rows = Init::Normal { std: c.embedding_std, blank };
        let types = Embedding::new("types", c.types, width, Init::normal(c.std));
        let early = matches!(c.flavour, Flavour::Bert | Flavour::Roberta);
        let pooled = early && config.task == Task::Embed;
        let idle = early && config.task == Task::Masked && !c.tied;
        BertModel {
            positions: Embedding::new("positions", c.positions, width, rows),
            types: (c.types > 0).then_some(types),
            embedding_norm: Norm::layer("embedding_norm", width, c.eps),
            blocks: (0..c.layers).map(|layer| block(config, c, layer)).collect(),
            head: head(config, c, &tokens),
            idle_bias: idle.then_some(config.vocab),
            pooler: pooled.then(|| Linear::new("pooler", width, width, Init::normal(c.std))),
            tokens,
            dropout: c.hidden_dropout,
            mutes: c.flavour == Flavour::Flaubert,
            ending: match (config.task, config.problem) {
                (Task::Answer, _) => Ending::Places,
                (Task::Classify, Some(Problem::MultiLabel)) => Ending::Labels,
                (Task::Classify, Some(Problem::Regression)) => Ending::Numbers,
                // One label and no word of the problem: the reference takes it for a number.
                (Task::Classify, None) if config.labels.len() == 1 => Ending::Numbers,
                _ => Ending::OneLabel,
            },
        }
    }

    fn muted(&self, pass: &mut Pass<'_>, side: &Side, x: Tensor) -> Result<Tensor> {
        if self.mutes { mute(pass, side, x) } else { Ok(x) }
    }
}

fn block(config: &Config, c: &Bert, layer: usize) -> Block {
    let (width, normal) = (config.width, Init::normal(c.std));
    let name = |part: &str| format!("blocks.{layer}.{part}");
    let part = |part: &str| (name(part), width, normal.clone());
    let head = width / c.heads;
    Block {
        layer,
        order: if c.pre_norm { Order::Before } else { Order::After },
        attention: Attention {
            dropout: c.attention_dropout,
            ..Attention::new(
                Linear::fused(
                    name("attention.qkv"),
                    width,
                    vec![part("attention.q"), part("attention.k"), part("attention.v")],
                ),
                Linear::new(name("attention.out"), width, width, normal.clone()),
                (c.heads, c.heads, head),
                (head as f64).powf(-0.5) as f32,
            )
        },
        attention_norm: Norm::layer(name("attention_norm"), width, c.eps),
        cross: None,
        mlp: Mlp {
            up: Linear::new(name("mlp.up"), width, c.hidden, normal.clone()),
            down: Linear::new(name("mlp.down"), c.hidden, width, normal.clone()),
            activation: c.activation,
            gated: false,
            dropout: 0.0,
        },
        mlp_norm: Norm::layer(name("mlp_norm"), width, c.eps),
        // DistilBERT drops nothing after attention.
        attention_dropout: if c.flavour == Flavour::Distil { 0.0 } else { c.hidden_dropout },
        dropout: c.hidden_dropout,
    }
}

fn head(config: &Config, c: &Bert, tokens: &Embedding) -> Option<Head> {
    let (width, normal) = (config.width, Init::normal(c.std));
    let transform = |activation| Some((Linear::new("head.transform", width, width, normal.clone()), activation));
    let labels = |count| Head::labels(width, count, normal.clone());
    let flavour = c.flavour;
    Some(match config.task {
        Task::Masked => {
            let head = Head::biased(tokens, c.tied, normal.clone(), Role::Trained);
            match flavour {
                Flavour::Flaubert => head,
                // RoBERTa's head has GELU whatever the layers have.
                _ => Head {
                    transform: transform(if flavour == Flavour::Roberta { Activation::GeluErf } else { c.activation }),
                    norm: Some(Norm::layer("head.norm", width, if flavour == Flavour::Distil { 1e-12 } else { c.eps })),
                    ..head
                },
            }
        }
        Task::Classify => {
            let head = labels(config.labels.len());
            match flavour {
                Flavour::Flaubert => Head { dropout: c.head_dropout, ..head },
                Flavour::Bert => Head { transform: transform(Activation::Tanh), inner_dropout: c.head_dropout, ..head },
                Flavour::Distil => {
                    Head { transform: transform(Activation::Relu), inner_dropout: c.head_dropout, ..head }
                }
                Flavour::Roberta => Head {
                    transform: transform(Activation::Tanh),
                    dropout: c.head_dropout,
                    inner_dropout: c.head_dropout,
                    ..head
                },
            }
        }
        Task::Tag => {
            let rate = if flavour == Flavour::Flaubert { c.hidden_dropout } else { c.head_dropout };
            Head { dropout: rate, ..labels(config.labels.len()) }
        }
        Task::Answer => {
            let rate = if flavour == Flavour::Distil { c.head_dropout } else { 0.0 };
            Head { dropout: rate, ..labels(2) }
        }
        Task::Causal | Task::Seq2seq | Task::Embed => return None,
    })
}

impl Model for BertModel {
    fn inventory(&self) -> Inventory {
        let mut list = Inventory::new();
        self.tokens.declare(&mut list);
        self.positions.declare(&mut list);
        if let Some(types) = &self.types {
            types.declare(&mut list);
        }
        self.embedding_norm.declare(&mut list);
        self.blocks.iter().for_each(|block| block.declare(&mut list));
        if let Some(head) = &self.head {
            head.declare(&mut list);
        }
        if let Some(vocab) = self.idle_bias {
            list.begin_head();
            list.untrained("head.idle", &[vocab], Init::Zeros, Role::Kept);
        }
        if let Some(pooler) = &self.pooler {
            list.begin_head();
            pooler.declare(&mut list);
        }
        list
    }

    fn forward(&self, graph: &mut Graph, weights: &Weights, shape: &Shape, mode: &Mode) -> Result<Outputs> {
        let pass = &mut Pass::new(graph, weights, mode, shape);
        let side = Side::main(shape);
        let tokens = self.tokens.apply(pass, &side, "ids", None)?;
        let mut x = self.positions.apply(pass, &side, "positions", Some(tokens))?;
        if let Some(types) = &self.types {
            x = types.apply(pass, &side, "types", Some(x))?;
        }
        x = self.embedding_norm.apply(pass, x)?;
        x = dropout(pass, x, self.dropout)?;
        let mut outputs = Outputs::new(self.muted(pass, &side, x)?);
        for block in &self.blocks {
            let layer = block.apply(pass, outputs.last, &side, None)?;
            outputs.push(Layer { output: self.muted(pass, &side, layer.output)?, ..layer });
        }
        Ok(outputs)
    }

    fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    fn ending(&self) -> Ending {
        self.ending
    }
}
