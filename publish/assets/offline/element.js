// Elements for the panel and the notice; whoever imports it has their style sheet, too.
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const style = make("link", { rel: "stylesheet", href: new URL("offline.css", import.meta.url).href });
await new Promise((resolve) => {
  style.onload = style.onerror = resolve;
  document.head.append(style);
});
