//! Bytes: every buffer is booked and given back, limits hold, and nothing leaks.

use griot::device::{Choice, Host, Ledger, Options, Runtime, Signal};
use griot::kernels::Live;
use pollster::block_on;

use crate::bench::{additions, both, code, gpu, table};

#[test]
fn more_than_the_device_has_is_out_of_memory_and_books_nothing() {
    let ledger = Ledger::new(None);
    let Some(gpu) = gpu(&ledger) else { return };
    let before = ledger.live();
    let error = block_on(gpu.allocate("weights", gpu.limits().buffer_words + 64)).unwrap_err();
    assert_eq!(error.code(), "out-of-memory");
    assert!(error.hint_text().is_some() && error.details().iter().any(|(name, _)| *name == "limit"));
    assert_eq!(ledger.live(), before);
    // The device is none the worse for it.
    assert_eq!(block_on(async { gpu.read(&gpu.allocate("a", 3).await?, 0, 3).await }).unwrap(), [0, 0, 0]);
}

#[test]
fn the_limit_of_the_account_is_kept_on_both_devices() {
    for choice in [Choice::Cpu, Choice::WebGpu] {
        let runtime = Runtime::new(choice, Host::native(), Options::default(), Some(100_000));
        let Ok(device) = block_on(runtime.device(None)) else { continue };
        let kept = block_on(device.allocate("a", 10_000)).unwrap();
        assert_eq!(code(block_on(device.allocate("b", 15_500))), "out-of-memory");
        drop(kept);
        block_on(device.allocate("b", 15_000)).unwrap();
    }
}

#[test]
fn everything_that_is_dropped_is_given_back() {
    for device in both(Host::native()) {
        let ledger = device.ledger().clone();
        for _ in 0..3 {
            let buffers = table(&device, 5, 300).unwrap();
            let prepared = block_on(device.prepare(&additions(5, 300, 1), &buffers)).unwrap();
            block_on(device.play(&prepared, &[Live::default()], &Signal::default())).unwrap();
            let unread = device.read_later(&buffers[1], 0, 100).unwrap();
            block_on(device.read(&buffers[1], 0, 5 * 320)).unwrap();
            drop(unread);
        }
        let kept = ledger.owners();
        let allowed = ["parameters", "read-back"];
        assert!(kept.iter().all(|(name, _)| allowed.contains(&name.as_str())), "{kept:?}");
        drop(device);
        assert_eq!(ledger.live(), 0, "{:?}", ledger.owners());
    }
}

#[test]
fn an_upload_of_many_pieces_arrives_whole() {
    let count = (40 << 20) / 4 + 3;
    let words: Vec<u32> = (0..count as u32).map(|at| at.wrapping_mul(2_654_435_761)).collect();
    for device in both(Host::native()) {
        let buffer = block_on(device.allocate("weights", count + 64)).unwrap();
        device.write(&buffer, 64, &words).unwrap();
        assert!(block_on(device.read(&buffer, 64, count)).unwrap() == words);
        for at in 0..200 {
            device.write(&buffer, at, &[at as u32]).unwrap();
        }
        assert_eq!(block_on(device.read(&buffer, 0, 200)).unwrap(), (0..200).collect::<Vec<u32>>());
        device.clear(&buffer).unwrap();
        assert!(block_on(device.read(&buffer, 0, count)).unwrap().iter().all(|&word| word == 0));
    }
}
