// On a week's page: notes which sections the reader has come to the end of, for "My progress".
import { noteReading } from "./record.js";

const week = document.documentElement.dataset.courseWeek;
const article = document.querySelector("article.bd-article section");

if (week && article && "IntersectionObserver" in window) {
  const sections = [...article.querySelectorAll(":scope > section[id]")];
  const ends = new Map();
  const watch = new IntersectionObserver((seen) => {
    const ids = seen.filter((entry) => entry.isIntersecting).map((entry) => ends.get(entry.target));
    if (ids.length) noteReading(week, ids);
    for (const entry of seen) if (entry.isIntersecting) watch.unobserve(entry.target);
  });
  for (const section of sections) {
    const end = section.lastElementChild;
    if (!end) continue;
    ends.set(end, section.id);
    watch.observe(end);
  }
}
