// Rest while nobody looks.
//
// In: something that can pause and go on. Out: a function that ends the watch. Where there is no page, nothing is ever hidden.

interface Page {
  readonly hidden: boolean;
  addEventListener(name: "visibilitychange", listener: () => void): void;
  removeEventListener(name: "visibilitychange", listener: () => void): void;
}

/** Pauses work while the page is hidden; what the caller paused by itself stays so. */
export function pauseWhileHidden(work: { pause(): void; resume(): void }): () => void {
  const { document: page } = globalThis as { document?: Page };
  if (page === undefined) return () => {};
  let isOurs = false;
  const look = () => {
    if (page.hidden) work.pause();
    else if (isOurs) work.resume();
    isOurs = page.hidden;
  };
  page.addEventListener("visibilitychange", look);
  if (page.hidden) look();
  return () => page.removeEventListener("visibilitychange", look);
}
