//! A plan as text that a person can read: one line a launch, memory at the end.

use std::fmt;

use super::Plan;
use crate::kernels::Access;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, launch) in self.launches.iter().enumerate() {
            let [x, y, z] = launch.grid;
            write!(f, "{at:4}  {:<28} {:<36} {x}x{y}x{z}", launch.kernel.name, launch.label)?;
            for (slice, binding) in launch.bindings.iter().zip(launch.kernel.bindings) {
                let mark = if binding.access == Access::Write { "!" } else { "" };
                let home = match slice.buffer.checked_sub(self.first_own) {
                    None => format!("store{}", slice.buffer),
                    Some(0) => "input".to_owned(),
                    Some(colour) => format!("t{colour}"),
                };
                write!(f, "  {}{mark}={home}[{}+{}]", binding.name, slice.offset, slice.words)?;
            }
            writeln!(f)?;
        }
        let millions = self.work() as f64 / 1e6;
        let bytes: Vec<String> = self.own.iter().map(|&words| (words * 4).to_string()).collect();
        writeln!(f, "{} launches, {millions:.1} Mflop, own buffers {} bytes", self.launches.len(), bytes.join(" + "))
    }
}
