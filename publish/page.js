// What every page of the book does beside the theme's script: the button for the full screen, whose own way the
// page's policy forbids, and what the keyboard needs.
(() => {
  document.addEventListener("click", (event) => event.target.closest("[data-full-screen]") && toggleFullScreen());

  // the theme takes the focus off these when they are pressed; the keyboard would lose its place
  for (const button of document.querySelectorAll(".theme-switch-button, .search-button, .primary-toggle, .secondary-toggle")) {
    button.blur = () => button.matches(":focus-visible") || HTMLElement.prototype.blur.call(button);
  }

  // boxes that scroll sideways can be reached while they have to
  const boxes = document.querySelectorAll("div.math, .course-sheet");
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const box of boxes) sizes.observe(box);
})();
