// A few assertions that run anywhere.

const show = (value) => (typeof value === "string" ? JSON.stringify(value) : JSON.stringify(value, (_, v) => (ArrayBuffer.isView(v) ? [...v] : v instanceof Map ? [...v] : v)));

export function ok(value, message = "a true value") {
  if (!value) throw new Error(`expected ${message}, got ${show(value)}`);
}

export function equal(actual, expected, message = "") {
  if (show(actual) !== show(expected)) throw new Error(`${message} expected ${show(expected)}, got ${show(actual)}`);
}

/** What a promise, or a function, rejects with; its code or name must be the given one. */
export async function rejects(work, code) {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    equal(error.code !== undefined && error.name === "GriotError" ? error.code : error.name, code, `${error.message}:`);
    return error;
  }
  throw new Error(`expected a rejection with ${code}, it resolved`);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Rejects after a time, so that what hangs fails instead of hanging all. */
export function within(ms, promise, what = "it") {
  return Promise.race([promise, sleep(ms).then(() => Promise.reject(new Error(`${what} took over ${ms} ms`)))]);
}
