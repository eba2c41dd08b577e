import { launch, until } from "/work/wt/core/tests/browser/browser.js";
import { serve } from "/work/wt/core/tests/browser/server.js";
import { faults } from "/work/wt/core/tests/browser/faults.js";
import { cases } from "/work/wt/core/tests/browser/suite/index.js";
const CSP = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:" };
const server = await serve("/work/wt/core", { headers: CSP, answer: faults });
const browser = await launch();
const page = await browser.newPage();
let lines = [];
page.on("console", (m) => { lines.push(m.text()); if (lines.length > 60) lines.shift(); });
await page.goto(`${server.url}/tests/browser/suite/page.html?mode=worker`);
await until(page, () => window.run !== undefined);
for (let round = 0; round < 12; round++) for (const [index, { name }] of cases.entries()) {
  if (!/own for a kernel on the GPU/.test(name)) continue;
  const began = Date.now();
  const out = await Promise.race([page.evaluate((i) => window.run(i), index).then(() => "ok", (e) => "FAIL " + e.message.slice(0, 300)), new Promise((r) => setTimeout(r, 20000, "HANG"))]);
   console.log(round, name, out, Date.now() - began);
  if (out === "HANG") { for (const w of page.workers()) { console.log("WORKER", w.url()); const g = await Promise.race([w.evaluate(() => globalThis.__log), new Promise(r => setTimeout(r, 5000, "BLOCKED"))]); console.log(Array.isArray(g) ? g.slice(-110).join("\n") : g); } console.log(lines.slice(-10).join("\n")); await browser.close(); process.exit(1); }
}
console.log("done"); process.exit(0);
