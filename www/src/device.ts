// The device: what computes, why, and what memory it holds.
//
// In: nothing. Out: a section that fills itself when the device is open, and `refresh` for after other work.

import { device, memory, type DeviceReport, type MemoryReport } from "griot";
import { alertLine, el, onLanguage, section } from "./dom.js";
import { did } from "./journal.js";
import { bytes, digits, texts } from "./language.js";

const list = el("dl", { class: "report" });
const limits = el("dl", { class: "report limits" });
const alert = alertLine();
let report: DeviceReport | undefined;
let account: MemoryReport | undefined;

function row(name: string, value: string, lang?: string): Node[] {
  return [el("dt", {}, name), el("dd", { lang }, value)];
}

function draw(): void {
  const t = texts().device;
  if (report === undefined || account === undefined) {
    list.replaceChildren(...row(t.on, t.opening));
    return;
  }
  const kind = report.kind === "cpu" ? t.cpu : "WebGPU";
  const name = [report.name, report.vendor].filter((part) => part !== "" && part.toLowerCase() !== report?.kind).join(", ");
  list.replaceChildren(
    ...row(t.on, name === "" ? kind : `${kind}, ${name}`),
    ...row(t.reason, report.reason, "en"),
    ...row(t.variant, t[report.wasm]),
    ...row(t.live, bytes(account.live)),
    ...row(t.peak, bytes(account.peak)),
    ...row(t.wasm, bytes(account.wasm)),
  );
  limits.replaceChildren(...Object.entries(report.limits).flatMap(([key, value]) => row(key, digits(value), "en")));
  details.hidden = Object.keys(report.limits).length === 0;
}

const details = el("details", { hidden: true }, el("summary", {}, (t) => t.device.limits), limits);

/** Reads the account of memory anew. */
export async function refresh(): Promise<void> {
  account = await memory();
  draw();
}

/** Opens the device. */
export async function open(): Promise<void> {
  try {
    report = await device();
    await refresh();
    did("device", { names: ["device", "memory"], lines: "const { kind, name, reason } = await device();\nconst { live, peak, wasm } = await memory();" });
  } catch (error) {
    alert.show(error);
  }
}

/** The section. */
export function deviceSection(): HTMLElement {
  onLanguage(draw);
  return section("device", (t) => t.device.title, (t) => t.device.words, el("div", { "aria-live": "polite" }, list), details, alert.element);
}
