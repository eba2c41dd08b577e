//! A training step given up anywhere leaves the weights of a whole step.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use griot::data::batch::Batch;
use griot::device::{Device, Host, Ledger, Signal};
use griot::tasks::{Given, Labels, Model, Tensor};
use griot::train::options::Options;
use griot::train::{Source, Trainer};
use pollster::block_on;
use serde_json::json;

thread_local! {
    static NOW: Cell<f64> = const { Cell::new(0.0) };
}

/// A host that is paused at every chance: its clock leaps, and each pause really returns to whoever polls.
fn halting() -> Host {
    fn now() -> f64 {
        NOW.set(NOW.get() + 1e5);
        NOW.get()
    }
    fn pause() -> Pin<Box<dyn Future<Output = ()>>> {
        let mut waited = false;
        Box::pin(poll_fn(move |_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }))
    }
    Host { now, pause, ..Host::native() }
}

/// A run that begins.
fn run(model: &Model, batches: Vec<Batch>) -> Trainer {
    let options = Options { steps: Some(5), ..Options::default() };
    let source = Source::Batches(batches);
    let mut run = std::pin::pin!(Trainer::new(model.placed().clone(), options, source, 1e-2, model.training(), false));
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(run) = run.as_mut().poll(&mut context) {
            return run.unwrap();
        }
    }
}

fn weights(model: &Model) -> Vec<(String, Tensor)> {
    block_on(model.weights(None)).unwrap()
}

#[test]
fn a_step_given_up_in_any_of_its_pauses_is_not_taken_or_whole() {
    let device = Rc::new(Device::cpu(halting(), Ledger::new(None)));
    let config =
        json!({ "model_type": "gpt2", "vocab_size": 600, "n_positions": 64, "n_embd": 64, "n_layer": 2, "n_head": 2 });
    let model = block_on(Model::create(device, &config, 1)).unwrap();
    let rows: Vec<Vec<u32>> = (0..2).map(|row| (0..64).map(|at| (at * 7 + row) % 600).collect()).collect();
    let labels = rows.iter().map(|row| row.iter().map(|&id| i64::from(id)).collect()).collect();
    let given = Given { input_ids: rows, labels: Some(Labels::Tokens(labels)), ..Given::default() };
    let batches = vec![given.batch(model.config()).unwrap()];
    let before = weights(&model);
    let mut context = Context::from_waker(Waker::noop());

    let mut pauses = 0;
    // The second time the device knows how slow it is by this clock.
    for _ in 0..2 {
        model.set_weights(&before).unwrap();
        pauses = 0;
        let mut trainer = run(&model, batches.clone());
        let signal = Signal::default();
        let mut step = std::pin::pin!(trainer.advance(&signal));
        while step.as_mut().poll(&mut context).is_pending() {
            pauses += 1;
        }
    }
    let after = weights(&model);
    assert!(before != after && pauses > 20, "{pauses} pauses");

    let (mut untaken, mut whole) = (0, 0);
    // Before the update some of the pauses, about it all.
    for given_up in (1..=pauses).filter(|pause| pause % 100 == 1 || pause + 60 > pauses) {
        model.set_weights(&before).unwrap();
        let mut trainer = run(&model, batches.clone());
        let signal = Signal::default();
        {
            let mut step = std::pin::pin!(trainer.advance(&signal));
            for _ in 0..given_up {
                assert!(step.as_mut().poll(&mut context).is_pending());
            }
        }
        let left = weights(&model);
        let steps = trainer.step();
        assert!(
            left == if steps == 1 { &after } else { &before }[..],
            "given up in pause {given_up} of {pauses}, {steps} steps"
        );
        untaken += usize::from(steps == 0);
        whole += usize::from(steps == 1);
    }
    assert!(untaken > 5 && whole > 1, "given up {untaken} times before the update, {whole} times within");
}
