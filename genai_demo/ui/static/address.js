// The address names tab and page, and what was made there: links, the back button and a reload show it again.
genaiDemo.address = (() => {
  const LONG = 1500; // characters up to which settings stand where servers see them; longer ones go behind "#"
  const MOMENT = 400; // milliseconds from one look at what is new to the next
  const UNSEEN = ["code"]; // what describes somebody: it never stands where servers see it
  const STAYING = ["lang", "size", "word", "note", "inside"]; // which word, note, or what of a face, is open
  let seen = new Set(); // links of the results that are shown
  const noted = new Set(); // links that the history was told of; what was removed from it does not come back by itself
  let journey = 0; // number of the last address that was to be shown

  const stored = {
    get(name) { try { return sessionStorage.getItem(name); } catch { return null; } },
    set(name, value) { try { sessionStorage.setItem(name, value); } catch { /* the next reload forgets it */ } },
  };

  function written() {
    const settings = new URLSearchParams(location.search);
    new URLSearchParams(location.hash.slice(1)).forEach((value, name) => settings.set(name, value));
    STAYING.forEach((name) => settings.delete(name));
    return settings;
  }

  // The whole address of a link such as "?tab=news&page=write&seed=7".
  function addressOf(link) {
    const settings = new URLSearchParams(link);
    const kept = new URLSearchParams(location.search);
    const shown = new URLSearchParams();
    ["tab", "page"].forEach((name) => { if (settings.has(name)) shown.set(name, settings.get(name)); });
    STAYING.forEach((name) => { if (kept.has(name)) shown.set(name, kept.get(name)); });
    ["tab", "page"].forEach((name) => settings.delete(name));
    const rest = settings.toString();
    if (rest.length > LONG || UNSEEN.some((name) => settings.has(name))) return `${location.pathname}?${shown}#${rest}`;
    return `${location.pathname}?${shown}${rest ? `&${rest}` : ""}`;
  }

  const isOpen = (panel) => Boolean(panel && panel.offsetParent);
  const panelsOf = (place) => {
    const found = [];
    for (let panel = place.closest("[role=tabpanel]"); panel; panel = panel.parentElement.closest("[role=tabpanel]")) {
      found.unshift(panel);
    }
    return found;
  };
  const places = () => [...document.querySelectorAll("[data-tab]")];
  const openPlace = () => places().find((place) => panelsOf(place).every(isOpen));
  // What was there before anybody asked for anything is nobody's result; and some have a link that is only copied.
  const results = () => [...document.querySelectorAll("[data-link]")].filter((one) => (
    one.dataset.link && one.offsetParent && !one.closest("[data-shipped], [data-aside]")));
  const plain = (link) => `?${new URLSearchParams(link)}`;

  // Acts as soon as something is there, unless another address is to be shown by then.
  function when(there, act, number = journey) {
    if (number !== journey) return;
    if (there()) act();
    else setTimeout(when, 50, there, act, number);
  }

  const press = (button) => { if (button && button.getAttribute("aria-selected") !== "true") button.click(); };

  // Shows what settings ask for. `mine`: they are of this very tab of the browser, whose fields are as they were left.
  function go(settings, mine = false) {
    const { tab = places()[0].dataset.tab, page, ...wanted } = Object.fromEntries(settings);
    const button = document.getElementById(`tab-${tab}-button`);
    if (!button) return;
    journey += 1;
    press(button);
    // What a tab holds is only there once it was opened.
    const ofTab = () => places().filter((place) => place.dataset.tab === tab);
    // Without a name it is the first page; of the parts that lie in it one behind the other, the one in front.
    const inFirst = (place) => panelsOf(place)[1] === panelsOf(ofTab()[0])[1];
    const inFront = (place) => panelsOf(place).every(isOpen);
    const named = () => (page
      ? ofTab().find((place) => place.dataset.page === page)
      : ofTab().filter(inFirst).find(inFront) || ofTab()[0]);
    // Tabs may lie in tabs, and what is in one is only there once it was opened: fill-chinese lies in fill.
    const tabsOf = (name) => [...document.querySelectorAll(`#tab-${tab} [id$="-${CSS.escape(name)}-button"][role=tab]`)];
    const openings = () => {
      const own = tabsOf(page || "");
      return own.length ? own : tabsOf((page || "").split("-")[0]);
    };
    when(() => ofTab().length, () => {
      const there = () => { openings().forEach(press); return named(); };
      if (openings().length || named()) when(there, () => arrive(named(), wanted, mine));
    });
  }

  function arrive(place, wanted, mine) {
    panelsOf(place).forEach((panel) => press(document.getElementById(`${panel.id}-button`)));
    // Whether the result is there already is only seen when its panel is.
    when(() => panelsOf(place).every(isOpen), () => follow(place, wanted, mine));
  }

  function follow(place, wanted, mine) {
    const link = linkOf(place, wanted);
    if (results().some((result) => plain(result.dataset.link) === link)) {
      document.dispatchEvent(new CustomEvent("shown", { detail: place.dataset.page }));
      return;
    }
    const { id } = place.closest("[id$=-address]");
    const { after } = place.dataset;
    const ready = () => genaiDemo.widget(id) && (!after || document.querySelector(after));
    const first = !Object.keys(wanted).length;
    if (first && place.dataset.first !== "opened" && !(place.dataset.first && mine)) return;
    when(ready, () => genaiDemo.widget(id).follow({ settings: wanted, keep: mine, first }));
  }

  const linkOf = ({ dataset: { tab, page } }, settings) => `?${new URLSearchParams({ tab, page, ...settings })}`;

  // Of one seed on one page, only the last result is worth a step back.
  function write(link) {
    const address = addressOf(link);
    stored.set("genai_demo_link", plain(link));
    if (address === location.pathname + location.search + location.hash) return;
    const [before, after] = [written(), new URLSearchParams(link)];
    const alike = ["tab", "page", "seed"].every((name) => before.get(name) === after.get(name));
    history[alike || !before.has("tab") ? "replaceState" : "pushState"](null, "", address);
  }

  // What is new: its link becomes the address, and it goes into the history.
  function look() {
    const now = results();
    const fresh = now.filter(({ dataset }) => !seen.has(dataset.link));
    seen = new Set(now.map(({ dataset }) => dataset.link));
    const links = new Set(fresh.map(({ dataset }) => dataset.link));
    links.forEach(write);
    // What is watched has an address, and is nobody's result.
    fresh.filter(({ dataset }) => !noted.has(dataset.link) && !dataset.watched).forEach((result) => {
      document.dispatchEvent(new CustomEvent("made", { detail: result }));
    });
    links.forEach((one) => noted.add(one));
  }

  // Results also come to be seen without any change of them, as when their tab is opened.
  setInterval(look, MOMENT);

  // What is in front is what the address names.
  function settle() {
    const place = openPlace();
    if (place) write(results().at(-1)?.dataset.link || linkOf(place, {}));
  }

  // Pages that show something of their own as long as there is nothing else.
  function showFirst() {
    const place = openPlace();
    if (place?.dataset.first === "opened") follow(place, {}, true);
  }

  document.addEventListener("click", (event) => {
    if (!event.isTrusted || !event.target.closest("[role=tab]")) return;
    look(); // what has only just been made is left behind
    setTimeout(() => { settle(); showFirst(); });
  }, true);

  addEventListener("popstate", () => go(written()));
  // Gradio loads a page again whose connection was lost; it then says that it is as it was.
  const LOST = "genai_demo_lost";
  addEventListener("pagehide", () => {
    const { lost } = document.getElementById("connected-again").dataset;
    const toasts = [...document.querySelectorAll("[data-testid=toast-body]")].map((toast) => toast.textContent);
    if (JSON.parse(lost).some((said) => toasts.some((toast) => toast.includes(said)))) stored.set(LOST, "yes");
  });

  function sayAgain() {
    if (stored.get(LOST) !== "yes") return;
    stored.set(LOST, "");
    const said = document.getElementById("connected-again");
    said.hidden = false;
    document.addEventListener("click", () => { said.hidden = true; }, { once: true });
  }

  // Called when the page is there, its fields are as they were left, and its events reach the server.
  function begin() {
    sayAgain();
    const settings = written();
    const bare = !settings.size;
    go(settings, bare || stored.get("genai_demo_link") === `?${settings}`);
  }

  // ---- fields: as they were left, after a reload, and at the next visit where that is wanted

  const KEEP = "genai_demo_keep";
  const lasting = () => { try { return localStorage.getItem(KEEP) === "yes"; } catch { return false; } };

  function remember(form, values) {
    const told = JSON.stringify(values);
    stored.set(`genai_demo_form_${form}`, told);
    try { if (lasting()) localStorage.setItem(`genai_demo_form_${form}`, told); } catch { /* a full store */ }
  }

  function remembered(form, values) {
    let told = stored.get(`genai_demo_form_${form}`);
    try { if (!told && lasting()) told = localStorage.getItem(`genai_demo_form_${form}`); } catch { /* blocked */ }
    const kept = told ? JSON.parse(told) : values;
    return kept.length === values.length ? kept : values;
  }

  function setLasting(yes) {
    try {
      if (yes) localStorage.setItem(KEEP, "yes");
      else {
        Object.keys(localStorage).filter((name) => name.startsWith("genai_demo_form_")).concat(KEEP)
          .forEach((name) => localStorage.removeItem(name));
      }
    } catch { /* blocked */ }
  }

  const absolute = (link) => new URL(addressOf(link), location.href).href;

  return { begin, settle, go: (link, mine) => go(new URLSearchParams(link), mine), absolute, remember, remembered, lasting, setLasting };
})();
