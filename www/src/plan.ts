// The plan of a step, as text: what is launched, in which order, and what memory it takes.
//
// In: the model in hand, or the smallest one. Out: the list that both players play, as `griot/lab` prints it.

import { Model, presets, type Batch } from "griot";
import { plan } from "griot/lab";
import { alertLine, button, el } from "./dom.js";
import { did, settled } from "./journal.js";
import { inHand } from "./shelf.js";
import { shape, SIZES } from "./sizes.js";

const ROWS = 2;
const TIME = 32;

const alert = alertLine();
const text = el("code", { translate: "no" });
const place = el("pre", { class: "plan", tabindex: 0, role: "region", "aria-label": (t) => t.plan.label, lang: "en", hidden: true }, text);

/** Prints the plan of one training step on a small batch. */
async function print(): Promise<void> {
  alert.clear();
  const held = inHand()?.model;
  let own: Model | undefined;
  try {
    const model = held ?? (own = await Model.create(presets.gpt({ ...shape(SIZES.tiny), vocabSize: 500 })));
    const vocab = Number(model.config["vocab_size"] ?? 1);
    const ids = Array.from({ length: ROWS }, (_, row) => Array.from({ length: TIME }, (_, at) => (row * 31 + at * 7) % vocab));
    const batch: Batch = { inputIds: ids, labels: ids };
    text.textContent = await plan(model, batch);
    place.hidden = false;
    const made = own === undefined ? "" : `const smallest = await Model.create(presets.gpt(${settled({ ...shape(SIZES.tiny), vocabSize: vocab })}));\n`;
    const lines = `${made}const rows = Array.from({ length: ${ROWS} }, (_, row) => Array.from({ length: ${TIME} }, (_, at) => (row * 31 + at * 7) % ${vocab}));
console.log(await plan(${own === undefined ? "model" : "smallest"}, { inputIds: rows, labels: rows }));`;
    did("plan", { names: own === undefined ? [] : ["Model", "presets"], lab: ["plan"], lines });
  } catch (error) {
    alert.show(error);
  } finally {
    await own?.dispose();
  }
}

/** A part of the section on kernels. */
export function planPart(): HTMLElement {
  return el("div", { id: "plan" }, el("h3", {}, (t) => t.plan.title), el("p", { class: "note" }, (t) => t.plan.words), el("div", { class: "row" }, button((t) => t.plan.run, () => void print(), "secondary")), alert.element, place);
}
