// A server of models that fails as servers do.
//
// In: requests for `/faults/FAULT/ID/…/FILE`, where the file is one of a stored model. Out: the file, in the way that FAULT says. The ID keeps
// one test's counts apart from another's; `/faults/log/ID` tells what was asked under it.

import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { fewTokens } from "./suite/golden.js";

const golden = (path) => readFileSync(new URL(`../golden/${path}`, import.meta.url));
const stored = (file) => (file === "tokenizer.json" ? Buffer.from(fewTokens(golden(`tokenizers/bbpe-gpt2/${file}`))) : golden(`models/gpt2/${file}`));

/** Requests by ID. */
const logs = new Map();

/** How often a file was asked for under an ID. */
const count = (id, file) => logs.get(id).filter((entry) => entry.file === file).length;

/** The stored weights in two shards with their index. */
function shards() {
  const whole = stored("model.safetensors");
  const length = Number(whole.readBigUInt64LE(0));
  const { __metadata__, ...entries } = JSON.parse(whole.subarray(8, 8 + length).toString());
  const names = Object.keys(entries);
  const files = {};
  const map = {};
  [names.slice(0, 9), names.slice(9)].forEach((part, i) => {
    const file = `model-0000${i + 1}-of-00002.safetensors`;
    const header = { __metadata__ };
    const bytes = [];
    let at = 0;
    for (const name of part) {
      const [from, to] = entries[name].data_offsets;
      bytes.push(whole.subarray(8 + length + from, 8 + length + to));
      header[name] = { ...entries[name], data_offsets: [at, at + to - from] };
      at += to - from;
      map[name] = file;
    }
    const json = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(json.length));
    files[file] = Buffer.concat([size, json, ...bytes]);
  });
  return { ...files, "model.safetensors.index.json": Buffer.from(JSON.stringify({ metadata: {}, weight_map: map })) };
}

/** What a folder holds under a fault. */
function contents(fault, file) {
  if (fault === "sharded") {
    if (file === "model.safetensors") return undefined;
    const found = shards()[file];
    if (found !== undefined) return found;
  }
  if (fault === "unsharded" && file.startsWith("model")) return file.endsWith(".json") ? shards()[file] : undefined;
  if (!/^(config|generation_config|tokenizer|tokenizer_config)\.json$|^model\.safetensors$/.test(file)) return undefined;
  try {
    return stored(file);
  } catch {
    return undefined;
  }
}

/** Writes bytes slowly, so that an abort finds them under way. */
function trickle(response, bytes) {
  let at = 0;
  const step = Math.ceil(bytes.length / 100);
  const more = () => {
    if (response.destroyed) return;
    response.write(bytes.subarray(at, (at += step)));
    if (at < bytes.length) setTimeout(more, 30);
    else response.end();
  };
  more();
}

/** Answers requests for `/faults/`; says whether it was one. */
export function faults(request, response, headers) {
  const [, root, fault, id, ...path] = decodeURIComponent(new URL(request.url, "http://localhost").pathname).split("/");
  if (root !== "faults") return false;
  const end = (status, more = {}, body) => response.writeHead(status, { "cache-control": "no-store", ...more, ...headers }).end(body);
  if (fault === "log") {
    end(200, { "content-type": "application/json" }, JSON.stringify(logs.get(id) ?? []));
    return true;
  }
  const file = path.at(-1);
  if (!logs.has(id)) logs.set(id, []);
  logs.get(id).push({ file, path: path.join("/"), range: request.headers.range, ifRange: request.headers["if-range"] });
  const isWeights = file.endsWith(".safetensors");
  const bytes = contents(fault, file);
  if (bytes === undefined) {
    if (fault === "html") end(200, { "content-type": "text/html; charset=utf-8" }, "<!doctype html><title>app</title>");
    else end(404);
    return true;
  }
  if (fault === "404" || (fault === "weightless" && isWeights)) return end(404), true;
  if (fault === "500") return end(500), true;
  if (fault === "html" && !path.includes("partly")) return end(200, { "content-type": "text/html" }, "<!doctype html><title>app</title>"), true;
  if (fault === "lying" && file === "config.json") return end(200, { "content-type": "application/json" }, "<!doctype html><title>app</title>"), true;
  if (fault === "busy" && count(id, file) <= 2) return end(503), true;
  if (fault === "redirect" && !path.includes("there")) return end(302, { location: `/faults/redirect/${id}/there/${file}` }), true;
  if (fault === "silent" && isWeights) return response.writeHead(200, headers).write(bytes.subarray(0, 100)), true;

  if (fault === "gzip" && /gzip/.test(request.headers["accept-encoding"] ?? "")) {
    const packed = gzipSync(bytes);
    return end(200, { "content-encoding": "gzip", "content-length": packed.length, "content-type": "application/octet-stream" }, packed), true;
  }

  const mark = `"${createHash("sha1").update(bytes).digest("hex")}${fault === "changed" && count(id, file) > 2 ? "x" : ""}"`;
  const size = fault === "wrong-length" && isWeights ? bytes.length - 1000 : bytes.length;
  const whole = bytes.subarray(0, size);
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const known = !fault.startsWith("no-range") && asked !== null && [undefined, mark].includes(request.headers["if-range"]);
  const [from, to] = known ? [Number(asked[1]), asked[2] === "" ? size : Math.min(size, Number(asked[2]) + 1)] : [0, size];
  if (known && from >= size) return end(416, { "content-range": `bytes */${size}` }), true;
  const part = whole.subarray(from, to);
  const lengthless = fault === "no-range-no-length";
  response.writeHead(known ? 206 : 200, {
    "content-type": file.endsWith(".json") ? "application/json" : "application/octet-stream",
    "cache-control": "no-store",
    ...(!lengthless && { "content-length": part.length }),
    ...(!fault.startsWith("no-range") && { etag: mark }),
    ...(known && { "content-range": `bytes ${from}-${to - 1}/${size}` }),
    ...headers,
  });
  // The first look at a long file asks for its beginning only; what breaks is what comes after.
  const isLook = asked !== null && asked[2] !== "";
  const breaks = isWeights && !isLook && ((fault.endsWith("breaks") && count(id, file) <= 3) || fault === "stops" || (fault === "changed" && count(id, file) <= 2));
  if (breaks) {
    // A third of what is left, all of it on its way before the line is cut.
    const sent = fault === "stops" ? part.subarray(0, Math.max(0, 50_000 - from)) : part.subarray(0, Math.ceil(part.length / 3));
    response.write(sent, () => setTimeout(() => response.destroy(), 20));
  } else if ((fault === "slow" && isWeights && !isLook) || (fault === "slow-config" && file === "config.json")) trickle(response, part);
  else response.end(part);
  return true;
}
