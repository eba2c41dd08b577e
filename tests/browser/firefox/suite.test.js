// The suite in Firefox, in every way the package can be bound on a page.
//
// Firefox speaks none of Chromium's protocols: the page runs the cases by itself and reports each to the server it came from. It runs where
// `FIREFOX` names one.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { faults } from "../faults.js";
import { serve } from "../server.js";
import { cases } from "../suite/index.js";

const root = new URL("../../..", import.meta.url).pathname;
const CSP = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:" };

/** What is reported, by the names of the cases: a promise that a report settles. */
function expected() {
  const all = new Map(cases.map(({ name }) => {
    let settle;
    const ended = new Promise((resolve) => (settle = resolve));
    return [name, { settle, ended }];
  }));
  const answer = (request, response, headers) => {
    if (request.url !== "/report") return faults(request, response, headers);
    const parts = [];
    request.on("data", (part) => parts.push(part)).on("end", () => {
      const { name, error } = JSON.parse(Buffer.concat(parts).toString());
      all.get(name).settle(error);
      response.writeHead(204).end();
    });
    return true;
  };
  return { all, answer };
}

for (const mode of ["worker", "direct", "core"]) {
  describe(`in Firefox, ${mode}`, () => {
    const { all, answer } = expected();
    let firefox, profile, server;
    before(async () => {
      server = await serve(root, { headers: CSP, answer });
      profile = await mkdtemp(join(tmpdir(), "griot-firefox-"));
      const options = ["--headless", "--no-remote", "--profile", profile, `${server.url}/tests/browser/firefox/report.html?mode=${mode}`];
      firefox = spawn(process.env.FIREFOX ?? "firefox-esr", options, { stdio: "ignore", env: { ...process.env, HOME: profile } });
      firefox.once("exit", (code) => { for (const { settle } of all.values()) settle(`Firefox ended with ${code}`); });
    });
    after(async () => {
      firefox.kill("SIGKILL");
      server.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    });
    for (const { name } of cases) {
      test(name, { timeout: 240_000 }, async () => {
        const error = await all.get(name).ended;
        if (error !== undefined) throw new Error(error);
      });
    }
  });
}
