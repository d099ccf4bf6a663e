// How the page looks to this visitor: light or dark, and of which size. Remembered in the browser.
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

  if (kept("theme")) setTheme(kept("theme"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (kept("theme")) setTheme(kept("theme"));
  });
})();
