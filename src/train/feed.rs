//! A batch into the inputs of a plan, by name.

use crate::data::batch::{Answers, Batch, Side};
use crate::data::row::IGNORED;
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
    match &batch.answers {
        Some(answers) => places(stage, answers, share)?,
        None if stage.has("targets") => {
            let targets: Vec<u32> = batch.targets.iter().map(|&t| if t == IGNORED { 0 } else { t }).collect();
            let coefficient = |&t: &u32| if t == IGNORED { 0 } else { share.to_bits() };
            let coefficients: Vec<u32> = batch.targets.iter().map(coefficient).collect();
            stage.set("targets", &targets)?;
            stage.set("coefficients", &coefficients)?;
        }
        None => {}
    }
    if stage.has("labels") {
        values(stage, batch, share)?;
    }
    Ok(())
}

/// Answers: each of the two sides has half of the loss, whatever is ignored of it.
fn places(stage: &Stage, answers: &Answers, share: f32) -> Result<()> {
    let rows = answers.places.len() / 2;
    let counts = [0, 1].map(|side| answers.places.iter().skip(side).step_by(2).filter(|&&t| t != IGNORED).count());
    let each = counts.map(|count| share * (counts[0] + counts[1]) as f32 / (2 * count.max(1)) as f32);
    let coefficient = |(at, &t): (usize, &u32)| if t == IGNORED { 0 } else { each[at % 2].to_bits() };
    let coefficients: Vec<u32> = answers.places.iter().enumerate().map(coefficient).collect();
    let targets: Vec<u32> = answers.places.iter().map(|&t| if t == IGNORED { 0 } else { t }).collect();
    let counted: Vec<u32> = (0..rows).flat_map(|_| [0, answers.among as u32]).collect();
    stage.set("targets", &targets)?;
    stage.set("counted", &counted)?;
    stage.set("coefficients", &coefficients)
}

/// Numbers for whole rows: they stand at each row's first seen place.
fn values(stage: &Stage, batch: &Batch, share: f32) -> Result<()> {
    let (rows, time) = (batch.rows, batch.main.time);
    let labels = batch.values.len() / rows.max(1);
    let mut numbers = vec![0; rows * time * labels];
    let mut coefficients = vec![0; rows * time];
    for (row, values) in batch.values.chunks(labels.max(1)).enumerate() {
        if values.iter().any(|value| value.is_nan()) {
            continue;
        }
        let place = row * time + batch.main.spans[2 * row] as usize;
        coefficients[place] = share.to_bits();
        numbers[place * labels..(place + 1) * labels].copy_from_slice(bytemuck::cast_slice(values));
    }
    stage.set("labels", &numbers)?;
    stage.set("coefficients", &coefficients)
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
    let kept = format!("{prefix}kept");
    if stage.has(&kept) {
        let time = side.time as u32;
        let own = side
            .spans
            .chunks_exact(2)
            .flat_map(|span| (0..time).flat_map(|t| if (span[0]..span[1]).contains(&t) { [t, t + 1] } else { [0, 0] }));
        stage.set(&kept, &own.collect::<Vec<u32>>())?;
    }
    if let Some(segments) = &side.segments {
        let name = format!("{prefix}segments");
        if stage.has(&name) {
            stage.set(&name, &spans_of_segments(segments, side.time))?;
        }
    }
    Ok(())
}
