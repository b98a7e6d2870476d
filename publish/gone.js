// Takes the place of an edition's worker that is no longer wanted at an address: lets go of what it kept, and ends it.
self.addEventListener("install", () => {
  self.skipWaiting();
  setTimeout(() => self.skipWaiting(), 1500); // Chromium forgets the first where the old one is at work
});
self.addEventListener("message", () => self.skipWaiting()); // "Update now" on a page of the old one

async function end() {
  const own = `${self.registration.scope}kept/`;
  for (const name of await caches.keys()) {
    if (!name.startsWith("course-")) continue;
    const store = await caches.open(name);
    for (const { url } of await store.keys()) if (url.startsWith(own)) await store.delete(url);
  }
  const pages = await self.clients.matchAll({ type: "window" });
  await self.registration.unregister();
  for (const page of pages) page.navigate(page.url);
}

self.addEventListener("activate", (event) => event.waitUntil(end()));
