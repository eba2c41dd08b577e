//! Pipelines: one for each (kernel, constants, variant), compiled once and kept.
//!
//! Comes in: kernels with their textual constants. Goes out: pipelines with explicit layouts, or an error that names the kernel and
//! says what the compiler said. All are started before the first is awaited, since a browser compiles beside.
//! Knows nothing of memory or launches.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::open::Card;
use crate::device::Message;
use crate::error::{Error, Kind, Result};
use crate::kernels::compose::{Variant, compose};
use crate::kernels::{Access, Constant, Kernel};

/// One slot of the arenas of parameters and live words: the dynamic offset's alignment that every device accepts.
pub(super) const SLOT: u64 = 256;

/// A kernel with the constants of its text.
pub(super) type Need = (&'static Kernel, Vec<Constant>);

type Key = (&'static str, Vec<Constant>, Variant);

/// A compiled kernel and the layout of its bindings.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) pipeline: wgpu::ComputePipeline,
    pub(super) bindings: wgpu::BindGroupLayout,
}

/// What was compiled so far on one card.
#[derive(Debug)]
pub(super) struct Pipelines {
    made: RefCell<HashMap<Key, Rc<Pipeline>>>,
    layouts: RefCell<HashMap<Vec<bool>, (wgpu::BindGroupLayout, wgpu::PipelineLayout)>>,
    /// Group 1: parameters and live words, both at dynamic offsets.
    pub(super) uniforms: wgpu::BindGroupLayout,
    /// Kernels whose text a test replaced.
    replaced: Vec<(String, String)>,
}

type Scope = std::pin::Pin<Box<dyn Future<Output = Option<wgpu::Error>>>>;

/// A pipeline whose compilation was asked for and not yet answered.
struct Started {
    key: Key,
    module: wgpu::ShaderModule,
    pipeline: Pipeline,
    scopes: [Scope; 2],
    said: Option<Vec<wgpu::CompilationMessage>>,
}

impl Started {
    /// What the compiler said. A module is asked once: Chromium leaves a second question open until something else is asked.
    async fn said(&mut self) -> &[wgpu::CompilationMessage] {
        if self.said.is_none() {
            self.said = Some(self.module.get_compilation_info().await.messages);
        }
        self.said.as_deref().unwrap_or_default()
    }
}

impl Pipelines {
    pub(super) fn new(card: &Card, replaced: &[(String, String)]) -> Pipelines {
        let entry = |binding| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Uniform,
                has_dynamic_offset: true,
                min_binding_size: wgpu::BufferSize::new(SLOT),
            },
            count: None,
        };
        let uniforms = card.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("parameters and live words"),
            entries: &[entry(0), entry(1)],
        });
        Pipelines { made: RefCell::default(), layouts: RefCell::default(), uniforms, replaced: replaced.to_vec() }
    }

    /// The kernel's text as the compiler gets it.
    pub(super) fn text(&self, need: &Need, variant: Variant) -> Result<String> {
        match self.replaced.iter().find(|(name, _)| name == need.0.name) {
            Some((_, text)) => compose(text, &need.1, variant),
            None => compose(need.0.wgsl, &need.1, variant),
        }
    }

    /// Whether the variant's text is another than the base's.
    pub(super) fn differs(&self, need: &Need, variant: Variant) -> Result<bool> {
        let plain = Variant { enable_subgroups: false, ..variant };
        Ok(self.text(need, plain)? != self.text(need, Variant::default())?)
    }

    /// The pipeline, if it was compiled.
    pub(super) fn find(&self, need: &Need, variant: Variant) -> Option<Rc<Pipeline>> {
        self.made.borrow().get(&(need.0.name, need.1.clone(), variant)).cloned()
    }

    /// Compiles what is missing, and says of each need how it went.
    pub(super) async fn compile(&self, card: &Card, needs: &[(Need, Variant)]) -> Vec<Result<()>> {
        let mut started = Vec::new();
        for (need, variant) in needs {
            let key: Key = (need.0.name, need.1.clone(), *variant);
            let known = self.made.borrow().contains_key(&key)
                || started.iter().any(|other| matches!(other, Ok(Some(Started { key: k, .. })) if *k == key));
            started.push(if known { Ok(None) } else { self.start(card, need, key).map(Some) });
        }
        let mut outcomes = Vec::new();
        for one in started {
            outcomes.push(match one {
                Err(error) => Err(error),
                Ok(None) => Ok(()),
                Ok(Some(started)) => self.finish(card, started).await,
            });
        }
        outcomes
    }

    /// Compiles one need and gives all that the compiler said of it, warnings too; whether it compiled.
    pub(super) async fn compile_aloud(
        &self,
        card: &Card,
        need: &Need,
        variant: Variant,
    ) -> Result<(bool, Vec<Message>)> {
        let mut started = self.start(card, need, (need.0.name, need.1.clone(), variant))?;
        let mut messages: Vec<Message> = started.said().await.iter().map(message).collect();
        match self.finish(card, started).await {
            Ok(()) => Ok((true, messages)),
            Err(error) if error.kind() != Kind::Unsupported => Err(error),
            Err(error) => {
                // What the text alone does not show: an entry point or a binding that is not as the kernel's.
                if !messages.iter().any(|message| message.kind == "error") {
                    messages.push(Message { kind: "error", line: 0, column: 0, text: error.to_string() });
                }
                Ok((false, messages))
            }
        }
    }

    fn start(&self, card: &Card, need: &Need, key: Key) -> Result<Started> {
        let kernel = need.0;
        let text = self.text(need, key.2)?;
        let internal = card.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let validation = card.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let source = wgpu::ShaderSource::Wgsl(text.into());
        let module =
            card.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(kernel.name), source });
        let (bindings, layout) = self.layout(card, kernel);
        let pipeline = card.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.name),
            layout: Some(&layout),
            module: &module,
            entry_point: Some(kernel.name),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &[],
                // Every kernel writes its workgroup memory before it reads it.
                zero_initialize_workgroup_memory: false,
            },
            cache: None,
        });
        let scopes: [Scope; 2] = [Box::pin(validation.pop()), Box::pin(internal.pop())];
        Ok(Started { key, module, pipeline: Pipeline { pipeline, bindings }, scopes, said: None })
    }

    async fn finish(&self, card: &Card, mut started: Started) -> Result<()> {
        let mut failure = None;
        for scope in &mut started.scopes {
            failure = scope.await.or(failure);
        }
        card.shared.lost()?;
        if let Some(error) = failure {
            let mut said = error.to_string();
            let mut at = 0;
            for message in started.said().await {
                let line = message.location.map_or(0, |location| location.line_number);
                if message.message_type == wgpu::CompilationMessageType::Error && !said.contains(&message.message) {
                    at = line;
                    said.push_str(&format!("\nline {line}: {}", message.message));
                }
            }
            return Err(Error::new(
                Kind::Unsupported,
                format!("{}: the shader does not compile: {said}", started.key.0),
            )
            .detail("shader", f64::from(at))
            .hint("Take device: \"cpu\", and report the device and this message."));
        }
        self.made.borrow_mut().insert(started.key, Rc::new(started.pipeline));
        Ok(())
    }

    fn layout(&self, card: &Card, kernel: &Kernel) -> (wgpu::BindGroupLayout, wgpu::PipelineLayout) {
        let signature: Vec<bool> = kernel.bindings.iter().map(|binding| binding.access == Access::Read).collect();
        let make = || {
            let entries: Vec<wgpu::BindGroupLayoutEntry> = signature
                .iter()
                .enumerate()
                .map(|(place, &read_only)| wgpu::BindGroupLayoutEntry {
                    binding: place as u32,
                    visibility: wgpu::ShaderStages::COMPUTE,
                    ty: wgpu::BindingType::Buffer {
                        ty: wgpu::BufferBindingType::Storage { read_only },
                        has_dynamic_offset: false,
                        min_binding_size: None,
                    },
                    count: None,
                })
                .collect();
            let bindings = card
                .device
                .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries });
            let layout = card.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: None,
                bind_group_layouts: &[Some(&bindings), Some(&self.uniforms)],
                immediate_size: 0,
            });
            (bindings, layout)
        };
        self.layouts.borrow_mut().entry(signature.clone()).or_insert_with(make).clone()
    }
}

fn message(said: &wgpu::CompilationMessage) -> Message {
    let (line, column) = said.location.map_or((0, 0), |location| (location.line_number, location.line_position));
    let kind = match said.message_type {
        wgpu::CompilationMessageType::Error => "error",
        wgpu::CompilationMessageType::Warning => "warning",
        wgpu::CompilationMessageType::Info => "info",
    };
    Message { kind, line, column, text: said.message.clone() }
}
