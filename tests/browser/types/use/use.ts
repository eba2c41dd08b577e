// A program of a user, for its types alone: it compiles with and without the DOM, in every way modules are found.

import { GriotError, Run, close, configure, events, type Code, type Corpus, type Progress } from "griot";
import * as core from "griot/core";
import { trap } from "griot/lab";

configure({ device: "cpu", memoryLimit: 1e9, hub: undefined });
core.configure({ wasm: { simd: "https://example.org/griot.wasm" } });
const code: Code = new GriotError("shape", "x").code;
const corpus: Corpus = ["a", "b"];
const told = (progress: Progress): number => progress.done / (progress.total ?? 1);
const target: EventTarget = events;

async function use(run: Run<{ step: number }, string>): Promise<void> {
  for await (const report of run) if (report.step > 3) break;
  const result: string = await run.result;
  await run.stop();
  run.pause();
  run.resume();
  await trap();
  await close();
  void [result, code, corpus, told, target];
}
void use;
