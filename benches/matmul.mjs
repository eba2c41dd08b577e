// Times the wasm matmul kernels in Node, one thread: node benches/matmul.mjs path/to/matmul_wasm.wasm [more.wasm …]
// Prints the median of repeated plays in GFLOP/s for each layout and shape, one column a file. Times are the process's own (CPU
// time), so that a machine with other work gives about the same numbers. Relaxed SIMD needs --experimental-wasm-relaxed-simd
// before Node 22.
import { readFileSync } from "node:fs";

const SHAPES = [
  [512, 3072, 768], [512, 768, 3072], [256, 256, 256], [512, 512, 512], [1024, 1024, 1024],
  [2048, 384, 128], [256, 512, 128], [64, 3072, 768], [16, 3072, 768], [8, 3072, 768], [4, 3072, 768], [1, 3072, 768], [1, 4096, 4096],
  [128, 512, 2048], [768, 768, 4096],
];
const LAYOUTS = ["NN", "NT", "TN"];

/// Milliseconds of CPU time that this process has used.
const used = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
};
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

const files = process.argv.slice(2);
const modules = await Promise.all(files.map(async (file) => (await WebAssembly.instantiate(readFileSync(file))).instance.exports));
console.log(`GFLOP/s, median   ${files.map((file) => file.split("/").slice(-3)[0]).join("  ")}`);
for (const [m, n, k] of SHAPES) {
  for (const [layout, name] of LAYOUTS.entries()) {
    const cells = modules.map((wasm) => {
      wasm.prepare(layout, m, n, k);
      for (let i = 0; i < 3; i++) wasm.play(0);
      const repeat = Math.max(1, Math.round(1e8 / (2 * m * n * k)));
      const times = [];
      const end = used() + 250;
      while (used() < end || times.length < 5) {
        const start = used();
        for (let i = 0; i < repeat; i++) wasm.play(0);
        times.push((used() - start) / repeat);
      }
      if (!Number.isFinite(wasm.total())) throw new Error("not a number");
      return ((2 * m * n * k) / median(times) / 1e6).toFixed(1).padStart(7);
    });
    console.log(`${name} ${`${m}x${n}x${k}`.padEnd(16)} ${cells.join(" ")}`);
  }
}
