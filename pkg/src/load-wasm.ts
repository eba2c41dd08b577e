// The wasm files: where they come from, and which of the two large ones it is.
//
// In: the caller's sources, or none. Out: a compiled module. The relaxed file (fused multiply-add) is taken where the browser
// validates a probe of it. Nothing is fetched but these addresses.

import { GriotError } from "./errors.js";
import { home } from "./home.js";
import type { HostSettings } from "./protocol.js";
import type { WasmSource } from "./platform.js";

/** The files beside the package, in the form that bundlers recognise. */
export function shipped(): HostSettings["wasm"] {
  const moved = home(import.meta.url);
  if (moved !== undefined) {
    const folder = `${moved}../wasm/`;
    return { simd: `${folder}griot.wasm`, relaxed: `${folder}griot-relaxed.wasm`, chat: `${folder}chat.wasm` };
  }
  return {
    simd: new URL("../wasm/griot.wasm", import.meta.url),
    relaxed: new URL("../wasm/griot-relaxed.wasm", import.meta.url),
    chat: new URL("../wasm/chat.wasm", import.meta.url),
  };
}

interface Files {
  simd: WasmSource;
  relaxed?: WasmSource | undefined;
  chat?: WasmSource | undefined;
}

/** What `configure` takes: one file, or each by name. */
export type WasmSources = WasmSource | Files;

/** What `configure` was given, file by file; addresses made absolute, since a worker has another base. */
export function sources(given: WasmSources | undefined): HostSettings["wasm"] {
  const { simd, relaxed, chat }: Files = given === undefined ? shipped() : typeof given === "object" && "simd" in given ? given : { simd: given };
  return { simd: absolute(simd), relaxed: relaxed && absolute(relaxed), chat: absolute(chat ?? shipped().chat) };
}

function absolute(source: WasmSource): WasmSource {
  if (source instanceof URL) return source.href;
  if (typeof source !== "string") return source;
  const base = typeof location === "undefined" ? undefined : location.href;
  try {
    return new URL(source, base).href;
  } catch {
    throw new GriotError("bad-option", `configure: "${source}" is not a URL`, { hint: "give an absolute URL; in Node one that begins with file:" });
  }
}

/** The smallest module with one relaxed instruction: `f32x4.relaxed_madd` of three zeros. */
const RELAXED_PROBE = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10, 0x13, 1, 0x11, 0,
  0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, 0xfd, 0x85, 0x02, 0x0b,
]);

/** Whether this engine has relaxed SIMD. */
export function hasRelaxed(): boolean {
  return WebAssembly.validate(RELAXED_PROBE);
}

/** Compiles the variant that this engine takes. */
export async function compile(wasm: HostSettings["wasm"]): Promise<{ module: WebAssembly.Module; variant: "simd" | "relaxed" }> {
  if (wasm.relaxed !== undefined && hasRelaxed()) return { module: await moduleOf(wasm.relaxed), variant: "relaxed" };
  return { module: await moduleOf(wasm.simd), variant: "simd" };
}

/** A file, compiled. */
export async function moduleOf(source: WasmSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  try {
    if (typeof source !== "string" && !(source instanceof URL)) return await WebAssembly.compile(source as BufferSource);
    const url = new URL(source);
    if (url.protocol === "file:") return await WebAssembly.compile(await readFile(url));
    return await fetchModule(url);
  } catch (thrown) {
    if (thrown instanceof GriotError) throw thrown;
    const what = typeof source === "string" || source instanceof URL ? String(source) : "the bytes given";
    throw new GriotError("bad-file", `the wasm cannot be compiled from ${what}: ${String(thrown)}`, {
      hint: "a browser needs WebAssembly SIMD, and a Content-Security-Policy 'wasm-unsafe-eval'",
    });
  }
}

async function fetchModule(url: URL): Promise<WebAssembly.Module> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (thrown) {
    throw new GriotError("download-failed", `the wasm cannot be fetched from ${url.href}: ${String(thrown)}`);
  }
  if (!response.ok) throw new GriotError("download-failed", `the wasm cannot be fetched from ${url.href}: ${response.status}`, { details: { status: response.status } });
  // Servers that do not know the type of .wasm are common; then the bytes are compiled when they are all there.
  const typed = response.headers.get("content-type")?.startsWith("application/wasm");
  return typed ? await WebAssembly.compileStreaming(response) : await WebAssembly.compile(await response.arrayBuffer());
}

/** Reads a file of Node or Deno; the name is computed so that bundlers for the browser do not look for it. */
async function readFile(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const name = "node:fs/promises";
  const fs = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as { readFile(url: URL): Promise<Uint8Array<ArrayBuffer>> };
  return await fs.readFile(url);
}
