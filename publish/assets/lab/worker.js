// The lab's Python, in a worker of its own: a long simulation never freezes the page, and Stop always works.
import { LOCKS, PYTHON } from "../edition.js";

const LOCK = "lab-lock.json"; // names what a lab needs and no more; JupyterLite has its own
const PACKAGES = ["linelab"];

const say = (kind, more) => self.postMessage({ kind, ...more });

// All files that the lab needs are asked for at once, before Pyodide asks for them one stage after the other;
// each byte is counted, so that the page can show what is loading and how much is left.
const plainFetch = self.fetch.bind(self);
const load = { done: 0, total: 0, told: 0 };
const coming = new Map(); // file name -> answer

async function prefetch() {
  const [lock, sizes] = await Promise.all([LOCK, "sizes.json"].map(async (name) => (await ask(name)).json()));
  const wanted = new Set(PACKAGES);
  for (const name of wanted) for (const needed of lock.packages[name].depends) wanted.add(needed);
  const files = [...wanted].map((name) => lock.packages[name]);
  const names = ["pyodide.asm.wasm", "python_stdlib.zip", ...files.map((file) => file.file_name)];
  load.total = names.reduce((sum, name) => sum + sizes[name], 0);
  for (const { file_name, sha256 } of files) coming.set(file_name, ask(file_name, { integrity: integrity(sha256) }));
}

const integrity = (hex) => `sha256-${btoa(String.fromCharCode(...hex.match(/../g).map((pair) => parseInt(pair, 16))))}`;

async function ask(name, options) {
  try {
    const answer = await plainFetch(new URL(name, name.endsWith(".json") ? LOCKS : PYTHON), options);
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    if (!name.endsWith(".json")) count(name, answer.clone().body);
    return answer; // itself, not a copy: browsers keep compiled WebAssembly only for answers of the network
  } catch (error) {
    say("lost", { name });
    throw error;
  }
}

async function count(name, stream) {
  try {
    for (const reader = stream.getReader(); ; ) {
      const { value, done } = await reader.read();
      if (done) break;
      load.done += value.byteLength;
      if (!load.total || performance.now() - load.told < 100) continue;
      load.told = performance.now();
      say("load", { name, done: load.done, total: load.total });
    }
  } catch {
    // whoever asked for the file hears of it
  }
}

self.fetch = async (request, options) => {
  const address = new URL(request.url ?? request, PYTHON);
  const name = address.pathname.split("/").pop();
  if (![LOCKS, PYTHON].some((folder) => address.href.startsWith(folder.href))) return plainFetch(request, options);
  const answer = coming.get(name) ?? ask(name, options);
  coming.delete(name);
  return answer;
};

function post(words, proxies) {
  const buffers = proxies.toJs().map((bytes) => bytes.slice().buffer);
  proxies.destroy();
  self.postMessage({ kind: "message", words, buffers }, buffers);
}

let bridge = null;
let python = null;
self.pythonHeap = () => python._module.HEAPU8.length; // bytes; it never shrinks, so a leak shows here
let opened = false;
let working = false;

async function start(app, language) {
  prefetch().catch(() => {}); // Pyodide will ask again, and report
  const source = plainFetch(new URL("bridge.py", import.meta.url)).then((answer) => answer.text());
  const { loadPyodide } = await import(new URL("pyodide.mjs", PYTHON).href);
  const pyodide = await loadPyodide({
    lockFileURL: new URL(LOCK, LOCKS).href,
    packages: PACKAGES,
    env: { HOME: "/home/pyodide" },
    stdout: (line) => console.log(line),
    stderr: (line) => console.warn(line),
  });
  python = pyodide;
  say("stage", { stage: "boot" });
  const space = pyodide.toPy({});
  pyodide.runPython(await source, { globals: space });
  say("stage", { stage: "open" });
  bridge = space.get("Bridge")(post, app, language);
  goOn();
}

// One step at a time: between two, a newer request may come in and take the place of the rest.
function goOn() {
  working = true;
  try {
    const kind = bridge.step();
    if (kind === "answer" && !opened) {
      opened = true; // today's figures are there: a lever's move can be answered
      say("ready");
    }
    if (kind) return void setTimeout(goOn, 0);
    say("idle");
  } catch (error) {
    fail(error, opened ? "fault" : "failed");
  }
  working = false;
}

function fail(error, kind) {
  console.error(error);
  const lines = String(error?.message ?? error).trim().split("\n"); // a traceback's last line says what happened
  say(kind, { message: lines.at(-1) });
}

self.onmessage = async ({ data }) => {
  try {
    if (data.kind === "start") return await start(data.app, data.language);
    bridge.take(data.words);
    if (!working) goOn();
  } catch (error) {
    fail(error, opened ? "fault" : "failed");
  }
};
