// How the page looks to this visitor: light or dark, and of which size, remembered in the browser; and where a refusal
// stands.
(() => {
  const LARGE = "large";
  const root = document.documentElement;

  // Browsers that block storage throw here: the page then follows the system's theme, and is small, at the next visit.
  function kept(what) {
    try { return localStorage.getItem(`genai_demo_${what}`); } catch { return null; }
  }

  function keep(what, value) {
    try { localStorage.setItem(`genai_demo_${what}`, value); } catch { /* only the next visit forgets it */ }
  }

  function setTheme(theme) {
    document.body.classList.toggle("dark", theme === "dark");
  }

  function toggleTheme() {
    const theme = document.body.classList.contains("dark") ? "light" : "dark";
    keep("theme", theme);
    setTheme(theme);
  }

  function setSize(size) {
    root.classList.toggle(LARGE, size === LARGE);
    document.getElementById("size")?.setAttribute("aria-pressed", String(size === LARGE));
  }

  // Gradio gives fields for words the height that their words have in pixels.
  function fit(field) {
    field.style.height = field.style.overflowY = "";
    if (field.scrollHeight) field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
  }

  function toggleSize() {
    const size = root.classList.contains(LARGE) ? "normal" : LARGE;
    keep("size", size);
    setSize(size);
    const address = new URL(location.href);
    if (address.searchParams.has("size")) {
      address.searchParams.set("size", size);
      history.replaceState(history.state, "", address);
    }
    document.querySelectorAll("textarea").forEach(fit);
    dispatchEvent(new Event("resize"));  // what is drawn in pixels is drawn anew
  }

  const asked = new URLSearchParams(location.search).get("size");
  if ([LARGE, "normal"].includes(asked)) keep("size", asked);
  // Without storage, too, the address is obeyed.
  const size = asked === LARGE || (asked !== "normal" && kept("size") === LARGE) ? LARGE : "normal";
  setSize(size);

  document.addEventListener("click", ({ target }) => {
    if (target.closest("#theme")) toggleTheme();
    if (target.closest("#size")) toggleSize();
  });

  function sayPressed() {
    if (document.getElementById("size")) setSize(root.classList.contains(LARGE) ? LARGE : "normal");
    else requestAnimationFrame(sayPressed);
  }
  sayPressed();

  // What there was to read makes way for the page, which takes the system's theme when it comes.
  function makeWay() {
    if (!document.querySelector("#heading h1")) { requestAnimationFrame(makeWay); return; }
    document.getElementById("skeleton")?.remove();
    if (kept("theme")) setTheme(kept("theme"));
  }
  makeWay();

  // A refusal stands at the field it is about, over what lies below, so that nothing moves. The message "x-notice" is
  // about the field "x-name", where its notice says that name.
  function fieldOf(message) {
    const name = message.querySelector(".notice[data-field]")?.dataset.field.replaceAll("_", "-");
    const field = name && document.getElementById(message.id.replace(/notice$/, name));
    return field?.offsetParent ? field : null;
  }

  function stand(message) {
    const field = fieldOf(message);
    if (!field) {
      delete message.dataset.standing;
      ["top", "left", "width"].forEach((side) => message.style.removeProperty(side));
      return;
    }
    message.dataset.standing ||= "new";
    const [box, frame] = [field, message.offsetParent || field].map((one) => one.getBoundingClientRect());
    message.style.top = `${box.bottom - frame.top + 4}px`;
    message.style.left = `${box.left - frame.left}px`;
    message.style.width = `${box.width}px`;
  }

  function standNew(message) {
    delete message.dataset.standing;
    stand(message);
    const field = fieldOf(message);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (field && (field.getBoundingClientRect().top < 0 || message.getBoundingClientRect().bottom > innerHeight)) {
      field.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "center" });
    }
  }

  const standing = () => document.querySelectorAll(".message[data-standing]");
  const messageOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(".message[id$='-notice']");
  new MutationObserver((changes) => new Set(changes.map(({ target }) => messageOf(target)))
    .forEach((message) => message && standNew(message)))
    .observe(root, { subtree: true, childList: true, characterData: true });
  new ResizeObserver(() => standing().forEach(stand)).observe(root);
  // Whoever mends the field needs it no more; a press asks anew, and the same refusal is seen again.
  document.addEventListener("input", ({ target }) => standing().forEach((message) => {
    if (fieldOf(message)?.contains(target)) message.dataset.standing = "answered";
  }));
  document.addEventListener("click", ({ target }) => {
    const run = target.closest("button[id$='-run']");
    const message = run && document.getElementById(run.id.replace(/run$/, "notice"));
    if (message?.dataset.standing) message.dataset.standing = "new";
  });

  // A button shows at once that it was pressed, until the server has answered: on a slow line that takes seconds, and
  // whoever sees nothing presses again. The mark lies over the button, which Gradio may draw anew meanwhile.
  const CALLS = /\/gradio_api\/(run|queue\/join)/;
  const CALLED_BY = 1000; // milliseconds from a press to the calls that it makes
  const mark = document.createElement("div");
  mark.id = "pressed";
  mark.setAttribute("aria-hidden", "true");
  let [pressed, since, waiting] = [null, 0, 0];

  function showPressed() {
    if (!waiting || !pressed?.offsetParent) { mark.remove(); return; }
    const { left, bottom, width } = pressed.getBoundingClientRect();
    Object.assign(mark.style, { left: `${left}px`, top: `${bottom - 4}px`, width: `${width}px` });
    if (!mark.isConnected) document.querySelector(".gradio-container").append(mark);
    requestAnimationFrame(showPressed);
  }

  document.addEventListener("click", ({ target }) => {
    [pressed, since] = [target.closest("button:not([role=tab]), label:has(input[type=radio])"), performance.now()];
  }, true);
  const ask = window.fetch;
  window.fetch = (...request) => {
    const answer = ask(...request);
    if (pressed && performance.now() - since < CALLED_BY && CALLS.test(request[0]?.url || request[0])) {
      waiting += 1;
      showPressed();
      const answered = () => { waiting -= 1; };
      answer.then(answered, answered);
    }
    return answer;
  };

  if (kept("theme")) setTheme(kept("theme"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (kept("theme")) setTheme(kept("theme"));
  });
})();
