// A program of a user, for its types alone: it compiles with and without the DOM, in every way modules are found.

import { GriotError, Model, Run, Session, Tokenizer, close, configure, events, storage, type Code, type Corpus, type Estimate, type Example, type Message, type Progress, type Source, type Target, type TrainData } from "griot";
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

async function places(source: Source, target: Target): Promise<void> {
  const model: Model = await Model.load("https://example.org/model/", { integrity: { "model.safetensors": "sha256-AAAA" }, cache: false, signal: undefined });
  await Model.load({ "config.json": "{}", "model.safetensors": new ArrayBuffer(8) });
  await Model.load(source);
  await Tokenizer.load("hub:owner/name@main", { cache: true });
  const { bytes }: Estimate = await Model.estimate(source, { for: "generate", context: 128 });
  await model.save("opfs:name", { onProgress: told });
  await model.save(target);
  const files: Map<string, Blob> = await model.files();
  for (const { name, modified } of await storage.list()) if (modified < new Date()) await storage.remove(name);
  void [bytes.peak, files];
}

async function talk(model: Model, history: Message[]): Promise<void> {
  const session: Session = await model.session({ messages: history, overflow: "slide", signal: undefined });
  for await (const { text } of session.prompt("Et alors ?", { maxTokens: 9 })) void text.length;
  const clone: Session = await session.clone();
  const answer: string = await clone.prompt([{ role: "user", content: answerTo(session.messages) }]).text;
  const left: number = clone.window - clone.used;
  await Promise.all([session.dispose(), clone.dispose()]);
  void [answer, left];
}
const lesson: TrainData = { train: [{ text: "a", label: "b" }], valid: [{ text: "c", label: "b" }] };
const example: Example = { question: "q", context: "c", answer: "a", start: 0 };
async function learn(model: Model): Promise<void> {
  const { loss } = await model.evaluate(lesson);
  const [first] = await model.classify(["a"], { top: 1, onProgress: told });
  void [loss, first?.[0]?.label, model.train([example], { steps: 1 }).result];
}
const answerTo = (messages: Message[]): string => messages.at(-1)?.content ?? "";
void [use, places, talk, learn];
