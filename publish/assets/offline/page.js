// On every page: keeps the pages of its language in this browser once the page is there, and opens the panel.
import { EDITION } from "../edition.js";
import { list } from "../edition/list.js";

const ROOT = new URL("../../", import.meta.url);
const PATIENCE = 20; // seconds after which a worker that still has work is reminded: browsers end idle ones
const workers = location.protocol.startsWith("http") && navigator.serviceWorker;

export const LANGUAGE = document.documentElement.lang.startsWith("en") ? "en" : "vi";
export const isAble = Boolean(workers && window.caches && window.BroadcastChannel);
export const channel = isAble ? new BroadcastChannel(`course:${EDITION}:offline:${ROOT.href}`) : null;
export const installer = { event: null };
export const worker = { isMissing: false };

/** Whether the reader's browser or line asks for as little traffic as possible. */
export const isSparing = () => navigator.connection?.saveData || navigator.connection?.type === "cellular";

export const ask = async (message) => (await workers.ready).active.postMessage(message);

const labs = () => document.querySelector('.course-lab:is([data-state="loading"], [data-state="live"])');

async function tell(kind) {
  if (labs()) return; // not now: once the lab is stopped
  (await import("./notice.js")).show(kind, registration);
}

let registration = null;
let reminder = 0;

function hear({ data }) {
  if (data.kind === "busy?" && labs()) channel.postMessage({ kind: "busy" });
  if (data.kind !== "status") return;
  const { size, done } = data.parts[LANGUAGE];
  button.dataset.state = done === size ? "kept" : "";
  clearTimeout(reminder);
  if (data.running) reminder = setTimeout(() => ask({ kind: "keep", parts: [] }), 1000 * PATIENCE);
}

function follow(coming) {
  coming?.addEventListener("statechange", () => coming.state === "installed" && workers.controller && tell("newer"));
}

async function begin() {
  registration = await workers.register(new URL("sw.js", ROOT), { updateViaCache: "none" });
  if (registration.waiting && workers.controller) tell("newer");
  registration.addEventListener("updatefound", () => follow(registration.installing));
  document.addEventListener("course-lab-state", () => registration.waiting && tell("newer"));
  let controller = workers.controller;
  workers.addEventListener("controllerchange", () => {
    if (controller) tell("older"); // another window has taken the new version
    controller = workers.controller;
  });
  channel.addEventListener("message", hear);
  const goOn = () => ask({ kind: "keep", parts: isSparing() ? [] : [LANGUAGE] });
  window.addEventListener("online", goOn);
  await goOn();
  await ask({ kind: "status" });
  await prepareExercises();
}

// JupyterLite registers this itself, but for the first exercise of a reader too late: its kernel starts without.
const prepareExercises = () => workers.register(new URL("lite/service-worker.js?enableCache=false", ROOT));

const button = document.querySelector(".course-offline");
const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 1000));
window.addEventListener("beforeinstallprompt", (event) => (installer.event = event));

// An offline pack is on this machine already, and has no use for a second copy.
const isPack = Boolean((await list)?.pack);
if (isPack && workers) idle(() => prepareExercises().catch(() => {}));
if (button && location.protocol !== "file:" && !isPack) {
  button.dataset.ready = "";
  button.addEventListener("click", async () => (await import("./panel.js")).open());
  const start = () => idle(() => begin().catch(() => (worker.isMissing = true)));
  if (isAble) document.readyState === "complete" ? start() : window.addEventListener("load", start);
}
