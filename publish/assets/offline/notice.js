// Says that there is a new version, and takes it when the reader wants it; never by itself.
import { EDITION } from "../edition.js";
import { make } from "./element.js";
import { channel } from "./page.js";
import { text } from "./texts.js";

const LATER = `course:${EDITION}:later`; // in this window the reader does not want to hear of it again

let notice = null;

/** newer: a version is waiting; older: another window has taken it, and this page is of the one before. */
export function show(kind, registration) {
  if (kind === "newer" && sessionStorage.getItem(LATER)) return;
  notice?.remove();
  const say = make("p", { role: "status" });
  const go = make("button", { type: "button", class: "of-main" }, text(kind === "newer" ? "update" : "reload"));
  const later = make("button", { type: "button" }, text("later"));
  notice = make("section", { class: "of-notice", "aria-label": text("news") }, say, make("div", { class: "of-row" }, go, later));
  go.addEventListener("click", () => (kind === "newer" ? update(registration, say) : location.reload()));
  later.addEventListener("click", () => {
    if (kind === "newer") sessionStorage.setItem(LATER, "1");
    notice.remove();
  });
  document.body.append(notice);
  requestAnimationFrame(() => (say.textContent = text(kind))); // after its frame is there, so that it is read out
}

function update(registration, say) {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  channel.addEventListener("message", ({ data }) => {
    if (data.kind === "not now") say.textContent = text("notNow");
  });
  say.textContent = text("updating");
  registration.waiting?.postMessage({ kind: "update" });
}
