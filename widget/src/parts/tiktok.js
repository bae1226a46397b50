/** TikTok's pixel: held until there is an answer; after a no, what was held is dropped. */
import { vendor } from "./lib/vendor.js";

/** @type {import("../../types/parts.js").Part} */
export default (has) => {
  let no = "hold";
  const update = vendor("ttq", (ttq) => {
    const method = `${has("marketing") ? "grant" : no}Consent`;
    // Before the snippet has made its methods, what stands in its queue is called first.
    if (ttq[method]) ttq[method]();
    else ttq.push([method]);
  });
  return () => {
    no = "revoke";
    update();
  };
};
