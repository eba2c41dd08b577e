// What one chooses before training: family, size, steps, and what they cost here.
//
// In: the tokenizer's size and the device's speed, once they are known. Out: the controls, and what was chosen.

import { chosen as device } from "./device.js";
import { el, onLanguage } from "./dom.js";
import { bytes, digits, duration, texts } from "./language.js";
import { measure, memory, parameters, seconds, SIZES, weigh, type Family, type Size, type SizeName } from "./sizes.js";

/** What was chosen. */
export interface Choice {
  family: Family;
  size: Size;
  steps: number;
  lr: number;
  dropout: number;
}

/** The vocabulary that one would get, until there is a tokenizer. */
const USUAL = 500;

/** The controls. */
export interface Chooser {
  element: HTMLElement;
  chosen(): Choice;
  lock(locked: boolean): void;
  /** Says what each size costs with a vocabulary of so many tokens. */
  use(tokens: number): void;
}

/** Makes them. */
export function chooser(): Chooser {
  let vocab = USUAL;
  const families = el("fieldset", {}, el("legend", {}, (t) => t.learn.family), ...(["gpt", "llama"] as const).map((family) =>
    el("label", { class: "choice" }, el("input", { type: "radio", name: "family", value: family, checked: family === "gpt" }), (t) => t.learn.families[family])));
  const costs = new Map<SizeName, HTMLElement>();
  const sizes = el("fieldset", { class: "sizes" }, el("legend", {}, (t) => t.learn.size), ...(Object.keys(SIZES) as SizeName[]).map((name) => {
    const cost = el("span", { class: "cost" });
    costs.set(name, cost);
    const { layers, width, context } = SIZES[name];
    return el("label", { class: "card" }, el("input", { type: "radio", name: "model-size", value: name, checked: name === "tiny" }),
      el("b", {}, (t) => t.learn.sizes[name]), el("span", {}, (t) => t.learn.form(digits(layers), digits(width), digits(context))), cost);
  }));
  const steps = el("input", { id: "steps", type: "range", min: 20, max: 3000, step: 20, value: 400 });
  const stepsNow = el("output", { for: "steps" });
  const lr = el("input", { id: "lr", type: "range", min: -4, max: -1.5, step: 0.1, value: -2.7 });
  const lrNow = el("output", { for: "lr" });
  const dropout = el("input", { id: "dropout", type: "range", min: 0, max: 0.5, step: 0.05, value: 0 });
  const dropoutNow = el("output", { for: "dropout" });

  const checked = (name: string): string => element.querySelector<HTMLInputElement>(`input[name="${name}"]:checked`)?.value ?? "";
  const family = (): Family => (checked("family") === "llama" ? "llama" : "gpt");
  const size = (): Size => SIZES[checked("model-size") as SizeName] ?? SIZES.tiny;
  const rate = (): number => Number((10 ** lr.valueAsNumber).toPrecision(2));

  function draw(): void {
    stepsNow.textContent = digits(steps.valueAsNumber);
    lrNow.textContent = digits(rate(), 4);
    dropoutNow.textContent = digits(dropout.valueAsNumber, 2);
    const t = texts().learn;
    for (const [name, cost] of costs) {
      const one = SIZES[name];
      const time = seconds(device(), family(), one, vocab, steps.valueAsNumber);
      const taken = memory(family(), one, vocab);
      cost.textContent = t.cost(digits(Number(parameters(family(), one, vocab).toPrecision(2))), taken === undefined ? "…" : bytes(taken), time === undefined ? t.unmeasured : t.about(duration(time)));
    }
  }

  const slider = (input: HTMLInputElement, now: HTMLOutputElement, label: "steps" | "lr" | "dropout"): HTMLElement =>
    el("div", { class: "field" }, el("label", { for: input.id }, (t) => t.learn[label], " ", now), input);
  const element = el(
    "div", { class: "choices" }, sizes, el("div", { class: "controls" }, families, slider(steps, stepsNow, "steps")),
    el("details", {}, el("summary", {}, (t) => t.learn.finer), el("div", { class: "controls" }, slider(lr, lrNow, "lr"), slider(dropout, dropoutNow, "dropout"))),
  );
  for (const input of [steps, lr, dropout]) input.addEventListener("input", draw);
  families.addEventListener("change", draw);
  sizes.addEventListener("change", () => {
    lr.valueAsNumber = Math.log10(size().lr);
    draw();
  });
  onLanguage(draw);
  // What it costs is asked when one comes near; a device that cannot be measured shows it when one trains.
  let close = false;
  let locked = false;
  let turn = Promise.resolve();
  async function cost(): Promise<void> {
    if (!close || locked) return;
    try {
      for (const one of Object.values(SIZES)) await weigh(family(), one, vocab);
      draw();
      await measure(device());
    } finally {
      draw();
    }
  }
  const learnCost = (): void => void (turn = turn.then(cost).catch(draw));
  new IntersectionObserver((entries) => {
    close = entries.some((entry) => entry.isIntersecting);
    learnCost();
  }, { rootMargin: "60%" }).observe(element);
  families.addEventListener("change", learnCost);
  return {
    element,
    chosen: () => ({ family: family(), size: { ...size(), lr: rate() }, steps: steps.valueAsNumber, lr: rate(), dropout: dropout.valueAsNumber }),
    lock(now) {
      locked = now;
      for (const control of [families, sizes, steps, lr, dropout]) control.disabled = locked;
    },
    use(tokens) {
      vocab = tokens;
      draw();
      learnCost();
    },
  };
}
