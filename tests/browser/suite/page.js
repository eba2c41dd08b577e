// Runs the cases on a page; `?mode=worker`, `direct` or `core` says which way the package is bound.

import { cases } from "./index.js";

const mode = new URLSearchParams(location.search).get("mode") ?? "worker";
const griot = await import(mode === "core" ? "/pkg/dist/core.js" : "/pkg/dist/index.js");
const lab = await import("/pkg/dist/lab.js");
const settings = mode === "core" ? {} : { worker: mode === "worker" };
griot.configure(settings);
const bytes = async (name) => await (await fetch(`/pkg/wasm/${name}`)).arrayBuffer();
const golden = async (path) => await (await fetch(`/tests/golden/${path}`)).arrayBuffer();
const context = { griot, lab, settings, bytes, golden, base: location.origin, faults: `${location.origin}/faults`, isPage: true };

window.griot = griot;
window.lab = lab;
window.names = cases.map(({ name }) => name);
window.run = (index) => cases[index].run(context);
