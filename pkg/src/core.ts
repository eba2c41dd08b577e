// The package bound directly to the wasm in the calling thread.

import { connectDirect } from "./direct.js";
import { bindDirect } from "./runtime.js";

bindDirect(connectDirect);

export * from "./surface.js";
