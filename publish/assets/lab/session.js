// One attempt to run a lab: its worker, and the clock that ends it when nothing happens.
import { LANGUAGE } from "./texts.js";

const SILENCE = 60; // seconds without a sign of progress until loading counts as failed

export class Session {
  /** `on` has load({name, done, total}), stage(name), message(data, buffers), ready(), fault(message), failed(key, values), busy(bool). */
  constructor(app, on) {
    this.on = on;
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.hear(data);
    this.worker.onerror = (event) => this.fail("network", { name: event.filename?.split("/").pop() || "worker.js" });
    this.worker.postMessage({ kind: "start", app, language: LANGUAGE });
    this.wait();
  }

  ask(request) {
    if (this.closed) return;
    this.on.busy(true);
    this.worker.postMessage({ kind: "ask", words: JSON.stringify(request) });
  }

  hear(data) {
    if (this.closed) return;
    if (!this.live) this.wait();
    if (data.kind === "load") this.on.load(data);
    else if (data.kind === "stage") this.on.stage(data.stage);
    else if (data.kind === "message") this.on.message(JSON.parse(data.words), data.buffers);
    else if (data.kind === "idle") this.on.busy(false);
    else if (data.kind === "fault") this.on.fault(data.message);
    else if (data.kind === "lost") this.fail("network", { name: data.name });
    else if (data.kind === "failed") this.fail("inside", { message: data.message });
    else if (data.kind === "ready") {
      this.live = true;
      clearTimeout(this.clock);
      this.on.ready();
    }
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
  }
}

/** The messages that were worked out when the site was built: [[data, buffers], …]. */
export async function readOpening(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  return (await answer.json()).map(({ buffers, ...data }) => [data, buffers.map(bytes)]);
}
