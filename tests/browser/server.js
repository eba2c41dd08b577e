// A static file server on 127.0.0.1, for the tests and for `cargo xtask demo`.
//
// In: a folder, a port (0: any), headers to add. Out: the address. `node server.js FOLDER PORT` serves until it is stopped.

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const TYPES = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8", ".json": "application/json", ".map": "application/json", ".wasm": "application/wasm",
  ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8", ".wgsl": "text/plain; charset=utf-8",
};

/** Serves a folder; resolves to `{ url, close }`. `answer(request, response, headers)` may take a request: it says whether it did. */
export function serve(folder, { port = 0, headers = {}, answer = () => false } = {}) {
  const root = resolve(folder);
  const server = createServer((request, response) => {
    if (answer(request, response, headers)) return;
    const { pathname } = new URL(request.url, "http://localhost");
    let path = join(root, normalize(decodeURIComponent(pathname)));
    try {
      if (!path.startsWith(root)) throw new Error("outside");
      if (statSync(path).isDirectory()) path = join(path, "index.html");
      const { size } = statSync(path);
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream", "content-length": size, "cache-control": "no-cache", ...headers });
      createReadStream(path).pipe(response);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  return new Promise((done, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", () => {
      server.unref();
      done({ url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [folder = ".", port = "8080"] = process.argv.slice(2);
  // The code that the page shows names the files of its storyteller here: another page that runs it may read them.
  const { url } = await serve(folder, { port: Number(port), headers: { "access-control-allow-origin": "*" } });
  console.log(`${url}/`);
  setInterval(() => {}, 1 << 30); // until it is stopped
}
