// Compresses files with node's own zlib. usage: node compress.mjs < jobs.json
// In: [{file, to, form: "br" | "gz"}]; a line on the standard output for each that is done.
import { readFileSync } from "node:fs";
import fs from "node:fs/promises";
import { promisify } from "node:util";
import zlib from "node:zlib";

const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);
const { constants: C } = zlib;

async function compressed(content, form) {
  if (form === "gz") {
    const made = await gzip(content, { level: 9, memLevel: 9 });
    made[9] = 255; // the system it was made on: of no use, and different on each
    return made;
  }
  const params = { [C.BROTLI_PARAM_QUALITY]: 11, [C.BROTLI_PARAM_LGWIN]: 24, [C.BROTLI_PARAM_SIZE_HINT]: content.length };
  return brotli(content, { params });
}

const jobs = JSON.parse(readFileSync(0, "utf-8"));
const next = jobs.values();
async function work() {
  for (const { file, to, form } of next) {
    await fs.writeFile(`${to}.part`, await compressed(await fs.readFile(file), form));
    await fs.rename(`${to}.part`, to);
    console.log(file);
  }
}
try {
  await Promise.all(Array.from({ length: 4 }, work)); // as many as node has threads for it
} catch (error) {
  console.error(String(error.message ?? error).replaceAll("\n", " "));
  process.exit(1);
}
