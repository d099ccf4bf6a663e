// What the parts of the page share: its words, its elements, and how the server is asked.
const room = (() => {
  const TOKEN = "genai_demo_training_token";
  const KEY = "genai_demo_training_key";
  const root = () => element.querySelector(".training");
  let words = {};
  let unkept = "";

  const language = () => root().dataset.language;
  const locale = () => ({ en: "en", zh: "zh-CN", "zh-Hant": "zh-TW" }[language()]);
  const { fill } = genaiDemo;
  const say = (key, values = {}) => fill(words[key] ?? key, values);
  const has = (key) => key in words;
  const take = (said) => { words = said; };

  // Makes an element; what is undefined or false is left out, functions listen, and text is text.
  function make(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    Object.entries(properties).forEach(([name, value]) => {
      if (value === undefined || value === false || value === null) return;
      if (typeof value === "function") made.addEventListener(name, value);
      else if (value === true) made.setAttribute(name, "");
      else made.setAttribute(name, value);
    });
    made.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
    return made;
  }

  // Changes only what is other than before: nothing flickers, and readers do not lose their place.
  function put(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  function number(value, digits = 4) {
    if (value === null || value === undefined) return "–";
    return new Intl.NumberFormat(locale(), { maximumSignificantDigits: digits }).format(value);
  }

  function duration(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 60) return say("seconds", { seconds: whole });
    if (whole < 3600) return say("minutes", { minutes: Math.floor(whole / 60), seconds: whole % 60 });
    return say("hours", { hours: Math.floor(whole / 3600), minutes: Math.floor((whole % 3600) / 60) });
  }

  // ---- who this visitor is: a word that only this browser knows, and the presenter's key where it was typed

  const stored = (name) => { try { return localStorage.getItem(name) || ""; } catch { return ""; } };
  function store(name, value) {
    try { if (value) localStorage.setItem(name, value); else localStorage.removeItem(name); } catch { /* until the page is left */ }
  }

  function token() {
    const known = stored(TOKEN) || unkept;
    if (known) return known;
    unkept = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    store(TOKEN, unkept);
    return unkept;
  }

  const presenter = { get: () => stored(KEY), set: (value) => store(KEY, value) };

  async function ask(path, body) {
    const headers = { "x-training-token": token() };
    if (presenter.get()) headers["x-training-key"] = encodeURIComponent(presenter.get());
    const request = { headers };
    if (body instanceof Blob) Object.assign(request, { method: "POST", body });
    else if (body) Object.assign(request, { method: "POST", body: JSON.stringify(body) });
    if (body) headers["content-type"] = body instanceof Blob ? "application/octet-stream" : "application/json";
    const response = await fetch(`training/${path}${path.includes("?") ? "&" : "?"}lang=${language()}`, request);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw Object.assign(new Error(answer.detail || say("failed")), { status: response.status });
    return answer;
  }

  const AT_WORK = ["preparing", "running", "paused"];
  const MOST = 1500; // points up to which new ones are added; then the server thins them

  // Asks for what is new of a run, and adds it to the rows and verdicts that are held of it.
  async function readOn(held) {
    const { next } = held;
    const run = await ask(`run?${new URLSearchParams({ name: held.name, since: held.rows.length > MOST ? "" : next })}`);
    if (run.gone || held.next !== next) return run; // another answer has brought the same meanwhile
    ["rows", "verdicts"].forEach((what) => { held[what] = run.curves.whole ? run.curves[what] : held[what].concat(run.curves[what]); });
    held.next = run.curves.next;
    return run;
  }

  const visitor = { me: "", presenter: false };
  return { visitor, token, root, language, say, has, take, make, put, number, duration, presenter, ask, readOn, AT_WORK };
})();
const { say, make, put } = room;
