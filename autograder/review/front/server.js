// Talks to the server that this page came from.

/** What the server refused, or that it is not there. `kind` is a key of the page's texts. */
export class Refusal extends Error {
  constructor(kind, why = "") {
    super(why || kind);
    this.kind = kind;
    this.why = why;
  }
}

function cookie(name) {
  const found = document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`));
  return found ? decodeURIComponent(found[1]) : "";
}

async function ask(method, path, body, more = {}) {
  let response;
  try {
    response = await fetch(`api/${path}`, {
      method,
      headers: { "Content-Type": "application/json", "X-XSRFToken": cookie("_xsrf") },
      body: body === undefined ? undefined : JSON.stringify(body),
      ...more,
    });
  } catch {
    throw new Refusal("unreachable");
  }
  // another `course review` than the one that this page came from, with another token
  if (response.status === 403 || response.redirected) throw new Refusal("unreachable");
  const said = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(said.kind ?? "failed", said.why ?? `${response.status} ${response.statusText}`);
  return said;
}

const place = ({ assignment, question }) => `${encodeURIComponent(assignment)}/${encodeURIComponent(question)}`;

export const session = () => ask("GET", "session");
export const queue = (table) => ask("GET", `queue/${place(table)}`);
export const open = (table, id) => ask("GET", `answer/${place(table)}/${encodeURIComponent(id)}`);
export const save = (table, id, mark, more) => ask("PUT", `answer/${place(table)}/${encodeURIComponent(id)}`, mark, more);
export const claim = (table, id) => ask("POST", `claim/${place(table)}/${encodeURIComponent(id)}`, {});
