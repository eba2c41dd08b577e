//! Opens the GPU: adapter, limits, features, and the handlers that tell of faults and loss.
//!
//! Comes in: options. Goes out: a [`Card`], the opened device with its queue. Natively through Vulkan, Metal or DX12, in a page or a
//! worker through the browser's WebGPU. Asks for all the memory limits that the adapter has, since the guaranteed ones (128 MiB a
//! binding) are too small for a vocabulary. Knows no kernels.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use crate::device::{Event, Host, Options};
use crate::error::{Error, Kind, Result};

/// What every kernel is written for, and every WebGPU implementation guarantees.
const FLOOR: [(&str, u64); 5] = [
    ("maxStorageBuffersPerShaderStage", 8),
    ("maxComputeWorkgroupStorageSize", 16_384),
    ("maxComputeInvocationsPerWorkgroup", 256),
    ("maxStorageBufferBindingSize", 16 << 20),
    ("maxBufferSize", 16 << 20),
];

/// What callbacks leave behind, from whichever thread they come.
#[derive(Debug, Default)]
pub(super) struct Shared {
    tell: Mutex<Option<fn(&Event)>>,
    lost: Mutex<Option<String>>,
    fault: Mutex<Option<String>>,
    waiting: Mutex<Vec<Waker>>,
}

impl Shared {
    pub(super) fn lose(&self, why: String) {
        let first = {
            let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
            let first = lost.is_none();
            lost.get_or_insert_with(|| why.clone());
            first
        };
        let tell = *self.tell.lock().unwrap_or_else(PoisonError::into_inner);
        if let (true, Some(tell)) = (first, tell) {
            tell(&Event::Lost(why));
        }
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Wakes the task when the device is lost.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn wake_on_loss(&self, waker: &Waker) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting.iter().any(|other| other.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    pub(super) fn lost(&self) -> Result<()> {
        match &*self.lost.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(why) => Err(Error::new(Kind::DeviceLost, format!("the GPU was lost: {why}"))
                .hint("Open the device again, or go on with device: \"cpu\".")),
        }
    }
}

/// The opened GPU.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) shared: Arc<Shared>,
    pub(super) limits: wgpu::Limits,
    pub(super) host: Host,
    /// Writes queued since the last submit.
    pub(super) queued: Cell<Queued>,
    pub(super) name: String,
    pub(super) vendor: String,
    pub(super) software: bool,
    /// Subgroup operations are there; what the header says is `enable_subgroups`.
    pub(super) subgroups: bool,
}

/// How much waits for the next submit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Queued {
    pub(super) writes: usize,
    pub(super) bytes: usize,
}

impl Card {
    /// Opens the GPU that the system prefers for long work.
    pub(super) async fn open(host: Host, options: &Options) -> Result<Rc<Card>> {
        let refuse = |message: String| {
            Error::new(Kind::DeviceUnavailable, message)
                .hint("Take device: \"cpu\", or a browser and a driver with WebGPU.")
        };
        if options.feigned.no_adapter || !present() {
            return Err(refuse("there is no WebGPU here".to_owned()));
        }
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = if cfg!(target_arch = "wasm32") {
            wgpu::Backends::BROWSER_WEBGPU
        } else {
            wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12
        };
        descriptor.flags = wgpu::InstanceFlags::empty();
        let instance = wgpu::Instance::new(descriptor);
        let adapter = instance
            .request_adapter(&wgpu::RequestAdapterOptions {
                power_preference: wgpu::PowerPreference::HighPerformance,
                ..Default::default()
            })
            .await
            .map_err(|error| refuse(format!("no GPU adapter was found: {error}")))?;
        let mut limits = adapter.limits();
        if let Some(bytes) = options.feigned.buffer_bytes {
            limits.max_buffer_size = bytes;
            limits.max_storage_buffer_binding_size = bytes;
        }
        for ((name, needed), (_, has)) in FLOOR.iter().zip(named(&limits)) {
            if has < *needed {
                return Err(refuse(format!("the GPU's {name} is {has}, {needed} is needed"))
                    .detail("needed", *needed as f64)
                    .detail("has", has as f64));
            }
        }
        let wanted = if options.subgroups { wgpu::Features::SUBGROUP } else { wgpu::Features::empty() };
        let mut asked = limits.clone();
        if options.feigned.refused {
            asked.max_bind_groups = u32::MAX;
        }
        let (device, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                label: Some("griot"),
                required_features: adapter.features() & wanted,
                required_limits: asked,
                memory_hints: wgpu::MemoryHints::Performance,
                ..Default::default()
            })
            .await
            .map_err(|error| refuse(format!("the GPU adapter refused a device: {error}")))?;
        let shared = Arc::new(Shared { tell: Mutex::new(Some(host.tell)), ..Shared::default() });
        let told = shared.clone();
        device.set_device_lost_callback(move |reason, message| told.lose(format!("{reason:?}: {message}")));
        let told = shared.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            told.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.to_string());
        }));
        let info = adapter.get_info();
        let (name, vendor) = names(&info, &device);
        let subgroups = options.subgroups && has_subgroups(&device);
        let software = info.device_type == wgpu::DeviceType::Cpu && !options.feigned.hardware;
        Ok(Rc::new(Card {
            device,
            queue,
            shared,
            limits,
            host,
            queued: Cell::default(),
            name,
            vendor,
            software,
            subgroups,
        }))
    }

    /// Fails with `device-lost` once the device is gone, or with the fault that nobody waited for.
    pub(super) fn check(&self) -> Result<()> {
        self.shared.lost()?;
        match self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner).take() {
            None => Ok(()),
            Some(message) => Err(Error::new(Kind::Internal, format!("the GPU refused a command: {message}"))),
        }
    }

    /// The limits that matter, by their names in WebGPU.
    pub(super) fn limits(&self) -> Vec<(&'static str, u64)> {
        named(&self.limits).to_vec()
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        // Nobody is told of a loss that we want.
        *self.shared.tell.lock().unwrap_or_else(PoisonError::into_inner) = None;
        // A browser frees the memory of a device that is only forgotten when its garbage is collected, perhaps never.
        self.device.destroy();
    }
}

fn named(limits: &wgpu::Limits) -> [(&'static str, u64); 5] {
    [
        (FLOOR[0].0, u64::from(limits.max_storage_buffers_per_shader_stage)),
        (FLOOR[1].0, u64::from(limits.max_compute_workgroup_storage_size)),
        (FLOOR[2].0, u64::from(limits.max_compute_invocations_per_workgroup)),
        (FLOOR[3].0, limits.max_storage_buffer_binding_size),
        (FLOOR[4].0, limits.max_buffer_size),
    ]
}

/// Whether there is a WebGPU to ask. `wgpu::Instance::new` panics where neither a window nor a worker is.
#[cfg(all(target_arch = "wasm32", feature = "js"))]
fn present() -> bool {
    let global = js_sys::global();
    let scoped = |name: &str| js_sys::Reflect::has(&global, &name.into()).unwrap_or(false);
    let gpu = js_sys::Reflect::get(&global, &"navigator".into())
        .and_then(|navigator| js_sys::Reflect::get(&navigator, &"gpu".into()));
    (scoped("Window") || scoped("WorkerGlobalScope")) && gpu.is_ok_and(|gpu| gpu.is_object())
}

#[cfg(not(all(target_arch = "wasm32", feature = "js")))]
fn present() -> bool {
    true
}

/// The adapter's name and vendor. In a browser wgpu leaves both empty, the device's `adapterInfo` has them.
#[cfg(all(target_arch = "wasm32", feature = "js"))]
fn names(_: &wgpu::AdapterInfo, device: &wgpu::Device) -> (String, String) {
    let get = |name: &str| {
        let info = js_sys::Reflect::get(device.as_webgpu()?.as_ref(), &"adapterInfo".into()).ok()?;
        js_sys::Reflect::get(&info, &name.into()).ok()?.as_string().filter(|text| !text.is_empty())
    };
    let vendor = get("vendor").unwrap_or_default();
    let architecture = get("architecture").map(|text| format!("{vendor} {text}"));
    (get("description").or(architecture).unwrap_or_else(|| "WebGPU".to_owned()), vendor)
}

#[cfg(not(all(target_arch = "wasm32", feature = "js")))]
fn names(info: &wgpu::AdapterInfo, _: &wgpu::Device) -> (String, String) {
    let vendor = match info.vendor {
        0x10DE => "nvidia".to_owned(),
        0x1002 => "amd".to_owned(),
        0x8086 => "intel".to_owned(),
        0x106B => "apple".to_owned(),
        0x5143 => "qualcomm".to_owned(),
        0x13B5 => "arm".to_owned(),
        0x10005 => "mesa".to_owned(),
        other => format!("0x{other:04x}"),
    };
    (format!("{} ({})", info.name, info.backend), vendor)
}

/// Whether subgroup operations are enabled. In a browser wgpu neither asks for them nor lists them: the package adds them to the
/// request, and the browser's device tells.
#[cfg(all(target_arch = "wasm32", feature = "js"))]
fn has_subgroups(device: &wgpu::Device) -> bool {
    let has = || -> Option<bool> {
        let features = js_sys::Reflect::get(device.as_webgpu()?.as_ref(), &"features".into()).ok()?;
        let has = js_sys::Reflect::get(&features, &"has".into()).ok()?;
        let has: js_sys::Function = wasm_bindgen::JsCast::dyn_into(has).ok()?;
        has.call1(&features, &"subgroups".into()).ok()?.as_bool()
    };
    has().unwrap_or(false)
}

#[cfg(not(all(target_arch = "wasm32", feature = "js")))]
fn has_subgroups(device: &wgpu::Device) -> bool {
    device.features().contains(wgpu::Features::SUBGROUP)
}
