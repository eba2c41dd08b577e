// The package on a page: everything runs in a worker, unless `configure` says otherwise. In Node, Deno and workers it runs where it is.

export * from "./surface.js";
