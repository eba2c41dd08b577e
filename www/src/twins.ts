// A whole model on both players: the processor and the GPU must tell the same.
//
// In: the storyteller's kind of model from a seed, one batch of ids. Out: a table with the loss, the time of a forward pass and of a
// pass with all gradients on each player, and how far apart their numbers lie. Without a GPU the processor stands alone, and it says so.

import { Model, presets, type Batch } from "griot";
import { alertLine, el, onLanguage } from "./dom.js";
import { did, settled } from "./journal.js";
import { digits, small, texts } from "./language.js";
import { workButton } from "./work.js";

const SIZES = { layers: 2, heads: 4, width: 32, context: 64, vocabSize: 256 };
const ROWS = 2;
const TIME = 48;

interface Played {
  loss: number;
  forward: number;
  gradients: number;
  logits: Float32Array;
  all: Map<string, Float32Array>;
}

let found: { cpu: Played; gpu: Played | undefined; logits: number; worst: number; name: string } | undefined;

const said = el("p", { class: "said", role: "status" });
const alert = alertLine();
const place = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": (t) => t.twins.caption, hidden: true });

/** The largest difference, relative to the largest number expected. */
function apart(a: Float32Array, b: Float32Array): number {
  let [difference, scale] = [0, 0];
  for (const [i, value] of a.entries()) {
    difference = Math.max(difference, Math.abs(value - (b[i] ?? Number.NaN)));
    scale = Math.max(scale, Math.abs(value));
  }
  return scale === 0 ? difference : difference / scale;
}

async function play(device: "cpu" | "webgpu", batch: Batch): Promise<Played> {
  const model = await Model.create(presets.gpt(SIZES), { seed: 1, device });
  try {
    await model.gradients(batch); // plans and pipelines are made once
    const began = performance.now();
    const { logits, loss = Number.NaN } = await model.forward(batch);
    const between = performance.now();
    const { gradients } = await model.gradients(batch);
    const ended = performance.now();
    return { loss, forward: between - began, gradients: ended - between, logits: logits.data, all: new Map([...gradients].map(([name, { data }]) => [name, data])) };
  } finally {
    await model.dispose();
  }
}

function draw(): void {
  const t = texts().twins;
  said.textContent = start.busy() ? t.running : "";
  if (found === undefined || start.busy()) return;
  const { cpu, gpu, logits, worst, name } = found;
  said.textContent = gpu === undefined ? t.alone : t.summary(small(logits), small(worst), name);
  const ms = (value: number): string => `${digits(value, 1)}\u00a0ms`;
  const row = (player: string, { loss, forward, gradients }: Played): HTMLElement =>
    el("tr", {}, el("th", { scope: "row" }, player), ...[digits(loss, 5), ms(forward), ms(gradients)].map((value) => el("td", { class: "number" }, value)));
  const rows = [row(texts().device.cpu, cpu), ...(gpu === undefined ? [] : [row("WebGPU", gpu)])];
  const head = [t.player, t.loss, t.forward, t.gradients].map((words, i) => el("th", { scope: "col", class: i > 0 ? "number" : undefined }, words));
  place.replaceChildren(el("table", {}, el("caption", {}, t.caption), el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)));
  place.hidden = false;
}

async function compare(): Promise<void> {
  const ids = Array.from({ length: ROWS }, (_, row) => Array.from({ length: TIME }, (_, at) => (at * at * 7 + row * 83 + at * 3) % SIZES.vocabSize));
  const batch: Batch = { inputIds: ids, labels: ids };
  const cpu = await play("cpu", batch);
  let gpu: Played | undefined;
  try {
    gpu = await play("webgpu", batch);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "device-unavailable")) throw error;
  }
  let [worst, name] = [0, ""];
  for (const [parameter, data] of cpu.all) {
    const distance = gpu === undefined ? 0 : apart(data, gpu.all.get(parameter) ?? new Float32Array());
    if (distance >= worst) [worst, name] = [distance, parameter];
  }
  found = { cpu, gpu, logits: gpu === undefined ? 0 : apart(cpu.logits, gpu.logits), worst, name };
  did("twins", { names: ["Model", "presets"], lines: `for (const device of ${gpu === undefined ? '["cpu"]' : '["cpu", "webgpu"]'}) {
  const one = await Model.create(presets.gpt(${settled(SIZES)}), { seed: 1, device });
  const rows = Array.from({ length: ${ROWS} }, (_, row) => Array.from({ length: ${TIME} }, (_, at) => (at * at * 7 + row * 83 + at * 3) % ${SIZES.vocabSize}));
  console.log((await one.forward({ inputIds: rows, labels: rows })).loss, (await one.gradients({ inputIds: rows, labels: rows })).loss);
  await one.dispose();
}` });
}

const start = workButton((t) => t.twins.run, alert, compare, draw);

/** A part of the section on kernels. */
export function twins(): HTMLElement {
  onLanguage(draw);
  return el("div", { id: "twins" }, el("h3", {}, (t) => t.twins.title), el("p", { class: "note" }, (t) => t.twins.words), el("div", { class: "row" }, start.element, said), alert.element, place);
}
