// Sent by `course site serve --watch` alone, never part of a site: loads the page again when something changed.
let known;
new EventSource("/-/changes").onmessage = ({ data }) => {
  if (known !== undefined && data !== known) location.reload();
  known = data;
};
