// How long a page's own thread was held by one task, by the processor's clock: a machine that is busy with others adds nothing to it.
//
// In: a page, before it goes to its address. Out: the milliseconds of every task of its thread that took more than a few.

const MARK = "the page that is watched";

/** Begins to record. Gives a function that ends it and tells how long the tasks were that took `least` milliseconds. */
export async function watch(page) {
  await page.addInitScript((mark) => performance.mark(mark), MARK);
  const session = await page.context().browser().newBrowserCDPSession();
  const traceConfig = { recordMode: "recordAsMuchAsPossible", includedCategories: ["toplevel", "blink.user_timing"], excludedCategories: ["*"] };
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig });
  return async (least) => {
    const [marks, tasks] = [new Set(), []];
    const place = ({ pid, tid }) => `${pid} ${tid}`;
    session.on("Tracing.dataCollected", ({ value }) => {
      for (const event of value) {
        if (event.name === MARK) marks.add(place(event));
        else if (event.name.endsWith("RunTask") && event.tdur >= 1e3 * least) tasks.push(event);
      }
    });
    const ended = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
    await session.send("Tracing.end");
    await ended;
    return tasks.filter((task) => marks.has(place(task))).map(({ tdur }) => Math.round(tdur / 1e3));
  };
}
