//! A model's plan for a batch, to be looked at.
//!
//! Comes in: a batch. Goes out: the launches that it would take, with the memory they need; nothing is allocated or run.

use super::batch::Given;
use super::model::Model;
use crate::error::Result;
use crate::nn::Mode;
use crate::plan::Plan;
use crate::train::gradient_plan;

impl Model {
    /// The plan of a batch: the forward pass, or with labels the loss and the way back.
    pub fn plan(&self, given: &Given) -> Result<Plan> {
        let batch = given.batch(self.config())?;
        let shape = batch.bucket(self.config().context);
        if batch.counted() == 0 {
            return self.forward_plan(&shape, false, false);
        }
        let placed = self.placed();
        let gradients = placed.store.gradients(|_| true)?;
        gradient_plan(placed, &*placed.model, &shape, Some(&gradients), &Mode::Infer, 0.0)
    }
}
