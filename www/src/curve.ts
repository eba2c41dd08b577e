// The loss as it falls: a live curve of what is learned from, and points of what was set aside.
//
// In: losses by step. Out: a canvas that is drawn at most once a frame, in the colours of the theme, with its numbers as text beside
// it for those who do not see it. uPlot is fetched when the first point comes.

import type uPlot from "uplot";
import { el, onLanguage } from "./dom.js";
import { digits, texts } from "./language.js";

const HEIGHT = 240;
/** How much of the running mean is kept at each step. */
const KEPT = 0.9;

/** A curve. */
export interface Curve {
  element: HTMLElement;
  clear(): void;
  add(step: number, loss: number, validation?: number): void;
}

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Makes one. */
export function curve(): Curve {
  const steps: number[] = [];
  const raw: number[] = [];
  const smooth: number[] = [];
  const valid: (number | null)[] = [];
  const place = el("div", { class: "plot", role: "img" });
  const element = el(
    "figure", { class: "curve", hidden: true }, place,
    el("figcaption", {}, el("span", { class: "key learned" }, (t) => t.learn.learned), " ", el("span", { class: "key aside" }, (t) => t.learn.aside), " ", el("span", {}, (t) => t.learn.axes)),
  );
  let plot: uPlot | undefined;
  let loading = false;
  let waiting = false;

  const data = (): uPlot.AlignedData => [steps, raw, smooth, valid];

  async function open(): Promise<void> {
    if (loading) return;
    loading = true;
    const { default: Plot } = await import("uplot");
    plot?.destroy();
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: "13px system-ui, sans-serif" };
    const options: uPlot.Options = {
      width: Math.max(240, place.clientWidth), height: HEIGHT, legend: { show: false }, cursor: { show: false }, scales: { x: { time: false } },
      axes: [
        { ...axis, values: (_, at) => at.map((value) => digits(value)) },
        { ...axis, size: 44, values: (_, at) => at.map((value) => digits(value, 1)) },
      ],
      series: [
        {},
        { stroke: colour("--line"), width: 1, points: { show: false } },
        { stroke: colour("--indigo"), width: 2, points: { show: false } },
        { stroke: colour("--ochre"), width: 2, spanGaps: true, points: { show: true, size: 7, fill: colour("--ochre") } },
      ],
    };
    plot = new Plot(options, data(), place);
    loading = false;
  }

  function draw(): void {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      plot?.setData(data());
      label();
    });
  }

  function label(): void {
    const [last, first] = [smooth.at(-1), smooth[0]];
    const measured = valid.filter((value) => value !== null).at(-1);
    if (last === undefined || first === undefined) return;
    place.setAttribute("aria-label", texts().learn.curve(digits(steps.at(-1) ?? 0), digits(first, 2), digits(last, 2), measured === undefined ? "–" : digits(measured, 2)));
  }

  new ResizeObserver(() => plot?.setSize({ width: Math.max(240, place.clientWidth), height: HEIGHT })).observe(place);
  const recolour = (): void => {
    if (plot !== undefined) void open();
  };
  new MutationObserver(recolour).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
  onLanguage(() => {
    label();
    recolour();
  });

  return {
    element,
    clear() {
      for (const list of [steps, raw, smooth, valid]) list.length = 0;
      draw();
    },
    add(step, loss, validation) {
      steps.push(step);
      raw.push(loss);
      const weight = Math.min(KEPT, (smooth.length + 1) / (smooth.length + 10));
      smooth.push(smooth.length === 0 ? loss : weight * (smooth.at(-1) ?? loss) + (1 - weight) * loss);
      valid.push(validation ?? null);
      element.hidden = false;
      if (plot === undefined) void open();
      draw();
    },
  };
}
