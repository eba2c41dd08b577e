//! Runs stages one after the other and keeps their results.
//!
//! In: a name and either a command or a function. Out: what the command prints, passed through as it comes; the tests
//! that it counted; at the end a table of times and one line `N passed, M failed`.
//! A stage that counts no tests is one check: passed or failed. A stage that fails without a failed test counts one.
//! It refuses to know what the commands are.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What one stage came to.
struct Outcome {
    name: String,
    passed: usize,
    failed: usize,
    took: Duration,
}

/// The stages of one job.
pub struct Stages {
    outcomes: Vec<Outcome>,
    started: Instant,
}

impl Stages {
    pub fn new() -> Self {
        Stages { outcomes: Vec::new(), started: Instant::now() }
    }

    /// Runs a function as a stage. Says whether it passed.
    pub fn run(&mut self, name: &str, work: impl FnOnce() -> Result<(), String>) -> bool {
        let started = begin(name);
        let result = work();
        if let Err(message) = &result {
            println!("{name}: {message}");
        }
        self.end(name, started, usize::from(result.is_ok()), usize::from(result.is_err()))
    }

    /// Runs a command as a stage, counting the tests that it reports. Says whether it passed.
    pub fn command(&mut self, name: &str, command: &mut Command) -> bool {
        let started = begin(name);
        let (passed, failed) = match stream(command) {
            Ok((true, output)) => match count(&output) {
                (0, 0) => (1, 0),
                counted => counted,
            },
            Ok((false, output)) => {
                let (passed, failed) = count(&output);
                (passed, failed.max(1))
            }
            Err(message) => {
                println!("{name}: {message}");
                (0, 1)
            }
        };
        self.end(name, started, passed, failed)
    }

    /// Says why a stage is not run.
    pub fn skip(&mut self, name: &str, reason: &str) {
        begin(name);
        println!("skipped: {reason}");
    }

    fn end(&mut self, name: &str, started: Instant, passed: usize, failed: usize) -> bool {
        self.outcomes.push(Outcome { name: name.to_string(), passed, failed, took: started.elapsed() });
        failed == 0
    }

    /// Prints the table, then `N passed, M failed` as the last line. Says whether all passed.
    pub fn finish(self) -> bool {
        println!("\n{:<28} {:>8} {:>8} {:>9}", "stage", "passed", "failed", "seconds");
        for Outcome { name, passed, failed, took } in &self.outcomes {
            println!("{name:<28} {passed:>8} {failed:>8} {:>9.1}", took.as_secs_f64());
        }
        println!("{:<46} {:>9.1}", "all", self.started.elapsed().as_secs_f64());
        let passed: usize = self.outcomes.iter().map(|outcome| outcome.passed).sum();
        let failed: usize = self.outcomes.iter().map(|outcome| outcome.failed).sum();
        println!("{passed} passed, {failed} failed");
        failed == 0
    }
}

fn begin(name: &str) -> Instant {
    println!("\n== {name}");
    Instant::now()
}

/// Runs a command, passes both its streams through line by line, and returns its success and what it printed.
fn stream(command: &mut Command) -> Result<(bool, String), String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{} does not start: {error}", command.get_program().to_string_lossy()))?;
    let errors = child.stderr.take().map(|pipe| thread::spawn(move || pass_through(pipe)));
    let mut output = child.stdout.take().map(pass_through).unwrap_or_default();
    if let Some(Ok(text)) = errors.map(thread::JoinHandle::join) {
        output.push_str(&text);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    Ok((status.success(), output))
}

fn pass_through(pipe: impl Read) -> String {
    let mut all = String::new();
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        all.push_str(&line);
        all.push('\n');
    }
    all
}

/// Sums the counts of `cargo test` ("test result: ok. 3 passed; 1 failed; …") and of `node --test` ("ℹ pass 3").
fn count(output: &str) -> (usize, usize) {
    let (mut passed, mut failed) = (0, 0);
    for line in output.lines() {
        let line = line.trim();
        if let Some(counts) = line.strip_prefix("test result: ") {
            passed += number_before(counts, " passed");
            failed += number_before(counts, " failed");
        } else if let Some(rest) = line.strip_prefix('\u{2139}').or_else(|| line.strip_prefix('#')) {
            match rest.trim().split_once(' ') {
                Some(("pass", n)) => passed += n.parse().unwrap_or(0),
                Some(("fail" | "cancelled", n)) => failed += n.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
    (passed, failed)
}

fn number_before(text: &str, word: &str) -> usize {
    text.find(word).and_then(|end| text[..end].rsplit(' ').next()).and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_cargo_and_of_node_are_summed() {
        let output = "test result: ok. 3 passed; 0 failed; 1 ignored\ntest result: FAILED. 1 passed; 2 failed;\n\
                      ℹ tests 7\nℹ pass 5\nℹ fail 1\nℹ cancelled 1\n";
        assert_eq!(count(output), (9, 4));
    }

    #[test]
    fn a_failing_stage_hides_no_other_and_counts() {
        let mut stages = Stages::new();
        assert!(!stages.command("fails", Command::new("false").arg("x")));
        assert!(!stages.command("is not there", &mut Command::new("no-such-program")));
        assert!(stages.run("passes", || Ok(())));
        assert!(!stages.finish());
    }
}
