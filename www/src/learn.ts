// Train a model of one's own, and watch it learn.
//
// In: the text, a tokenizer trained on it, a family, a size, a number of steps. Out: the loss as it falls, samples that get better,
// speed and time left; pause, resume, stop; the model, in hand for all that follows.

import { Model, type Run, type StepReport, type TrainOptions, type TrainResult } from "griot";
import { beginning, documents, journaliseParts, LEAST, onCorpus, split } from "./corpus.js";
import { curve } from "./curve.js";
import { busyWhile, chosen as device, refresh } from "./device.js";
import { alertLine, button, el, onLanguage, section, type Say } from "./dom.js";
import { also, did, isDone, literal, settled, undone } from "./journal.js";
import { bytes, digits, duration, language, texts } from "./language.js";
import { chooser } from "./learn-choices.js";
import { chronicle } from "./samples.js";
import { inHand, onHand, take, type Held } from "./shelf.js";
import { config, observed, seconds, shape } from "./sizes.js";
import { ensureTrained, onTrained, stopTraining } from "./tokens.js";

/** Seconds between two samples, and between two checkpoints. */
const SAMPLE = 4;
const CHECKPOINT = 20;
/** Validation is measured so often in a run, on so many batches. */
const MEASURES = 20;
const BATCHES = 2;

type State = "idle" | "preparing" | "running" | "paused";

let state: State = "idle";
let run: Run<StepReport, TrainResult> | undefined;
/** The sentence that a new model tells before its first step, while it is told. */
let hearing: { stop(): Promise<void> } | undefined;
/** Whether it was told to stop before the first step. */
let givenUp = false;
/** What is said of the run, and what is shown of it: drawn again in another language. */
let news: Say = () => "";
let shown: () => void = () => {};

const choices = chooser();
const plot = curve();
const told = chronicle();
const said = el("p", { class: "said", role: "status" });
const alert = alertLine();
const live = el("dl", { class: "live", hidden: true });
const start = button((t) => t.learn.start, () => void learn(false));
const more = button((t) => t.learn.more, () => void learn(true), "secondary");
const pause = button((t) => t.learn.pause, () => rest(), "secondary");
const stop = button((t) => t.stop, () => halt(), "secondary");

function draw(): void {
  const t = texts().learn;
  const learning = state === "running" || state === "paused";
  const focused = [start, more, pause, stop].find((one) => one === document.activeElement);
  start.hidden = learning;
  if (state === "idle") start.removeAttribute("aria-disabled");
  else start.setAttribute("aria-disabled", "true");
  more.hidden = state !== "idle" || inHand() === undefined;
  pause.hidden = !learning;
  stop.hidden = state === "idle";
  pause.textContent = state === "paused" ? t.resume : t.pause;
  choices.lock(state !== "idle");
  said.textContent = state === "preparing" ? t.preparing : state === "paused" ? t.paused : news(texts());
  // Whoever is at a button that goes away finds the one in its place.
  if (focused?.hidden) [pause, more, start].find((one) => !one.hidden)?.focus();
}

function tell(words: Say): void {
  news = words;
  draw();
}

/** Stops, also before the first step. */
function halt(): void {
  if (state !== "preparing") return void run?.stop();
  givenUp = true;
  stopTraining();
  void hearing?.stop();
}

function to(next: State): void {
  state = next;
  draw();
}

function rest(): void {
  if (state === "paused") {
    run?.resume();
    return to("running");
  }
  run?.pause();
  to("paused");
}

/** What one sees while it learns. */
function show(report: StepReport, total: number, speed: number, validation: number | undefined): void {
  const t = texts().learn;
  const left = ((total - report.step) * report.tokens) / Math.max(1, speed);
  const rows: [string, string][] = [
    [t.step, `${digits(report.step)} / ${digits(total)}`],
    [t.loss, digits(report.loss, 3)],
    [t.validation, validation === undefined ? "–" : digits(validation, 3)],
    [t.perplexity, validation === undefined ? "–" : digits(Math.exp(validation), 2)],
    [t.speed, digits(speed)],
    [t.left, report.step === total ? "–" : duration(left)],
    [t.memory, bytes(report.memory)],
  ];
  live.hidden = false;
  shown = () => show(report, total, speed, validation);
  live.replaceChildren(...rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

/** Trains: a new model, or the one in hand some more. */
async function learn(again: boolean): Promise<void> {
  if (state !== "idle") return;
  alert.clear();
  givenUp = false;
  news = () => "";
  to("preparing");
  let held: Held | undefined;
  try {
    if (documents().reduce((sum, one) => sum + one.length, 0) < LEAST) return alert.say((t) => t.corpus.short(digits(LEAST)));
    held = again ? inHand() : await begin();
    if (givenUp) return tell((t) => t.learn.givenUp);
    if (held === undefined) return alert.say((t) => t.learn.noTokenizer);
    if (!again) told.clear();
    plot.clear();
    await take(held);
    await watch(held, again);
  } catch (error) {
    alert.show(error);
  } finally {
    run = hearing = undefined;
    if (held !== undefined && inHand()?.model === held.model) await take({ ...held });
    to("idle");
    await refresh().catch(alert.show);
  }
}

/** A new model, with a tokenizer that learned from the text. */
async function begin(): Promise<Held | undefined> {
  const tokenizer = await ensureTrained();
  if (tokenizer === undefined || givenUp) return undefined;
  const { family, size } = choices.chosen();
  return { model: await Model.create(config(family, size), { tokenizer, seed: 1 }), steps: 0, goesOn: false, beginning: beginning() };
}

/** The options of a run, and how it is told in code. */
function settle(held: Held): { total: number; options: TrainOptions } {
  const { family, size, steps, lr, dropout } = choices.chosen();
  const context = Number(held.model.config["n_positions"] ?? held.model.config["max_position_embeddings"] ?? size.context);
  const prompt = typeof held.beginning === "string" ? held.beginning : held.beginning[language()];
  const perStep = (seconds(device(), family, size, held.model.tokenizer?.vocabSize ?? 0, steps) ?? (SAMPLE * steps) / 8) / steps;
  const everyFew = (wanted: number, most: number): number => Math.max(1, Math.min(most, Math.round(wanted / perStep)));
  const total = held.steps + steps;
  const options: TrainOptions = {
    steps: total, batch: size.batch, context: Math.min(context, size.context), optimizer: { lr }, ...(dropout > 0 && { dropout }),
    ...(split().valid.length > 0 && { validate: { every: Math.max(1, Math.round(steps / MEASURES)), batches: BATCHES } }),
    sample: { prompt, every: everyFew(SAMPLE, Math.ceil(steps / 4)), maxTokens: 40, temperature: 0.7, seed: 1 },
    ...("storage" in navigator && "getDirectory" in navigator.storage && { checkpoint: { target: `opfs:${held.name ?? texts().keep.draft}`, every: everyFew(CHECKPOINT, steps) } }),
    ...(held.goesOn && { continue: true }),
  };
  return { total, options };
}

/** Runs the training to its end or its stop. */
async function watch(held: Held, again: boolean): Promise<void> {
  const { model } = held;
  const { family, size } = choices.chosen();
  const { train, valid } = split();
  const { total, options } = settle(held);
  const prompt = options.sample?.prompt ?? "";
  if (held.steps === 0) {
    const first = model.generate(prompt, { maxTokens: 40, temperature: 0.7, seed: 1 });
    hearing = first;
    told.add(0, prompt, await first.text);
  }
  if (givenUp) return tell((t) => t.learn.givenUp);
  journalise(held, again, options);
  const learning = model.train(valid.length > 0 ? { train, valid } : train, options);
  run = learning;
  news = (t) => t.learn.running;
  to("running");
  let [speed, validation]: [number, number | undefined] = [0, undefined];
  for await (const report of learning) {
    held.goesOn = true;
    held.steps = report.step;
    speed = speed === 0 ? report.tokensPerSecond : 0.9 * speed + 0.1 * report.tokensPerSecond;
    validation = report.validation?.loss ?? validation;
    plot.add(report.step, report.loss, report.validation?.loss);
    show(report, total, speed, validation);
    if (report.skipped) tell((t) => t.learn.skipped(digits(report.step)));
    if (report.sample !== undefined) told.add(report.step, prompt, report.sample);
  }
  const result = await learning.result;
  held.steps = result.steps;
  observed(device(), family, size, model.tokenizer?.vocabSize ?? 0, speed);
  const last = result.validation ?? validation;
  tell(({ learn: t }) => `${result.reason === "done" ? t.done(digits(result.steps), duration(result.seconds)) : t.stopped(digits(result.steps))}${last === undefined ? "" : ` ${t.measured(digits(Math.exp(last), 2))}`}`);
}

/** The run as code: a new model's, or one more of the model that the code already has. */
function journalise({ model }: Held, again: boolean, options: TrainOptions): void {
  const { family, size } = choices.chosen();
  const { counted, aside } = journaliseParts();
  const run = `model.train(${aside === undefined ? counted : `{ train: ${counted}, valid: ${aside} }`}, ${settled(options)})`;
  const told = "const { step, loss, validation, sample }";
  const said = "console.log(step, loss, validation, sample);";
  if (again && isDone("learn")) return also("learn", { names: [], lines: `for await (${told} of ${run}) ${said}` });
  const made = `const model = await Model.create(presets.${family}(${settled(shape(size))}), { tokenizer, seed: 1 });  // ${literal(model.parameters)} parameters\n`;
  undone("hear", "keep", "download");
  if (!again) undone("open");
  did("learn", { names: again ? [] : ["Model", "presets"], lines: `${again ? "" : made}const training = ${run};
for await (${told} of training) ${said}  // training.pause(), .resume(), .stop()` });
}

/** The section. */
export function learnSection(hear: HTMLElement): HTMLElement {
  busyWhile(() => state !== "idle");
  onLanguage(() => {
    draw();
    shown();
  });
  onHand(draw);
  onTrained((made) => choices.use(made.vocabSize));
  onCorpus(draw);
  return section(
    "learn", (t) => t.learn.title, (t) => t.learn.words,
    choices.element, el("div", { class: "row" }, start, pause, stop, more, said), alert.element, live, plot.element, told.element, hear,
  );
}
