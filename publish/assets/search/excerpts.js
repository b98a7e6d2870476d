// What stands below a result of the search: the place in the page that holds most of the words, each of them
// marked, with or without diacritics. Sphinx's own script finds the pages; this one stands in for its excerpts,
// which look for the words as they were typed and so show the top of the page for "nut that".
(() => {
  const WORDS = 36; // of an excerpt
  const LEAD = 6; // of them before the first that was asked for
  const BLOCKS = "p, li, td, th, dt, dd, pre, h1, h2, h3, h4, figcaption, caption, label, legend, summary, div";
  const NOISE = "script, style, template, noscript, svg, button, .headerlink, .cq-act, .toctree-wrapper";
  const stemmer = new Stemmer();
  const query = (new URLSearchParams(location.search).get("q") ?? "").toLowerCase().normalize("NFC");
  const typed = new Set(splitQuery(query));

  /** The words of a page, or of the part of it that a result leads to, but for `noise`. */
  function textOf(html, anchor, noise) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const found = anchor ? page.getElementById(decodeURIComponent(anchor.slice(1))) : null;
    // the place of a glossary's term is its name; its meaning comes right after
    const part = found?.tagName === "DT" ? found.parentElement : (found ?? page.querySelector("article"));
    if (!part) return "";
    for (const element of part.querySelectorAll(noise)) element.remove();
    for (const element of part.querySelectorAll(BLOCKS)) element.append(" ");
    const text = part.textContent.normalize("NFC").replace(/\s+/g, " ").trim();
    if (found?.tagName !== "DT") return text;
    const name = found.textContent.normalize("NFC").replace(/\s+/g, " ").trim();
    return text.slice(Math.max(0, text.indexOf(name)));
  }

  /** Words with their places in the text, and which of the terms each of them answers. */
  function wordsOf(text, terms) {
    return [...text.matchAll(/[\p{L}\p{N}\p{M}_]+/gu)].map((found) => {
      const stem = stemmer.stemWord(found[0].toLowerCase());
      const term = terms.find((x) => stem === x) ?? terms.find((x) => x.length > 2 && stem.startsWith(x));
      const exact = typed.has(found[0].toLowerCase());
      return { from: found.index, to: found.index + found[0].length, term, rank: terms.indexOf(term), exact };
    });
  }

  /**
   * Where the excerpt begins: the window with most of the terms, best as they follow each other in what was asked,
   * most of them as they were typed, and as early as can be.
   */
  function best(text, words) {
    let [place, most] = [0, 0];
    words.forEach(({ term }, i) => {
      if (!term) return;
      const inside = words.slice(i, i + WORDS - LEAD);
      const held = inside.filter((word) => word.term);
      const next = inside.some((word, k) => {
        const after = inside[k + 1];
        return word.term && after?.rank === word.rank + 1 && text.slice(word.to, after.from) === " ";
      });
      const exact = held.filter((word) => word.exact).length;
      const score = 1000 * new Set(held.map((word) => word.term)).size + 500 * next + 10 * exact + held.length;
      if (score > most) [place, most] = [i, score];
    });
    return Math.max(0, place - LEAD);
  }

  Search.makeSearchSummary = (html, searchTerms, anchor) => {
    let text, words;
    for (const noise of [`${NOISE}, pre`, NOISE]) { // prose tells more than code, if it has the words
      text = textOf(html, anchor, noise);
      words = wordsOf(text, [...searchTerms]);
      if (words.some((word) => word.term)) break;
    }
    const summary = document.createElement("p");
    summary.className = "context";
    if (!words.length) return summary;
    const first = best(text, words);
    const shown = words.slice(first, first + WORDS);
    const end = first + WORDS < words.length ? shown.at(-1).to : text.length;
    let done = first ? shown[0].from : 0;
    if (first) summary.append("… ");
    for (const { from, to, term } of shown) {
      if (!term) continue;
      const mark = document.createElement("mark");
      mark.textContent = text.slice(from, to);
      summary.append(text.slice(done, from), mark);
      done = to;
    }
    summary.append(text.slice(done, end), end < text.length ? " …" : "");
    return summary;
  };

  // said aloud when the search has ended
  document.querySelector(".search-summary")?.setAttribute("role", "status");
})();
