// `node benches/forward.mjs [--rounds N] [node|page]`: forward passes beside onnxruntime-web, one thread of wasm each, in Node and in headless Chromium.
//
// In: the built package (`cargo xtask pkg`, so that the wasm is the one that ships) and the peers of `benches/peers` (`npm ci --ignore-scripts`
// there). Out: medians and ratios. Run by `cargo xtask bench forward`.

import { run } from "./forward-race.js";
import { onPage } from "./page.js";

const root = new URL("..", import.meta.url);
const arguments_ = process.argv.slice(2);
const rounds = arguments_.includes("--rounds") ? Number(arguments_[arguments_.indexOf("--rounds") + 1]) : 9;
const places = ["node", "page"].filter((place) => arguments_.includes(place));
const say = (line) => console.log(line);
const RUNTIME = "benches/peers/node_modules/onnxruntime-web/dist/";

if (places.length === 0 || places.includes("node")) {
  say("== in Node");
  const ort = await import(new URL(`${RUNTIME}ort.node.min.mjs`, root));
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  await run({ griot: await import(new URL("pkg/dist/index.js", root)), onnx: await import("./peers/onnx.js"), ort, rounds, say });
}
if (places.length === 0 || places.includes("page")) {
  say("== on a page, griot in its worker");
  const race = async ([folder, rounds]) => {
    const [griot, onnx, ort, { run }] = await Promise.all(
      ["/pkg/dist/index.js", "/benches/peers/onnx.js", `/${folder}ort.wasm.min.mjs`, "/benches/forward-race.js"].map((path) => import(path)),
    );
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = "error";
    ort.env.wasm.wasmPaths = `${location.origin}/${folder}`;
    await run({ griot, onnx, ort, rounds, say: window.say });
  };
  await onPage(root, say, (page) => page.evaluate(race, [RUNTIME, rounds]));
}
