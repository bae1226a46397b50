/**
 * Do something once what the page's platform brings is there: now, when the page is read, or after
 * whatever script is loaded later.
 *
 * @param {() => unknown} there
 * @param {() => void} action
 */
export function later(there, action) {
  const attempt = () => {
    if (document.readyState === "loading" || !there()) return;
    removeEventListener("DOMContentLoaded", attempt);
    document.removeEventListener("load", attempt, true);
    action();
  };
  addEventListener("DOMContentLoaded", attempt);
  document.addEventListener("load", attempt, true);
  attempt();
}
