// The package on a page.

export { GriotError, type Code } from "./errors.js";
