// What the pages are held to: the standard, but for the rules below, each with the reason why it is left.
export default {
  root: true,
  extends: ["html-validate:standard"],
  rules: {},
};
