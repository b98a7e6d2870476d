// One attempt to run a lab: its worker, its widgets, and the clock that ends it when nothing happens.
import { loadLibraries, Widgets } from "./manager.js";
import { LANGUAGE } from "./texts.js";

const SILENCE = 60; // seconds without a sign of progress until loading counts as failed

export class Session {
  /** `on` has load({name, done, total}), stage(name), ready(), fault(message), failed(key, values), busy(bool). */
  constructor(app, element, on) {
    this.on = on;
    this.element = element;
    this.early = []; // widget messages that come before the widget library is here
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.hear(data);
    this.worker.onerror = (event) => this.fail("network", { name: event.filename?.split("/").pop() || "worker.js" });
    this.worker.postMessage({ kind: "start", app, language: LANGUAGE });
    this.wait();
    loadLibraries().then(
      (libraries) => this.attach(libraries),
      (error) => this.fail("network", { name: error?.message ?? "html-manager" }),
    );
  }

  attach(libraries) {
    if (this.closed) return;
    this.widgets = new Widgets(libraries, (message) => this.worker.postMessage(message), this.on.busy);
    for (const data of this.early.splice(0)) this.widgets.receive(data.words, data.buffers);
    if (this.model) this.show();
  }

  hear(data) {
    if (this.closed) return;
    if (!this.live) this.wait();
    if (data.kind === "load") this.on.load(data);
    else if (data.kind === "stage") this.on.stage(data.stage);
    else if (data.kind === "comm") this.widgets ? this.widgets.receive(data.words, data.buffers) : this.early.push(data);
    else if (data.kind === "done") this.widgets.done(data.id);
    else if (data.kind === "fault") this.on.fault(data.words);
    else if (data.kind === "lost") this.fail("network", { name: data.name });
    else if (data.kind === "failed") this.fail("inside", { message: data.message });
    else if (data.kind === "ready") {
      this.model = data.model;
      if (this.widgets) this.show();
    }
  }

  async show() {
    try {
      await this.widgets.show(this.model, this.element);
    } catch (error) {
      return this.fail("inside", { message: String(error?.message ?? error) });
    }
    if (this.closed) return;
    this.live = true;
    clearTimeout(this.clock);
    this.on.ready();
  }

  wait() {
    clearTimeout(this.clock);
    this.clock = setTimeout(() => this.fail("slow", { seconds: SILENCE }), 1000 * SILENCE);
  }

  fail(key, values) {
    if (this.closed) return;
    this.close();
    this.on.failed(key, values);
  }

  close() {
    this.closed = true;
    clearTimeout(this.clock);
    this.worker.terminate();
    this.widgets?.close();
  }
}
