// The lab as a notebook's widget: messages travel as those of an anywidget model.
import { LabView } from "./main.js";

function render({ model, el }) {
  const view = new LabView(el, { ask: (request) => model.send(request) });
  const hear = (data, buffers) => view.receive(data, buffers ?? []);
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
