// A worker's answers from what this browser keeps of the edition; whatever it does not keep comes from the network.
// The edition's own worker (sw.js) and JupyterLite's (lite/service-worker.js) share it: a page has one worker only.
{
  const { edition, files } = self.COURSE;
  const STORE = `course-${edition}`;
  const MISSING = "assets/offline/missing.html"; // says that a page is not kept

  // Kept by content, so that a new version of the site keeps what did not change and fetches nothing twice.
  const key = (hash) => new URL(`kept/${hash}`, self.HOME).href;

  const plain = (url) => {
    try {
      return decodeURIComponent(url.pathname);
    } catch {
      return url.pathname;
    }
  };
  const listed = new Map(Object.keys(files).map((path) => [plain(new URL(path, self.HOME)), files[path]]));

  /** The file of the edition that an address names, whatever its query; a folder's is its index.html. */
  function find(url) {
    const name = plain(url);
    return listed.get(name.endsWith("/") ? `${name}index.html` : name);
  }

  const kept = (hash) => caches.match(key(hash), { cacheName: STORE }).catch(() => undefined);

  async function answer(request, [hash]) {
    const found = await kept(hash);
    if (found) return found;
    try {
      return await fetch(request);
    } catch (error) {
      const said = request.mode === "navigate" && (await kept(files[MISSING]?.[0]));
      if (!said) throw error;
      return new Response(said.body, { status: 503, headers: said.headers });
    }
  }

  self.addEventListener("fetch", (event) => {
    const url = new URL(event.request.url);
    if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
    const file = find(url);
    if (!file) return;
    event.stopImmediatePropagation(); // JupyterLite's own listener comes after this one
    event.respondWith(answer(event.request, file));
  });

  self.course = { STORE, key };
}
