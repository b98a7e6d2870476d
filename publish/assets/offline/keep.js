// The edition's worker: keeps its parts in this browser, says how far it is, and takes a new version when told to.
{
  const { edition, version, files } = self.COURSE;
  if (self.VERSION !== version) throw new Error("the site changes at this moment"); // the browser tries again later
  const { STORE, key } = self.course;
  const STATE = key("state");
  const AT_ONCE = 3;
  const PAUSES = [0, 2, 6]; // seconds before each try of a file
  const OFTEN = 200; // milliseconds between two reports
  const ANSWER = 500; // milliseconds in which a page says that a lab runs in it

  const channel = new BroadcastChannel(`course:${edition}:offline:${self.HOME}`);
  const parts = {}; // name -> { hash: [path, size] }: what several parts hold is fetched and counted once
  for (const [path, [hash, size, names]] of Object.entries(files)) {
    for (const name of names.split(" ")) (parts[name] ??= {})[hash] = [path, size];
  }

  /** What the reader wants (true), does not want (false) or never spoke of, and which parts are whole. */
  async function recall() {
    const found = await caches.match(STATE, { cacheName: STORE }).catch(() => undefined);
    return { wanted: {}, whole: {}, paused: false, ...(await found?.json()) };
  }

  let turn = Promise.resolve(); // one change after the other
  function remember(change) {
    const next = async () => {
      const state = await recall();
      change(state);
      await (await caches.open(STORE)).put(STATE, new Response(JSON.stringify(state)));
      return state;
    };
    return (turn = turn.then(next, next));
  }

  async function present() {
    if (!(await caches.has(STORE))) return new Set();
    const names = (await (await caches.open(STORE)).keys()).map((request) => request.url);
    return new Set(names.filter((name) => name.startsWith(key(""))).map((name) => name.slice(key("").length)));
  }

  const load = { running: null, coming: new Map(), trouble: "", told: 0, have: new Set() };

  async function report(late = true) {
    if (!late && (!load.running || performance.now() - load.told < OFTEN)) return;
    load.told = performance.now();
    const state = await recall();
    const told = {};
    for (const [name, held] of Object.entries(parts)) {
      let size = 0, done = 0;
      for (const [hash, [, bytes]] of Object.entries(held)) {
        size += bytes;
        done += load.have.has(hash) ? bytes : Math.min(load.coming.get(hash) ?? 0, bytes);
      }
      told[name] = { size, done, wanted: state.wanted[name] };
    }
    channel.postMessage({ kind: "status", version, parts: told, running: !!load.running, paused: state.paused, trouble: load.trouble });
  }

  const base64url = (bytes) =>
    btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  const wait = (seconds, signal) =>
    new Promise((resolve, reject) => {
      setTimeout(resolve, 1000 * seconds);
      signal.addEventListener("abort", () => reject(signal.reason));
    });

  /** Fetch a file whole, check it against the list, and keep it. */
  async function fetchOne(hash, [path, size], signal) {
    // the browser's own copy will do the first time; one that is not what the list says is asked for anew
    for (const cache of ["default", "reload"]) {
      const answer = await fetch(new URL(path, self.HOME), { cache, signal });
      if (!answer.ok) {
        const trouble = answer.status === 404 ? "changed" : "network";
        throw Object.assign(new Error(`${path}: ${answer.status}`), { trouble });
      }
      const chunks = [];
      let got = 0;
      for (const reader = answer.body.getReader(); ; ) {
        const { value, done } = await reader.read();
        if (done) break;
        chunks.push(value);
        load.coming.set(hash, (got += value.byteLength));
        report(false);
      }
      const body = new Blob(chunks);
      const digest = await crypto.subtle.digest("SHA-256", await body.arrayBuffer());
      if (body.size === size && base64url(new Uint8Array(digest)) === hash) {
        const headers = { "Content-Type": answer.headers.get("Content-Type") ?? "application/octet-stream" };
        await (await caches.open(STORE)).put(key(hash), new Response(body, { headers }));
        load.have.add(hash);
        return;
      }
    }
    throw Object.assign(new Error(`${path}: is not the file of this version`), { trouble: "changed" });
  }

  async function persist(hash, file, signal) {
    for (const [last, pause] of PAUSES.map((pause, n) => [n === PAUSES.length - 1, pause])) {
      await wait(pause, signal);
      try {
        return await fetchOne(hash, file, signal);
      } catch (error) {
        if (error.name === "QuotaExceededError") error.trouble = "space";
        if (last || signal.aborted || ["space", "changed"].includes(error.trouble)) throw error;
      } finally {
        load.coming.delete(hash);
      }
    }
  }

  /** Fetch what is missing of some parts, a few files at once; the reader may pause it, and anything may break it. */
  async function fetchAll(names, signal) {
    load.have = await present();
    const wanted = new Map(names.flatMap((name) => Object.entries(parts[name] ?? {})));
    const missing = [...wanted].filter(([hash]) => !load.have.has(hash));
    if (missing.length && load.running) await report(); // the first file may take its time
    const lane = async () => {
      for (let next; (next = missing.shift()); ) {
        signal.throwIfAborted();
        await persist(...next, signal);
        report(false);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }

  const NAMES = Object.keys(parts);

  async function work() {
    const stop = new AbortController();
    load.running = stop;
    load.trouble = "";
    try {
      for (let before = null; ; ) {
        const { wanted, paused } = await recall();
        const names = NAMES.filter((name) => wanted[name]);
        if (paused || String(names) === before) break; // more may have been asked for meanwhile
        before = String(names);
        await fetchAll(names, stop.signal);
        await remember((state) => names.forEach((name) => (state.whole[name] = true)));
      }
    } catch (error) {
      if (!stop.signal.aborted) load.trouble = error.trouble ?? "network";
      stop.abort(); // the other lanes
      if (load.trouble === "changed") self.registration.update().catch(() => {});
    } finally {
      load.running = null;
      await report();
    }
  }

  let working = Promise.resolve();
  function begin() {
    if (!load.running) working = work();
    return working;
  }

  /** Which parts to keep: `asked` by the reader, else by a page on its own, which never overrules the reader. */
  async function keep(names, asked) {
    await remember((state) => {
      for (const name of names) if (asked) state.wanted[name] = true; else state.wanted[name] ??= true;
      if (asked) state.paused = false;
    });
    return begin();
  }

  async function pause() {
    await remember((state) => (state.paused = true));
    load.running?.abort();
    return working;
  }

  async function remove(name) {
    load.running?.abort();
    await working;
    const state = await remember((state) => {
      state.wanted[name] = false;
      delete state.whole[name];
      if (!NAMES.some((other) => state.wanted[other] && !state.whole[other])) state.paused = false;
    });
    const others = NAMES.filter((other) => other !== name && state.wanted[other]);
    const stay = new Set(others.flatMap((other) => Object.keys(parts[other])));
    const store = await caches.open(STORE);
    await Promise.all(Object.keys(parts[name]).filter((hash) => !stay.has(hash)).map((hash) => store.delete(key(hash))));
    load.have = await present();
    await report();
    if (others.length) await begin();
  }

  /** Whether no lab runs and no exercise is open in any window of this edition. */
  async function isFree() {
    const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    if (open.some(({ url }) => url.startsWith(new URL("lite/", self.HOME).href))) return false;
    let busy = false;
    const hear = ({ data }) => (busy ||= data.kind === "busy");
    channel.addEventListener("message", hear);
    channel.postMessage({ kind: "busy?" });
    await new Promise((resolve) => setTimeout(resolve, ANSWER));
    channel.removeEventListener("message", hear);
    return !busy;
  }

  async function takeOver() {
    if (await isFree()) await self.skipWaiting();
    else channel.postMessage({ kind: "not now" });
  }

  const DEEDS = {
    status: async () => {
      if (!load.running) load.have = await present();
      await report();
      return working; // a page that listens keeps the work alive
    },
    keep: ({ parts: names, asked }) => keep(names, asked),
    pause,
    remove: ({ part }) => remove(part),
    update: takeOver,
  };
  self.addEventListener("message", (event) => {
    const failed = (error) => {
      load.trouble = error.name === "QuotaExceededError" ? "space" : "storage"; // such as a private window
      return report().catch(() => {});
    };
    event.waitUntil(DEEDS[event.data.kind](event.data).catch(failed));
  });

  // A new version is installed only when it has all of what the old one had whole: the switch loses nothing.
  self.addEventListener("install", (event) => {
    event.waitUntil(
      recall().then(({ wanted, whole }) =>
        fetchAll(NAMES.filter((name) => wanted[name] && whole[name]), new AbortController().signal),
      ),
    );
  });

  self.addEventListener("activate", (event) => {
    const tidy = async () => {
      const known = new Set(Object.values(files).map(([hash]) => hash).concat("state"));
      const store = await caches.open(STORE);
      for (const hash of await present()) if (!known.has(hash)) await store.delete(key(hash));
      await self.clients.claim();
    };
    event.waitUntil(tidy());
  });
}
