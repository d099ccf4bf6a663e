// The last results, in the browser's own store: links, small pictures and receipts, never more than `most`.
const STORE = "genai_demo_history";
const SIDE = 320; // pixels of a picture's longer side
const QUALITY = 0.8;
const strip = () => element.querySelector(".strip-of-results");
const words = () => JSON.parse(strip().dataset.words);
const fill = (sentence, title) => sentence.replace("{title}", title);
// What a result is called in the page's language; earlier versions kept the name of one language only.
const LANGUAGES = { "zh-CN": "zh", "zh-TW": "zh-Hant" };
const titleOf = (entry) => (entry.titles || {})[LANGUAGES[document.documentElement.lang] || "en"] || entry.title;
const langOf = (entry) => (entry.titles ? document.documentElement.lang : entry.lang);
let chosen = [];
let removed = null;

function entries() {
  try { return JSON.parse(localStorage.getItem(STORE)) || []; } catch { return []; }
}

// A full store loses the oldest ones first.
function keep(all) {
  const kept = all.slice(0, Number(strip().dataset.most));
  while (kept.length) {
    try { localStorage.setItem(STORE, JSON.stringify(kept)); return; } catch { kept.pop(); }
  }
  try { localStorage.removeItem(STORE); } catch { /* blocked: the strip stays empty */ }
}

// ---- what a result looks like

function drawnOn(sources, across) {
  const side = Math.round(SIDE / across);
  const first = sources[0];
  const [width, height] = [first.naturalWidth || first.videoWidth || first.width, first.naturalHeight || first.videoHeight || first.height];
  if (!width || !height) return "";
  const canvas = document.createElement("canvas");
  canvas.width = SIDE;
  canvas.height = across > 1 ? SIDE : Math.round((SIDE * height) / width);
  const pen = canvas.getContext("2d");
  pen.fillStyle = getComputedStyle(element).getPropertyValue("--surface") || "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  sources.forEach((source, place) => {
    const tall = across > 1 ? side : canvas.height;
    pen.drawImage(source, (place % across) * side, Math.floor(place / across) * side, side, tall);
  });
  return canvas.toDataURL("image/jpeg", QUALITY);
}

function pictureOf(result) {
  const pictures = [...result.querySelectorAll("img, video, .roll canvas")].filter((one) => one.offsetParent || one.width);
  if (!pictures.length) return "";
  return pictures.length >= 4 ? drawnOn(pictures.slice(0, 4), 2) : drawnOn(pictures.slice(0, 1), 1);
}

// A film has a picture only once its first frame is there.
function noted(result) {
  const film = result.querySelector("video");
  if (film && film.readyState < 2) film.addEventListener("loadeddata", () => note(result), { once: true });
  else note(result);
}

function note(result) {
  const { link, titles, text, receipt } = result.dataset;
  const seed = new URLSearchParams(link).get("seed");
  const page = new URLSearchParams(link).get("page");
  // Of a gallery that was only moved about, a face that was steered, or a piece that was transposed, the last state is kept.
  const variant = (one) => (one.receipt ? JSON.parse(one.receipt).index : 0);
  const same = (one) => one.link === link && variant(one) === variant(result.dataset);
  const moved = (one, place) => {
    const before = new URLSearchParams(one.link);
    return place === 0 && seed !== null && ["gallery", "face", "piece"].includes(page) && before.get("page") === page && before.get("seed") === seed;
  };
  const others = entries().filter((one, place) => !same(one) && !moved(one, place));
  const named = titles ? { titles: JSON.parse(titles) } : { title: text.slice(0, 80), lang: result.querySelector("[lang]")?.lang || "en" };
  const entry = { link, ...named, text, receipt, picture: pictureOf(result) };
  keep([entry, ...others]);
  chosen = [];
  draw();
}

// ---- the strip

function button(action, place, label, content) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", title: label, textContent: content });
  Object.assign(made.dataset, { do: action, place });
  made.setAttribute("aria-label", label);
  return made;
}

function face(entry, tag) {
  const shown = document.createElement(tag);
  if (entry.picture) {
    const picture = shown.appendChild(document.createElement("img"));
    Object.assign(picture, { src: entry.picture, alt: "" });
  } else {
    const words = shown.appendChild(document.createElement("span"));
    Object.assign(words, { className: "words", lang: entry.lang || "en", textContent: entry.text });
  }
  return shown;
}

function item(entry, place) {
  const said = words();
  const shown = document.createElement("li");
  const open = button("open", place, fill(said.open, titleOf(entry)), "");
  open.append(face(entry, "span"));
  const title = open.appendChild(document.createElement("span"));
  Object.assign(title, { className: "title", lang: langOf(entry), textContent: titleOf(entry) });
  const box = document.createElement("input");
  Object.assign(box, { type: "checkbox", checked: chosen.includes(place), title: fill(said.compare_one, titleOf(entry)) });
  box.setAttribute("aria-label", box.title);
  Object.assign(box.dataset, { do: "choose", place });
  const tools = document.createElement("div");
  tools.append(box);
  if (entry.receipt) tools.append(button("download", place, fill(said.download, titleOf(entry)), "↓"));
  tools.append(button("delete", place, fill(said.delete, titleOf(entry)), "×"));
  shown.append(open, tools);
  return shown;
}

function draw() {
  const place = strip();
  if (!place) return;
  const all = entries();
  place.hidden = !all.length && !removed;
  place.querySelector("ul").replaceChildren(...all.map(item));
  place.querySelector("[data-do=compare]").disabled = chosen.length !== 2;
  place.querySelector("[data-do=keep]").checked = genaiDemo.address.lasting();
  const line = place.querySelector(".removed");
  line.replaceChildren();
  if (removed) line.append(`${fill(words().removed, titleOf(removed.entry))} `, button("undo", 0, words().undo, words().undo));
}

function compare() {
  const dialog = strip().querySelector("dialog");
  const all = entries();
  const two = chosen.map((place) => {
    const shown = document.createElement("figure");
    const caption = document.createElement("figcaption");
    Object.assign(caption, { lang: langOf(all[place]), textContent: titleOf(all[place]) });
    shown.append(face(all[place], "div"), caption, button("open", place, fill(words().open, titleOf(all[place])), words().show));
    return shown;
  });
  const both = document.createElement("div");
  both.append(...two);
  dialog.setAttribute("aria-label", words().compare);
  dialog.replaceChildren(both, button("close", 0, words().close, words().close));
  dialog.showModal();
}

const actions = {
  compare,
  close: () => strip().querySelector("dialog").close(),
  open(place) {
    actions.close();
    genaiDemo.address.go(entries()[place].link);
    document.getElementById("rooms").scrollIntoView({ block: "start" });
  },
  download(place) {
    const { receipt } = entries()[place];
    const { action, settings } = JSON.parse(receipt);
    genaiDemo.saveAs(new Blob([receipt], { type: "application/json" }), `${action}-${settings.seed ?? "film"}.json`);
  },
  delete(place) {
    const all = entries();
    removed = { place, entry: all[place] };
    keep(all.filter((_, other) => other !== place));
    chosen = [];
    draw();
  },
  undo() {
    const all = entries();
    all.splice(removed.place, 0, removed.entry);
    keep(all);
    removed = null;
    draw();
  },
};

element.addEventListener("click", (event) => {
  const pressed = event.target.closest("button[data-do]");
  if (pressed) actions[pressed.dataset.do](Number(pressed.dataset.place));
});
element.addEventListener("change", ({ target }) => {
  if (target.dataset.do === "keep") genaiDemo.address.setLasting(target.checked);
  if (target.dataset.do !== "choose") return;
  const place = Number(target.dataset.place);
  chosen = target.checked ? [...chosen, place].slice(-2) : chosen.filter((one) => one !== place);
  element.querySelectorAll("[data-do=choose]").forEach((box) => { box.checked = chosen.includes(Number(box.dataset.place)); });
  strip().querySelector("[data-do=compare]").disabled = chosen.length !== 2;
});
// A text that a visitor brought to be read was not made here.
document.addEventListener("made", ({ detail }) => { if (!detail.matches(".reading")) noted(detail); });
addEventListener("storage", ({ key }) => { if (key === STORE) draw(); });
watch("value", draw);
draw();
