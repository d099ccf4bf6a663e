// Inside a face: what its model says of it, beside the face, in the place of the gallery.
const PAUSE = 200; // milliseconds for which a face has to stay as it is until it is told about
const PATIENCE = 8000; // milliseconds until a picture that does not come is no longer waited for
const known = new Map(); // what the server told, by kind, face and turn
const turns = { plane: 0, pairs: 0 }; // which others stand beside the face
const LONGER = { map: "map_wait" }; // what is said where an answer takes long
let kind = ""; // what is open
let shownKey = ""; // what is drawn
let asked = ""; // what the server was asked for
let busy = 0; // when the picture that is being painted was asked for
let next = null; // what is asked for when it has come

const place = () => document.getElementById("faces-gallery");
const panel = () => element.querySelector(".inside");
const words = () => JSON.parse(panel().dataset.words);
const kinds = () => Object.keys(drawings);
const portrait = () => document.querySelector("#faces-portrait .portrait");
const isOpen = () => place().dataset.inside !== undefined;
const { fill } = genaiDemo;
// A map is one of its model, and stays as it is when another face is opened.
const keyFor = (what, turn, receipt) => `${what} ${turn} ${what === "map" && receipt ? JSON.parse(receipt).checkpoint : receipt}`;
const keyOf = (receipt) => keyFor(kind, turns[kind] || 0, receipt);
const number = (value, digits = 2) => value.toFixed(digits).replace("-", "−");

function made(tag, values = {}, ...children) {
  const node = Object.assign(document.createElement(tag), values);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Sentences one after the other, with no gap after a Chinese stop.
const joined = (...said) => said.join(" ").replace(/([，。]) /g, "$1");
const image = (src, alt = "") => made("img", { src, alt, draggable: false, decoding: "sync" });
const figure = (src, caption, alt = "") => made("figure", {}, image(src, alt), made("figcaption", {}, caption));
const line = (said, className = "") => made("p", { className }, said);

// ---- asking: one picture at a time, and of what was asked meanwhile only the last

function ask() {
  const face = portrait();
  if (!isOpen() || !face) return;
  const { receipt } = face.dataset;
  if (known.has(keyOf(receipt))) { if (shownKey !== keyOf(receipt)) draw(); } else if (asked !== keyOf(receipt)) {
    asked = keyOf(receipt);
    if (!shownKey || !shownKey.startsWith(`${kind} `)) draw();
    trigger("ask", { kind, receipt, turn: turns[kind] || 0 });
  }
}

function take(parcel) {
  asked = "";
  if (parcel) {
    const told = JSON.parse(parcel);
    known.set(keyFor(told.kind, told.turn, told.receipt), told);
    if (known.size > 60) known.delete(known.keys().next().value);
    ask();
  } else if (!known.has(shownKey)) panel().querySelector(".inside-body")?.replaceChildren(line(words().failed, "hint"));
  return "";
}

function play(options, done) {
  next = { kind, receipt: portrait()?.dataset.receipt, options, done };
  if (performance.now() - busy > PATIENCE) send();
}

let sending = null;
function send() {
  [sending, next] = [next, null];
  busy = sending ? performance.now() : -PATIENCE;
  if (sending) trigger("move", { kind: sending.kind, receipt: sending.receipt, options: sending.options });
}
busy = -PATIENCE;

function taken(parcel) {
  const told = parcel ? JSON.parse(parcel) : null;
  const done = sending?.done;
  if (told && told.kind === kind && told.receipt === portrait()?.dataset.receipt) done?.(told);
  send();
  return "";
}

// ---- drawing

function deeper(told) {
  const said = words();
  const saving = made("button", { type: "button", className: "quiet" }, said.csv);
  saving.addEventListener("click", () => {
    genaiDemo.saveAs(new Blob([told.csv], { type: "text/csv;charset=utf-8" }), `face-${kind}.csv`);
  });
  const code = made("pre", { tabIndex: 0, lang: "en" }, told.code);
  code.setAttribute("aria-label", said.code);
  code.setAttribute("role", "region");
  return made("details", {}, made("summary", {}, said.deeper), line(fill(said[`${kind}_deeper`], told)), made("p", {}, saving),
    line(said.code, "hint"), code);
}

function source(told) {
  const { model, checkpoint } = JSON.parse(told.receipt);
  const said = fill(words().model, { model, checkpoint });
  return line(told.encoder ? joined(said, fill(words().model_encoder, { encoder: told.encoder })) : said, "hint");
}

function choices() {
  const said = words();
  const row = made("nav", { className: "inside-kinds" });
  row.setAttribute("aria-label", said.kinds);
  kinds().forEach((name) => {
    const button = made("button", { type: "button", className: "quiet" }, said[name]);
    button.dataset.kind = name;
    button.setAttribute("aria-pressed", String(name === kind));
    button.addEventListener("click", () => { choose(name); panel().querySelector(`[data-kind=${name}]`).focus(); });
    row.append(button);
  });
  return row;
}

function head() {
  const said = words();
  const closing = made("button", { type: "button", className: "quiet" }, said.close);
  closing.addEventListener("click", () => close(true));
  const title = made("h2", { tabIndex: -1 }, said.title);
  return made("header", {}, title, closing);
}

function draw() {
  const said = words();
  const key = keyOf(portrait()?.dataset.receipt);
  const told = known.get(key);
  const body = made("div", { className: `inside-body inside-${kind}` });
  const focused = panel().contains(document.activeElement) ? document.activeElement.dataset.focus : "";
  if (told) body.append(...drawings[kind](told, said), source(told), line(said.machine_made, "hint"), told.csv ? deeper(told) : "");
  else body.append(line(said[`${kind}_intro`]), line(said[LONGER[kind]] || said.wait, "hint"));
  shownKey = told ? key : "";
  if (!panel().querySelector("header")) panel().replaceChildren(head(), choices(), body);
  else {
    panel().querySelectorAll("[data-kind]").forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.kind === kind)));
    panel().querySelector(".inside-body").replaceWith(body);
  }
  body.setAttribute("aria-busy", String(!told));
  if (focused) panel().querySelector(`[data-focus="${focused}"]`)?.focus({ preventScroll: true });
}

// A slider with its name and its value; `moved` hears of every step.
function slider(name, [low, high], value, step, moved, say = number) {
  const input = made("input", { type: "range", min: low, max: high, step });
  input.value = value;
  const shown = made("output", {}, say(Number(value)));
  input.addEventListener("input", () => {
    shown.textContent = say(Number(input.value));
    input.setAttribute("aria-valuetext", shown.textContent);
    moved(Number(input.value));
  });
  return made("label", { className: "inside-slider" }, made("span", {}, name), input, shown);
}

function plot(tag, values = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(values).forEach(([name, value]) => node.setAttribute(name, value));
  node.append(...children);
  return node;
}

// ---- opening and closing

function inAddress(value) {
  const address = new URL(location.href);
  if (value) address.searchParams.set("inside", value);
  else address.searchParams.delete("inside");
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

function name() {
  inAddress(turns[kind] ? `${kind}.${turns[kind]}` : kind);
}

function choose(wanted) {
  kind = wanted;
  name();
  if (!known.has(keyOf(portrait()?.dataset.receipt))) draw();
  ask();
}

function turn(by) {
  turns[kind] += by;
  name();
  ask();
}

function open(wanted, focusing = true) {
  place().dataset.inside = "";
  document.getElementById("faces-inside-open").setAttribute("aria-expanded", "true");
  panel().replaceChildren();
  shownKey = "";
  choose(wanted);
  if (!focusing) return;
  panel().querySelector("h2").focus({ preventScroll: true });
  genaiDemo.reveal("faces-inside");
}

function close(focusing = false) {
  if (!isOpen()) return;
  delete place().dataset.inside;
  const button = document.getElementById("faces-inside-open");
  button.setAttribute("aria-expanded", "false");
  panel().replaceChildren();
  shownKey = "";
  inAddress("");
  if (focusing) button.focus();
}

const toggle = () => (isOpen() ? close() : open(kind || kinds()[0]));

function follow() {
  const [, wanted, number = "0"] = /^(\w+?)(?:\.(\d{1,3}))?$/.exec(new URLSearchParams(location.search).get("inside") || "") || [];
  if (!kinds().includes(wanted) || isOpen()) return;
  if (wanted in turns) turns[wanted] = Number(number);
  open(wanted, false);
}

// The face that is told about is the one that is steered; while it is, its model is not asked at every step.
let followed = "";
let waiting = 0;
new MutationObserver(() => {
  const receipt = portrait()?.dataset.receipt || "";
  if (place().dataset.steering === undefined) { followed = ""; close(); }
  else if (receipt && receipt !== followed) {
    followed = receipt;
    clearTimeout(waiting);
    if (isOpen()) waiting = setTimeout(ask, PAUSE); else follow();
  }
}).observe(place(), { subtree: true, childList: true, attributes: true, attributeFilter: ["data-receipt", "data-steering"] });

document.addEventListener("click", ({ target }) => {
  if (target.closest("#faces-portrait img") && !isOpen()) open(kind || kinds()[0]);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isOpen() && panel().contains(event.target)) { close(true); event.stopPropagation(); }
}, true);
watch("value", () => { if (isOpen()) { shownKey = ""; draw(); } });
genaiDemo.offer(element, { take, taken, toggle });
