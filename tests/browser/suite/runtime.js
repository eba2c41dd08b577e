// The runtime itself: settings, faults, replacement, closing.

import { equal, ok, rejects } from "./check.js";

export const cases = {
  async "an unknown option is named"({ griot }) {
    const error = await rejects(() => griot.configure({ devise: "cpu" }), "bad-option");
    ok(error.message.includes("devise"), "the option's name in the message");
    await rejects(() => griot.configure({ device: "tpu" }), "bad-option");
  },

  async "configure twice alike is nothing, differently is bad-option until close"({ griot, settings }) {
    await griot.close();
    griot.configure({ ...settings, memoryLimit: 1e9 });
    griot.configure({ ...settings, memoryLimit: 1e9, hub: undefined });
    await rejects(() => griot.configure({ ...settings, memoryLimit: 2e9 }), "bad-option");
    await griot.close();
    griot.configure({ ...settings, memoryLimit: 2e9 });
    await griot.close();
    griot.configure(settings);
  },

  async "a trap is internal with the panic's message, and the next call finds a new runtime"({ lab }) {
    for (let round = 0; round < 3; round++) {
      const error = await rejects(lab.trap(), "internal");
      ok(error.message.includes("injected by a test"), `the panic's message in ${error.message}`);
      ok(error.hint, "a hint");
    }
  },

  async "a wasm that is not there is download-failed, and the runtime can be set up anew"({ griot, lab, settings, base }) {
    await griot.close();
    griot.configure({ ...settings, wasm: `${base}/no-such-file.wasm` });
    await rejects(lab.trap(), base.startsWith("file:") ? "bad-file" : "download-failed");
    await griot.close();
    griot.configure(settings);
    await rejects(lab.trap(), "internal");
  },

  async "the wasm is taken as a URL, as bytes and as a module, and as a pair"({ griot, lab, settings, bytes }) {
    const module = await WebAssembly.compile(await bytes("griot.wasm"));
    const simd = await bytes("griot.wasm");
    for (const wasm of [module, simd, { simd: module }, { simd, relaxed: await bytes("griot-relaxed.wasm") }]) {
      await griot.close();
      griot.configure({ ...settings, wasm });
      await rejects(lab.trap(), "internal");
    }
    await griot.close();
    griot.configure(settings);
  },

  async "calls in hand reject with disposed when the runtime closes"({ griot, lab, settings }) {
    const call = rejects(lab.trap(), "disposed");
    await Promise.resolve();
    await Promise.resolve();
    await griot.close();
    await call;
    griot.configure(settings);
  },

  async "codes, hints and details are there on every error"({ griot }) {
    const error = new griot.GriotError("shape", "x", { details: { left: 3 } });
    equal([error.code, error.details.left, error instanceof Error], ["shape", 3, true]);
  },
};
