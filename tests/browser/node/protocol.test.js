// The protocol over a door made of plain JavaScript: every turn of a job at will, no wasm.

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { Client, CorpusArgument } from "../../../pkg/dist/client.js";
import { turn } from "../../../pkg/dist/door.js";
import { Host } from "../../../pkg/dist/host.js";
import { QUEUE, Run } from "../../../pkg/dist/run.js";
import { sleep, within } from "../suite/check.js";

/** A job from a generator that yields turns; `yield turn.report` takes what `job.out` holds. */
function jobOf(script) {
  const job = { id: ++jobOf.last, stopped: false, freed: false, documents: [], ended: false, again: false, told: undefined };
  const steps = script(job);
  return Object.assign(job, {
    poll() {
      const { done, value } = steps.next();
      if (!done) return value;
      job.out = value;
      return turn.done;
    },
    take: () => job.out,
    progress() {
      const told = job.told;
      job.told = undefined;
      return told;
    },
    feed: (documents) => (documents === undefined ? (job.ended = true) : job.documents.push(...documents)),
    restarts() {
      const again = job.again;
      job.again = false;
      return again;
    },
    stop: () => (job.stopped = true),
    rested: (milliseconds) => (job.held = (job.held ?? 0) + milliseconds),
    free: () => (job.freed = true),
  });
}
jobOf.last = 0;

/** A client and a host with one service, `probe`, whose messages are cloned as between threads. */
function pair(probe) {
  const state = { wake: undefined, panic: undefined, freed: [] };
  const door = { install: (wake, panic) => Object.assign(state, { wake, panic }), start() {}, trap_for_tests() {} };
  const client = new Client(
    (receiver) => {
      const host = new Host(door, { probe }, (message) => queueMicrotask(() => receiver.message(structuredClone(message))));
      return { post: (message) => queueMicrotask(() => host.receive(structuredClone(message))), terminate() {} };
    },
    {},
    () => {},
  );
  return { client, state };
}

const counting = (total) => ({
  count: ({ drive }) => drive({ job: jobOf(function* (job) {
    let made = 0;
    while (made < total && !job.stopped) {
      job.out = ++made;
      yield turn.report;
    }
    return { made, reason: job.stopped ? "stopped" : "done" };
  }) }),
});

const start = (client, method, args = [], options = {}, target = { service: "probe" }) =>
  new Run((sink) => client.run(target, method, args, options, sink));

async function settled(n = 30) {
  for (let i = 0; i < n; i++) await sleep(0);
}

test("a run starts when it is called, and rests when 64 reports wait", async () => {
  let made = 0;
  const { client } = pair({ count: ({ drive }) => drive({ job: jobOf(function* (job) {
    while (made < 200) {
      job.out = ++made;
      yield turn.report;
    }
    return made;
  }) }) });
  const run = start(client, "count");
  await settled(150);
  assert.equal(made, QUEUE);
  const seen = [];
  for await (const report of run) seen.push(report);
  assert.deepEqual(seen, Array.from({ length: 200 }, (_, i) => i + 1));
  assert.equal(await run.result, 200);
});

test("asking for the result lets a run go on without a reader", async () => {
  const { client } = pair(counting(500));
  assert.deepEqual(await within(5000, start(client, "count").result), { made: 500, reason: "done" });
});

test("break ends a run cleanly, and the result is what was made", async () => {
  const { client } = pair(counting(Infinity));
  const run = start(client, "count");
  for await (const report of run) if (report === 5) break;
  const { made, reason } = await run.result;
  assert.equal(reason, "stopped");
  assert.ok(made >= 5 && made <= 5 + QUEUE, `${made}`);
});

test("stop resolves when the run has ended", async () => {
  const { client } = pair(counting(Infinity));
  const run = start(client, "count");
  await settled(3);
  await within(1000, run.stop());
  assert.equal((await run.result).reason, "stopped");
  await run.stop();
});

test("pause rests between two steps until resume", async () => {
  let made = 0;
  const { client } = pair({ count: ({ drive }) => drive({ job: jobOf(function* (job) {
    while (!job.stopped) {
      job.out = ++made;
      yield turn.report;
    }
    return made;
  }) }) });
  const run = start(client, "count");
  run.result.catch(() => {});
  await settled(5);
  run.pause();
  await settled(5);
  const rested = made;
  await settled(20);
  assert.equal(made, rested);
  run.resume();
  await settled(20);
  assert.ok(made > rested);
  await run.stop();
});

test("a pause holds in the middle of a step, and a stop ends it there", async () => {
  let [parts, job] = [0];
  const { client } = pair({ count: ({ drive }) => drive({ job: (job = jobOf(function* (job) {
    while (!job.stopped) {
      parts += 1;
      yield turn.again;
    }
    return "stopped";
  })) }) });
  const run = start(client, "count");
  await settled(5);
  run.pause();
  await settled(5);
  const rested = parts;
  await settled(20);
  assert.ok(rested > 0);
  assert.equal(parts, rested);
  run.resume();
  await settled(20);
  assert.ok(parts > rested);
  assert.ok(job.held > 0, "it is told for how long");
  run.pause();
  await settled(5);
  await within(500, run.stop());
  assert.equal(await run.result, "stopped");
});

test("a second iteration is bad-input", async () => {
  const { client } = pair(counting(3));
  const run = start(client, "count");
  for await (const _ of run);
  assert.throws(() => run[Symbol.asyncIterator](), { code: "bad-input" });
});

test("a failure reaches whoever reads, once each, and nobody else", async () => {
  const { client } = pair({ fail: ({ drive }) => drive({ job: jobOf(function* (job) {
    job.out = 1;
    yield turn.report;
    throw { code: "non-finite", message: "loss is NaN", details: { step: 1 } };
  }) }) });
  start(client, "fail"); // unread: must not be an unhandled rejection
  const run = start(client, "fail");
  const seen = [];
  await assert.rejects(async () => {
    for await (const report of run) seen.push(report);
  }, { name: "GriotError", code: "non-finite", details: { step: 1 } });
  assert.deepEqual(seen, [1]);
  await assert.rejects(run.result, { code: "non-finite" });
  await settled(5);
});

test("an aborted call rejects within 100 ms at every stage, and frees its job", async () => {
  const jobs = [];
  const stuck = (each) => ({ drive }) => {
    const job = jobOf(function* () { for (;;) yield each; });
    jobs.push(job);
    return drive({ job });
  };
  const { client } = pair({ waits: stuck(turn.wait), works: stuck(turn.again), steps: stuck(turn.boundary), never: () => new Promise(() => {}) });
  for (const method of ["waits", "works", "steps", "never"]) {
    const aborter = new AbortController();
    const call = client.call({ service: "probe" }, method, [], { signal: aborter.signal });
    await settled(4);
    const began = performance.now();
    aborter.abort();
    await assert.rejects(within(1000, call), { name: "AbortError" });
    assert.ok(performance.now() - began < 100, method);
  }
  assert.deepEqual(jobs.map((job) => job.freed), [true, true, true]);
  await assert.rejects(client.call({ service: "probe" }, "never", [], { signal: AbortSignal.abort() }), { name: "AbortError" });
});

test("an aborted run hands over its result so far", async () => {
  const { client } = pair(counting(Infinity));
  const aborter = new AbortController();
  const run = start(client, "count", [], { signal: aborter.signal });
  await assert.rejects(async () => {
    for await (const report of run) if (report === 3) aborter.abort();
  }, (error) => error.name === "AbortError" && error.partial.made >= 3);
});

test("a run that cannot end soon is aborted all the same", async () => {
  const { client } = pair({ stuck: ({ drive }) => drive({ job: jobOf(function* () { for (;;) yield turn.wait; }) }) });
  const aborter = new AbortController();
  const run = start(client, "stuck", [], { signal: aborter.signal });
  await settled(4);
  const began = performance.now();
  aborter.abort();
  await assert.rejects(within(1000, run.result), { name: "AbortError" });
  assert.ok(performance.now() - began < 100);
});

test("progress is told in order and never goes back", async () => {
  const { client } = pair({ load: ({ drive }) => drive({ job: jobOf(function* (job) {
    for (const done of [1, 3, 2, 4]) {
      job.told = [{ phase: "read", done, total: 4 }];
      yield turn.again;
    }
    job.told = [{ phase: "count", done: 1 }];
    return "loaded";
  }) }) });
  const seen = [];
  assert.equal(await client.call({ service: "probe" }, "load", [], { onProgress: (p) => seen.push(`${p.phase} ${p.done}`) }), "loaded");
  assert.deepEqual(seen, ["read 1", "read 3", "read 4", "count 1"]);
});

const reading = (times = 1) => ({
  read: ({ drive }, _, corpus) => drive({ corpus, job: jobOf(function* (job) {
    const seen = [];
    for (let time = 0; time < times; time++) {
      if (time > 0) Object.assign(job, { again: true, ended: false });
      while (!job.ended) {
        seen.push(...job.documents.splice(0));
        yield turn.input;
      }
    }
    return seen;
  }) }),
});

const read = (client, corpus, options) => client.call({ service: "probe" }, "read", [new CorpusArgument(corpus, "read")], options);

test("a corpus is read from wherever it comes", async () => {
  const { client } = pair(reading());
  async function* slowly() { yield "a"; await sleep(12); yield "b"; }
  const lines = new File(['{"text":"a"}\n', '"b"\n\n{"text":"c","label":1}'], "x.jsonl");
  assert.deepEqual(await read(client, "a"), ["a"]);
  assert.deepEqual(await read(client, ["a", "b"]), ["a", "b"]);
  assert.deepEqual(await read(client, new Blob(["a"])), ["a"]);
  assert.deepEqual(await read(client, [new File(["a"], "a.txt"), lines]), ["a", "a", "b", { text: "c", label: 1 }]);
  assert.deepEqual(await read(client, new Set(["a", "b"])), ["a", "b"]);
  assert.deepEqual(await read(client, slowly()), ["a", "b"]);
  assert.deepEqual(await read(client, slowly), ["a", "b"]);
  assert.deepEqual(await read(client, []), []);
});

test("a corpus is begun again where it can be, and is bad-input where not", async () => {
  const { client } = pair(reading(2));
  assert.deepEqual(await read(client, ["a", "b"]), ["a", "b", "a", "b"]);
  assert.deepEqual(await read(client, async function* () { yield "a"; }), ["a", "a"]);
  await assert.rejects(read(client, (async function* () { yield "a"; })()), { code: "bad-input" });
});

test("a corpus that is no corpus, throws or is not JSON has its code", async () => {
  const { client } = pair(reading());
  await assert.rejects(read(client, 7), { code: "bad-input" });
  await assert.rejects(read(client, (function* () { throw new Error("disk gone"); })()), { code: "bad-input", message: /disk gone/ });
  await assert.rejects(read(client, [new File(["{oops"], "x.jsonl")]), { code: "bad-file", message: /x.jsonl:1/ });
});

test("the page's iterable is read with back-pressure and closed at the end", async () => {
  let [given, closed] = [0, 0];
  const endless = function* () {
    try {
      for (;;) { given += 1; yield "x".repeat(100_000); }
    } finally { closed += 1; }
  };
  const { client } = pair({ some: ({ drive }, _, corpus) => drive({ corpus, job: jobOf(function* (job) {
    while (job.documents.length < 7) yield turn.input;
    return job.documents.length;
  }) }) });
  await client.call({ service: "probe" }, "some", [new CorpusArgument(endless(), "some")]);
  assert.ok(given < 15, `${given} documents were taken`);
  await settled(3);
  assert.equal(closed, 1);
});

test("an iterable that never goes on does not keep a stop or an abort waiting", async () => {
  const { client } = pair(reading());
  const silent = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) });
  const run = start(client, "read", [new CorpusArgument(silent, "read")]);
  await settled(5);
  await within(500, run.stop());
  assert.deepEqual(await run.result, []);
  const aborter = new AbortController();
  const call = read(client, silent, { signal: aborter.signal });
  await settled(5);
  aborter.abort();
  await assert.rejects(within(500, call), { name: "AbortError" });
});

/** A service with objects; `log` keeps the order in which they are worked on. */
function objects(log) {
  const probe = {
    make: ({ keep }) => keep("probe", { free: () => log.push("freed") }),
    note: (_, object, what) => void log.push(what),
    long: ({ drive }, object, name) => drive({ job: jobOf(function* (job) {
      for (let step = 1; step <= 3 && !job.stopped; step++) {
        log.push(`${name}${step}`);
        job.out = step;
        yield turn.report;
      }
      return name;
    }) }),
    slow: ({ drive }, object, name) => drive({ job: jobOf(function* () {
      log.push(`${name} begins`);
      for (let i = 0; i < 5; i++) yield turn.again;
      log.push(`${name} ends`);
    }) }),
  };
  return pair(probe);
}

test("calls on one object run in order of arrival, and a run lets them in between steps", async () => {
  const log = [];
  const { client } = objects(log);
  const { griotObject: object } = await client.call({ service: "probe" }, "make", []);
  const target = { service: "probe", object };
  await Promise.all([client.call(target, "slow", ["a"]), client.call(target, "slow", ["b"]), client.call(target, "note", ["c"])]);
  assert.deepEqual(log.splice(0), ["a begins", "a ends", "b begins", "b ends", "c"]);
  const run = start(client, "long", ["r"], {}, target);
  await client.call(target, "note", ["n"]);
  await run.result;
  assert.deepEqual(log.splice(0), ["r1", "n", "r2", "r3"]);
});

test("a paused run does not keep others from its object", async () => {
  const log = [];
  const { client } = objects(log);
  const { griotObject: object } = await client.call({ service: "probe" }, "make", []);
  const run = start(client, "long", ["r"], {}, { service: "probe", object });
  run.pause();
  await within(500, client.call({ service: "probe", object }, "note", ["n"]));
  assert.deepEqual(log, ["r1", "n"]);
  run.resume();
  await run.result;
});

test("a run that is paused in the middle of a step finishes it for who waits, and rests again", async () => {
  const log = [];
  const { client } = pair({
    make: ({ keep }) => keep("probe", { free() {} }),
    note: ({ drive }) => drive({ job: jobOf(function* () { log.push("note"); }) }),
    long: ({ drive }) => drive({ job: jobOf(function* (job) {
      for (let step = 1; !job.stopped; step += 1) {
        for (let part = 1; part <= 1000; part += 1) yield turn.again;
        log.push(step);
        yield turn.boundary;
      }
    }) }),
  });
  const { griotObject: object } = await client.call({ service: "probe" }, "make", []);
  const target = { service: "probe", object };
  const run = start(client, "long", [], {}, target);
  await settled(3);
  run.pause();
  await settled(10);
  assert.deepEqual(log, []);
  await within(5000, client.call(target, "note", []));
  assert.deepEqual(log, [1, "note"]);
  await settled(20);
  assert.deepEqual(log, [1, "note"]);
  run.resume();
  while (log.length < 3) await sleep(0);
  await run.stop();
});

test("release ends the calls in hand with disposed, and later ones too", async () => {
  const log = [];
  const { client } = pair({ make: ({ keep }) => keep("probe", { free: () => log.push("freed") }), stuck: ({ drive }) => drive({ job: jobOf(function* () { for (;;) yield turn.wait; }) }) });
  const { griotObject: object } = await client.call({ service: "probe" }, "make", []);
  const [first, second] = [client.call({ service: "probe", object }, "stuck", []), client.call({ service: "probe", object }, "stuck", [])];
  const both = Promise.all([assert.rejects(first, { code: "disposed" }), assert.rejects(second, { code: "disposed" })]);
  await settled(3);
  await client.release(object);
  await both;
  assert.deepEqual(log, ["freed"]);
  await assert.rejects(client.call({ service: "probe", object }, "stuck", []), { code: "disposed" });
});

test("a job that waits goes on when it is woken", async () => {
  const { client, state } = pair({ waits: ({ drive }) => drive({ job: jobOf(function* (job) {
    setTimeout(() => state.wake(job.id), 5);
    yield turn.wait;
    return "woken";
  }) }) });
  assert.equal(await within(1000, client.call({ service: "probe" }, "waits", [])), "woken");
});

test("a trap rejects every call in hand with internal, also one outside of a poll", async () => {
  const trap = ({ drive }) => drive({ job: jobOf(function* () { throw new WebAssembly.RuntimeError("unreachable"); }) });
  const stuck = ({ drive }) => drive({ job: jobOf(function* () { for (;;) yield turn.wait; }) });
  for (const how of ["poll", "panic"]) {
    const { client, state } = pair({ trap, stuck });
    const waiting = client.call({ service: "probe" }, "stuck", []);
    const run = start(client, "stuck");
    await settled(3);
    const ends = [assert.rejects(waiting, { code: "internal" }), assert.rejects(run.result, { code: "internal" })];
    if (how === "poll") ends.push(assert.rejects(client.call({ service: "probe" }, "trap", []), { code: "internal" }));
    else state.panic("in a callback");
    await within(500, Promise.all(ends));
    assert.ok(client.isOver);
  }
});

test("an argument that cannot be cloned is bad-input", async () => {
  const { client } = pair({ note() {} });
  const port = { post: (message) => void structuredClone(message), terminate() {} };
  const strict = new Client(() => port, {}, () => {});
  await assert.rejects(strict.call({ service: "probe" }, "note", [() => {}]), { code: "bad-input" });
  await assert.rejects(client.call({ service: "probe" }, "nothing", []), { code: "unsupported" });
});
