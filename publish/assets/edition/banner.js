// On a page of a published edition: says if there is a newer one, with a link to the same page there, or that this
// one is a draft. The page itself never changes; it asks the list beside its edition, and without an answer shows
// nothing.
import { EDITION } from "../edition.js";
import { list as published } from "./list.js";

const ROOT = new URL("../../", import.meta.url);
const CLOSED = `course:${EDITION}:banner`;

/** The page of the other edition that is nearest to a page: itself, else that of a folder above it. */
export function nearest(page, pages) {
  const known = new Set(pages);
  const folders = page.split("/").slice(0, -1);
  const above = folders.map((_, i) => `${folders.slice(0, folders.length - i).join("/")}/index.html`);
  return [page, ...above].find((one) => known.has(one)) ?? "index.html";
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** What the list has to say to this edition: that it is a draft, or which is the newest; else nothing. */
function news({ editions, newest }) {
  const own = editions.find(({ edition }) => edition === EDITION);
  if (own?.draft) return "draft";
  return own && newest && newest.edition !== EDITION ? newest.edition : null;
}

async function words(list) {
  const { text } = await import("./texts.js");
  const close = make("button", { type: "button", "aria-label": text("close") }, "×");
  const say = make("p", {});
  if (news(list) === "draft") say.append(text("draft", { edition: EDITION }));
  else {
    const { edition: newest, pages } = list.newest;
    const here = decodeURI(location.pathname.slice(ROOT.pathname.length)).replace(/(^|\/)$/, "$1index.html");
    const target = nearest(here, pages);
    const href = new URL(`../${newest}/${target}`, ROOT).href;
    say.append(text("old", { edition: EDITION, newest }), " ",
      make("a", { href }, text(target === here ? "same" : "near", { newest })), ". ", text("stay", { edition: EDITION }));
  }
  const notice = make("div", { class: "course-edition", role: "note", "aria-label": text("label") }, say, close);
  close.addEventListener("click", () => {
    notice.remove();
    try {
      localStorage.setItem(CLOSED, news(list));
    } catch {
      // it comes back on the next page
    }
  });
  return notice;
}

async function show() {
  const list = await published;
  const article = document.querySelector("article.bd-article");
  if (!article || !list || !news(list) || closed() === news(list)) return;
  const style = make("link", { rel: "stylesheet", href: new URL("banner.css", import.meta.url).href });
  const styled = new Promise((resolve) => (style.onload = style.onerror = resolve));
  document.head.append(style);
  const notice = await words(list);
  await styled;
  article.prepend(notice);
}

function closed() {
  try {
    return localStorage.getItem(CLOSED);
  } catch {
    return null;
  }
}

show().catch(() => {}); // no network, or a copy without a list: the page is complete as it is
