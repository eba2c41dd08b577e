// Work that may be begun anew in its middle.
//
// In: how it is begun, and who hears of it. Out: the work, which stays the same whichever beginning is in hand. The same work gives
// the same reports: those that were told are not told twice.

import type { Sink, Work } from "./run.js";

/** Begins work; `mended`, called in place of `failed`, begins it anew. */
export async function replayed(start: (sink: Sink<unknown, unknown>, mended: () => void) => Promise<Work>, sink: Sink<unknown, unknown>): Promise<Work> {
  let told = 0;
  let work: Work | undefined;
  const wishes = new Set<"pause" | "stop" | "flow">();
  const begin = async () => {
    let known = told;
    const hear: Sink<unknown, unknown> = {
      report(report) {
        if (known > 0) {
          known -= 1;
          work?.grant(1);
          return;
        }
        told += 1;
        sink.report(report);
      },
      done: (result) => sink.done(result),
      failed: (error) => sink.failed(error),
    };
    work = await start(hear, () => void begin().catch((thrown: unknown) => sink.failed(thrown)));
    for (const wish of wishes) work.control(wish);
  };
  await begin();
  return {
    grant: (n) => work?.grant(n),
    control(what) {
      if (what === "resume") wishes.delete("pause");
      else wishes.add(what);
      work?.control(what);
    },
  };
}
