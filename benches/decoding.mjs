// Times what a token of a decoder is made of, wasm in Node, one thread: node benches/decoding.mjs path/to/decoding_wasm.wasm [more.wasm …]
// Prints GB/s of the weights, or of the keys and values, that are read, and in brackets the share of what reading alone gives in the
// same run. Times are the process's own (CPU time). Relaxed SIMD needs --experimental-wasm-relaxed-simd before Node 22.
import { readFileSync } from "node:fs";

// columns, steps
const PRODUCTS = [[384, 128], [1536, 384], [3072, 768], [4096, 4096], [32000, 512]];
// heads, heads of keys, head, positions
const CACHES = [[4, 4, 32, 128], [6, 6, 64, 256], [12, 12, 64, 1024], [12, 12, 64, 4096], [32, 8, 64, 4096]];

const used = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
};
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

/// Milliseconds of one run.
function time(run, words) {
  for (let i = 0; i < 3; i++) run();
  const repeat = Math.max(1, Math.round(2e7 / words));
  const times = [];
  const end = used() + 250;
  while (used() < end || times.length < 5) {
    const start = used();
    for (let i = 0; i < repeat; i++) run();
    times.push((used() - start) / repeat);
  }
  return median(times);
}

const files = process.argv.slice(2);
const modules = await Promise.all(files.map(async (file) => (await WebAssembly.instantiate(readFileSync(file))).instance.exports));
const scenes = [
  ...PRODUCTS.flatMap(([n, k]) => ["NN", "NT"].map((name, layout) => [`${name} 1x${n}x${k}`, (wasm) => wasm.prepare_product(layout, n, k)])),
  ...CACHES.map(([h, kv, d, t]) => [`cache H${h} K${kv} D${d} T${t}`, (wasm) => wasm.prepare_attention(h, kv, d, t)]),
];
console.log("GB/s, median");
for (const [name, prepare] of scenes) {
  const cells = modules.map((wasm) => {
    const words = prepare(wasm);
    const [took, bound] = [time(wasm.play, words), time(wasm.read, words)];
    if (!Number.isFinite(wasm.total())) throw new Error("not a number");
    const rate = (ms) => (words * 4) / ms / 1e6;
    return `${rate(took).toFixed(1).padStart(6)} of ${rate(bound).toFixed(1).padStart(5)} (${Math.round((100 * bound) / took)} %)`;
  });
  console.log(name.padEnd(28), cells.join("  "));
}
