// A text that a model read: a word that is pressed tells its bits, what was expected, and which words mattered for it;
// a unit of the network paints the whole text.
const UNIT = /^u(\d+)$/;
const WORD = /^(\d+)(m?)$/;
let mine = false; // whether this script put the word into the address
let shown = null; // what is open: a word's number, or a unit

const card = () => element.querySelector("article.reading");
const told = () => JSON.parse(card().dataset.told);
const words = () => JSON.parse(card().dataset.words);
const { fill } = genaiDemo;
const spans = () => [...element.querySelectorAll(".read-word")];
const spanOf = (number) => element.querySelector(`.read-word[data-word="${number}"]`);
const percent = (share) => (share > 0 && share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`);
const about = () => element.querySelector(".read-about");

function made(tag, values = {}, ...children) {
  const node = Object.assign(document.createElement(tag), values);
  node.append(...children);
  return node;
}

function ask(name, values) {
  trigger(name, { request: told().request, own: !card().dataset.link, ...values });
}

const same = (request) => card() && JSON.stringify(told().request) === JSON.stringify(request);

function take(parcel) {
  if (!parcel) { about()?.querySelector(".wait")?.remove(); return ""; }
  const answer = JSON.parse(parcel);
  if (!same(answer.request)) return "";
  if (answer.name === "matter") paintMattered(answer);
  else if (answer.name === "unit") paintUnit(answer);
  else listUnits(answer);
  return "";
}

// ---- painting

function paint(values, most) {
  spans().forEach((span) => {
    const value = values[span.dataset.word];
    span.classList.remove("plus", "minus");
    if (value === undefined || !most) return;
    const weight = Math.abs(value) / most;
    span.style.setProperty("--weight", `${(100 * weight).toFixed(0)}%`);
    if (weight >= 0.08) span.classList.add(value > 0 ? "plus" : "minus");
  });
  element.querySelector(".read-text").classList.add("painted");
}

function unpaint() {
  element.querySelector(".read-text")?.classList.remove("painted");
  spans().forEach((span) => span.classList.remove("plus", "minus", "asked"));
}

// The words' values from those of their tokens, by place.
const byWord = (values, join) => Object.fromEntries(told().words.map((word, number) => (
  [number, join(word.tokens.map((token) => values[token.place] ?? 0))])));
const sum = (list) => list.reduce((total, one) => total + one, 0);

function paintMattered(answer) {
  if (shown?.word !== answer.word) return;
  unpaint();
  const { word } = answer;
  const said = words();
  const values = byWord(answer.values, sum);
  delete values[word];
  const most = Math.max(...Object.values(values).map(Math.abs), 0);
  paint(values, most);
  spanOf(word)?.classList.add("asked");
  const name = told().words[word].text.trim();
  const title = made("p", { className: "read-title" }, fill(said.matter_title, { word: name }));
  const back = made("button", { type: "button", className: "tool" }, said.read_back);
  back.addEventListener("click", () => open(word));
  about().replaceChildren(
    title,
    made("p", { className: "hint" }, fill(said[`matter_${answer.method}`], { word: name })),
    made("p", { className: "hint" }, answer.proof),
    made("p", {}, back),
    deeper(answer.csv, "words-that-mattered.csv", answer.code),
  );
  name_(`${word + 1}m`);
}

function paintUnit({ unit, values }) {
  if (shown?.unit !== unit) return;
  unpaint();
  // What a unit says after the last piece of a word.
  const byPlace = [0, ...values];
  paint(byWord(byPlace, (list) => list.at(-1)), Math.max(...values.map(Math.abs), 0.05));
  const said = words();
  const cells = told().words.map((word, number) => {
    const value = byPlace[word.tokens.at(-1).place];
    spanOf(number)?.setAttribute("title", value.toFixed(2));
    return value;
  });
  const back = made("button", { type: "button", className: "tool" }, said.read_back);
  back.addEventListener("click", () => { shown = null; clear(); name_(""); });
  about().replaceChildren(
    made("p", { className: "read-title" }, `${said.units_number} ${unit}`),
    curve(cells),
    made("p", {}, back),
  );
  name_(`u${unit}`);
}

// The unit's value after each word, as a line between -1 and 1.
function curve(values) {
  const place = (value, index) => `${(100 * (index + 0.5)) / values.length},${(20 - 18 * value).toFixed(2)}`;
  const name = values.map((value) => value.toFixed(1)).join(" ");
  const drawing = document.createElement("div");
  drawing.innerHTML = `<svg class="unit-curve" viewBox="0 0 100 40" preserveAspectRatio="none" role="img">
    <line x1="0" y1="20" x2="100" y2="20"></line><polyline points="${values.map(place).join(" ")}"></polyline></svg>`;
  drawing.firstChild.setAttribute("aria-label", name);
  return drawing.firstChild;
}

function deeper(csv, file, source) {
  const said = words();
  const saving = made("button", { type: "button", className: "tool" }, said.read_csv);
  saving.addEventListener("click", () => {
    genaiDemo.saveAs(new Blob([csv], { type: "text/csv;charset=utf-8" }), file);
  });
  const code = source ? made("pre", { tabIndex: 0 }, source) : "";
  if (source) { code.setAttribute("aria-label", said.read_code); code.setAttribute("role", "region"); }
  return made("details", {}, made("summary", {}, said.read_deeper), made("p", {}, saving), code);
}

// ---- a word

const nameOf = (token) => token.trim() || (token.includes("\n") ? words().rivals_line_break : words().rivals_control);

function guesses(token) {
  const said = words();
  const most = Math.max(...token.guesses.map((one) => one.probability));
  const rows = token.guesses.map((one) => {
    const bar = made("span", { className: "read-bar" }, percent(one.probability));
    bar.style.setProperty("--share", `${(100 * one.probability) / most}%`);
    const own = one.token === token.token ? "own" : "";
    return made("tr", { className: own }, made("th", { scope: "row" }, nameOf(one.token)), made("td", {}, bar));
  });
  const pieces = told().words[shown.word].tokens.length > 1;
  const heads = [pieces ? said.read_expected_piece : said.read_expected, said.read_chance];
  const head = made("tr", {}, ...heads.map((one) => made("th", { scope: "col" }, one)));
  return made("table", { className: "read-guesses" }, made("thead", {}, head), made("tbody", {}, ...rows));
}

function open(number, matter = false) {
  const word = told().words[number];
  if (!word) return;
  shown = { word: number };
  unpaint();
  spanOf(number)?.classList.add("asked");
  const said = words();
  const odds = Math.round(2 ** Math.min(word.bits, 50)).toLocaleString();
  const parts = [
    made("p", { className: "read-title" }, word.text.trim()),
    made("p", {}, fill(said.read_in, { bits: word.bits.toFixed(1), odds })),
  ];
  if (word.tokens.length > 1) {
    const pieces = word.tokens.map((token) => `“${token.token.trim()}” ${token.bits.toFixed(1)}`).join(" + ");
    parts.push(made("p", { className: "hint" }, fill(said.read_pieces, { pieces })));
  }
  const button = made("button", { type: "button", className: "tool matter" }, said.read_matter);
  button.addEventListener("click", () => askMattered(number));
  about().replaceChildren(...parts, guesses(word.tokens[0]), made("p", {}, button), deeper(told().csv, "bits.csv"));
  name_(String(number + 1));
  if (matter) askMattered(number);
}

function askMattered(number) {
  shown = { word: number };
  about().append(made("p", { className: "hint wait" }, words().read_wait));
  ask("matter", { word: number });
}

function clear() {
  unpaint();
  about()?.replaceChildren();
}

// ---- units

function showUnit(number) {
  shown = { unit: number };
  const field = element.querySelector(".read-units input");
  if (field) field.value = number;
  ask("unit", { unit: number });
}

function listUnits({ probes, code }) {
  const said = words();
  const list = element.querySelector(".unit-list");
  const rows = probes.flatMap(({ trait, units, floor }) => {
    const best = fill(said.units_found, {
      trait, correlation: units[0].correlation.toFixed(2), floor: floor.toFixed(2),
    });
    const buttons = units.map(({ unit, correlation }) => {
      const button = made("button", { type: "button", className: "tool" }, `${said.units_number} ${unit} (${correlation.toFixed(2)})`);
      button.addEventListener("click", () => showUnit(unit));
      return button;
    });
    return [made("p", {}, best), made("p", { className: "unit-buttons" }, ...buttons)];
  });
  const source = made("pre", { tabIndex: 0 }, code);
  source.setAttribute("role", "region");
  source.setAttribute("aria-label", said.read_code);
  const more = made("details", {}, made("summary", {}, said.read_deeper), source);
  list.replaceChildren(...rows, made("p", { className: "hint" }, said.units_note), more);
}

// ---- the address

function name_(word) {
  if (!card()?.dataset.link) return;
  mine = Boolean(word);
  const address = new URL(location.href);
  if (word) address.searchParams.set("word", word);
  else address.searchParams.delete("word");
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

document.addEventListener("made", ({ detail }) => {
  if (!detail || !element.contains(detail)) return;
  if (mine) { name_(""); return; } // it was of another text
  const wanted = new URLSearchParams(location.search).get("word") || "";
  const word = WORD.exec(wanted);
  const unit = UNIT.exec(wanted);
  if (word) open(Number(word[1]) - 1, Boolean(word[2]));
  else if (unit) {
    element.querySelector(".read-units").open = true;
    showUnit(Number(unit[1]));
  }
});

// ---- the visitor

element.addEventListener("click", ({ target }) => {
  const word = target.closest(".read-word");
  if (word) open(Number(word.dataset.word));
  else if (target.closest("[data-show]")) {
    const field = element.querySelector(".read-units input");
    if (field.reportValidity() && field.value !== "") showUnit(Number(field.value));
  } else if (target.closest("[data-find]")) {
    element.querySelector(".unit-list").replaceChildren(made("p", { className: "hint" }, words().units_finding));
    ask("units", {});
  }
});

element.addEventListener("keydown", (event) => {
  const field = event.target.closest?.(".read-units input");
  if (field && event.key === "Enter") {
    event.preventDefault();
    element.querySelector("[data-show]").click();
    return;
  }
  const word = event.target.closest?.(".read-word");
  if (!word || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    open(Number(word.dataset.word));
  }
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = spans();
  const next = all[all.indexOf(word) + step];
  if (!next) return;
  word.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});

watch("value", () => { shown = null; });
genaiDemo.offer(element, { take });
