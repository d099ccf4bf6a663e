// What the page does without the server: the language of the document, and the buttons under a result.
window.genaiDemo = (() => {
  const YEAR = 31536000;
  const locales = { en: "en", zh: "zh-CN", "zh-Hant": "zh-TW" };

  // What Gradio says itself: a pattern per language, whose groups are the fields of the sentence.
  const phrases = gradioPhrases.map((sentences) => ({
    sentences,
    patterns: Object.values(sentences).map((sentence) => {
      const literal = sentence.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
      return new RegExp(`^\\s*${literal.replace(/\{(\w+)\}/g, "(?<$1>.+?)")}\\s*$`);
    }),
  }));

  function translated(said) {
    const language = Object.keys(locales).find((name) => locales[name] === document.documentElement.lang);
    for (const { sentences, patterns } of phrases) {
      const match = patterns.map((pattern) => pattern.exec(said)).find(Boolean);
      if (match) return sentences[language].replace(/\{(\w+)\}/g, (_, field) => translated(match.groups[field]));
    }
    return said;
  }

  // Fills the fields of a sentence of the catalogue; one with two words after it takes the one that its count needs.
  const fill = (sentence, values) => sentence.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (_, name, one, many) => (
    many === undefined ? values[name] : `${values[name]}` === "1" ? one : many));

  const SPOKEN = ["aria-label", "title", "alt"];

  function translateAttribute(element, name) {
    const said = element.getAttribute(name);
    if (said && translated(said) !== said) element.setAttribute(name, translated(said));
  }

  function translateNode(node) {
    if (node.nodeType === Node.TEXT_NODE) {
      const said = node.data.trim();
      if (said && translated(said) !== said) node.data = translated(said);
    } else if (node.nodeType === Node.ELEMENT_NODE && !node.matches("script, style, .paper")) {
      SPOKEN.forEach((name) => translateAttribute(node, name));
      node.childNodes.forEach(translateNode);
    }
  }

  new MutationObserver((changes) => changes.forEach(({ target, type, attributeName, addedNodes }) => {
    // texts that stream in are no words of Gradio's
    if ((target.nodeType === Node.TEXT_NODE ? target.parentElement : target)?.closest(".paper")) return;
    if (type === "attributes") translateAttribute(target, attributeName);
    else if (type === "characterData") translateNode(target);
    else addedNodes.forEach(translateNode);
  })).observe(document.documentElement, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: SPOKEN,
  });

  // In a frame on another site, as in a Space, a browser keeps cookies for that site only, or none at all, and perhaps
  // what a page stores: the cookie is a partitioned one there, and the address says what was stored.
  const LANGUAGE = "genai_demo_language";
  const framed = window.top !== window;
  const reach = framed && isSecureContext ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax";

  function rememberLanguage(language) {
    document.cookie = `${LANGUAGE}=${language}; path=/; max-age=${YEAR}; ${reach}`;
    if (!framed) return;
    try { localStorage.setItem(LANGUAGE, language); } catch { /* this page forgets it */ }
    const address = new URL(location.href);
    if (address.searchParams.has("lang")) {
      address.searchParams.set("lang", language);
      history.replaceState(history.state, "", address);
    }
  }

  (() => {
    if (!framed) return;
    const address = new URL(location.href);
    let kept = null;
    try { kept = localStorage.getItem(LANGUAGE); } catch { /* blocked */ }
    if (!locales[kept] || address.searchParams.has("lang") || document.documentElement.lang === locales[kept]) return;
    address.searchParams.set("lang", kept);
    location.replace(address);
  })();

  function setLanguage(language) {
    rememberLanguage(language);
    document.documentElement.lang = locales[language] || language;
    translateNode(document.body);
  }

  function announce(sentence) {
    const region = document.getElementById("announcements");
    if (region) region.textContent = sentence;
  }

  function whenThere(selector, act) {
    const element = document.querySelector(selector);
    if (element) act(element);
    else requestAnimationFrame(() => whenThere(selector, act));
  }

  // Tells a text that is whole word by word. A result is drawn again when the page settles: where it was, it goes on.
  const WORD = { to_follow: 70, slow: 400 };
  const told = new Map();

  function tellOn(card, receipt) {
    const words = [...card.querySelectorAll(".story .filled")];
    const count = Math.min(told.get(receipt), words.length);
    words.forEach((word, index) => word.classList.toggle("untold", index >= count));
    card.classList.toggle("telling", count < words.length);
  }

  function tell(card) {
    const { receipt } = card.dataset;
    if (!told.has(receipt)) {
      // Whoever writes one token at a time follows the replay.
      const wait = !genaiDemo.slowly && WORD[card.closest(".page").querySelector(".pace input:checked")?.value];
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      told.set(receipt, wait && !calm ? begunWith(card) : Infinity);
      if (wait && !calm) tellNext(receipt, wait);
    }
    tellOn(card, receipt);
  }

  // Words before a chosen one have been told; a text beside the one in which it was chosen has not changed.
  function begunWith(card) {
    const { index, settings } = JSON.parse(card.dataset.receipt);
    const last = settings.chosen?.at(-1);
    if (!last) return 0;
    if (last.variant !== index) return Infinity;
    return [...card.querySelectorAll(".story .filled")].filter((word) => Number(word.dataset.place) < last.place).length;
  }

  function tellNext(receipt, wait) {
    setTimeout(() => {
      told.set(receipt, told.get(receipt) + 1);
      const shown = written().find((card) => card.dataset.receipt === receipt);
      if (shown) tellOn(shown, receipt);
      if (shown?.classList.contains("telling")) tellNext(receipt, wait);
      else told.set(receipt, Infinity);
    }, wait);
  }

  const written = () => [...document.querySelectorAll("#tab-write article.by-word.finished")];

  // Gradio changes what is there rather than putting something new: each change of the place is looked at.
  whenThere("#tab-write", (place) => new MutationObserver(() => written().forEach(tell)).observe(place, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["class", "data-receipt"],
  }));

  document.addEventListener("click", ({ target }) => {
    const card = target.closest("article.telling");
    if (!card || !target.closest(".story")) return;
    told.set(card.dataset.receipt, Infinity);
    tellOn(card, card.dataset.receipt);
  });

  // Called when a result is complete: says it once, instead of every token while it streams.
  function announceResults(panel) {
    const texts = [...document.querySelectorAll(`#${panel} article`)].map((card) => card.dataset.text || "");
    const region = document.getElementById("announcements");
    if (region && texts.some(Boolean)) announce(`${region.dataset.ready} ${texts.join(" ")}`);
  }

  function reveal(panel) {
    const element = document.getElementById(panel);
    if (!element) return;
    const { top } = element.getBoundingClientRect();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (top > innerHeight * 0.7 || top < 0) {
      element.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
    }
  }

  // Forms whose topic an example has set: it goes with the example's words, and not with one's own.
  const ofExamples = new Set();
  const exampleTopic = (form) => { ofExamples.add(form); };
  document.addEventListener("input", ({ target }) => {
    const form = [...ofExamples].find((name) => target.closest(`#${name}-text, #${name}-topic`));
    if (!form) return;
    ofExamples.delete(form);
    if (target.closest(`#${form}-text`)) document.querySelector(`#${form}-topic input[value=any]`)?.click();
  });

  // Presses a button once it is free again: right after another run was ended it still shows that one.
  function press(id) {
    const button = document.getElementById(id);
    const busy = document.getElementById(id.replace("-run", "-stop"));
    if (button && !button.disabled) button.click();
    else if (button && busy) setTimeout(press, 50, id);
  }

  function confirmOn(button) {
    const name = button.textContent;
    if (button.dataset.done === name) return;
    button.textContent = button.dataset.done;
    announce(button.dataset.done);
    setTimeout(() => { button.textContent = name; }, 1600);
  }

  // What a widget lets the page's events call, by the id of its element.
  const offered = {};
  const offer = (element, functions) => { offered[element.parentElement.closest("[id]").id] = functions; };
  const widget = (id) => offered[id];

  // Whatever sounds listens to this, so that two things do not sound at once.
  const silence = () => document.dispatchEvent(new Event("silence"));

  // Saves what is at an address, or a blob.
  function saveAs(content, name) {
    const link = document.createElement("a");
    link.href = content instanceof Blob ? URL.createObjectURL(content) : content;
    link.download = name;
    link.click();
    if (content instanceof Blob) setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  // Saves a file that came with an event, and returns what to leave in the field it came in.
  function save(file) {
    if (!file) return "";
    const { name, kind, content } = JSON.parse(file);
    saveAs(new Blob([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], { type: kind }), name);
    return "";
  }

  function fileOf(card) {
    const { front, text, note } = card.dataset;
    return `${front}${text}\n\n${note}\nReceipt: ${card.dataset.receipt}\n`;
  }

  function download(card) {
    saveAs(new Blob([fileOf(card)], { type: "text/plain;charset=utf-8" }), card.dataset.file);
  }

  // Saves the picture or film that an element shows.
  function saveShown(id, name) {
    const shown = document.querySelector(`#${id} :is(img, video)`);
    if (shown) saveAs(shown.src, `${name}.${/^data:\w+\/(\w+)/.exec(shown.src)[1]}`);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages served over plain http to another machine have no clipboard: the old way still works there.
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
  }

  function whenShown(selector, act) {
    const element = document.querySelector(selector);
    if (element && element.offsetParent) act(element);
    else requestAnimationFrame(() => whenShown(selector, act));
  }

  // A page builds its fields anew when it is shown: they can be filled only after that.
  function sendTo(tabs, field, text) {
    tabs.forEach((tab) => document.getElementById(`${tab}-button`)?.click());
    whenShown(`#${field} textarea`, () => requestAnimationFrame(() => {
      const input = document.querySelector(`#${field} textarea`);
      input.value = text;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.focus();
    }));
  }

  const copyLink = (result, button) => (
    copy(genaiDemo.address.absolute(result.dataset.link)).then(() => confirmOn(button)));

  // The same for a button of the page: `place` is where the result is.
  function copyLinkOf(place, id) {
    const result = document.querySelector(`#${place} [data-link]`);
    const button = document.getElementById(id);
    button.dataset.done = document.getElementById("announcements").dataset.linkCopied;
    if (result?.dataset.link) copyLink(result, button);
  }

  const actions = {
    copy: (card, button) => copy(card.dataset.text).then(() => confirmOn(button)),
    copy_link: copyLink,
    download: (card, button) => { download(card); confirmOn(button); },
    sureness: (card, button) => {
      const shaded = card.classList.toggle("shaded");
      button.setAttribute("aria-pressed", String(shaded));
      // Each word can be reached while it has something to say.
      card.querySelectorAll(".story .filled").forEach((word, place) => {
        word.tabIndex = place ? -1 : 0; // arrow keys reach the others
        word.setAttribute("role", "button");
        if (!shaded) ["tabindex", "role"].forEach((name) => word.removeAttribute(name));
      });
    },
    send_to_rewrite: (card) => (card.querySelector(".story [lang=zh]")
      ? sendTo(["tab-rewrite", "tab-rewrite-chinese"], "rewrite-chinese-text", card.dataset.text)
      : sendTo(["tab-rewrite", "tab-news-rewrite"], "rewrite-text", card.dataset.text)),
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("article button[data-action]");
    if (button) actions[button.dataset.action](button.closest("article"), button);
  });

  // Arrow keys move within a row of choices or tabs; Gradio makes each of them a stop of the Tab key only.
  const ROWS = { '.segmented input[type="radio"]': ".segmented", '[role="tab"]': '[role="tablist"]' };
  const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  document.addEventListener("keydown", (event) => {
    const kind = Object.keys(ROWS).find((selector) => event.target.matches(selector));
    if (!kind || !STEPS[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const row = [...event.target.closest(ROWS[kind]).querySelectorAll(kind)].filter((one) => one.offsetParent);
    const next = row[(row.indexOf(event.target) + STEPS[event.key] + row.length) % row.length];
    next.focus();
    next.click();
  });

  // A result may be dropped on its page; a file dropped elsewhere must not take the page's place.
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    const field = document.querySelector("#tab-open input[type=file]");
    if (!field || !document.getElementById("open-file").offsetParent) return;
    field.files = event.dataTransfer.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });

  return { fill, exampleTopic, copyLink, copyLinkOf, setLanguage, announceResults, reveal, press, save, saveAs, saveShown, offer, widget, silence };
})();
