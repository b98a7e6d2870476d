// What the pages are held to: the standard of HTML and what it takes to be said aloud, but for the rules below.
export default {
  root: true,
  extends: ["html-validate:standard", "html-validate:document", "html-validate:a11y"],
  rules: {
    // of no use for files of the site itself, which its policy allows alone
    "require-sri": "off",
    // advice on how to write markup, which is the theme's: what it writes says the same to every reader
    "prefer-native-element": "off",
    "no-redundant-role": "off",
    "no-implicit-button-type": "off",
    // the search is sent by Enter, and the keyboards of phones have a key for it
    "wcag/h32": "off",
  },
};
