/**
 * The inline stub: tells Google and Microsoft the default, and then the stored choice, before any
 * tag of the page runs, however late the banner arrives. It goes by the banner's own rules
 * (cookie.js, ask.js, signals.js: a test holds them together), and leaves in `consent.told` the set
 * of what it has told as granted.
 *
 * It is built once for each of whom it can tell (`GOOGLE`, `ADVANCED`, `UET`): a page has only what
 * it needs. Of the cookie's shape it checks no more than it needs to read it: bytes are dear here, and what
 * it took too lightly the banner corrects when it comes.
 */
// First in the page, and a guest: what fails here fails alone, and grants nothing. All names are of
// this block, and so not of the page.
try {
  /** @type {any} */
  const queue = (window.consent ||= []);
  // Pasted twice: the second says nothing.
  if (!(queue.told + 1)) {
    const now = Date.now() / 864e5;
    let newest = now;
    /** @type {any} */
    let told = 0;
    /** @param {string} text */
    const number = (text) => parseInt(text, 36);
    /** @type {(...command: unknown[]) => void} */
    const gtag = function () {
      (window.dataLayer ||= []).push(arguments);
    };
    /** @param {string} command @param {object} [more] */
    const tell = (command, more) => {
      queue.told = told;
      /** @param {number} bit */
      const word = (bit) => (told & bit ? "granted" : "denied");
      const ad_storage = word(4);
      if (GOOGLE)
        gtag("consent", command, {
          ad_storage,
          ad_user_data: ad_storage,
          ad_personalization: ad_storage,
          analytics_storage: word(2),
          functionality_storage: word(1),
          personalization_storage: word(1),
          security_storage: "granted",
          ...(ADVANCED ? more : {}),
        });
      if (UET) (window.uetq ||= []).push("consent", command, { ad_storage });
    };
    tell("default", ADVANCED ? { wait_for_update: 500 } : {});
    if (ADVANCED) gtag("set", { ads_data_redaction: true, url_passthrough: true });
    for (const pair of document.cookie.split("; ")) {
      /** @type {any} */
      const [, day, bits, one, two, three, id] =
        /^consent=1\.\w+\.(\w+)\.([0-7]|1[2-5])\.(\w+)-(\w+)-(\w+)(\.[\w-]{22}(\.p)?)?$/.exec(
          pair,
        ) ||
        // Another cookie: its day is no number.
        "??";
      const age = now - number(day);
      // An id if and only if something is granted; and of several choices the newest.
      if (!+bits == !id && age <= newest) {
        newest = age;
        // True counts as 1; tsc is told that it is a number.
        told =
          age >= -1 &&
          age < __GRANTED_DAYS__ &&
          bits &
            (/** @type {any} */ (number(one) >= __PREFERENCES__) +
              2 * /** @type {any} */ (number(two) >= __STATISTICS__) +
              4 *
              /** @type {any} */ (number(three) >= __MARKETING__ &&
                  (bits > 7 || !navigator.globalPrivacyControl)));
      }
    }
    if (told) tell("update");
  }
} catch {}
