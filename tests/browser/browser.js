// A headless Chromium with WebGPU on SwiftShader, or without WebGPU.

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
