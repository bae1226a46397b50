/**
 * A guest does not break the house: what fails in us stays in us.
 *
 * @template {unknown[]} A
 * @template T
 * @param {(...values: A) => T} action
 * @returns {(...values: A) => T | undefined}
 */
export const safely =
  (action) =>
  (...values) => {
    try {
      return action(...values);
    } catch {
      // What could not be drawn is not drawn; what was held stays held.
      return undefined;
    }
  };
