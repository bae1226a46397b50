/**
 * The inline stub: tells Google and Microsoft the default, and then the stored choice, before any
 * tag of the page runs, however late the banner arrives. It goes by the banner's own rules
 * (cookie.js, ask.js, signals.js: a test holds them together), and leaves in `consent.told` the set
 * of what it has told as granted.
 *
 * Of the cookie's shape it checks no more than it needs to read it: bytes are dear here, and what
 * it took too lightly the banner corrects when it comes.
 */
((preferences, statistics, marketing, days, google, settings, uet) => {
  // First in the page, and a guest: what fails here fails alone, and grants nothing.
  try {
    /** @type {any} */
    const queue = (window.consent ||= []);
    // Pasted twice: the second says nothing.
    if (queue.told + 1) return;
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
    /** @param {string} command @param {object | 0} [more] */
    const tell = (command, more) => {
      queue.told = told;
      /** @param {number} bit */
      const word = (bit) => (told & bit ? "granted" : "denied");
      const ad_storage = word(4);
      if (google)
        gtag("consent", command, {
          ad_storage,
          ad_user_data: ad_storage,
          ad_personalization: ad_storage,
          analytics_storage: word(2),
          functionality_storage: word(1),
          personalization_storage: word(1),
          security_storage: "granted",
          ...more,
        });
      if (uet) (window.uetq ||= []).push("consent", command, { ad_storage });
    };
    tell("default", google);
    if (settings) gtag("set", settings);
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
          age < days &&
          bits &
            (/** @type {any} */ (number(one) >= preferences) +
              2 * /** @type {any} */ (number(two) >= statistics) +
              4 *
              /** @type {any} */ (number(three) >= marketing &&
                  (bits > 7 || !navigator.globalPrivacyControl)));
      }
    }
    if (told) tell("update");
  } catch {}
})(...__STUB__);
