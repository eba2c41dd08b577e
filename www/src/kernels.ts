// The kernels against their twins.
//
// In: a press of the button. Out: a table of what `griot/lab` found, and one sentence that sums it up.

import { kernels, type KernelCheck } from "griot/lab";
import { alertLine, el, onLanguage, section } from "./dom.js";
import { refresh } from "./device.js";
import { did } from "./journal.js";
import { digits, small, texts } from "./language.js";
import { planPart } from "./plan.js";
import { twins } from "./twins.js";
import { workButton } from "./work.js";

let checks: KernelCheck[] | undefined;

const said = el("p", { class: "said", role: "status" });
const alert = alertLine();
const place = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": (t) => t.kernels.caption, hidden: true });

function draw(): void {
  const t = texts().kernels;
  said.textContent = start.busy() ? t.running : "";
  if (checks === undefined || start.busy()) return;
  const agree = checks.filter((check) => check.agrees).length;
  const ms = checks.reduce((sum, check) => sum + check.ms, 0);
  said.textContent = t.summary(digits(agree), digits(checks.length), digits(ms));
  const head = [t.kernel, t.verdict, t.error, t.tolerance, t.time].map((name) => el("th", { scope: "col" }, name));
  const rows = checks.map((check) =>
    el(
      "tr",
      { class: check.agrees ? "agrees" : "differs" },
      el("th", { scope: "row", translate: "no" }, check.kernel),
      el("td", {}, check.agrees ? t.yes : t.no, ...(check.message === undefined ? [] : [el("small", { lang: "en" }, check.message)])),
      el("td", { class: "number" }, small(check.error)),
      el("td", { class: "number" }, small(check.tolerance)),
      el("td", { class: "number" }, `${digits(check.ms, 1)}\u00a0ms`),
    ),
  );
  place.replaceChildren(el("table", {}, el("caption", {}, t.caption), el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)));
  place.hidden = false;
}

async function compare(): Promise<void> {
  checks = await kernels();
  did("kernels", { names: [], lab: ["kernels"], lines: "for (const { kernel, agrees, error, tolerance, ms } of await kernels()) {\n  console.log(kernel, agrees, error, tolerance, ms);\n}" });
  await refresh();
}

const start = workButton((t) => t.kernels.run, alert, compare, draw);

/** The section. */
export function kernelSection(): HTMLElement {
  onLanguage(draw);
  return section("kernels", (t) => t.kernels.title, (t) => t.kernels.words, el("div", { class: "row" }, start.element, said), alert.element, place, twins(), planPart());
}
