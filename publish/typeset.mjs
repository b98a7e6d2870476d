// Typesets formulas with MathJax under node. usage: node typeset.mjs …/es5/node-main.js < formulas.json
// In: [{tex, display}]; out: [html], the outlines for the eye and MathML for the ear.
import fs from "node:fs";
import { createRequire } from "node:module";

const [main] = process.argv.slice(2);
try {
  const MathJax = await createRequire(import.meta.url)(main).init({
    loader: { load: ["input/tex-full", "output/svg"] },
    tex: { formatError: (jax, error) => { throw error; } },
    svg: { fontCache: "local" },
    startup: { typeset: false },
  });
  const { adaptor } = MathJax.startup;
  const formulas = JSON.parse(fs.readFileSync(0, "utf-8"));
  const pages = formulas.map(({ tex, display }) => {
    try {
      const svg = adaptor.innerHTML(MathJax.tex2svg(tex, { display })).replace(' role="img"', ' aria-hidden="true"');
      const mathml = MathJax.tex2mml(tex, { display }).replace(/>\s+</g, "><");
      return `${svg}<span class="course-mathml">${mathml}</span>`;
    } catch (error) {
      throw new Error(`${tex}: ${error.message}`);
    }
  });
  process.stdout.write(JSON.stringify(pages));
} catch (error) {
  console.error(String(error.message ?? error).replaceAll("\n", " "));
  process.exit(1);
}
