// Runs Python code in Pyodide itself under node, so that what it compiles fits the browser's Python exactly.
// usage: node precompile.mjs PYODIDE_FOLDER IN.zip OUT.zip SCRIPT.py [PACKAGE…]
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, input, output, script, ...packages] = process.argv.slice(2);
try {
  const { loadPyodide } = await import(pathToFileURL(path.join(folder, "pyodide.mjs")).href);
  const pyodide = await loadPyodide({ indexURL: folder + path.sep, packages, env: { HOME: "/home/pyodide" } });
  pyodide.FS.writeFile("/in.zip", fs.readFileSync(input));
  pyodide.runPython(fs.readFileSync(script, "utf-8"));
  fs.writeFileSync(output, pyodide.FS.readFile("/out.zip"));
} catch (error) {
  console.error(String(error.message ?? error).trim().split("\n").at(-1)); // what happened, without Pyodide's source
  process.exit(1);
}
