// The lab's Python, in a worker of its own: a long simulation never freezes the page, and Stop always works.
import { loadPyodide } from "../../runtime/pyodide/pyodide.mjs";

const RUNTIME = new URL("../../runtime/pyodide/", import.meta.url);
const PACKAGES = ["linelab"]; // the lock says what it needs: numpy, matplotlib, simpy, ipywidgets, pyyaml

const say = (kind, more) => self.postMessage({ kind, ...more });

// Every file that Pyodide asks for passes here, so that the page can show what is loading and how much is left.
const plainFetch = self.fetch.bind(self);
const sizes = plainFetch(new URL("sizes.json", RUNTIME)).then((answer) => answer.json());
const load = { done: 0, total: 0, told: 0 };

self.fetch = async (request, options) => {
  const name = String(request.url ?? request).split("/").pop();
  load.total += (await sizes)[name] ?? 0;
  let answer;
  try {
    answer = await plainFetch(request, options);
    if (!answer.ok) throw new Error(`${answer.status}`);
  } catch (error) {
    say("lost", { name });
    throw error;
  }
  const counter = new TransformStream({
    transform(chunk, out) {
      out.enqueue(chunk);
      load.done += chunk.byteLength;
      if (performance.now() - load.told > 100) {
        load.told = performance.now();
        say("load", { name, done: load.done, total: load.total });
      }
    },
  });
  return new Response(answer.body.pipeThrough(counter), { status: answer.status, headers: answer.headers });
};

function post(kind, words, proxies) {
  const buffers = proxies.toJs().map((bytes) => bytes.slice());
  self.postMessage({ kind, words, buffers }, buffers.map((bytes) => bytes.buffer));
}

let bridge = null;

async function start(app, language) {
  const source = plainFetch(new URL("bridge.py", import.meta.url)).then((answer) => answer.text());
  const pyodide = await loadPyodide({
    packages: PACKAGES,
    env: { HOME: "/home/pyodide", MPLBACKEND: "Agg" },
    stdout: (line) => console.log(line),
    stderr: (line) => console.warn(line),
  });
  say("stage", { stage: "boot" });
  const space = pyodide.toPy({});
  pyodide.runPython(await source, { globals: space });
  bridge = space.get("Bridge")(post);
  say("stage", { stage: "open" });
  say("ready", { model: bridge.open(app, language) });
}

self.onmessage = async ({ data }) => {
  try {
    if (data.kind === "start") {
      await start(data.app, data.language);
    } else {
      bridge.receive(data.words, data.buffers);
      say("done", { id: data.id });
    }
  } catch (error) {
    console.error(error);
    const lines = String(error?.message ?? error).trim().split("\n"); // a traceback's last line says what happened
    say("failed", { message: lines.at(-1) });
  }
};
