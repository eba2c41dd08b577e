//! What the benches of tokenizers have in common: a clock, a text, and rounds in which everybody takes a turn.
//!
//! In: contestants as closures. Out: a line for each: the median of its CPU time as a speed, and how that stands to ours.
//! CPU time of all threads counts, so that what else runs on the machine does not, and a second thread is no advantage; turns
//! alternate, so that a machine that gets slower gets slower for all. Knows no tokenizer.

mod mixture;

pub use mixture::mixture;
use std::time::Instant;

/// CPU seconds of all threads of this process; the wall clock where the system does not tell.
pub fn cpu_seconds() -> f64 {
    let of_threads = || -> Option<f64> {
        let mut sum = 0.0;
        for task in std::fs::read_dir("/proc/self/task").ok()? {
            let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            sum += text.split(' ').next()?.parse::<f64>().ok()? / 1e9;
        }
        Some(sum)
    };
    thread_local!(static STARTED: Instant = Instant::now());
    of_threads().unwrap_or_else(|| STARTED.with(|started| started.elapsed().as_secs_f64()))
}

/// CPU seconds that a piece of work takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let before = cpu_seconds();
    let made = std::hint::black_box(work());
    (cpu_seconds() - before, made)
}

/// The middle one.
pub fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A name, and one turn of work.
pub type Contestant<'c> = (String, Box<dyn FnMut() + 'c>);

/// Lets everybody work in turn, `rounds` times, and gives the medians. The first is ours; the others are printed as shares of it.
pub fn race(title: &str, megabytes: f64, rounds: usize, contestants: &mut [Contestant<'_>]) -> Vec<f64> {
    let mut times = vec![Vec::new(); contestants.len()];
    for _ in 0..rounds {
        for ((_, work), times) in contestants.iter_mut().zip(&mut times) {
            times.push(timed(&mut *work).0);
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    println!("{title}");
    for (index, ((name, _), &middle)) in contestants.iter().zip(&medians).enumerate() {
        let share =
            if index == 0 { String::new() } else { format!("  ours is {:.2} times as fast", middle / medians[0]) };
        println!("  {name:<34} {middle:>8.3} s {:>8.1} MB/s{share}", megabytes / middle);
    }
    medians
}

/// The text that `--text FILE` names among the arguments, or 5 MB of a made-up mixture.
pub fn text() -> std::io::Result<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--text").skip(1);
    arguments.next().map_or_else(|| Ok(mixture(5_000_000)), std::fs::read_to_string)
}

/// Cuts a text at line ends into documents of about `size` bytes.
pub fn documents(text: &str, size: usize) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices('\n') {
        if at + 1 - start >= size {
            out.extend(text.get(start..=at));
            start = at + 1;
        }
    }
    out.extend(text.get(start..));
    out
}
