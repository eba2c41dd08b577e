// A headless Chromium with WebGPU on SwiftShader, or without WebGPU.

import { setTimeout as rest } from "node:timers/promises";
import { chromium } from "playwright-core";

const QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"];
const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

const settings = (webgpu) => ({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--headless=new", ...QUIET, ...(webgpu ? WEBGPU : ["--disable-features=WebGPU"])],
});

/** Starts the browser that `CHROMIUM` names. */
export const launch = ({ webgpu = true } = {}) => chromium.launch(settings(webgpu));

/** Starts it with a storage on the disk, in a folder; gives the context that all of its pages share. */
export const launchIn = (folder) => chromium.launchPersistentContext(folder, settings(true));

/** Waits until a function of the page says something true. It is asked from outside, since a page under a strict policy cannot ask itself. */
export async function until(page, predicate, argument) {
  while (!(await page.evaluate(predicate, argument))) await rest(50);
}
