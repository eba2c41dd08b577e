// One thing about WebGPU that the wasm cannot do itself.
//
// wgpu 30 cannot name the feature `subgroups` in a browser (gfx-rs/wgpu#10146), so whoever asks an adapter for a device asks for it
// too, where the adapter has it. Nothing else changes; devices that others open get one feature more than they asked for.

interface Adapter {
  features: { has(feature: string): boolean };
  requestDevice(descriptor?: { requiredFeatures?: Iterable<string> }): Promise<unknown>;
}

const asked = Symbol.for("griot.subgroups");

/** Makes every device that is opened from here on have subgroups where they exist. */
export function askForSubgroups(): void {
  const prototype = (globalThis as { GPUAdapter?: { prototype: Adapter & { [asked]?: true } } }).GPUAdapter?.prototype;
  if (prototype === undefined || prototype[asked]) return;
  const original = prototype.requestDevice;
  prototype[asked] = true;
  prototype.requestDevice = function (this: Adapter, descriptor = {}) {
    const features = new Set(descriptor.requiredFeatures ?? []);
    if (this.features.has("subgroups")) features.add("subgroups");
    return original.call(this, { ...descriptor, requiredFeatures: [...features] });
  };
}
