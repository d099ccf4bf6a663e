// A text written once more, a token (GRU) or a step (masked model) at a time: the chances, the draw, the word, the state.
const PAUSE = 900; // milliseconds that a frame stays while it plays
const LOOK = 100; // milliseconds from one look for a new text to the next
const PATIENCE = 1200; // looks
const WIDE = 0.05; // share of the strip from which a segment has room for its word
const known = new Map(); // what the server told, by receipt
let play = null; // what is replayed: its receipt, frames and the frame shown
let timer = 0;
let mine = false; // whether this script put the frame into the address
let from = null; // what had the focus before
let turn = 0; // number of the text that is waited for

const panel = () => element.querySelector(".replay");
const words = () => JSON.parse(panel().dataset.words);
const { fill } = genaiDemo;
const percent = (share) => (share > 0 && share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`);
const finished = () => [...document.querySelectorAll(".news-item:is(.finished, .shipped)")].filter((card) => card.offsetParent);
const cardOf = (receipt) => finished().find((card) => card.dataset.receipt === receipt);
const wordsOf = (card) => [...card.querySelectorAll(".story .filled[data-place]")];
const isMasked = (receipt) => { const { action, settings } = JSON.parse(receipt); return action !== "generate" || settings.model.endsWith("masked"); };

function made(tag, values = {}, ...children) {
  const node = Object.assign(document.createElement(tag), values);
  node.append(...children);
  return node;
}

// ---- asking

function begin(receipt, frame = 0) {
  stop();
  from = document.activeElement;
  play = { receipt, masked: isMasked(receipt), frames: null, now: frame };
  panel().setAttribute("aria-label", play.masked ? words().title_blanks : words().title_words);
  if (!panel().matches(":popover-open")) panel().showPopover();
  if (known.has(receipt)) arrive(known.get(receipt));
  else {
    panel().replaceChildren(head(), made("p", { className: "hint" }, words().wait));
    trigger("play", { receipt });
  }
}

function take(parcel) {
  if (!parcel) { close(); return ""; }
  const told = JSON.parse(parcel);
  known.set(told.receipt, told);
  if (play?.receipt === told.receipt) arrive(told);
  return "";
}

function arrive({ entries, states, end }) {
  play.end = end;
  if (play.masked) {
    const steps = [...new Set(entries.map((entry) => entry.step))].sort((one, other) => one - other);
    play.frames = steps.map((step) => entries.filter((entry) => entry.step === step)
      .sort((one, other) => other.probability - one.probability));
  } else play.frames = entries.map((entry) => [entry]);
  play.states = states;
  play.now = Math.min(play.now, play.frames.length);
  build();
  draw();
  panel().querySelector(".on").focus({ preventScroll: true });
  cardOf(play.receipt)?.scrollIntoView({ block: "start" }); // above the panel, on a phone too
}

// ---- drawing

function head() {
  const said = words();
  const closing = made("button", { type: "button", className: "close", title: said.close }, "×");
  closing.setAttribute("aria-label", said.close);
  closing.addEventListener("click", close);
  const title = play.masked ? said.title_blanks : said.title_words;
  return made("header", {}, made("strong", {}, title), made("span", { className: "of" }), closing);
}

function build() {
  const said = words();
  const button = (name, sign, kind, act) => {
    const one = made("button", { type: "button", className: kind, title: name }, sign);
    one.setAttribute("aria-label", name);
    one.addEventListener("click", act);
    return one;
  };
  const slider = made("input", { type: "range", min: 0, max: play.frames.length, step: 1 });
  slider.setAttribute("aria-label", said.slider);
  slider.addEventListener("input", () => go(Number(slider.value)));
  const bar = made("div", { className: "controls" },
    button(said.first, "|◀", "first", () => go(0)),
    button(said.back, "◀", "back", () => go(play.now - 1)),
    button(said.next, "▶", "on", () => go(play.now + 1)),
    button(said.play, said.play, "run", run),
    slider);
  panel().replaceChildren(head(), bar, made("div", { className: "frame" }));
  panel().querySelector(".frame").setAttribute("aria-live", "polite");
}

function nameOf(rival) {
  const said = words();
  if (rival.token.trim()) return rival.token.trim();
  if (rival.token.includes("\n")) return said.line_break;
  return rival.token || (rival.id === play.end ? said.end : said.control);
}

// All chances side by side; what is not named lies between the named ones.
function strip(entry) {
  const segments = [...entry.rivals].filter((rival) => rival.after > 0).sort((one, other) => one.start - other.start);
  const shown = segments.map((rival) => {
    const segment = made("span", { className: rival.id === entry.id ? "own" : "" }, rival.after >= WIDE ? nameOf(rival) : "");
    segment.style.left = `${100 * rival.start}%`;
    segment.style.width = `${100 * rival.after}%`;
    segment.title = `${nameOf(rival)} ${percent(rival.after)}`;
    return segment;
  });
  const needle = made("i", { className: "needle" });
  needle.style.left = `${100 * entry.uniform}%`;
  const place = made("div", { className: "strip" }, ...shown, needle);
  place.setAttribute("aria-hidden", "true");
  return place;
}

function likeliest(entry) {
  const rows = entry.rivals.filter((rival) => rival.after > 0).slice(0, 5);
  return made("ol", { className: "likeliest" }, ...rows.map((rival) => {
    const bar = made("span", { className: "bar" }, percent(rival.after));
    bar.style.setProperty("--share", `${(100 * rival.after) / rows[0].after}%`);
    return made("li", { className: rival.id === entry.id ? "own" : "" }, made("b", {}, nameOf(rival)), bar);
  }));
}

// The numbers that the network carries on, a cell for each.
function state(values) {
  const said = words();
  const wide = Math.ceil(Math.sqrt(values.length * 8));
  const canvas = made("canvas", { className: "state", width: wide, height: Math.ceil(values.length / wide) });
  canvas.setAttribute("role", "img");
  const caption = fill(said.state, { count: values.length });
  canvas.setAttribute("aria-label", caption);
  const style = getComputedStyle(panel());
  const paint = canvas.getContext("2d");
  values.forEach((value, index) => {
    paint.globalAlpha = Math.min(1, Math.abs(value) / 100);
    paint.fillStyle = style.getPropertyValue(value > 0 ? "--sure" : "--accent");
    paint.fillRect(index % wide, Math.floor(index / wide), 1, 1);
  });
  return made("figure", {}, canvas, made("figcaption", { className: "hint" }, caption));
}

function toldOf(entry) {
  const said = words();
  const { settings, index } = JSON.parse(play.receipt);
  const chosen = settings.chosen?.some((one) => one.place === entry.place && one.variant === index);
  const own = entry.rivals.find((rival) => rival.id === entry.id);
  const values = { uniform: entry.uniform.toFixed(4), word: nameOf(own), percent: percent(entry.probability) };
  return made("p", {}, fill(chosen ? said.chosen : said.drawn, values));
}

function frameOf() {
  const said = words();
  const { now, frames, masked, states } = play;
  if (!now) return [made("p", {}, masked ? said.start_blanks : said.start)];
  const entries = frames[now - 1];
  if (!masked) {
    return [toldOf(entries[0]), strip(entries[0]), made("p", { className: "hint" }, said.strip), likeliest(entries[0]),
      ...(states.length ? [state(states[now - 1])] : [])];
  }
  const left = frames.slice(now).flat().length;
  const list = entries.map((entry) => made("li", {}, made("b", {}, entry.token.trim() || nameOf(entry)), ` ${percent(entry.probability)}`));
  return [made("p", {}, fill(said.step, { step: entries[0].step, now: entries.length, left })),
    made("p", { className: "hint" }, said.filled), made("ol", { className: "filled-now" }, ...list),
    toldOf(entries[0]), strip(entries[0]), made("p", { className: "hint" }, said.strip)];
}

function draw() {
  if (!play?.frames) return;
  const { now, frames, receipt } = play;
  panel().querySelector(".of").textContent = fill(words().of, { number: now, count: frames.length });
  panel().querySelector("input").value = now;
  panel().querySelector(".back").disabled = !now;
  panel().querySelector(".on").disabled = now === frames.length;
  panel().querySelector(".frame").replaceChildren(...frameOf());
  mark(receipt);
}

// The text shows what is written so far.
function mark(receipt) {
  const card = cardOf(receipt);
  if (!card) return;
  const open = new Set(play.frames.slice(play.now).flat().map((entry) => entry.place));
  const fresh = new Set((play.frames[play.now - 1] || []).map((entry) => entry.place));
  wordsOf(card).forEach((word) => {
    const place = Number(word.dataset.place);
    word.classList.toggle("later", open.has(place));
    word.classList.toggle("fresh", fresh.has(place));
  });
}

function unmark() {
  document.querySelectorAll(".later, .fresh").forEach((word) => word.classList.remove("later", "fresh"));
}

// ---- moving

function go(frame) {
  if (!play?.frames) return;
  play.now = Math.max(0, Math.min(frame, play.frames.length));
  draw();
  inAddress(`${JSON.parse(play.receipt).index + 1}.s${play.now}`);
  if (play.now === play.frames.length) stop();
}

function run() {
  if (timer) { stop(); return; }
  if (play.now === play.frames.length) play.now = 0;
  setRunning(setInterval(() => go(play.now + 1), PAUSE));
  go(play.now + 1);
}

function setRunning(number) {
  timer = number;
  const button = panel().querySelector(".run");
  if (!button) return;
  const name = timer ? words().pause : words().play;
  button.textContent = name;
  button.title = name;
  button.setAttribute("aria-label", name);
}

function stop() {
  clearInterval(timer);
  setRunning(0);
}

function close() {
  stop();
  if (!play) return;
  play = null;
  unmark();
  panel().hidePopover();
  if (mine) inAddress("");
  from?.focus?.();
}

function inAddress(word) {
  const card = play && cardOf(play.receipt);
  if (word && (!card?.dataset.link || card.closest("[data-shipped]"))) return;
  mine = Boolean(word);
  const address = new URL(location.href);
  if (word) address.searchParams.set("word", word);
  else address.searchParams.delete("word");
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

// ---- the visitor

// Presses the button of a page, and replays what comes.
function slowly(name) {
  const before = new Set(finished().map((card) => card.dataset.receipt));
  genaiDemo.slowly = true;
  genaiDemo.press(`${name}-run`);
  turn += 1;
  wait(name, before, PATIENCE, turn);
}

function wait(name, before, looks, mine_) {
  if (mine_ !== turn) return;
  const busy = document.getElementById(`${name}-stop`)?.offsetParent;
  const fresh = document.querySelector(`#${name}-results article.finished:not(.telling)`);
  if (fresh && !before.has(fresh.dataset.receipt) && !busy) {
    genaiDemo.slowly = false;
    begin(fresh.dataset.receipt);
  } else if (looks) setTimeout(wait, LOOK, name, before, looks - 1, mine_);
  else genaiDemo.slowly = false;
}

document.addEventListener("click", ({ target, isTrusted }) => {
  if (isTrusted && target.closest("[id$=-run]")) { // a text in the usual way
    turn += 1;
    genaiDemo.slowly = false;
  }
  const button = target.closest("article button[data-replay]");
  if (button) begin(button.closest("article").dataset.receipt);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && play) close();
});

document.addEventListener("made", ({ detail }) => {
  // The text that is replayed, or one made beside it, is no other one.
  if (play && detail?.dataset.link === cardOf(play.receipt)?.dataset.link) return;
  if (play || mine) { close(); inAddress(""); return; }
  const wanted = /^(\d+)\.s(\d+)$/.exec(new URLSearchParams(location.search).get("word") || "");
  if (!wanted || !detail) return;
  const card = finished().find((one) => JSON.parse(one.dataset.receipt).index === wanted[1] - 1);
  if (card) begin(card.dataset.receipt, Number(wanted[2]));
});
addEventListener("popstate", close);

// A result that is drawn again has new elements.
setInterval(() => { if (play?.frames) mark(play.receipt); }, 400);
watch("value", () => { play = null; });
genaiDemo.offer(element, { take, slowly });
