// What the search finds first. Sphinx's own script looks for headings and glossary terms as they are typed, so
// "hang doi" misses "Hàng đợi", and takes one syllable in a title for a find. Here both are compared as the full
// text is, without diacritics and by their stems: first headings and terms that hold the whole of what was asked,
// the closest first, as it was typed before what only sounds alike; then pages with all its words, what teaches before what describes.
(() => {
  const stemmer = new Stemmer();
  const spelt = (text) => text.toLowerCase().normalize("NFC");
  const stems = (text) => splitQuery(spelt(text)).map((word) => stemmer.stemWord(word));
  // a phrase does not go on past a bracket or a stroke
  const key = (text) => text.split(/[.,:;()/–—]/).map((part) => ` ${stems(part).join(" ")}`).join(" |");
  const plain = (text) => text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);
  const KINDS = [[/^w\d\d-[^/]*\/index$/, 4], [/^(glossary|w\d\d-.*)$/, 3], [/^reference\//, 2], [/^guides\//, 0]];
  const sphinx = Search._performSearch;

  /** Headings and terms that hold the whole query, as [title, place, how close]. */
  function named(query) {
    const { titles, alltitles, indexentries } = Search._index;
    const asked = key(query);
    const typed = spelt(query).trim();
    const found = [];
    const close = (text) =>
      key(text).includes(asked) ? asked.length / key(text).length + (spelt(text).includes(typed) ? 0.3 : 0) : 0;
    for (const [title, places] of Object.entries(alltitles)) {
      for (const [file, id] of close(title) ? places : []) {
        const top = titles[file] === title;
        found.push([top ? title : `${titles[file]} > ${title}`, file, top ? null : id, close(title) + (top ? 0.2 : 0)]);
      }
    }
    for (const [term, places] of Object.entries(indexentries)) {
      for (const [file, id] of close(term) ? places : []) {
        found.push([`${titles[file]} > ${plain(term)}`, file, id, close(term) + 0.1]);
      }
    }
    return found;
  }

  Search._performSearch = (query, searchTerms, ...more) => {
    const { docnames, filenames, titles } = Search._index;
    const results = new Map(); // by place: one line for one place
    const put = (result) => {
      const place = result[0] + result[2];
      if (!(results.get(place)?.[4] >= result[4])) results.set(place, result);
    };
    for (const [title, file, id, close] of searchTerms.size ? named(query) : []) {
      put([docnames[file], title, id === null ? "" : `#${id}`, null, 10 + close, filenames[file]]);
    }
    for (const [page, title, anchor, about, , file] of sphinx(query, searchTerms, ...more)) {
      const words = new Set(stems(titles[docnames.indexOf(page)]));
      const held = [...searchTerms].filter((term) => words.has(term)).length / Math.max(1, searchTerms.size);
      const kind = KINDS.find(([pattern]) => pattern.test(page))?.[1] ?? 1;
      put([page, title, anchor, about, kind / 10 + (held === 1 ? 5 : 0), file]);
    }
    return [...results.values()].sort(_orderResultsByScoreThenName); // the last is shown first
  };
})();
