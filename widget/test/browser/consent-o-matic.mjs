/**
 * Consent-O-Matic's rules, executed in a page by what the project's own description and sources
 * say of each word (https://github.com/cavi-au/Consent-O-Matic): the extension itself is in no
 * package registry. Only the words that our rule uses are known; any other is an error.
 *
 * @import { Page } from "playwright-core"
 */

/**
 * Detect, wait until it shows, then run the three methods in their order.
 *
 * @param {Page} page
 * @param {object} rules  By the name of what they are for.
 * @param {Record<string, boolean>} wanted  What the user allows, by Consent-O-Matic's letters.
 * @returns {Promise<string[]>}  What was handled.
 */
export const handle = (page, rules, wanted) => page.evaluate(run, { rules, wanted });

/** @param {{ rules: Record<string, any>, wanted: Record<string, boolean> }} given */
async function run({ rules, wanted }) {
  const pause = (/** @type {number} */ time) => new Promise((done) => setTimeout(done, time));

  /** Only these words. @param {any} config @param {string} words */
  function only(config, words) {
    const unknown = Object.keys(config).filter((word) => !words.split(" ").includes(word));
    if (unknown.length) throw new Error(`words that are not known here: ${unknown}`);
  }

  /** @param {any} selection @param {any} [parent] @returns {HTMLElement | undefined} */
  function element(selection, parent) {
    only(selection, "selector displayFilter");
    // A parent's shadow root, open or closed, is looked into instead of the parent.
    const top = parent?.shadowRoot ?? parent ?? document;
    const shown = (/** @type {HTMLElement} */ each) => each.offsetHeight !== 0;
    const { selector, displayFilter } = selection;
    return [...top.querySelectorAll(selector)].filter(
      (each) => displayFilter === undefined || shown(each) === displayFilter,
    )[0];
  }

  /** @param {any} config */
  function find({ parent, target }) {
    if (!parent) return element(target);
    const found = element(parent);
    return found && element(target, found);
  }

  /** @param {any} config */
  function matches(config) {
    only(config, "type parent target");
    const found = find(config);
    if (config.type === "css") return !!found;
    if (config.type !== "checkbox" || !found) throw new Error(`no ${config.type} to match`);
    return /** @type {HTMLInputElement} */ (found).checked;
  }

  /** @type {Record<string, (action: any) => unknown>} */
  const actions = {
    async list({ actions }) {
      for (const action of actions) await act(action);
    },
    click(action) {
      only(action, "type parent target");
      find(action)?.click();
    },
    async waitcss(action) {
      only(action, "type parent target retries waitTime");
      for (let left = action.retries; left > 0 && !find(action); left--) {
        await pause(action.waitTime);
      }
    },
    async consent({ consents }) {
      for (const consent of consents) {
        only(consent, "type matcher toggleAction");
        if (matches(consent.matcher) !== !!wanted[consent.type]) await act(consent.toggleAction);
      }
    },
  };

  /** @param {any} action */
  const act = (action) => actions[action.type](action);

  /** @type {string[]} */
  const handled = [];
  for (const [name, { detectors, methods }] of Object.entries(rules)) {
    const detector = detectors.find((/** @type {any} */ each) =>
      each.presentMatcher.every(matches),
    );
    if (!detector) continue;
    for (let tries = 10; tries > 0 && !detector.showingMatcher.every(matches); tries--) {
      await pause(250);
    }
    if (!detector.showingMatcher.every(matches)) continue;
    for (const method of ["OPEN_OPTIONS", "DO_CONSENT", "SAVE_CONSENT"]) {
      const { action } = methods.find((/** @type {any} */ each) => each.name === method) ?? {};
      if (action) await act(action);
    }
    handled.push(name);
  }
  return handled;
}
