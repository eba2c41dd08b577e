// Where the files beside the package are, for a server that moved its modules away from them.
//
// In: the address of a module. Out: the folder it came from. Vite, while one works on a page, serves the modules of packages from
// `node_modules/.vite/deps` and leaves their workers and wasm where they were. Nobody else moves one without the other.

/** The package's `dist/`, where the module was moved away from it. */
export function home(module: string): string | undefined {
  const moved = /^(.*\/node_modules\/)\.vite\/deps\//.exec(module);
  return moved === null ? undefined : `${moved[1]}griot/dist/`;
}
