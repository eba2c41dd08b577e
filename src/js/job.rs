//! One piece of work that the host drives.
//!
//! In: a future, and a [`Desk`] through which it reports, asks for documents and learns that it is to stop.
//! Out: after each [`Job::poll`] what the host must do next, as a [`Turn`].
//! Dropping a job is how it is aborted: what its future held is freed there and then.
//! It refuses to know what the work is; no work runs but inside `poll`, so a trap always surfaces there.

use super::error::to_js;
use crate::{Error, Kind, Result};
use js_sys::{Array, Function, Object, Reflect};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use wasm_bindgen::prelude::*;

/// What the host must do next with a job.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Wait until `wake` names it.
    Wait = 0,
    /// Poll it again in the next turn of the event loop.
    Again = 1,
    /// Let other calls on the same object in, then poll it again.
    Boundary = 2,
    /// Take the report; poll it again when the next one is wanted.
    Report = 3,
    /// Feed it documents, then poll it again.
    Input = 4,
    /// Take the result; it is over.
    Done = 5,
}

thread_local! {
    static WAKE: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Keeps the function that wakes the host.
pub fn set_wake(wake: Function) {
    WAKE.with(|slot| *slot.borrow_mut() = Some(wake));
}

/// Rings when the future can go on: inside a poll it is noted, outside the host is called.
struct Bell {
    job: u32,
    polling: AtomicBool,
    rung: AtomicBool,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let already = self.rung.swap(true, Ordering::Relaxed);
        if already || self.polling.load(Ordering::Relaxed) {
            return;
        }
        WAKE.with(|slot| {
            if let Some(wake) = slot.borrow().as_ref() {
                // The host only notes the number; it throws nothing.
                let _ = wake.call1(&JsValue::NULL, &self.job.into());
            }
        });
    }
}

/// Where work and host meet: reports and progress out, documents and the wish to stop in.
#[derive(Default)]
pub struct Desk {
    wants: Cell<Option<Turn>>,
    out: RefCell<JsValue>,
    progress: RefCell<Option<Array>>,
    documents: RefCell<VecDeque<JsValue>>,
    ended: Cell<bool>,
    restart: Cell<bool>,
    stopping: Cell<bool>,
    rested: Cell<f64>,
}

impl Desk {
    /// Puts a report out and waits until the host wants the next one.
    pub async fn report(&self, report: JsValue) {
        self.out.replace(report);
        self.hand_over(Turn::Report).await;
    }

    /// Lets other calls on the same object in.
    pub async fn boundary(&self) {
        self.hand_over(Turn::Boundary).await;
    }

    /// The next document of the corpus that belongs to the call, or `None` at its end.
    pub async fn document(&self) -> Option<JsValue> {
        loop {
            if let Some(document) = self.documents.borrow_mut().pop_front() {
                return Some(document);
            }
            if self.ended.get() {
                return None;
            }
            self.hand_over(Turn::Input).await;
        }
    }

    /// Begins the corpus again: the next document is its first.
    pub fn restart(&self) {
        self.documents.borrow_mut().clear();
        self.ended.set(false);
        self.restart.set(true);
    }

    /// Tells how far the work is; `total` and whether it counts bytes as far as known.
    pub fn progress(&self, phase: &str, done: f64, total: Option<f64>, bytes: bool) {
        let object = Object::new();
        let set = |name: &str, value: JsValue| {
            // Setting a field of a fresh plain object cannot fail.
            let _ = Reflect::set(&object, &name.into(), &value);
        };
        set("phase", phase.into());
        set("done", done.into());
        if let Some(total) = total {
            set("total", total.into());
        }
        if bytes {
            set("bytes", true.into());
        }
        self.progress.borrow_mut().get_or_insert_with(Array::new).push(&object);
    }

    /// Whether the caller asked to end with what there is.
    pub fn stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Milliseconds for which the host held the work up since this was last asked.
    pub fn rested(&self) -> f64 {
        self.rested.take()
    }

    async fn hand_over(&self, turn: Turn) {
        let mut over = false;
        poll_fn(|_| {
            if std::mem::replace(&mut over, true) {
                return Poll::Ready(());
            }
            self.wants.set(Some(turn));
            Poll::Pending
        })
        .await;
    }
}

type Work = Pin<Box<dyn Future<Output = Result<JsValue>>>>;

/// One piece of work that the host drives.
#[wasm_bindgen]
pub struct Job {
    work: Option<Work>,
    desk: Rc<Desk>,
    bell: Arc<Bell>,
}

static JOBS: AtomicU32 = AtomicU32::new(1);

impl Job {
    /// A job from the function that makes its future.
    pub fn new<F: Future<Output = Result<JsValue>> + 'static>(work: impl FnOnce(Rc<Desk>) -> F) -> Job {
        let desk = Rc::new(Desk::default());
        let job = JOBS.fetch_add(1, Ordering::Relaxed);
        let bell = Arc::new(Bell { job, polling: AtomicBool::new(false), rung: AtomicBool::new(false) });
        Job { work: Some(Box::pin(work(desk.clone()))), desk, bell }
    }
}

#[wasm_bindgen]
impl Job {
    /// The number under which `wake` names it.
    #[wasm_bindgen(getter)]
    pub fn id(&self) -> u32 {
        self.bell.job
    }

    /// Works on until something must be done by the host, and says what. Throws the error that ended the work.
    pub fn poll(&mut self) -> Result<Turn, JsValue> {
        let Some(work) = self.work.as_mut() else {
            return Err(to_js(&Error::new(Kind::Internal, "a job that is over was polled")));
        };
        self.bell.rung.store(false, Ordering::Relaxed);
        self.bell.polling.store(true, Ordering::Relaxed);
        let state = work.as_mut().poll(&mut Context::from_waker(&Waker::from(self.bell.clone())));
        self.bell.polling.store(false, Ordering::Relaxed);
        match state {
            Poll::Ready(result) => {
                self.work = None;
                let value = result.map_err(|error| to_js(&error))?;
                self.desk.out.replace(value);
                Ok(Turn::Done)
            }
            Poll::Pending => Ok(match self.desk.wants.take() {
                Some(turn) => turn,
                None if self.bell.rung.load(Ordering::Relaxed) => Turn::Again,
                None => Turn::Wait,
            }),
        }
    }

    /// The report or the result that `poll` announced.
    pub fn take(&self) -> JsValue {
        self.desk.out.replace(JsValue::UNDEFINED)
    }

    /// What was told of progress since the last time, oldest first, or undefined.
    pub fn progress(&self) -> Option<Array> {
        self.desk.progress.borrow_mut().take()
    }

    /// Hands in the next documents, or undefined at the end of the corpus.
    pub fn feed(&self, documents: Option<Array>) {
        match documents {
            Some(documents) => self.desk.documents.borrow_mut().extend(documents.iter()),
            None => self.desk.ended.set(true),
        }
    }

    /// Whether the corpus is wanted from its beginning; asking clears it.
    pub fn restarts(&self) -> bool {
        self.desk.restart.take()
    }

    /// Asks the work to end with what there is.
    pub fn stop(&self) {
        self.desk.stopping.set(true);
    }

    /// Tells that the work was held up for so many milliseconds in the middle of a step.
    pub fn rested(&self, milliseconds: f64) {
        self.desk.rested.set(self.desk.rested.get() + milliseconds);
    }
}
