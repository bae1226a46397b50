/**
 * A button that opens the settings, in the same corner of every page. It goes while a layer is
 * shown (reopen.css), and while what has the page's focus lies under it.
 *
 * @import { Extra } from "../../types/internal.js"
 */

/** @type {Extra} */
export default (_has, _tellers, open, h, enter) => {
  const nav = h(`nav.${__BUTTON__}`, { "aria-label": __settings__ }, [
    h("button.b", { onclick: open }, __settings__),
  ]);
  enter(nav);
  addEventListener("focusin", ({ target }) => {
    const box = nav.getBoundingClientRect();
    const { top, bottom, left, right } = /** @type {Element} */ (target).getBoundingClientRect();
    const apart =
      bottom < box.top || top > box.bottom || right < box.left || left > box.right;
    // Our own host has no box: the button itself may have the focus.
    nav.classList.toggle("away", !apart && bottom > top);
  });
};
