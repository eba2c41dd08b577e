// Times the wasm attention kernels in Node, one thread: node benches/attention.mjs path/to/attention_wasm.wasm [more.wasm …]
// Prints the median in milliseconds of forward, gradient of keys and values, gradient of queries, one column a file. Times are the
// process's own (CPU time). Relaxed SIMD needs --experimental-wasm-relaxed-simd before Node 22.
import { readFileSync } from "node:fs";

// heads, head, time, causal, dropout in percent
const SCENES = [
  [12, 64, 256, 1, 0], [12, 64, 1024, 1, 0], [12, 64, 256, 0, 0], [12, 64, 1024, 0, 0],
  [4, 32, 256, 1, 0], [12, 64, 256, 1, 10], [9, 128, 256, 1, 0],
];
const KERNELS = ["forward", "keys", "queries"];

const used = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
};
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

const files = process.argv.slice(2);
const modules = await Promise.all(files.map(async (file) => (await WebAssembly.instantiate(readFileSync(file))).instance.exports));
console.log("milliseconds, median");
for (const [heads, head, time, causal, dropout] of SCENES) {
  for (const [which, name] of KERNELS.entries()) {
    const cells = modules.map((wasm) => {
      wasm.prepare(heads, head, time, causal, dropout);
      for (let i = 0; i < 3; i++) wasm.play(which);
      const times = [];
      const end = used() + 300;
      while (used() < end || times.length < 5) {
        const start = used();
        wasm.play(which);
        times.push(used() - start);
      }
      if (!Number.isFinite(wasm.total(which))) throw new Error("not a number");
      return median(times).toFixed(2).padStart(8);
    });
    console.log(`${name.padEnd(8)} H${heads} D${head} T${time}${causal ? " causal" : ""}${dropout ? ` dropout ${dropout}%` : ""}`.padEnd(44), cells.join(" "));
  }
}
