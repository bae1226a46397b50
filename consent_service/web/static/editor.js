// @ts-check
/**
 * Writing a draft. The pages work without this file; with it
 * - parts of a page follow what is typed: `<form data-live data-ask="live">`, and whatever in the
 *   page and in the answer has the same id and `data-part`;
 * - what was typed is saved: `data-autosave`. What cannot be saved is kept in this tab, and comes
 *   back when the page is loaded again;
 * - a row of the table opens in its place, and the table follows the field to find in;
 * - a fold opens where something in it is to be seen to.
 */

const SHOW = 300;
const SAVE = 1200;

/** @param {Response} answer */
const read = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

/** Put fresh parts into the page. What shows the same as before stays. @param {Document} page */
const refresh = (page) => {
  for (const fresh of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-part]"))) {
    const old = document.getElementById(fresh.id);
    const same = fresh.dataset.key && fresh.dataset.key === old?.dataset.key;
    if (old && !same) old.replaceWith(document.adoptNode(fresh));
  }
};

/** Nothing that is to be seen to is in a closed fold. @param {Element | null} place */
const reveal = (place) => {
  const fold = place?.closest("details");
  if (!fold) return;
  fold.open = true;
  reveal(fold.parentElement);
};

/**
 * What is to be seen to, at its field.
 * @param {HTMLFormElement} form
 * @param {Document} page
 */
const mark = (form, page) => {
  if (!page.querySelector("#found, #row-found")) return;
  const said = new Map();
  for (const item of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-field]"))) {
    const field = item.dataset.field;
    said.set(field, [...(said.get(field) ?? []), item.dataset.message]);
  }
  for (const place of form.querySelectorAll(".found[id]")) {
    const text = (said.get(place.id.slice(0, -"-found".length)) ?? []).join(" ");
    if (place.textContent === text) continue;
    place.textContent = text;
    if (text) reveal(place);
  }
};

/** A form as it would be sent. @param {HTMLFormElement} form @param {string} what */
const typed = (form, what) => {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) fields.append(name, String(value));
  fields.set("do", what);
  return fields;
};

/**
 * What was typed and is not saved yet, kept in this tab alone: staff's texts, nothing of visitors.
 * @param {HTMLFormElement} form
 */
const kept = (form) => {
  const name = `typed ${new URL(form.action).pathname} ${form.dataset.keep ?? ""}`;
  return {
    put: () => {
      try {
        sessionStorage.setItem(name, typed(form, "").toString());
      } catch {
        // Too much for it, or not allowed: then the page asks before it is left.
      }
    },
    drop: () => sessionStorage.removeItem(name),
    /** Whether something came back. */
    back: () => {
      const before = new URLSearchParams(sessionStorage.getItem(name) ?? "");
      const differs = [...before].some(([field, value]) => field !== "do" && put(form, field, value, before));
      return differs;
    },
  };
};

/**
 * Put one field back as it was typed; whether that changed it.
 * @param {HTMLFormElement} form
 * @param {string} name
 * @param {string} value
 * @param {URLSearchParams} all
 */
const put = (form, name, value, all) => {
  let changed = false;
  for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
    if (field instanceof HTMLInputElement && /^(checkbox|radio)$/.test(field.type)) {
      const ticked = all.getAll(name).includes(field.value);
      changed ||= field.checked !== ticked;
      field.checked = ticked;
    } else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement) {
      changed ||= field.type !== "hidden" && field.value !== value;
      field.value = value;
    }
  }
  return changed;
};

/** @param {HTMLFormElement} form */
const lives = (form) => {
  const ask = form.dataset.ask ?? "live";
  const saves = form.hasAttribute("data-autosave");
  const tab = kept(form);
  const status = form.querySelector("[data-said]");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let showing;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let saving;
  let dirty = false;
  let stopped = false;
  let going = Promise.resolve();

  /** @param {string} text */
  const say = (text) => {
    if (status && text && status.textContent !== text) status.textContent = text;
  };

  /** @param {Response} answer @param {boolean} changed  Whether more was typed since it was asked for. */
  const saved = (answer, changed) => {
    stopped = answer.status === 409;
    status?.classList.toggle("error", !answer.ok);
    if (answer.ok && !changed) {
      dirty = false;
      tab.drop();
      form.dispatchEvent(new Event("kept"));
    }
  };

  /** @param {string} what */
  const send = async (what) => {
    const body = typed(form, what);
    dirty &&= what !== "autosave";
    const wasDirty = what === "autosave";
    const answer = await fetch(form.action, { method: "POST", body }).catch(() => undefined);
    if (!answer || answer.redirected || !/html/.test(answer.headers.get("content-type") ?? "")) {
      dirty ||= wasDirty;
      if (wasDirty) say("Not saved: the service does not answer, or you are signed out. It is kept in this tab.");
      return;
    }
    const page = await read(answer);
    if (!form.isConnected) return;
    if (wasDirty) saved(answer, dirty);
    dirty ||= wasDirty && !answer.ok;
    mark(form, page);
    refresh(page);
    say(page.getElementById("said")?.textContent ?? "");
  };

  // One after the other: each answer brings by what the next one is known.
  /** @param {string} what */
  const queue = (what) => (going = going.then(() => send(what)).catch(() => undefined));

  const save = () => {
    clearTimeout(saving);
    if (saves && dirty && !stopped) queue("autosave");
  };

  form.classList.add("live");
  form.addEventListener("focusin", ({ target }) => {
    const document_ = /** @type {HTMLInputElement | null} */ (form.elements.namedItem("show.document"));
    if (!document_ || !(target instanceof HTMLTextAreaElement) || document_.value === target.name) return;
    document_.value = target.classList.contains("document") ? target.name : "";
    if (document_.value) queue(ask);
  });
  form.addEventListener("input", ({ target }) => {
    clearTimeout(showing);
    showing = setTimeout(() => queue(ask), SHOW);
    if (target instanceof HTMLSelectElement && target.name.startsWith("show.")) return;
    dirty = true;
    if (!saves) return;
    tab.put();
    clearTimeout(saving);
    saving = setTimeout(save, SAVE);
  });
  form.addEventListener("submit", () => { clearTimeout(saving); stopped = true; tab.drop(); });
  form.addEventListener("flush", (event) => {
    save();
    /** @type {CustomEvent<Promise<void>[]>} */ (event).detail.push(going);
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
  if (saves && form.dataset.guard === "" && tab.back()) {
    say("What you typed before, and was not saved, is back.");
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }
};

/** @param {ParentNode} part */
const start = (part) =>
  part.querySelectorAll("form[data-live]").forEach((form) => lives(/** @type {HTMLFormElement} */ (form)));

/** The page at an address of ours. @param {string} address */
const page = async (address) => {
  const answer = await fetch(address).catch(() => undefined);
  return answer?.ok && !answer.redirected ? read(answer) : undefined;
};

/** The table as it is now. @param {Document | undefined} fresh */
const retable = (fresh) => {
  const table = fresh?.getElementById("table");
  if (table) document.getElementById("table")?.replaceWith(document.adoptNode(table));
  return Boolean(table);
};

/** Until what was typed in a form is saved. @param {HTMLFormElement} form */
const flushed = async (form) => {
  /** @type {Promise<void>[]} */
  const waits = [];
  form.dispatchEvent(new CustomEvent("flush", { detail: waits }));
  await Promise.all(waits);
};

/** Close the row that is open, once what was typed in it is saved. */
const close = async () => {
  const row = document.getElementById("row");
  const form = row?.querySelector("form");
  if (form) await flushed(form);
  row?.remove();
};

/** Open a row in its place. @param {HTMLAnchorElement} link */
const open = async (link) => {
  const fresh = (await page(link.href))?.getElementById("row");
  if (!fresh) return void location.assign(link.href);
  await close();
  const row = document.adoptNode(fresh);
  const under = link.closest("tr");
  if (under && row instanceof HTMLTableRowElement) under.after(row);
  else document.getElementById("table")?.before(row);
  history.replaceState(null, "", link.href);
  start(row);
  /** @type {HTMLElement | null} */ (row.querySelector("input[name=name]"))?.focus();
};

/** Close it: the table as it is now, and the row's own link has the focus. @param {HTMLAnchorElement} link */
const shut = async (link) => {
  await close();
  history.replaceState(null, "", link.href);
  retable(await page(link.href));
  const place = document.getElementById(link.hash.slice(1));
  const target = place instanceof HTMLTableRowElement ? place.querySelector("a") : document.querySelector("a[data-open=new]");
  /** @type {HTMLElement | null} */ (target)?.focus();
};

/** The row with its empty fields filled in, in place. @param {HTMLButtonElement} button */
const fill = async (button) => {
  const { form } = button;
  const row = document.getElementById("row");
  if (!form || !row) return;
  await flushed(form);
  const answer = await fetch(button.formAction, { method: "POST", body: typed(form, "fill") }).catch(() => undefined);
  const fresh = answer?.ok ? (await read(answer)).getElementById("row") : undefined;
  if (!fresh) return;
  // The place that it had: the answer may have it elsewhere.
  const inside = document.adoptNode(fresh).querySelector("form");
  if (!inside) return;
  form.replaceWith(inside);
  start(row);
  inside.dispatchEvent(new Event("input", { bubbles: true }));
  /** @type {HTMLElement | null} */ (inside.querySelector("[name=provider]"))?.focus();
};

/** The table follows what is looked for. @param {HTMLFormElement} form */
const filters = (form) => {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const find = async () => {
    const address = new URL(form.action);
    address.search = typed(form, "").toString().replace(/&?do=$/, "");
    if (retable(await page(address.href))) history.replaceState(null, "", address.href);
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, SHOW);
  });
};

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const button = event.target.closest("button[data-fill]");
  if (button instanceof HTMLButtonElement) {
    event.preventDefault();
    fill(button);
    return;
  }
  const place = event.target.closest("a[href^='#']");
  if (place instanceof HTMLAnchorElement) reveal(document.getElementById(place.hash.slice(1)));
  const link = event.target.closest("a[data-open], a[data-close]");
  if (!(link instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  if (link.hasAttribute("data-open")) open(link);
  else shut(link);
});
document.querySelectorAll("form[data-filter]").forEach((form) => filters(/** @type {HTMLFormElement} */ (form)));
start(document);
