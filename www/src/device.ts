// The device: what computes, why, what memory it holds; and another one, if one likes.
//
// In: nothing, or a choice by name. Out: a section that fills itself when the device is open, `refresh` for after other work, and
// `onReopen` for those who hold something on a device: before it is closed they hand over how to make it again.

import { close, configure, device, events, memory, type DeviceReport, type MemoryReport } from "griot";
import { alertLine, el, onLanguage, section, type Say } from "./dom.js";
import { did, undone } from "./journal.js";
import { bytes, digits, texts } from "./language.js";
import { reason } from "./reasons.js";

export type Choice = "auto" | "webgpu" | "cpu";
const CHOICES: Choice[] = ["auto", "webgpu", "cpu"];
/** Makes again, on the new device, what was held on the old one. */
export type Again = () => Promise<void>;

const list = el("dl", { class: "report" });
const limits = el("dl", { class: "report limits" });
const alert = alertLine();
const short = el("a", { class: "short", href: "#device" });
const holders: (() => Promise<Again>)[] = [];
let choice: Choice = "auto";
let report: DeviceReport | undefined;
let account: MemoryReport | undefined;
let busy: () => boolean = () => false;
let moving = false;

/** What was chosen. */
export const chosen = (): Choice => choice;

/** Whoever holds something on the device: called before it is closed, and what that gave after it is open again. */
export function onReopen(hold: () => Promise<Again>): void {
  holders.push(hold);
}

/** Says when the device must not be changed. */
export function busyWhile(working: () => boolean): void {
  busy = working;
}

function row(name: string, ...value: (Node | string)[]): Node[] {
  return [el("dt", {}, name), el("dd", {}, ...value)];
}

function draw(): void {
  const t = texts().device;
  for (const input of choices.querySelectorAll("input")) input.checked = input.value === choice;
  if (report === undefined || account === undefined) {
    list.replaceChildren(...row(t.on, t.opening));
    short.textContent = t.opening;
    return;
  }
  const kind = report.kind === "cpu" ? t.cpu : "WebGPU";
  const name = report.kind === "cpu" ? "" : [report.name, report.name.includes(report.vendor) ? "" : report.vendor].filter((part) => part !== "").join(", ");
  const why = reason(report.reason);
  short.textContent = t.short(kind);
  list.replaceChildren(
    ...row(t.on, name === "" ? kind : `${kind}, ${name}`),
    ...row(t.reason, why.text === undefined ? el("span", { lang: "en" }, why.said) : why.text),
    ...row(t.variant, t[report.wasm]),
    ...row(t.live, bytes(account.live)),
    ...row(t.peak, bytes(account.peak)),
    ...row(t.wasm, bytes(account.wasm)),
  );
  limits.replaceChildren(...Object.entries(report.limits).flatMap(([key, value]) => row(key, digits(value))));
  details.hidden = Object.keys(report.limits).length === 0;
}

const details = el("details", { hidden: true }, el("summary", {}, (t) => t.device.limits), limits);

function option(value: Choice, label: Say): HTMLElement {
  const input = el("input", { type: "radio", name: "device", value, id: `device-${value}`, checked: value === "auto" });
  input.addEventListener("change", () => void move(value));
  return el("label", { class: "choice" }, input, label);
}

const choices = el("fieldset", {}, el("legend", {}, (t) => t.device.choose), ...CHOICES.map((value) => option(value, (t) => t.device.choices[value])));

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

/** Closes the runtime and opens it on another device; what was held is made again there. */
async function move(to: Choice): Promise<void> {
  if (moving || to === choice) return draw();
  if (busy()) {
    alert.say((t) => t.device.busy);
    return draw();
  }
  moving = true;
  choices.disabled = true;
  alert.clear();
  try {
    const held = await Promise.all(holders.map((hold) => hold()));
    await reopen(to);
    for (const again of held) await again();
    await refresh();
  } catch (error) {
    alert.show(error);
  } finally {
    moving = false;
    choices.disabled = false;
    draw();
  }
}

/** Opens another device, or, where that fails, the one before. */
async function reopen(to: Choice): Promise<void> {
  const from = choice;
  try {
    await settle(to);
    report = await device();
  } catch (error) {
    await settle(from);
    report = await device();
    alert.show(error);
  }
}

async function settle(to: Choice): Promise<void> {
  choice = to;
  await close();
  configure({ device: to });
  if (to === "auto") undone("configure");
  else did("configure", { names: ["configure"], lines: `configure({ device: ${JSON.stringify(to)} });` });
}

/** What befalls the device while one works is said here, and the report made anew. */
function heed(name: "devicelost" | "recovered" | "fallback"): void {
  events.addEventListener(name, () => {
    alert.say((t) => t.device.events[name]);
    if (name !== "devicelost") void device().then((found) => (report = found)).then(refresh).catch(alert.show);
  });
}

/** One line on what computes, with a way to the section. */
export const deviceLine = (): HTMLElement => short;

/** The section. */
export function deviceSection(): HTMLElement {
  for (const name of ["devicelost", "recovered", "fallback"] as const) heed(name);
  onLanguage(draw);
  return section("device", (t) => t.device.title, (t) => t.device.words, choices, alert.element, el("div", { "aria-live": "polite" }, list), details);
}
