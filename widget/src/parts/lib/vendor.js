/**
 * Vendors whose function the page's own snippet makes, and who must hear of the state before the
 * snippet's next word (`revoke` before `init`). We cannot make the function ourselves: the snippet
 * would then take itself for loaded. So the name is watched until what stands there can listen;
 * then it is an ordinary property again. Nothing is polled.
 *
 * @param {string} name  Its name in the window.
 * @param {(vendor: any) => void} speak  Says what is in force now.
 */
export function vendor(name, speak) {
  const here = /** @type {any} */ (window);
  let there = here[name];
  let busy = false;
  /** @param {PropertyDescriptor} property */
  const define = (property) =>
    Object.defineProperty(here, name, { configurable: true, enumerable: true, ...property });
  const hear = () => {
    // A vendor's function may itself read its name.
    if (!there || busy) return;
    busy = true;
    try {
      speak(there);
      define({ value: there, writable: true });
    } catch {
      // It has no queue yet: the snippet is still at it.
    }
    busy = false;
  };
  const get = () => {
    hear();
    return there;
  };
  /** @param {unknown} value */
  const set = (value) => {
    there = value;
    hear();
  };
  if (there) speak(there);
  else define({ get, set, enumerable: false });
  return () => here[name] && speak(here[name]);
}
