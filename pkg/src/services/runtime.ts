// The runtime's own calls on the host's side: device, memory, storage.

import type { Job } from "../door.js";
import type { Service } from "../host.js";
import { list, removeDownload, removeModel } from "../places/opfs.js";
import { addressOf } from "../places/source.js";
import type { Surroundings } from "./index.js";

/** This subject's part of the door. */
export interface DoorRuntime {
  settle(device: string, memoryLimit?: number): void;
  device_report(): Job;
  memory_report(): unknown;
}

export function runtime({ settings, variant }: Surroundings): Service {
  return {
    device: ({ door, drive }) => drive({ job: door.device_report(), finish: (report: object) => ({ ...report, wasm: variant }) }),
    memory: ({ door }) => door.memory_report(),
    list: () => list(),
    // A download goes by its address, or by the source that it came from.
    remove: (_, __: undefined, name: string) => {
      const url = /^(https?|hub):/.test(name) ? addressOf(name, settings.hub) : undefined;
      return url === undefined ? removeModel(name) : removeDownload(url.href);
    },
  };
}
