//! A batch into the inputs of a plan, by name.

use crate::data::batch::{Batch, Side};
use crate::data::windows::IGNORED;
use crate::error::Result;
use crate::kernels::attention::spans_of_segments;
use crate::kernels::embed::buckets;
use crate::plan::Stage;

/// Sets every input that the plan has and the batch knows. `share` is the coefficient of each counted target.
pub fn feed(stage: &Stage, batch: &Batch, share: f32) -> Result<()> {
    side(stage, "", &batch.main, batch.rows)?;
    if let Some(encoder) = &batch.encoder {
        side(stage, "encoder.", encoder, batch.rows)?;
    }
    if stage.has("targets") {
        let targets: Vec<u32> = batch.targets.iter().map(|&t| if t == IGNORED { 0 } else { t }).collect();
        let coefficient = |&t: &u32| if t == IGNORED { 0 } else { share.to_bits() };
        let coefficients: Vec<u32> = batch.targets.iter().map(coefficient).collect();
        stage.set("targets", &targets)?;
        stage.set("coefficients", &coefficients)?;
    }
    Ok(())
}

fn side(stage: &Stage, prefix: &str, side: &Side, rows: usize) -> Result<()> {
    let zeros;
    let types = match &side.types {
        Some(types) => types,
        None => {
            zeros = vec![0; rows * side.time];
            &zeros
        }
    };
    for (name, ids) in [("ids", &side.ids), ("positions", &side.positions), ("types", types)] {
        let name = format!("{prefix}{name}");
        if stage.has(&name) {
            stage.set(&name, ids)?;
        }
        let sorted = format!("{name}.buckets");
        if stage.has(&sorted) {
            stage.set(&sorted, &buckets(ids))?;
        }
    }
    let spans = format!("{prefix}spans");
    if stage.has(&spans) {
        stage.set(&spans, &side.spans)?;
    }
    if let Some(segments) = &side.segments {
        let name = format!("{prefix}segments");
        if stage.has(&name) {
            stage.set(&name, &spans_of_segments(segments, side.time))?;
        }
    }
    Ok(())
}
