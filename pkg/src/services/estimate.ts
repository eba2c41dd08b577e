// What a model will take, on the host's side: of a source, only its config and the headers of its weights are read.

import type { Job } from "../door.js";
import type { Context, Service } from "../host.js";
import { textOfRequired } from "../places/place.js";
import { openSource } from "../places/source.js";
import { openWeights } from "../places/weights.js";
import type { Surroundings } from "./index.js";

/** This subject's part of the door. */
export interface DoorEstimates {
  estimate_model(config: string, download: number, options: unknown): Job;
}

export function estimates({ settings }: Surroundings): Service {
  return {
    async estimateSource({ door, drive, signal }: Context, _: undefined, source: unknown, options: unknown) {
      const place = await openSource(source, settings.hub, signal, {}, "Model.estimate", "look");
      const config = await textOfRequired(place, "config.json");
      const download = (await openWeights(place)).reduce((sum, { size }) => sum + size, 0);
      return drive({ job: door.estimate_model(config, download, options) });
    },

    estimateConfig: ({ door, drive }, _: undefined, config: string, options: unknown) => drive({ job: door.estimate_model(config, 0, options) }),
  };
}
