// Offline after the first visit: the network first, what was kept of it where there is none.
//
// In: the files of this build, put in by `vite.config.js`. Out: each request of the page answered anew from the network, so that
// nothing stale is ever served; from the cache only when the network fails. What is not of this build is not there then.

const FILES = [/* files */];
const NAME = `griot ${/* build */ ""}`;

self.addEventListener("install", (event) => event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting())));

self.addEventListener("activate", (event) =>
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("griot ") && name !== NAME).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  ),
);

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  const kept = async () => (await (await caches.open(NAME)).match(request, { ignoreSearch: true })) ?? new Response(null, { status: 404 });
  event.respondWith(fetch(request).catch(kept));
});
