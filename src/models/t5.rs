//! The encoder-decoders: T5 (Raffel et al. 2019) and Marian, which is the transformer of Vaswani et al. 2017.
//!
//! Config in, graph and inventory out. T5: RMSNorm before each half, relative positions shared by a stack's layers, no biases.
//! Marian: LayerNorm after each half, fixed sinusoids, biases. The main stack is the decoder; the encoder's inputs begin
//! with `encoder.`.

use super::config::{Config, Stack, T5};
use super::{Model, Outputs};
use crate::bail;
use crate::error::Result;
use crate::graph::{Graph, Tensor};
use crate::nn::{
    Attention, Block, Cache, Embedding, Head, Init, Inventory, Linear, Mlp, Mode, Norm, Order, Pass, Relative, Role,
    Shape, Side, Weights, dropout, scale,
};

/// The assembly.
#[derive(Clone, Debug)]
pub struct T5Model {
    tokens: Embedding,
    /// Marian's fixed table, read by both stacks.
    positions: Option<Embedding>,
    encoder: Tower,
    decoder: Tower,
    head: Head,
    head_scale: f32,
    dropout: f32,
}

/// One of the two stacks.
#[derive(Clone, Debug)]
struct Tower {
    /// The table of relative positions: name, buckets, heads, its deviation at the start.
    relative: Option<(String, usize, usize, f64)>,
    blocks: Vec<Block>,
    norm: Option<Norm>,
}

/// Standard deviations at the start, as the reference has them.
struct Deviations {
    query: f64,
    inner: f64,
    output: f64,
    up: f64,
    down: f64,
}

impl T5Model {
    /// Puts the bricks together.
    pub fn new(config: &Config, c: &T5) -> T5Model {
        let (width, t5) = (config.width, c.relative.is_some());
        let std = c.init;
        let tokens = Embedding::new("tokens", config.vocab, width, Init::Normal { std, blank: c.padding })
            .scaled(c.embedding_scale);
        let head = match t5 {
            true => Head::tokens(&tokens, c.tied, Init::normal(std)),
            false => Head::biased(&tokens, true, Init::Zeros, Role::Kept),
        };
        let positions = Embedding::new("positions", config.context, width, Init::Sinusoids).role(Role::Fixed);
        T5Model {
            positions: (!t5).then_some(positions),
            encoder: tower(config, c, c.encoder, "encoder"),
            decoder: tower(config, c, c.decoder, "decoder"),
            tokens,
            head,
            head_scale: c.head_scale,
            dropout: c.dropout,
        }
    }

    fn enter(&self, pass: &mut Pass<'_>, side: &Side) -> Result<Tensor> {
        let mut x = None;
        if let Some(positions) = &self.positions {
            x = Some(positions.apply(pass, side, "positions", None)?);
        }
        let x = self.tokens.apply(pass, side, "ids", x)?;
        dropout(pass, x, self.dropout)
    }

    /// The encoder: all hidden states and attention maps.
    fn read(&self, pass: &mut Pass<'_>) -> Result<Outputs> {
        let side = Side::encoder(pass.shape);
        let x = self.enter(pass, &side)?;
        self.climb(pass, &self.encoder, x, &side, None)
    }

    fn climb(
        &self,
        pass: &mut Pass<'_>,
        tower: &Tower,
        x: Tensor,
        side: &Side,
        memory: Option<Tensor>,
    ) -> Result<Outputs> {
        let mut outputs = Outputs::new(x);
        for block in &tower.blocks {
            let layer = block.apply(pass, outputs.last, side, memory)?;
            outputs.push(layer);
        }
        if let Some(norm) = &tower.norm {
            let normed = norm.apply(pass, outputs.last)?;
            outputs.close(dropout(pass, normed, self.dropout)?);
        }
        Ok(outputs)
    }
}

fn tower(config: &Config, c: &T5, stack: Stack, side: &str) -> Tower {
    let relative = c.relative.map(|r| {
        (format!("{side}.relative.weight"), r.buckets, stack.heads, c.init * (config.width as f64).powf(-0.5))
    });
    let norm = c.relative.map(|_| Norm::rms(format!("{side}.norm"), config.width, c.eps, false));
    Tower { relative, blocks: (0..stack.layers).map(|layer| block(config, c, stack, side, layer)).collect(), norm }
}

fn block(config: &Config, c: &T5, stack: Stack, side: &str, layer: usize) -> Block {
    let (width, heads, head, t5) = (config.width, stack.heads, c.head, c.relative.is_some());
    let inner = heads * head;
    let root = |n: usize| c.init * (n as f64).powf(-0.5);
    let std = match t5 {
        true => Deviations {
            query: root(width * head),
            inner: root(width),
            output: root(inner),
            up: root(width),
            down: root(stack.hidden),
        },
        false => Deviations { query: c.init, inner: c.init, output: c.init, up: c.init, down: c.init },
    };
    let name = |part: &str| format!("{side}.blocks.{layer}.{part}");
    let norm = |part: &str| match t5 {
        true => Norm::rms(name(part), width, c.eps, false),
        false => Norm::layer(name(part), width, c.eps),
    };
    let part = |part: String, outputs: usize, std: f64| (name(&part), outputs, Init::normal(std));
    let query = |at: &str| part(format!("{at}.q"), inner, std.query);
    let pair = |at: &str| vec![part(format!("{at}.k"), inner, std.inner), part(format!("{at}.v"), inner, std.inner)];
    let fused = |at: String, parts: Vec<(String, usize, Init)>| Linear::fused(name(&at), width, parts).bias(!t5);
    let attention = |at: &str, input: Linear| Attention {
        dropout: c.attention_dropout,
        ..Attention::new(
            input,
            Linear::new(name(&format!("{at}.out")), inner, width, Init::normal(std.output)).bias(!t5),
            (heads, heads, head),
            if t5 { 1.0 } else { (head as f64).powf(-0.5) as f32 },
        )
    };
    let decoder = side == "decoder";
    let packed = [vec![query("attention")], pair("attention")].concat();
    let gates = [part("mlp.gate".to_owned(), stack.hidden, std.up), part("mlp.up".to_owned(), stack.hidden, std.up)];
    let up = if c.gated {
        fused("mlp.gate_up".to_owned(), gates.to_vec())
    } else {
        fused("mlp.up".to_owned(), gates[1..].to_vec())
    };
    Block {
        layer,
        order: if t5 { Order::Before } else { Order::After },
        attention: Attention {
            causal: decoder,
            relative: c.relative.map(|r| Relative {
                table: format!("{side}.relative.weight"),
                buckets: r.buckets,
                farthest: r.farthest,
            }),
            ..attention("attention", fused("attention.qkv".to_owned(), packed))
        },
        attention_norm: norm("attention_norm"),
        cross: decoder.then(|| {
            let cross = Attention {
                memory: Some(fused("cross.kv".to_owned(), pair("cross"))),
                ..attention("cross", fused("cross.q".to_owned(), vec![query("cross")]))
            };
            (cross, norm("cross_norm"))
        }),
        mlp: Mlp {
            up,
            down: Linear::new(name("mlp.down"), stack.hidden, width, Init::normal(std.down)).bias(!t5),
            activation: c.activation,
            gated: c.gated,
            dropout: c.activation_dropout,
        },
        mlp_norm: norm("mlp_norm"),
        attention_dropout: c.dropout,
        dropout: c.dropout,
    }
}

impl Model for T5Model {
    fn inventory(&self) -> Inventory {
        let mut list = Inventory::new();
        self.tokens.declare(&mut list);
        if let Some(positions) = &self.positions {
            positions.declare(&mut list);
        }
        for tower in [&self.encoder, &self.decoder] {
            if let Some((name, buckets, heads, std)) = &tower.relative {
                list.add(name, &[*buckets, *heads], Init::normal(*std));
            }
            tower.blocks.iter().for_each(|block| block.declare(&mut list));
            if let Some(norm) = &tower.norm {
                norm.declare(&mut list);
            }
        }
        self.head.declare(&mut list);
        list
    }

    fn forward(&self, graph: &mut Graph, weights: &Weights, shape: &Shape, mode: &Mode) -> Result<Outputs> {
        let pass = &mut Pass::new(graph, weights, mode, shape);
        // While decoding, the encoder has been read before: its keys and values stand in the cache.
        let read = if matches!(mode, Mode::Decode(_)) { None } else { Some(self.read(pass)?) };
        let side = Side::main(shape);
        let x = self.enter(pass, &side)?;
        let mut outputs = self.climb(pass, &self.decoder, x, &side, read.as_ref().map(|read| read.last))?;
        if let Some(read) = read {
            (outputs.encoder_hidden, outputs.encoder_maps) = (read.hidden, read.maps);
        }
        outputs.last = scale(pass, outputs.last, self.head_scale)?;
        Ok(outputs)
    }

    fn encode(&self, graph: &mut Graph, weights: &Weights, shape: &Shape, cache: &Cache) -> Result<()> {
        let mode = Mode::Infer;
        let pass = &mut Pass::new(graph, weights, &mode, shape);
        let read = self.read(pass)?;
        for block in &self.decoder.blocks {
            let Some((cross, _)) = &block.cross else { bail!(Internal, "a decoder's block looks across") };
            cross.remember_in(pass, read.last, cache, block.layer)?;
        }
        Ok(())
    }

    fn head(&self) -> Option<&Head> {
        Some(&self.head)
    }

    fn read_out(&self, pass: &mut Pass<'_>, hidden: Tensor, closed: bool) -> Result<Tensor> {
        let hidden = match &self.decoder.norm {
            Some(norm) if !closed => norm.apply(pass, hidden)?,
            _ => hidden,
        };
        scale(pass, hidden, self.head_scale)
    }
}
