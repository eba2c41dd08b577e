// The page: static files with relative addresses, so that any folder of any server will do; and the list of them, for offline.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

/** Writes `sw.js` with the files of the build. */
function offline() {
  return {
    name: "offline",
    apply: "build",
    generateBundle(_, bundle) {
      const kept = readdirSync("public", { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      const files = [...Object.keys(bundle), ...kept.map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`.replace("public/", ""))].sort();
      const build = createHash("sha256").update(files.join()).digest("hex").slice(0, 16);
      const list = ["./", ...files].map((file) => JSON.stringify(file)).join(", ");
      const source = readFileSync("sw.js", "utf8").replace("/* files */", list).replace('/* build */ ""', JSON.stringify(build));
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}

export default {
  base: "./",
  plugins: [offline()],
  build: { target: "es2022", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  worker: { format: "es" },
};
