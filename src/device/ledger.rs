//! Keeps account of the bytes of every buffer that the runtime created, by owner, against one limit.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::error::{Error, Kind, Result};

/// The account of one runtime.
#[derive(Debug, Default)]
pub struct Ledger {
    limit: Cell<Option<u64>>,
    live: Cell<u64>,
    peak: Cell<u64>,
    bookings: Cell<u64>,
    owners: RefCell<BTreeMap<String, u64>>,
}

/// Bytes booked for one buffer; given back when dropped.
#[derive(Debug)]
pub struct Owned {
    ledger: Rc<Ledger>,
    owner: String,
    bytes: u64,
}

impl Ledger {
    /// An account with a limit in bytes, or none.
    pub fn new(limit: Option<u64>) -> Rc<Ledger> {
        let ledger = Ledger::default();
        ledger.limit.set(limit);
        Rc::new(ledger)
    }

    /// Books `bytes` for `owner`.
    ///
    /// Fails with `out-of-memory` past the limit, before anything is allocated.
    pub fn book(ledger: &Rc<Ledger>, owner: &str, bytes: u64) -> Result<Owned> {
        ledger.fits(bytes)?;
        let live = ledger.live.get() + bytes;
        ledger.live.set(live);
        ledger.bookings.set(ledger.bookings.get() + 1);
        ledger.peak.set(ledger.peak.get().max(live));
        *ledger.owners.borrow_mut().entry(owner.to_owned()).or_default() += bytes;
        Ok(Owned { ledger: ledger.clone(), owner: owner.to_owned(), bytes })
    }

    /// Fails with `out-of-memory` if `bytes` more would go past the limit.
    pub fn fits(&self, bytes: u64) -> Result<()> {
        let (live, limit) = (self.live.get(), self.limit.get());
        match limit {
            Some(limit) if live + bytes > limit => Err(Error::new(
                Kind::OutOfMemory,
                format!("{bytes} bytes are needed beside the {live} in use, the limit is {limit}"),
            )
            .detail("needed", bytes as f64)
            .detail("live", live as f64)
            .detail("limit", limit as f64)
            .hint("Take a smaller model, batch or context, or raise memoryLimit.")),
            _ => Ok(()),
        }
    }

    /// Bytes in use now.
    pub fn live(&self) -> u64 {
        self.live.get()
    }

    /// The most that was ever in use.
    pub fn peak(&self) -> u64 {
        self.peak.get()
    }

    /// How many buffers were ever booked: what does not grow allocates nothing, and on a GPU prepares nothing either.
    pub fn bookings(&self) -> u64 {
        self.bookings.get()
    }

    /// The limit, where there is one.
    pub fn limit(&self) -> Option<u64> {
        self.limit.get()
    }

    /// Bytes in use by owner.
    pub fn owners(&self) -> Vec<(String, u64)> {
        self.owners.borrow().iter().map(|(owner, &bytes)| (owner.clone(), bytes)).collect()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.ledger.live.set(self.ledger.live.get().saturating_sub(self.bytes));
        let mut owners = self.ledger.owners.borrow_mut();
        if let Some(bytes) = owners.get_mut(&self.owner) {
            *bytes = bytes.saturating_sub(self.bytes);
            if *bytes == 0 {
                owners.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_given_back_and_the_peak_stays() {
        let ledger = Ledger::new(Some(100));
        let a = Ledger::book(&ledger, "a", 60).unwrap();
        assert_eq!(Ledger::book(&ledger, "b", 41).unwrap_err().code(), "out-of-memory");
        drop(a);
        let _b = Ledger::book(&ledger, "b", 41).unwrap();
        assert_eq!((ledger.live(), ledger.peak(), ledger.owners()), (41, 60, vec![("b".to_owned(), 41)]));
    }
}
