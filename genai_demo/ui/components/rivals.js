// What else could have stood where a word stands: at the word that is pointed at, reached by key, or touched.
const POINTED = 150; // milliseconds until a word that is pointed at opens
const LEFT = 300; // and until it closes again
const GAP = 6; // pixels between a word and its panel
const LOOK = 100; // milliseconds from one look for a telling to the next
const PATIENCE = 600; // looks
const LEAST = 240; // pixels of a panel's height where there is hardly any room
const known = new Map(); // what the server told, by receipt
const formers = new Map(); // from which telling one came, by links
let asked = ""; // receipt of the text that the server was asked about
let open = null; // the word that is open: its card's values, its place, and whether it stays open
let waiting = 0;
let written = false; // whether this script put the word into the address
let going = ""; // link of the telling that was last gone to

const panel = () => element.querySelector(".rivals");
const words = () => JSON.parse(panel().dataset.words);
const { fill } = genaiDemo;
const plain = (link) => `?${new URLSearchParams(link)}`;
const percent = (share) => (share > 0 && share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`);
const wordsOf = (card) => [...card.querySelectorAll(".story .filled[data-place]")];
const finished = () => [...document.querySelectorAll(".news-item:is(.finished, .shipped)")].filter((card) => card.offsetParent);
const wordAt = (target) => target.closest?.(".news-item:is(.finished, .shipped) .filled[data-place]");
const indexOf = (receipt) => JSON.parse(receipt).index;

function made(tag, values = {}, ...children) {
  const node = Object.assign(document.createElement(tag), values);
  node.append(...children);
  return node;
}

// ---- asking

function ask(receipt) {
  if (known.has(receipt) || asked === receipt) return;
  asked = receipt;
  trigger("explain", { receipt });
}

function take(parcel) {
  asked = "";
  if (parcel) {
    const told = JSON.parse(parcel);
    if (told.matter) {
      if (open?.receipt === told.receipt && open.place === told.matter.place) {
        open.matter = told;
        draw();
        panel().scrollTop = panel().querySelector(".mattering").offsetTop - GAP;
      }
      return "";
    }
    known.set(told.receipt, told);
    tellNearest(told);
    if (open?.receipt === told.receipt) draw();
  } else hide();
  return "";
}

// What a text has in common with what was learnt stands in its card.
function tellNearest({ receipt, nearest }) {
  const place = finished().find((card) => card.dataset.receipt === receipt)?.querySelector(".sureness");
  if (!place || place.querySelector(".nearest")) return;
  nearest.forEach((line) => place.append(made("p", { className: "hint nearest" }, line)));
}

// Whoever looks into a text is about to open a word.
function prepare(card) {
  if (!card?.matches(".shaded") || !finished().includes(card) || !wordsOf(card).length) return;
  const { receipt } = card.dataset;
  if (known.has(receipt)) tellNearest(known.get(receipt));
  else ask(receipt);
}

// ---- drawing

function nameOf(rival) {
  const said = words();
  if (rival.token.trim()) return rival.token.trim();
  if (rival.token.includes("\n")) return said.line_break;
  return rival.token || (rival.id === known.get(open.receipt).end ? said.end : said.control);
}

// A bar as long as its share of the longest one.
function share(value, most, kind) {
  const shown = made("span", { className: `share ${kind}` }, percent(value));
  shown.style.setProperty("--share", `${most ? (100 * value) / most : 0}%`);
  return made("td", {}, shown);
}

function row(name, one, most, kind) {
  const shares = [share(one.before, most, "of-network"), share(one.after, most, "of-draw")];
  return made("tr", { className: kind }, made("th", { scope: "row" }, name), ...shares);
}

function rivalRow(entry, rival, most) {
  const said = words();
  const name = nameOf(rival);
  if (rival.id === entry.id) return row(name, rival, most, "own");
  if (!rival.allowed) return row(`${name} – ${said.not_allowed}`, rival, most, "taken");
  const button = made("button", { type: "button", lang: "en", title: fill(said.go_on, { word: name }) }, name);
  button.addEventListener("click", () => goOn(entry, rival));
  return row(button, rival, most, "");
}

function table(entry) {
  const said = words();
  const heads = [said.word, said.before, said.after].map((name) => made("th", { scope: "col" }, name));
  const others = { before: entry.others_before, after: entry.others_after };
  const most = Math.max(...entry.rivals.flatMap((rival) => [rival.before, rival.after]));
  const rows = [...entry.rivals.map((rival) => rivalRow(entry, rival, most)), row(said.others, others, 0, "taken")];
  return made("table", {}, made("thead", {}, made("tr", {}, ...heads)), made("tbody", {}, ...rows));
}

function deeper(told) {
  const said = words();
  const saving = made("button", { type: "button", className: "tool" }, said.csv);
  saving.addEventListener("click", () => {
    genaiDemo.saveAs(new Blob([told.csv], { type: "text/csv;charset=utf-8" }), "rivals.csv");
  });
  const code = made("pre", { tabIndex: 0 }, told.code);
  code.setAttribute("aria-label", said.code);
  code.setAttribute("role", "region");
  return made("details", {}, made("summary", {}, said.deeper), made("p", {}, saving), made("p", {}, said.code), code);
}

function headOf(name, note) {
  const closing = made("button", { type: "button", className: "close", title: words().close }, "×");
  closing.setAttribute("aria-label", words().close);
  closing.addEventListener("click", () => leave());
  return made("header", {}, made("strong", { lang: "en" }, name), made("span", {}, note), closing);
}

function contents() {
  const said = words();
  const told = known.get(open.receipt);
  const entry = told?.entries.find((one) => one.place === open.place);
  const { model, checkpoint, settings } = JSON.parse(open.receipt);
  if (!entry) return [headOf(open.name, ""), made("p", { className: "hint" }, said.wait)];
  const own = settings.chosen?.some((one) => one.place === open.place && one.variant === indexOf(open.receipt));
  const note = fill(own ? said.chosen : said.drawn, { percent: percent(entry.probability) });
  const lines = [said.intro, fill(said.forbidden, { percent: percent(entry.forbidden) })];
  return [
    headOf(open.name, `${note} · ${fill(said.step, { step: entry.step })}`),
    made("p", { className: "hint" }, lines[0]),
    table(entry),
    made("p", { className: "hint" }, lines[1]),
    ...mattering(),
    made("p", { className: "hint" }, fill(said.model, { model, checkpoint })),
    deeper(told),
  ];
}

function draw() {
  panel().replaceChildren(...contents());
  place();
}

// Below the word; above it where there is more room.
function place() {
  const word = shownWord();
  if (!word) return;
  const at = word.getBoundingClientRect();
  const box = panel();
  const below = innerHeight - at.bottom;
  box.style.maxHeight = "";
  const above = below < box.offsetHeight + GAP && at.top > below;
  box.style.maxHeight = `${Math.min(box.offsetHeight, Math.max(LEAST, (above ? at.top : below) - 2 * GAP))}px`;
  const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - box.offsetWidth - 8));
  box.style.left = `${left + scrollX}px`;
  box.style.top = `${(above ? at.top - box.offsetHeight - GAP : at.bottom + GAP) + scrollY}px`;
}

// A result that is drawn again has other elements at the same places.
function shownWord() {
  const card = finished().find((one) => one.dataset.receipt === open?.receipt);
  return card && wordsOf(card).find((word) => Number(word.dataset.place) === open.place);
}

// ---- opening and closing

function show(word, stays, entering = false) {
  clearTimeout(waiting);
  const card = word.closest("article");
  const before = shownWord();
  before?.classList.remove("open");
  unmark();
  const { receipt, telling } = card.dataset;
  open = { receipt, telling, place: Number(word.dataset.place), name: word.textContent.trim(), stays };
  word.classList.add("open");
  if (!panel().matches(":popover-open")) panel().showPopover();
  draw();
  ask(receipt);
  if (stays) name(card);
  if (entering) panel().querySelector("button").focus();
}

function hide() {
  clearTimeout(waiting);
  if (!open) return;
  shownWord()?.classList.remove("open");
  unmark();
  open = null;
  panel().hidePopover();
  if (written) inAddress("");
}

// Closes, and goes back to the word.
function leave() {
  const word = shownWord();
  hide();
  if (word?.hasAttribute("tabindex")) {
    focused = word; // which does not open it once more
    word.focus();
  }
}

function later(act, wait) {
  clearTimeout(waiting);
  waiting = setTimeout(act, wait);
}

function shade(card) {
  if (!card.classList.contains("shaded")) card.querySelector("[data-action=sureness]")?.click();
}

// ---- the address

function inAddress(word) {
  written = Boolean(word);
  const address = new URL(location.href);
  if (word) address.searchParams.set("word", word);
  else address.searchParams.delete("word");
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

// What was there before anybody asked for anything has no link, nor has what a visitor's own model wrote.
const name = (card) => {
  if (card.dataset.link && !card.closest("[data-shipped]")) inAddress(`${indexOf(card.dataset.receipt) + 1}.${open.place}`);
};

document.addEventListener("made", () => {
  const wanted = /^(\d+)\.(\d+)$/.exec(new URLSearchParams(location.search).get("word") || "");
  if (shownWord()) return; // a visitor was quicker
  if (open || written) { hide(); inAddress(""); return; }
  if (!wanted) return;
  const card = finished().find((one) => indexOf(one.dataset.receipt) === wanted[1] - 1);
  const word = card && wordsOf(card).find((one) => one.dataset.place === wanted[2]);
  if (!word) return;
  shade(card);
  show(word, true);
});
addEventListener("popstate", hide);

// ---- which words mattered

function mattering() {
  const said = words();
  if (!open.matter) {
    const button = made("button", { type: "button", className: "tool matter" }, said.matter);
    button.addEventListener("click", () => {
      open.stays = true;
      button.replaceWith(said.wait);
      trigger("matter", { receipt: open.receipt, place: open.place });
    });
    return [made("p", {}, button)];
  }
  const { matter, proof, csv, code } = open.matter;
  const name = open.name;
  const most = Math.max(...matter.values.map(Math.abs));
  const found = matter.values.map((value, place) => ({ value, place, token: matter.tokens[place].trim() }));
  const named = found.filter(({ place }) => place !== matter.place)
    .sort((one, other) => Math.abs(other.value) - Math.abs(one.value)).slice(0, 6);
  const rows = named.map(({ value, place, token }) => {
    const shown = made("span", { className: `share ${value < 0 ? "against" : "of-draw"}` }, value.toFixed(2));
    shown.style.setProperty("--share", `${(100 * Math.abs(value)) / most}%`);
    const last = place === found.length - 1 && matter.method === "attention";
    const blank = matter.method === "attention" ? said.matter_blank : said.control;
    const said_ = token || (place === 0 ? said.matter_topic : last ? said.matter_end : blank);
    return made("tr", {}, made("th", { scope: "row", lang: "en" }, said_), made("td", {}, shown));
  });
  const card = shownWord()?.closest("article");
  if (card) wordsOf(card).forEach((word) => {
    const value = matter.values[Number(word.dataset.place)];
    word.classList.toggle("mattered", Math.abs(value) >= 0.15 * most && Number(word.dataset.place) !== matter.place);
  });
  const saving = made("button", { type: "button", className: "tool" }, said.csv);
  saving.addEventListener("click", () => {
    genaiDemo.saveAs(new Blob([csv], { type: "text/csv;charset=utf-8" }), "words-that-mattered.csv");
  });
  const source = made("pre", { tabIndex: 0 }, code);
  source.setAttribute("role", "region");
  source.setAttribute("aria-label", said.code);
  return [
    made("p", { className: "mattering" }, made("strong", {}, fill(said.matter_title, { word: name }))),
    made("table", {}, made("tbody", {}, ...rows)),
    made("p", { className: "hint" }, fill(said[`matter_${matter.method}`], { word: name })),
    made("p", { className: "hint" }, proof),
    made("details", {}, made("summary", {}, said.deeper), made("p", {}, saving), made("p", {}, said.code), source),
  ];
}

const unmark = () => document.querySelectorAll(".mattered").forEach((word) => word.classList.remove("mattered"));

// ---- going on from a rival, and back

function goOn(entry, rival) {
  const { entries } = known.get(open.receipt);
  const settings = new URLSearchParams(open.telling);
  const variant = indexOf(open.receipt);
  const stepOf = (place) => entries.find((one) => one.place === place)?.step ?? Infinity;
  // What was chosen for a later step was chosen in another telling.
  const before = JSON.parse(settings.get("chosen") || "[]").filter((one) => (
    one.variant !== variant || (one.place !== entry.place && stepOf(one.place) <= entry.step)));
  settings.set("chosen", JSON.stringify([...before, { variant, place: entry.place, token: rival.id }]));
  formers.set(plain(settings), open.telling);
  travel(settings);
}

function travel(link) {
  hide();
  going = plain(link);
  genaiDemo.address.go(link, true);
  arrive(going);
}

// Who looks into one telling looks into the next. A result is drawn again when the page settles.
function arrive(link, looks = PATIENCE) {
  if (going !== link || !looks) return;
  const cards = finished().filter((card) => plain(card.dataset.telling) === link);
  cards.forEach(shade);
  setTimeout(arrive, LOOK, link, cards.length ? Math.min(looks - 1, 4) : looks - 1);
}

element.parentElement.closest("[role=tabpanel]").addEventListener("click", ({ target }) => {
  const back = target.closest("article button[data-former]");
  if (!back) return;
  travel(formers.get(plain(back.closest("article").dataset.telling)) || back.dataset.former);
});

// ---- the visitor

document.addEventListener("mouseover", ({ target }) => {
  prepare(target.closest?.(".news-item"));
  if (open?.stays) return;
  const word = wordAt(target);
  if (word?.closest(".shaded")) later(() => show(word, false), POINTED);
  else if (open && panel().contains(target)) clearTimeout(waiting);
  else later(hide, LEFT);
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-action=sureness]")) prepare(target.closest(".news-item"));
});

let focused = null;
document.addEventListener("focusin", ({ target }) => {
  const word = wordAt(target);
  if (word && word !== focused && word.matches(":focus-visible")) show(word, false);
  else if (open && !open.stays && !word && !panel().contains(target)) hide();
  focused = null;
});

// Before the page's own script, which tells a text to its end at a click.
document.addEventListener("click", ({ target }) => {
  if (target.closest(".telling .story")) return;
  const word = wordAt(target);
  if (word) {
    shade(word.closest("article"));
    show(word, true);
  } else if (open && !panel().contains(target) && !target.closest("article .tools")) hide();
  if (target.closest("[data-action=sureness]")) ask(target.closest("article").dataset.receipt);
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && open) { leave(); return; }
  const word = wordAt(event.target);
  if (!word || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    show(word, true, true);
  }
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = wordsOf(word.closest("article"));
  const next = all[all.indexOf(word) + step];
  if (!next) return;
  word.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});

addEventListener("resize", () => { if (open) place(); });
watch("value", () => { open = null; });
genaiDemo.offer(element, { take });
