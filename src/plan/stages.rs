//! The plans of one model that are ready to be played, least recently used first to go.
//!
//! A plan belongs to a bucket and a mode, told by its key. Together they may take a share of the memory limit; the one in
//! use always stays.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Arenas, Plan, Stage};
use crate::error::Result;

/// The share of the memory limit that kept plans may take, as one part in this many.
const SHARE: u64 = 20;

/// What kept plans may take where there is no limit.
pub const UNLIMITED: u64 = 256 << 20;

/// Ready plans by key.
#[derive(Debug, Default)]
pub struct Stages {
    /// The last is the latest used.
    kept: RefCell<Vec<(String, Rc<Stage>)>>,
}

impl Stages {
    /// None yet.
    pub fn new() -> Stages {
        Stages::default()
    }

    /// The stage under `key`, made from `build` if it is not there.
    pub async fn ready(
        &self,
        arenas: &Arenas,
        owner: &str,
        key: &str,
        build: impl FnOnce() -> Result<Plan>,
    ) -> Result<Rc<Stage>> {
        let found = self.kept.borrow().iter().position(|(known, _)| known == key);
        if let Some(at) = found {
            let mut kept = self.kept.borrow_mut();
            let entry = kept.remove(at);
            let stage = entry.1.clone();
            kept.push(entry);
            return Ok(stage);
        }
        let plan = build()?;
        self.make_room(arenas, plan.bytes());
        let stage = Rc::new(Stage::new(arenas, plan, owner).await?);
        self.kept.borrow_mut().push((key.to_owned(), stage.clone()));
        Ok(stage)
    }

    /// Forgets all of them: their stores have moved, or the device is gone.
    pub fn clear(&self) {
        self.kept.borrow_mut().clear();
    }

    /// Forgets those whose keys begin with `prefix`: what they were prepared against has moved.
    pub fn forget(&self, prefix: &str) {
        self.kept.borrow_mut().retain(|(key, _)| !key.starts_with(prefix));
    }

    /// Bytes of the plans kept.
    pub fn bytes(&self) -> u64 {
        self.kept.borrow().iter().map(|(_, stage)| stage.plan().bytes()).sum()
    }

    fn make_room(&self, arenas: &Arenas, bytes: u64) {
        let budget = arenas.device().ledger().limit().map_or(UNLIMITED, |limit| limit / SHARE);
        let fits = || arenas.device().ledger().fits(bytes).is_ok();
        while (self.bytes() + bytes > budget || !fits()) && !self.kept.borrow().is_empty() {
            self.kept.borrow_mut().remove(0);
        }
    }
}
