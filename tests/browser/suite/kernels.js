// Every shader through the browser's own compiler, every kernel against its reference, on each device that is there.

import { equal, ok } from "./check.js";

async function agree({ griot, lab, settings }, device) {
  await griot.close();
  griot.configure({ ...settings, device });
  try {
    const phases = [];
    const checks = await lab.kernels({ onProgress: ({ phase, done }) => phases.push([phase, done]) });
    ok(checks.length > 20 && phases.length > 0, "many kernels, and progress");
    const wrong = checks.filter(({ agrees }) => !agrees);
    equal(wrong.map(({ kernel, error, message }) => `${kernel}: ${message ?? `off by ${error}`}`), [], `on ${device}:`);
    const report = await griot.device();
    equal(report.kind, device);
    return { checks, report };
  } finally {
    await griot.close();
    griot.configure(settings);
  }
}

export const cases = {
  async "every kernel agrees with its reference on the CPU"(context) {
    const { report } = await agree(context, "cpu");
    equal(report.checks, []);
  },

  async "every shader compiles and every kernel agrees with its reference on the GPU"(context) {
    if (!globalThis.navigator?.gpu || !(await navigator.gpu.requestAdapter())) return;
    const { checks, report } = await agree(context, "webgpu");
    equal(report.checks.map(({ kernel }) => kernel).sort(), [...new Set(checks.map(({ kernel }) => kernel))].sort());
    ok(report.checks.every(({ error, tolerance }) => error <= tolerance), "good checks in the report");
    ok(report.name.length > 0 && report.limits.maxBufferSize > 0, "a name and limits");
  },
};
