//! Playing: order, abort in the middle, several sets of live words in one play.

use griot::device::{Host, Launch, Signal, Slice};
use griot::kernels::positions::{POSITIONS_FILL, Params};
use griot::kernels::{Live, Params as _, place};
use pollster::block_on;

use crate::bench::{additions, both, table};

#[test]
fn a_play_cut_into_many_submits_equals_one() {
    let (steps, count) = (30, 1000);
    for device in both(Host::native()) {
        let mut results = Vec::new();
        for work in [1, 1 << 40] {
            let buffers = table(&device, steps, count).unwrap();
            let prepared = block_on(device.prepare(&additions(steps, count, work), &buffers)).unwrap();
            block_on(device.play(&prepared, &[Live::default(); 3], &Signal::default())).unwrap();
            results.push(block_on(device.read(&buffers[1], 0, steps * 1024)).unwrap());
        }
        assert!(results[0] == results[1]);
        assert_eq!(f32::from_bits(results[0][999]), 3.0);
        assert_eq!(f32::from_bits(results[0][1000]), 0.0);
    }
}

#[test]
fn every_set_of_live_words_is_seen_by_its_own_round() {
    // 130 rounds take three submits on a GPU, which holds 64 sets at once.
    let rounds = 130;
    let params = Params { rows: 1, time: 1 };
    let extent = params.extent(&[]);
    for device in both(Host::native()) {
        // Every round overwrites the one before, so plays of different lengths show which live words the last one saw.
        let table = block_on(async {
            Ok::<_, griot::Error>(vec![device.allocate("spans", 64).await?, device.allocate("positions", 64).await?])
        })
        .unwrap();
        let slice = |buffer, words| Slice { buffer, offset: 0, words };
        let launch = Launch {
            kernel: &POSITIONS_FILL,
            params: vec![params.rows, params.time],
            constants: Vec::new(),
            bindings: vec![slice(0, 2), slice(1, 1)],
            grid: extent.grid,
            units: extent.units,
            work: 1,
            label: "positions".to_owned(),
        };
        let prepared = block_on(device.prepare(&[launch], &table)).unwrap();
        let lives: Vec<Live> = (0..rounds).map(|past| Live::default().with(place::PAST, past + 7)).collect();
        let mut asked = Vec::new();
        for upto in [1, 2, 63, 64, 65, 128, 129, 130] {
            block_on(device.play(&prepared, &lives[..upto], &Signal::default())).unwrap();
            asked.push((upto, device.read_later(&table[1], 0, 1).unwrap()));
        }
        // Read only now: each reading is of its own moment.
        for (upto, reading) in asked {
            assert_eq!(block_on(reading.words()).unwrap(), [upto as u32 + 6]);
        }
    }
}

#[test]
fn a_reading_is_of_the_moment_it_was_asked_for() {
    for device in both(Host::native()) {
        let buffers = table(&device, 1, 10).unwrap();
        let prepared = block_on(device.prepare(&additions(1, 10, 1), &buffers)).unwrap();
        let mut readings = Vec::new();
        for _ in 0..20 {
            block_on(device.play(&prepared, &[Live::default()], &Signal::default())).unwrap();
            readings.push(device.read_later(&buffers[1], 0, 1).unwrap());
        }
        for (at, reading) in readings.into_iter().enumerate() {
            assert_eq!(f32::from_bits(block_on(reading.words()).unwrap()[0]), at as f32 + 1.0);
        }
    }
}

#[test]
fn an_empty_list_and_no_rounds_do_nothing() {
    for device in both(Host::native()) {
        let buffers = table(&device, 1, 10).unwrap();
        let empty = block_on(device.prepare(&[], &buffers)).unwrap();
        block_on(device.play(&empty, &[Live::default()], &Signal::default())).unwrap();
        let prepared = block_on(device.prepare(&additions(1, 10, 1), &buffers)).unwrap();
        block_on(device.play(&prepared, &[], &Signal::default())).unwrap();
        assert_eq!(block_on(device.read(&buffers[1], 0, 10)).unwrap(), vec![0; 10]);
    }
}
