// Train a model of one's own, and watch it learn.
//
// In: the text, a tokenizer trained on it, a family, a size, a number of steps. Out: the loss as it falls, samples that get better,
// speed and time left; pause, resume, stop; the model, in hand for all that follows.

import { Model, type Run, type StepReport, type Tokenizer, type TrainOptions, type TrainResult } from "griot";
import { beginning, documents, LEAST, names, onCorpus, parted, recipe, split } from "./corpus.js";
import { curve } from "./curve.js";
import { busyWhile, chosen as device, refresh } from "./device.js";
import { alertLine, button, el, onLanguage, section } from "./dom.js";
import { did, literal, settled, undone } from "./journal.js";
import { bytes, digits, duration, texts } from "./language.js";
import { chooser } from "./learn-choices.js";
import { chronicle } from "./samples.js";
import { inHand, onHand, take } from "./shelf.js";
import { config, observed, shape, type Size } from "./sizes.js";
import { ensureTrained, onTrained, trained } from "./tokens.js";
import { batches, measureOn } from "./validation.js";

/** Milliseconds between two samples. */
const EVERY = 3500;
/** Validation is measured so often in a run. */
const MEASURES = 20;

type State = "idle" | "preparing" | "running" | "paused";

let state: State = "idle";
let run: Run<StepReport, TrainResult> | undefined;

const choices = chooser();
const plot = curve();
const told = chronicle();
const said = el("p", { class: "said", role: "status" });
const alert = alertLine();
const live = el("dl", { class: "live", hidden: true });
const start = button((t) => t.learn.start, () => void learn(false));
const more = button((t) => t.learn.more, () => void learn(true), "secondary");
const pause = button((t) => t.learn.pause, () => rest(), "secondary");
const stop = button((t) => t.stop, () => void run?.stop(), "secondary");

function draw(): void {
  const t = texts().learn;
  start.hidden = state !== "idle";
  more.hidden = state !== "idle" || inHand() === undefined;
  pause.hidden = stop.hidden = state !== "running" && state !== "paused";
  pause.textContent = state === "paused" ? t.resume : t.pause;
  choices.lock(state !== "idle");
  if (state === "preparing") said.textContent = t.preparing;
  if (state === "paused") said.textContent = t.paused;
}

function to(next: State): void {
  state = next;
  draw();
}

function rest(): void {
  if (state === "paused") {
    run?.resume();
    said.textContent = "";
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
  live.replaceChildren(...rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

/** Trains: a new model, or the one in hand some more. */
async function learn(again: boolean): Promise<void> {
  if (state !== "idle") return;
  alert.clear();
  to("preparing");
  let model: Model | undefined;
  let reached = 0;
  try {
    if (documents().reduce((sum, one) => sum + one.length, 0) < LEAST) return alert.say((t) => t.corpus.short(digits(LEAST)));
    const before = again ? inHand() : undefined;
    const tokenizer = before?.model.tokenizer ?? (await ensureTrained());
    if (tokenizer === undefined) return alert.say((t) => t.learn.noTokenizer);
    const chosen = choices.chosen();
    model = before?.model ?? (await Model.create(config(chosen.family, chosen.size), { tokenizer, seed: 1 }));
    reached = before?.steps ?? 0;
    const kept = before?.beginning ?? beginning();
    await take({ model, steps: reached, beginning: kept, ...(before?.name !== undefined && { name: before.name }) });
    if (!again) told.clear();
    plot.clear();
    reached += await watch(model, tokenizer, chosen.size, chosen.steps, reached);
    await take({ model, steps: reached, beginning: kept, ...(before?.name !== undefined && { name: before.name }) });
  } catch (error) {
    alert.show(error);
    if (model !== undefined && inHand()?.model === model) await take({ model, steps: reached, beginning: beginning() });
  } finally {
    run = undefined;
    to("idle");
    await refresh().catch(alert.show);
  }
}

/** Runs the training to its end or its stop; gives the steps done. */
async function watch(model: Model, tokenizer: Tokenizer, size: Size, steps: number, before: number): Promise<number> {
  const { train, valid } = split();
  const { lr, dropout } = choices.chosen();
  const context = Math.min(size.context, Number(model.config["n_positions"] ?? model.config["max_position_embeddings"] ?? size.context));
  const options: TrainOptions = { steps, batch: size.batch, context, optimizer: { lr }, ...(dropout > 0 && { dropout }), seed: before };
  const aside = await batches(model, valid, context);
  const first = typeof inHand()?.beginning === "string" ? (inHand()?.beginning as string) : beginning();
  const sample = async (step: number): Promise<void> => told.add(step, first, await model.generate(first, { maxTokens: 40, temperature: 0.7, seed: 1 }).text);
  journalise(model, size, options, before);
  if (before === 0) await sample(0);
  const every = Math.max(1, Math.round(steps / MEASURES));
  let [sampled, sampling, speed, validation]: [number, boolean, number, number | undefined] = [performance.now(), false, 0, undefined];
  const learning = model.train(train, options);
  run = learning;
  said.textContent = texts().learn.running;
  to("running");
  for await (const report of learning) {
    speed = speed === 0 || report.step < 4 ? report.tokensPerSecond : 0.9 * speed + 0.1 * report.tokensPerSecond;
    plot.add(before + report.step, report.loss);
    show(report, steps, speed, validation);
    if (!sampling && (performance.now() - sampled > EVERY || report.step % every === 0)) {
      sampling = true;
      const wants = performance.now() - sampled > EVERY;
      void (async () => {
        if (report.step % every === 0) {
          validation = await measureOn(model, aside);
          if (validation !== undefined) plot.measured(before + report.step, validation);
        }
        if (wants) {
          await sample(before + report.step);
          sampled = performance.now();
        }
      })().catch(alert.show).finally(() => (sampling = false));
    }
  }
  const result = await learning.result;
  observed(device(), choices.chosen().family, size, tokenizer.vocabSize, speed);
  validation = await measureOn(model, aside);
  if (validation !== undefined) plot.measured(before + result.steps, validation);
  await sample(before + result.steps);
  const t = texts().learn;
  said.textContent = `${result.reason === "done" ? t.done(digits(result.steps), duration(result.seconds)) : t.stopped(digits(result.steps))}${validation === undefined ? "" : ` ${t.measured(digits(Math.exp(validation), 2))}`}`;
  return result.steps;
}

function journalise(model: Model, size: Size, options: TrainOptions, before: number): void {
  const { family } = choices.chosen();
  const text = trained() === undefined ? [recipe()] : [];
  const made = before > 0 ? [] : [`const model = await Model.create(presets.${family}(${settled(shape(size))}), { tokenizer, seed: 1 });  // ${literal(model.parameters)} parameters`];
  undone("hear");
  did("learn", {
    names: ["Model", "presets", ...names()],
    lines: [...text, parted, ...made, `const training = model.train(counted, ${settled(options)});
for await (const { step, loss, tokensPerSecond } of training) console.log(step, loss, tokensPerSecond);  // training.pause(), .resume(), .stop()`].join("\n"),
  });
}

/** The section. */
export function learnSection(hear: HTMLElement): HTMLElement {
  busyWhile(() => state !== "idle");
  onLanguage(draw);
  onHand(draw);
  onTrained((made) => choices.use(made.vocabSize));
  onCorpus(draw);
  return section(
    "learn", (t) => t.learn.title, (t) => t.learn.words,
    choices.element, el("div", { class: "row" }, start, pause, stop, more, said), alert.element, live, plot.element, told.element, hear,
  );
}
