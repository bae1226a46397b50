// @ts-check
/**
 * Small comforts. Every page works without this file: what it adds, it also shows.
 * - A button that copies the text of an element: `<button data-copy="id" hidden>`.
 * - A row of cookies that is added and removed without a round trip.
 * - A colour that is picked as well as typed: `<input type="color" data-picks="id" hidden>`.
 * - Parts of a page that follow what is typed: `<form data-live="ids">`.
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
 * The row that an `add` button brings: the template with the next number in its names.
 * @param {HTMLTemplateElement} template
 * @param {number} number
 */
const row = (template, number) => {
  const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  for (const element of fragment.querySelectorAll("*")) {
    for (const attribute of [...element.attributes]) {
      if (attribute.value.includes("NEW")) {
        attribute.value = attribute.value.replaceAll("NEW", String(number));
      }
    }
  }
  return fragment;
};

/** @param {HTMLFormElement} form */
const rows = (form) => {
  const list = form.querySelector("[data-rows]");
  const template = form.querySelector("template");
  if (!list || !template) return;
  let next = list.children.length;
  form.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if (button?.value === "add") {
      event.preventDefault();
      list.append(row(template, next));
      next += 1;
      list.lastElementChild?.querySelector("input")?.focus();
      list.dispatchEvent(new Event("input", { bubbles: true }));
    } else if (button?.value.startsWith("remove-")) {
      event.preventDefault();
      const gone = button.closest("details");
      const near = gone?.nextElementSibling ?? gone?.previousElementSibling;
      gone?.remove();
      const target = near?.querySelector("summary") ?? form.querySelector("button[value=add]");
      /** @type {HTMLElement | null} */ (target)?.focus();
      list.dispatchEvent(new Event("input", { bubbles: true }));
    }
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

/**
 * The parts that follow are asked for again, of the very page that saving would show, and come
 * without the rest of it: what is being typed stays as it is.
 * @param {HTMLFormElement} form
 */
const lives = (form) => {
  const parts = (form.dataset.live ?? "").split(" ");
  let asked = 0;
  /** @type {number | undefined} */
  let waiting;
  const show = async () => {
    const mine = ++asked;
    const typed = new URLSearchParams();
    for (const [name, value] of new FormData(form)) typed.append(name, String(value));
    typed.set("do", "show");
    const answer = await fetch(form.action, { method: "POST", body: typed }).catch(() => undefined);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked) return;
    for (const id of parts) {
      const fresh = page.getElementById(id);
      if (fresh) document.getElementById(id)?.replaceWith(document.adoptNode(fresh));
    }
  };
  form.classList.add("live");
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 250);
  });
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

document.querySelectorAll("[data-live]").forEach(follows);
document.querySelectorAll("button[data-copy]").forEach((button) => copies(/** @type {HTMLButtonElement} */ (button)));
document.querySelectorAll("form[data-guard]").forEach((form) => guards(/** @type {HTMLFormElement} */ (form)));
document.querySelectorAll("form").forEach(rows);
document.querySelectorAll("input[data-picks]").forEach((picker) => picks(/** @type {HTMLInputElement} */ (picker)));
document.querySelectorAll("form[data-live]").forEach((form) => lives(/** @type {HTMLFormElement} */ (form)));
