// @ts-check
/**
 * Small comforts. Every page works without this file: what it adds, it also shows.
 * - A button that copies the text of an element: `<button data-copy="id" hidden>`.
 * - A colour that is picked as well as typed: `<input type="color" data-picks="id" hidden>`.
 * - What goes on is looked at again: `<section data-live>`.
 * - A table that is wider than its place is scrolled by keyboard too.
 * - What was typed and not sent is not left behind, by mistake or for the next person.
 */

/** @param {HTMLButtonElement} button */
const copies = (button) => {
  const source = document.getElementById(button.dataset.copy ?? "");
  if (!source || !navigator.clipboard) return;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent?.trim() ?? "");
    button.textContent = button.dataset.done ?? label;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
};

/**
 * Ask before what was typed is lost.
 * @param {HTMLFormElement} form
 */
const guards = (form) => {
  let changed = form.dataset.guard === "changed";
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  form.addEventListener("kept", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
};

/** @param {HTMLInputElement} picker */
const picks = (picker) => {
  const field = document.getElementById(picker.dataset.picks ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  const follow = () => { if (/^#[0-9a-f]{6}$/i.test(field.value)) picker.value = field.value; };
  follow();
  picker.hidden = false;
  field.addEventListener("input", follow);
  picker.addEventListener("input", () => { field.value = picker.value; });
};

/** A table that cannot be seen whole is a stop of the keyboard's; one that can is none. @param {Element} place */
const scrolls = (place) => {
  const name = place.querySelector("caption")?.textContent?.trim();
  const attributes = Object.entries({ tabindex: "0", ...(name && { role: "region", "aria-label": name }) });
  const watch = new ResizeObserver(() => {
    const wide = place.scrollWidth > place.clientWidth;
    for (const [key, value] of attributes) wide ? place.setAttribute(key, value) : place.removeAttribute(key);
  });
  for (const each of [place, ...place.children]) watch.observe(each);
};

/**
 * Look again every two seconds while something goes on: `<section id="jobs" data-live>`.
 * @param {Element} part
 */
const follows = (part) => {
  const again = async () => {
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(part.id);
    // Not while somebody is at a button in it: it would be gone from under the finger.
    if (fresh && !part.contains(document.activeElement)) part.replaceChildren(...fresh.childNodes);
    if (!fresh || fresh.hasAttribute("data-live")) setTimeout(again, 2000);
  };
  setTimeout(again, 2000);
};

document.querySelectorAll(".scroll").forEach(scrolls);
document.querySelectorAll("[data-live]:not(form)").forEach(follows);
document.querySelectorAll("button[data-copy]").forEach((button) => copies(/** @type {HTMLButtonElement} */ (button)));
document.querySelectorAll("form[data-guard]").forEach((form) => guards(/** @type {HTMLFormElement} */ (form)));
document.querySelectorAll("input[data-picks]").forEach((picker) => picks(/** @type {HTMLInputElement} */ (picker)));
document.querySelectorAll("form[action='/sign-out']").forEach((form) => form.addEventListener("submit", () => sessionStorage.clear()));
