//! LLaMA (Touvron et al. 2023) and its relatives Mistral, Qwen 2 and 3, Gemma 1 to 3: RMSNorm, rotary positions, gated units.
//!
//! Config in, graph and inventory out. What tells the relatives apart are the flags of the config; there is one assembly.

use super::config::{Config, Llama, Rope};
use super::{Model, Outputs};
use crate::error::Result;
use crate::graph::{Graph, Tensor};
use crate::nn::{
    Attention, Block, Embedding, Head, Init, Inventory, Linear, Mlp, Mode, Norm, Order, Pass, Role, Rotary, Shape,
    Side, Weights,
};

/// The assembly.
#[derive(Clone, Debug)]
pub struct LlamaModel {
    tokens: Embedding,
    /// Tables of angles: name, rows, numbers that turn, and the rope.
    ropes: Vec<(&'static str, usize, usize, Rope)>,
    blocks: Vec<Block>,
    norm: Norm,
    head: Head,
    headless: bool,
}

impl LlamaModel {
    /// Puts the bricks together.
    pub fn new(config: &Config, c: &Llama) -> LlamaModel {
        let (width, normal) = (config.width, Init::normal(c.std));
        let blank = config.special.pad.map(|id| id as usize);
        let tokens =
            Embedding::new("tokens", config.vocab, width, Init::Normal { std: c.std, blank }).scaled(c.embedding_scale);
        let mut ropes = vec![("rope", config.context, c.head, c.rope.clone())];
        ropes.extend(c.local_rope.clone().map(|rope| ("local_rope", config.context, c.head, rope)));
        let headless = config.task == super::Task::Embed;
        let head = Head { cap: c.logit_cap, ..Head::tokens(&tokens, c.tied, normal) };
        LlamaModel {
            blocks: (0..c.layers).map(|layer| block(config, c, layer)).collect(),
            norm: Norm::rms("norm", width, c.eps, c.offset_norms),
            tokens,
            ropes,
            head,
            headless,
        }
    }
}

fn block(config: &Config, c: &Llama, layer: usize) -> Block {
    let (width, normal) = (config.width, Init::normal(c.std));
    let name = |part: &str| format!("blocks.{layer}.{part}");
    let part = |part: &str, outputs: usize| (name(part), outputs, normal.clone());
    let norm = |part: &str| Norm::rms(name(part), width, c.eps, c.offset_norms);
    let head_norm = |part: &str| Norm::rms(name(part), c.head, c.eps, c.offset_norms);
    let window = c.windows.get(layer).copied().flatten();
    let local = window.is_some() && c.local_rope.is_some();
    let (queries, keys) = (c.heads * c.head, c.kv_heads * c.head);
    let qkv = vec![part("attention.q", queries), part("attention.k", keys), part("attention.v", keys)];
    let gates = vec![part("mlp.gate", c.hidden), part("mlp.up", c.hidden)];
    Block {
        layer,
        order: match c.sandwich {
            true => Order::Around(norm("attention_after"), norm("mlp_after")),
            false => Order::Before,
        },
        attention: Attention {
            causal: true,
            window,
            cap: c.score_cap,
            norms: c.head_norms.then(|| (head_norm("attention.q_norm"), head_norm("attention.k_norm"))),
            rotary: Some(Rotary { table: if local { "local_rope" } else { "rope" }.to_owned(), rotary: c.head }),
            dropout: c.attention_dropout,
            ..Attention::new(
                Linear::fused(name("attention.qkv"), width, qkv).bias(c.qkv_bias),
                Linear::new(name("attention.out"), queries, width, normal.clone()).bias(c.out_bias),
                (c.heads, c.kv_heads, c.head),
                c.score_scale,
            )
        },
        attention_norm: norm("attention_norm"),
        cross: None,
        mlp: Mlp {
            up: Linear::fused(name("mlp.gate_up"), width, gates).bias(c.mlp_bias),
            down: Linear::new(name("mlp.down"), c.hidden, width, normal.clone()).bias(c.mlp_bias),
            activation: c.activation,
            gated: true,
            dropout: 0.0,
        },
        mlp_norm: norm("mlp_norm"),
        attention_dropout: 0.0,
        dropout: 0.0,
    }
}

impl Model for LlamaModel {
    fn inventory(&self) -> Inventory {
        let mut list = Inventory::new();
        self.tokens.declare(&mut list);
        for (name, rows, rotary, rope) in &self.ropes {
            list.untrained(name, &[*rows, *rotary], Init::Angles(rope.angles(*rotary)), Role::Fixed);
        }
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
        let mut outputs = Outputs::new(self.tokens.apply(pass, &side, "ids", None)?);
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
