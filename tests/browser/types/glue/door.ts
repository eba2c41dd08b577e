// The hand-written `Door` against the generated glue: a function that is missing or differs does not compile.
import type { Door } from "../../../../pkg/src/door.js";
import * as glue from "../../../../pkg/wasm/griot.js";

export const door: Door = glue;
