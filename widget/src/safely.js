/**
 * A guest does not break the house: what fails in us stays in us.
 *
 * @template {unknown[]} A
 * @param {(...values: A) => void} action
 * @returns {(...values: A) => void}
 */
export const safely =
  (action) =>
  (...values) => {
    try {
      action(...values);
    } catch {
      // What could not be drawn is not drawn; what was held stays held.
    }
  };
