// The lab as a notebook's widget: messages travel as those of an anywidget model.
import { LabView } from "./main.js";

/** The edition of the course whose JupyterLite this is (publish/layout.py); anywhere else there is none. */
function editionHere() {
  try {
    return JSON.parse(document.getElementById("jupyter-config-data").textContent).courseEdition;
  } catch {
    return undefined;
  }
}

function render({ model, el }) {
  const view = new LabView(el, { ask: (request) => model.send(request), edition: editionHere() });
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
