/**
 * A guest does not break the house: what fails in us stays in us.
 *
 * @type {<A extends unknown[], T>(action: (...values: A) => T) => (...values: A) => T | undefined}
 */
export const safely =
  (/** @type {any} */ action) =>
  (/** @type {any[]} */ ...values) => {
    try {
      return action(...values);
    } catch {
      // What could not be drawn is not drawn; what was held stays held.
    }
  };
