// A headless Chromium with WebGPU on SwiftShader, or without WebGPU.

import { setTimeout as rest } from "node:timers/promises";
import { chromium } from "playwright-core";

const QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"];
const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** Starts the browser that `CHROMIUM` names. */
export function launch({ webgpu = true } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--headless=new", ...QUIET, ...(webgpu ? WEBGPU : ["--disable-features=WebGPU"])],
  });
}

/** Waits until a function of the page says something true. It is asked from outside, since a page under a strict policy cannot ask itself. */
export async function until(page, predicate, argument) {
  while (!(await page.evaluate(predicate, argument))) await rest(50);
}
