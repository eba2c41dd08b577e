// A page for benches: an empty one in headless Chromium, without a GPU, served from the root of the repository.

import { launch } from "../tests/browser/browser.js";
import { serve } from "../tests/browser/server.js";

/** Opens it for `work`; lines that it says go to `say`. `texts` are answered under their paths. */
export async function onPage(root, say, work, texts = {}) {
  const files = new Map([["/bench.html", ["text/html", "<!doctype html><title>bench</title>"]], ...Object.entries(texts).map(([path, text]) => [path, ["text/plain; charset=utf-8", text]])]);
  const answer = ({ url }, response) => {
    const found = files.get(url);
    if (found !== undefined) response.writeHead(200, { "content-type": found[0] }).end(found[1]);
    return found !== undefined;
  };
  const server = await serve(root.pathname, { answer });
  const browser = await launch({ webgpu: false });
  const page = await browser.newPage();
  page.on("pageerror", (error) => say(`page error: ${error}`));
  await page.exposeFunction("say", say);
  await page.goto(`${server.url}/bench.html`);
  await work(page);
  await browser.close();
  server.close();
}
