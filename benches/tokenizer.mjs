// `node benches/tokenizer.mjs [--text FILE] [--rounds N] [node|page]`: tokenizers of JavaScript beside ours, in Node and in headless Chromium.
//
// In: the built package (`cargo xtask pkg`, so that the wasm is the one that ships) and the peers of `benches/peers` (`npm ci --ignore-scripts`
// there). Out: medians and ratios. Run by `cargo xtask bench tokenizer`.

import { readFile } from "node:fs/promises";
import { onPage } from "./page.js";
import { mixture, run } from "./tokenizer-race.js";

const root = new URL("..", import.meta.url);
const peers = new URL("benches/peers/", root);
const { build } = await import(new URL("node_modules/esbuild/lib/main.js", peers));

const arguments_ = process.argv.slice(2);
const option = (name) => (arguments_.includes(name) ? arguments_[arguments_.indexOf(name) + 1] : undefined);
const text = option("--text") ? await readFile(option("--text"), "utf8") : mixture(5_000_000);
const rounds = Number(option("--rounds") ?? 5);
const places = ["node", "page"].filter((place) => arguments_.includes(place));

// Among the packages, where no repository looks for files.
const bundle = new URL("node_modules/.bundle/peers.js", peers);
await build({
  entryPoints: [new URL("peers.js", peers).pathname], outfile: bundle.pathname, bundle: true, format: "esm", platform: "browser", target: "es2022",
  logLevel: "error", external: ["fs", "path", "crypto", "os", "util", "worker_threads", "node:*"],
});
const tiktoken = new URL("node_modules/tiktoken/lite/tiktoken_bg.wasm", peers);
const say = (line) => console.log(line);

if (places.length === 0 || places.includes("node")) {
  say("== in Node");
  await run({ griot: await import(new URL("pkg/dist/index.js", root)), peers: await import(bundle), wasm: await readFile(tiktoken), text, rounds, say });
}
if (places.length === 0 || places.includes("page")) {
  say("== on a page, griot in its worker");
  const race = async ([bundle, tiktoken, rounds]) => {
    const [griot, peers, { run }] = await Promise.all(["/pkg/dist/index.js", bundle, "/benches/tokenizer-race.js"].map((path) => import(path)));
    const [text, wasm] = await Promise.all([fetch("/bench.txt").then((r) => r.text()), fetch(tiktoken).then((r) => r.arrayBuffer())]);
    await run({ griot, peers, wasm, text, rounds, say: window.say });
  };
  const paths = [bundle, tiktoken].map((url) => url.href.slice(root.href.length - 1));
  await onPage(root, say, (page) => page.evaluate(race, [...paths, rounds]), { "/bench.txt": text });
}
