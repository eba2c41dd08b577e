//! A wrong kernel among many launches is found by playing prefixes of the list.

use griot::device::{Device, Feigned, Host, Launch, Ledger, Options, Slice, bisect};
use griot::kernels::sum::SUM;
use griot::kernels::{Live, Params as _, sum};
use pollster::block_on;

use crate::bench::gpu_with;

/// A chain: launch n adds place n to place n + 1, in one buffer after the other. Launches of 300 words and one of 301.
fn chain(steps: usize, odd: usize) -> (Vec<Launch>, Vec<Vec<u32>>) {
    let launch = |at: usize| {
        let words = if at == odd { 301 } else { 300 };
        let extent = sum::Params { count: words, accumulate: 1 }.extent(&[]);
        let place = |at: usize| Slice { buffer: at % 2, offset: at / 2 * 320, words: words as usize };
        Launch {
            kernel: &SUM,
            params: vec![words, 1],
            constants: Vec::new(),
            bindings: vec![place(at), place(at + 1)],
            grid: extent.grid,
            units: extent.units,
            work: extent.work,
            label: format!("link {at}"),
        }
    };
    let numbers = |from: u32| (0..16 * 320).map(|at| (((at * 7 + from) % 13) as f32 + 1.0).to_bits()).collect();
    ((0..steps).map(launch).collect(), vec![numbers(3), numbers(5)])
}

#[test]
fn bisection_names_the_first_wrong_launch() {
    // Wrong only where 301 numbers are asked for: the kernel's own check, of 1000, does not see it.
    let text = SUM.wgsl.replace("y[i] += x[i];", "y[i] += x[i] * select(1.0, 1.5, p.count == 301u);");
    let feigned = Feigned { shaders: vec![("sum".to_owned(), text)], ..Feigned::default() };
    let options = Options { feigned, ..Options::default() };
    let Some(wrong) = gpu_with(Host::native(), &Ledger::new(None), &options) else { return };
    let cpu = Device::cpu(Host::native(), Ledger::new(None));
    for odd in [0, 7, 20] {
        let (launches, contents) = chain(21, odd);
        let found = block_on(bisect([&cpu, &wrong], &launches, &contents, &Live::default(), 1e-4)).unwrap().unwrap();
        assert_eq!((found.launch, found.label.as_str()), (odd, format!("link {odd}").as_str()));
        assert_eq!((found.kernel, found.binding), ("sum", "y"));
    }
    let (launches, contents) = chain(21, 99);
    assert_eq!(block_on(bisect([&cpu, &wrong], &launches, &contents, &Live::default(), 1e-4)).unwrap(), None);
}
