// The lab as a notebook's widget: messages travel as those of an anywidget model.
import { LabView } from "./main.js";

function columnsOf(data, buffers) {
  const kinds = { float32: Float32Array, uint8: Uint8Array };
  return Object.fromEntries((data.columns ?? []).map(({ name, kind }, i) => {
    const view = buffers[i];
    const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
    return [name, new kinds[kind](bytes)];
  }));
}

function render({ model, el }) {
  const view = new LabView(el, { ask: (request) => model.send(request) });
  const hear = (data, buffers) => view.receive(data, columnsOf(data, buffers ?? []));
  el.classList.add("course-lab-live");
  view.setLive(true);
  model.on("msg:custom", hear);
  model.send({ kind: "open" });
  return () => {
    model.off("msg:custom", hear);
    view.close();
  };
}

export default { render };
