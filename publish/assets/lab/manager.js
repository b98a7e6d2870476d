// Shows ipywidgets in a bare page: the official html-manager, with comms that lead to a lab's worker.
const VENDOR = new URL("../vendor/", import.meta.url);
let libraries = null;

function script(path) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = new URL(path, VENDOR).href;
    element.onload = resolve;
    element.onerror = () => {
      element.remove();
      reject(new Error(path.split("/").pop()));
    };
    document.head.append(element);
  });
}

/** Load the widget libraries, once a page; an attempt that failed can be repeated. */
export function loadLibraries() {
  libraries ??= (async () => {
    if (!window.requirejs) await script("requirejs/require.js");
    // the library looks for its icon fonts beside the address of its modules
    window.requirejs.config({ paths: { "@jupyter-widgets": new URL("html-manager", VENDOR).href } });
    if (!window.requirejs.specified("@jupyter-widgets/html-manager")) await script("html-manager/libembed-amd.js");
    return new Promise((resolve, reject) => {
      const names = ["@jupyter-widgets/html-manager", "@jupyter-widgets/base"];
      window.requirejs(names, (html, base) => resolve({ html, base }), reject);
    });
  })().catch((error) => {
    libraries = null;
    throw error;
  });
  return libraries;
}

/** What a widget model in the page talks to. */
class Comm {
  constructor(id, forward) {
    this.comm_id = id;
    this.forward = forward;
  }
  send(data, callbacks, metadata, buffers) {
    return this.forward("comm_msg", this.comm_id, data, callbacks, buffers);
  }
  close(data) {
    return this.forward("comm_close", this.comm_id, data ?? {});
  }
  on_msg(callback) {
    this.heard = callback;
  }
  on_close(callback) {
    this.closed = callback;
  }
}

/** The widgets of one lab. `post` sends to the worker, `busy(true|false)` hears whether it owes an answer. */
export class Widgets {
  constructor({ html }, post, busy) {
    this.post = post;
    this.busy = busy;
    this.comms = new Map();
    this.waiting = new Map(); // message id -> callbacks of the model that sent it
    this.count = 0;
    // Labs use what comes with ipywidgets; nothing is looked for on other hosts.
    const loader = (name, version) => Promise.reject(new Error(`${name}@${version} is not part of the course`));
    this.manager = new html.HTMLManager({ loader });
  }

  forward(type, comm_id, data, callbacks, buffers) {
    const id = String(++this.count);
    this.waiting.set(id, callbacks);
    if (this.waiting.size === 1) this.busy(true);
    const bytes = (buffers ?? []).map((b) => new Uint8Array(b.buffer ?? b, b.byteOffset ?? 0, b.byteLength).slice());
    this.post({ kind: "comm", id, words: JSON.stringify({ type, comm_id, data }), buffers: bytes });
    return id;
  }

  /** A message from Python. */
  receive(words, buffers) {
    const { type, comm_id, data, metadata } = JSON.parse(words);
    const views = buffers.map((bytes) => new DataView(bytes.buffer));
    const message = { content: { comm_id, data: data ?? {} }, metadata: metadata ?? {}, buffers: views, parent_header: {} };
    if (type === "comm_open") {
      const comm = new Comm(comm_id, this.forward.bind(this));
      this.comms.set(comm_id, comm);
      // The model is registered at once and built later; it keeps the messages that come before.
      this.manager.handle_comm_open(comm, message).catch((error) => console.error(error));
    } else if (type === "comm_msg") {
      this.comms.get(comm_id)?.heard?.(message);
    } else {
      this.comms.get(comm_id)?.closed?.(message);
      this.comms.delete(comm_id);
    }
  }

  /** Python has dealt with a message: its model may send the next change. */
  done(id) {
    const callbacks = this.waiting.get(id);
    this.waiting.delete(id);
    if (!this.waiting.size) this.busy(false);
    callbacks?.iopub?.status?.({ content: { execution_state: "idle" }, parent_header: { msg_id: id } });
  }

  async show(model_id, element) {
    const model = await this.manager.get_model(model_id);
    this.view = await this.manager.create_view(model);
    await this.manager.display_view(this.view, element);
  }

  async close() {
    for (const comm of this.comms.values()) comm.forward = () => ""; // the worker is gone
    this.view?.remove(); // while it is still in the page
    await this.manager.clear_state();
  }
}
