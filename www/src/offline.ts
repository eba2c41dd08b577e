// Keeps the page for when there is no network, some time after one has arrived, so as not to be in the way.
//
// In: nothing. Out: a service worker, where the browser allows one and the page was built; it always asks the network first.

declare global {
  interface ImportMeta {
    env: { PROD: boolean };
  }
}

const LATER_MS = 4000;

/** Registers it; a page that may not keep anything goes on without. */
export function keepForOffline(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  setTimeout(() => void navigator.serviceWorker.register("./sw.js").catch(() => {}), LATER_MS);
}
