//! What the tests share: opened devices, and a list of launches whose result is known without computing it elsewhere.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use griot::device::{ALIGNMENT, Buffer, Device, Host, Launch, Ledger, Options, Slice};
use griot::kernels::Params as _;
use griot::kernels::sum::{Params, SUM};
use griot::{Error, Result};

/// A GPU, or `None` with a line that says why the test is skipped.
#[expect(clippy::print_stdout, reason = "a test says what it skips")]
pub fn gpu_with(host: Host, ledger: &Rc<Ledger>, options: &Options) -> Option<Device> {
    match pollster::block_on(Device::gpu(host, ledger.clone(), options)) {
        Ok(gpu) => Some(gpu),
        Err(error) => {
            println!("skipped on the GPU: {error}");
            None
        }
    }
}

/// A GPU with nothing feigned.
pub fn gpu(ledger: &Rc<Ledger>) -> Option<Device> {
    gpu_with(Host::native(), ledger, &Options::default())
}

/// The CPU, and the GPU where there is one, each with its own account.
pub fn both(host: Host) -> Vec<Device> {
    let mut devices = vec![Device::cpu(host, Ledger::new(None))];
    devices.extend(gpu_with(host, &Ledger::new(None), &Options::default()));
    devices
}

/// `steps` launches that each add buffer 0 to buffer 1, from place to place of `count` words, each weighing `work`.
pub fn additions(steps: usize, count: usize, work: u64) -> Vec<Launch> {
    let params = Params { count: count as u32, accumulate: 1 };
    let extent = params.extent(&[]);
    let place = |buffer, at: usize| Slice { buffer, offset: at * count.next_multiple_of(ALIGNMENT), words: count };
    let launch = |at| Launch {
        kernel: &SUM,
        params: vec![count as u32, 1],
        constants: Vec::new(),
        bindings: vec![place(0, 0), place(1, at)],
        grid: extent.grid,
        units: extent.units,
        work,
        label: format!("addition {at}"),
    };
    (0..steps).map(launch).collect()
}

/// The two buffers of `additions`: the first holds ones, the second zeros.
pub fn table(device: &Device, steps: usize, count: usize) -> Result<Vec<Buffer>> {
    pollster::block_on(async {
        let ones = device.allocate("ones", count).await?;
        device.write(&ones, 0, &vec![1f32.to_bits(); count])?;
        Ok(vec![ones, device.allocate("sums", steps * count.next_multiple_of(ALIGNMENT)).await?])
    })
}

/// The code of the error that was wanted.
pub fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
    result.map_err(|error: Error| error.code()).unwrap_err()
}

type Hook = Rc<dyn Fn()>;

thread_local! {
    static TICKS: Cell<u32> = const { Cell::new(0) };
    static HOOK: RefCell<Option<(u32, Hook)>> = const { RefCell::new(None) };
}

/// Does something when the device asks for the time for the `nth` time from now: in the middle of its work.
pub fn at_tick(nth: u32, what: impl Fn() + 'static) {
    TICKS.set(0);
    HOOK.set(Some((nth, Rc::new(what))));
}

/// A host whose clock lets `at_tick` act.
pub fn ticking() -> Host {
    fn now() -> f64 {
        TICKS.set(TICKS.get() + 1);
        let due = HOOK.with_borrow_mut(|hook| hook.take_if(|(nth, _)| *nth == TICKS.get()));
        if let Some((_, what)) = due {
            what();
        }
        (Host::native().now)()
    }
    Host { now, ..Host::native() }
}

/// A host that is paused at every chance: its clock leaps, and each pause really returns to whoever polls.
pub fn halting() -> Host {
    fn now() -> f64 {
        TICKS.set(TICKS.get() + 1);
        f64::from(TICKS.get()) * 10.0
    }
    fn pause() -> Pin<Box<dyn Future<Output = ()>>> {
        let mut waited = false;
        Box::pin(poll_fn(move |_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }))
    }
    Host { now, pause, ..Host::native() }
}

/// Polls a future at most so many times and drops it; whether it came to its end.
pub fn give_up_after(polls: usize, future: impl Future) -> bool {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).any(|_| future.as_mut().poll(&mut context).is_ready())
}
