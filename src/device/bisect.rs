//! Finds the launch with which two devices begin to differ, by playing prefixes of one list on both.
//!
//! Comes in: a list of launches, the contents of its buffers, two devices. Goes out: the launch after which their memories differ and
//! before which they do not. A difference that a later launch overwrites without a trace may be passed over.

use super::{Buffer, Device, Launch, Signal, Slice};
use crate::error::Result;
use crate::kernels::{Access, Live};

/// Where two devices begin to differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The launch's place in the list.
    pub launch: usize,
    /// Its label.
    pub label: String,
    /// Its kernel.
    pub kernel: &'static str,
    /// The binding that differs most.
    pub binding: &'static str,
    /// How much, relative to the largest value there.
    pub error: f64,
}

/// The first launch after which the two devices' memories differ by more than `tolerance`, relative to the largest value of
/// each slice, or `None`. `contents` are the words of every buffer of the table at the start.
pub async fn bisect(
    devices: [&Device; 2],
    launches: &[Launch],
    contents: &[Vec<u32>],
    live: &Live,
    tolerance: f64,
) -> Result<Option<Difference>> {
    let tables = [table(devices[0], contents).await?, table(devices[1], contents).await?];
    let sides = [(devices[0], tables[0].as_slice()), (devices[1], tables[1].as_slice())];
    // Equal after `equal` launches, different after `wrong`.
    let mut equal = 0;
    let mut wrong = launches.len();
    let Some(mut found) = compare(sides, launches, contents, live, tolerance).await? else { return Ok(None) };
    while wrong - equal > 1 {
        let half = equal + (wrong - equal) / 2;
        match compare(sides, &launches[..half], contents, live, tolerance).await? {
            Some(difference) => (wrong, found) = (half, difference),
            None => equal = half,
        }
    }
    Ok(Some(found))
}

type Side<'a> = (&'a Device, &'a [Buffer]);

async fn table(device: &Device, contents: &[Vec<u32>]) -> Result<Vec<Buffer>> {
    let mut table = Vec::new();
    for words in contents {
        table.push(device.allocate("bisection", words.len()).await?);
    }
    Ok(table)
}

/// Plays the launches on both sides and gives the last written slice that differs.
async fn compare(
    sides: [Side<'_>; 2],
    launches: &[Launch],
    contents: &[Vec<u32>],
    live: &Live,
    tolerance: f64,
) -> Result<Option<Difference>> {
    for (device, table) in sides {
        for (buffer, words) in table.iter().zip(contents) {
            device.write(buffer, 0, words)?;
        }
        let prepared = device.prepare(launches, table).await?;
        device.play(&prepared, std::slice::from_ref(live), &Signal::default()).await?;
    }
    let mut seen: Vec<Slice> = Vec::new();
    for (at, launch) in launches.iter().enumerate().rev() {
        let mut worst: Option<Difference> = None;
        for (slice, binding) in launch.bindings.iter().zip(launch.kernel.bindings) {
            if binding.access == Access::Read || seen.contains(slice) {
                continue;
            }
            seen.push(*slice);
            let [left, right] =
                sides.map(|(device, table)| device.read_later(&table[slice.buffer], slice.offset, slice.words));
            let error = difference(&left?.words().await?, &right?.words().await?);
            if error > tolerance && worst.as_ref().is_none_or(|worst| error > worst.error) {
                let label = launch.label.clone();
                worst =
                    Some(Difference { launch: at, label, kernel: launch.kernel.name, binding: binding.name, error });
            }
        }
        if worst.is_some() {
            return Ok(worst);
        }
    }
    Ok(None)
}

/// The largest difference relative to the largest value; infinite where only one is finite. Words that are whole numbers are tiny or
/// huge as real ones, and count like these.
fn difference(left: &[u32], right: &[u32]) -> f64 {
    let number = |word: u32| f64::from(f32::from_bits(word));
    let both = || left.iter().zip(right).map(|(&l, &r)| (l, r));
    let scale = both().flat_map(|(l, r)| [number(l), number(r)]).filter(|n| n.is_finite());
    let scale = scale.fold(f64::MIN_POSITIVE, |most, n| most.max(n.abs()));
    both().filter(|(l, r)| l != r).fold(0.0, |worst, (l, r)| match (number(l), number(r)) {
        (l, r) if l.is_finite() && r.is_finite() => f64::max(worst, (l - r).abs() / scale),
        (l, r) if l.is_nan() && r.is_nan() => worst,
        _ => f64::INFINITY,
    })
}
