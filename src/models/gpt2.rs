//! GPT-2 (Radford et al. 2019): learned positions, norms before each half, one more at the end, the head tied to the tokens.
//!
//! Config in, graph and inventory out. Matrices lie (in, out), as in its files.

use super::config::{Config, Gpt2, Task};
use super::{Model, Outputs};
use crate::error::Result;
use crate::graph::{Graph, Tensor};
use crate::nn::{
    Attention, Block, Embedding, Head, Init, Inventory, Linear, Mlp, Mode, Norm, Order, Pass, Shape, Side, Weights,
    dropout,
};

/// The assembly.
#[derive(Clone, Debug)]
pub struct Gpt2Model {
    tokens: Embedding,
    positions: Embedding,
    blocks: Vec<Block>,
    norm: Norm,
    head: Head,
    embedding_dropout: f32,
    /// The bare model.
    headless: bool,
}

impl Gpt2Model {
    /// Puts the bricks together.
    pub fn new(config: &Config, c: &Gpt2) -> Gpt2Model {
        let (width, normal) = (config.width, Init::normal(c.std));
        // What is added to the residual stream begins smaller, by the root of the number of additions.
        let added = Init::normal(c.std / ((2 * c.layers) as f64).sqrt());
        let head = width / c.heads;
        let block = |layer: usize| {
            let name = |part: &str| format!("blocks.{layer}.{part}");
            let linear = |part: &str, inputs, outputs, init: &Init| {
                Linear::new(name(part), inputs, outputs, init.clone()).transposed()
            };
            let mut scale = if c.scaled { (head as f64).powf(-0.5) } else { 1.0 };
            if c.by_layer {
                scale /= (layer + 1) as f64;
            }
            Block {
                layer,
                order: Order::Before,
                attention: Attention {
                    causal: true,
                    dropout: c.attention_dropout,
                    ..Attention::new(
                        linear("attention.qkv", width, 3 * width, &normal),
                        linear("attention.out", width, width, &added),
                        (c.heads, c.heads, head),
                        scale as f32,
                    )
                },
                attention_norm: Norm::layer(name("attention_norm"), width, c.eps),
                cross: None,
                mlp: Mlp {
                    up: linear("mlp.up", width, c.hidden, &normal),
                    down: linear("mlp.down", c.hidden, width, &added),
                    activation: c.activation,
                    gated: false,
                    dropout: 0.0,
                },
                mlp_norm: Norm::layer(name("mlp_norm"), width, c.eps),
                attention_dropout: c.residual_dropout,
                dropout: c.residual_dropout,
            }
        };
        let tokens = Embedding::new("tokens", config.vocab, width, normal.clone());
        Gpt2Model {
            positions: Embedding::new("positions", c.positions, width, normal.clone()),
            blocks: (0..c.layers).map(block).collect(),
            norm: Norm::layer("norm", width, c.eps),
            head: Head::tokens(&tokens, c.tied, normal),
            tokens,
            embedding_dropout: c.embedding_dropout,
            headless: config.task == Task::Embed,
        }
    }
}

impl Model for Gpt2Model {
    fn inventory(&self) -> Inventory {
        let mut list = Inventory::new();
        self.tokens.declare(&mut list);
        self.positions.declare(&mut list);
        self.blocks.iter().for_each(|block| block.declare(&mut list));
        self.norm.declare(&mut list);
        if !self.headless {
            self.head.declare(&mut list);
        }
        list
    }

    fn forward(&self, graph: &mut Graph, weights: &Weights, shape: &Shape, mode: &Mode) -> Result<Outputs> {
        let pass = &mut Pass::new(graph, weights, mode, shape);
        let side = Side::main(shape);
        let tokens = self.tokens.apply(pass, &side, "ids", None)?;
        let mut x = self.positions.apply(pass, &side, "positions", Some(tokens))?;
        x = dropout(pass, x, self.embedding_dropout)?;
        let mut outputs = Outputs::new(x);
        for block in &self.blocks {
            let layer = block.apply(pass, outputs.last, &side, None)?;
            outputs.push(layer);
        }
        outputs.close(self.norm.apply(pass, outputs.last)?);
        Ok(outputs)
    }

    fn head(&self) -> Option<&Head> {
        Some(&self.head).filter(|_| !self.headless)
    }

    fn read_out(&self, pass: &mut Pass<'_>, hidden: Tensor, closed: bool) -> Result<Tensor> {
        if closed { Ok(hidden) } else { self.norm.apply(pass, hidden) }
    }
}
