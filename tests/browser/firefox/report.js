// Runs every case of the suite, one after the other, and reports each to the server that the page came from.

import "../suite/page.js";

const LIMIT = 180_000;
const late = () => new Promise((_, reject) => setTimeout(() => reject(new Error(`no end after ${LIMIT} ms`)), LIMIT));
const tell = (what) => fetch("/report", { method: "POST", body: JSON.stringify(what) });

for (const [index, name] of window.names.entries()) {
  try {
    await Promise.race([window.run(index), late()]);
    await tell({ name });
  } catch (error) {
    await tell({ name, error: `${error?.code ?? error?.name}: ${error?.message}\n${error?.stack}` });
  }
}
