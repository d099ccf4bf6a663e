// The library of the piano tab: cards that are drawn and played, and what their buttons ask the server for.
const views = new WeakMap();
const scores = new Map();
  let turn = "";
let working = false;
// Whoever looked at the last score wants to see the next one.
let scoreOpen = false;

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
// Buttons that also work while a model does.
const FREE = ["play", "stop", "inside", "link", "score", "page-back", "page-forward", "all"];
const words = () => JSON.parse(element.querySelector(".desk")?.dataset.words || "{}");
const { fill } = genaiDemo;
const articles = () => [...element.querySelectorAll("article.work")];
const busy = () => Boolean(element.querySelector(".desk")?.hasAttribute("data-busy"));

// How the server is told which piece is meant.
const named = (view) => ({ place: Number(view.article.dataset.place), key: view.music.key });

// ---- views

function viewOf(article) {
  let view = views.get(article);
  if (!view) {
    view = {
      article, tick: 0, offset: 0, selected: null, playing: false, told: "", page: 0, scoreOpen,
      bar: () => barOf(view, view.tick),
      said: (page, pages) => sayPage(view, page, pages),
      drops: (last) => sayDropped(view, last),
    };
    views.set(article, view);
    follow(view);
  }
  return view;
}

function barOf(view, tick) {
  const { bars } = view.music;
  let bar = 0;
  while (bar + 2 < bars.length && bars[bar + 1] <= tick) bar += 1;
  return bar;
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

// What the server draws anew is put into the state it had: the position, the bars that are chosen, an open score.
function refresh() {
  element.classList.remove("asked");
  articles().forEach((article) => {
    const view = viewOf(article);
    const told = article.dataset.music;
    view.canvas = article.querySelector("canvas");
    view.sheet = article.querySelector(".sheet");
    // While a piece grows it has no sheet, and nothing is marked in the one it had.
    if (!view.sheet) Object.assign(view, { score: null, bars: null });
    if (view.told !== told) {
      const before = view.music;
      view.told = told;
      view.music = JSON.parse(told);
      view.range = null;
      if (before && (before.key !== view.music.key || before.growing !== view.music.growing)) settle(view, before);
    }
    show(view);
    showScore(view);
  });
  const library = element.querySelector(".desk");
  const growing = element.querySelector("article.growing");
  if (growing && !working) {
    const { top } = growing.getBoundingClientRect();
    if (top < 0 || top > innerHeight * 0.6) growing.scrollIntoView({ behavior: calm() ? "auto" : "smooth", block: "start" });
  }
  working = Boolean(growing);
  if (library && !busy() && library.dataset.turn !== turn) {
    turn = library.dataset.turn;
    const article = articles()[Number(library.dataset.heard)];
    if (turn && article && player.atOnce()) player.begin(viewOf(article));
  }
}

// Where a piece changed, the new bars are what there is to hear.
function settle(view, before) {
  if (player.plays(view)) player.stop();
  const { music } = view;
  const last = music.bars.length - 2;
  if (music.fresh) Object.assign(view, { selected: null, keys: null, page: 0 });
  if (view.selected) view.selected = view.selected.map((bar) => Math.min(bar, last));
  if (music.growing) view.tick = music.bars[Math.min(last, music.at)];
  // a bar earlier, to hear how the new ones are reached
  else if (music.changed && !music.growing) view.tick = music.bars[Math.max(0, Math.min(music.changed[0] - 1, last))];
  else if (music.fresh || (before.growing && !music.growing)) view.tick = 0;
  view.tick = Math.min(view.tick, music.bars[last + 1] - 1);
  roll.reveal(view);
}

function show(view) {
  const { article, music, canvas } = view;
  if (!music || !canvas) return;
  view.colours = null;
  roll.draw(view);
  showPlace(view);
  choice.show(view);
  const { play, pause } = words();
  article.classList.toggle("sounding", view.playing);
  article.classList.toggle("waiting", player.awaits(view));
  player.showSettings(article);
  article.querySelector("[data-do=play]")?.setAttribute("aria-label", view.playing ? pause : play);
  article.querySelectorAll("[data-do], [data-file]").forEach((one) => {
    const free = FREE.includes(one.dataset.do);
    if (!free) one.disabled = busy() || (one.dataset.do === "undo" && !("past" in article.dataset));
  });
}

function showPlace(view) {
  const { article, music } = view;
  const second = player.secondAt(music, view.tick);
  const bar = view.bar() + 1;
  const bars = music.bars.length - 1;
  const said = fill(words().bar_of, { bar, bars });
  const where = article.querySelector(".where");
  if (where) {
    if (document.activeElement !== where || view.playing) where.value = Math.round((1000 * second) / music.seconds);
    where.style.setProperty("--done", `${(100 * second) / music.seconds}%`);
    where.setAttribute("aria-valuetext", `${clock(second)}, ${said}`);
    article.querySelector(".clock").textContent = `${clock(second)} / ${clock(music.seconds)}`;
  }
  const slider = article.querySelector(".roll");
  slider.setAttribute("aria-valuenow", String(bar));
  slider.setAttribute("aria-valuetext", said);
  article.querySelector(".bar-now").textContent = said;
  choice.show(view);
  score.mark(view);
  inside.show(view);
}

// What going on behind the last of the chosen bars would drop is said where it is chosen.
function sayDropped(view, last) {
  const option = view.article.querySelector("[data-choice=from] option[value=chosen]");
  if (!option) return;
  const bars = view.music.bars.length - 1;
  option.textContent = fill(words()[last + 1 < bars ? "from_bar" : "from_end"], { bar: last + 1, first: last + 2, last: bars });
}

// ---- the score

function showScore(view) {
  if (!view.sheet) return;
  const kept = view.scoreOpen ? scores.get(view.music.key) : null;
  view.score = kept || null;
  if (view.scoreOpen && !kept && !view.music.growing) askScore(view);
  const button = view.article.querySelector("[data-do=score]");
  button.setAttribute("aria-expanded", String(Boolean(view.scoreOpen)));
  button.textContent = view.scoreOpen ? (kept ? words().hide_score : words().engraving) : words().show_score;
  score.show(view);
  view.article.querySelector(".pages-turn").hidden = !kept || view.pages.length < 2;
}

function askScore(view) {
  if (view.asked === view.music.key) return;
  view.asked = view.music.key;
  const width = Math.round(view.article.querySelector(".score").clientWidth);
  trigger("score", { ...named(view), width });
}

function sayPage(view, page, pages) {
  view.article.querySelector(".page-now").textContent = fill(words().page_of, { page: page + 1, pages });
  view.article.querySelector("[data-do=page-back]").disabled = page === 0;
  view.article.querySelector("[data-do=page-forward]").disabled = page + 1 >= pages;
}

function takeScore(parcel) {
  if (!parcel) return "";
  const { key, svg } = JSON.parse(parcel);
  player.keep(scores, key, svg);
  articles().map(viewOf).filter((view) => view.music.key === key).forEach(showScore);
  return "";
}

function jump(view, tick) {
  view.tick = Math.max(0, Math.min(tick, view.music.bars[view.music.bars.length - 1] - 1));
  player.seek(view);
  roll.reveal(view);
  roll.draw(view);
  showPlace(view);
}

// ---- what visitors do

function follow(view) {
  const { article } = view;
  let from = null;
  const cornerAt = (event) => ({ bar: barOf(view, roll.tickAt(view, event)), pitch: roll.pitchAt(view, event) });
  article.addEventListener("pointerdown", (event) => {
    if (event.target.tagName !== "CANVAS" || event.button) return;
    from = { x: event.clientX, y: event.clientY, offset: view.offset, moved: false, corner: event.shiftKey && cornerAt(event) };
    event.target.setPointerCapture(event.pointerId);
  });
  article.addEventListener("pointermove", (event) => {
    if (!from) return;
    from.moved = from.moved || Math.hypot(event.clientX - from.x, event.clientY - from.y) > 6;
    if (from.moved && from.corner) { choice.rectangle(view, from.corner, cornerAt(event)); return; }
    if (!from.moved || view.playing) return;
    view.offset = from.offset - (event.clientX - from.x);
    roll.draw(view);
  });
  article.addEventListener("pointercancel", () => { from = null; });
  article.addEventListener("pointerup", (event) => {
    const start = from;
    from = null;
    if (!start || (start.moved && (start.corner || !view.playing))) return;
    const tick = roll.tickAt(view, event);
    choice.bar(view, barOf(view, tick), event.shiftKey);
    jump(view, tick);
    if (!event.shiftKey) inside.clicked(view, event);
  });
  article.addEventListener("wheel", (event) => {
    if (event.target.tagName !== "CANVAS" || Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
    event.preventDefault();
    view.offset += event.deltaX;
    roll.draw(view);
  }, { passive: false });
  article.addEventListener("click", (event) => clicked(view, event));
  article.addEventListener("input", (event) => {
    const { value } = event.target;
    if (event.target.matches(".where")) jump(view, player.tickAt(view.music, (value / 1000) * view.music.seconds));
    else if (event.target.matches("[data-player]")) player.set(event.target.dataset.player, Number(value));
    else {
      sayHere(view, "");
      choice.typed(view, event.target);
    }
  });
  article.addEventListener("focusin", (event) => { if (event.target.matches("[data-range]")) choice.touched(view); });
  article.addEventListener("keydown", (event) => pressed(view, event));
}

function clicked(view, event) {
  const button = event.target.closest("button[data-do], button[data-file], button[data-player]");
  sayHere(view, "");
  if (button && button.dataset.player) {
    player.set(button.dataset.player, button.getAttribute("aria-pressed") !== "true");
  } else if (button && button.dataset.file) {
    trigger("file", { ...named(view), kind: button.dataset.file });
  } else if (button) {
    act(view, button.dataset.do, button);
  } else if (event.target.closest(".sheet")) {
    const bar = score.barAt(view, event);
    if (bar < 0) return;
    choice.bar(view, bar, event.shiftKey);
    jump(view, view.music.bars[bar]);
  }
}

const BESIDE = {
  play: player.toggle,
  inside: inside.toggle,
  print: (view) => trigger("print", named(view)),
  link: (view, button) => genaiDemo.copyLink(view.article, button),
  stop: () => document.getElementById("music-stop").click(),
  score: (view) => { scoreOpen = view.scoreOpen = !view.scoreOpen; view.asked = null; showScore(view); },
  "page-back": (view) => score.turn(view, view.page - 1),
  "page-forward": (view) => score.turn(view, view.page + 1),
  all: choice.all,
};

function act(view, action, button) {
  if (BESIDE[action]) { BESIDE[action](view, button); return; }
  if (busy()) return;
  if (action !== "undo" && !choice.bars(view)) {
    const typed = (name) => view.article.querySelector(`[data-range=${name}]`).value || "?";
    sayHere(view, fill(words().wrong_range, { first: typed("first"), last: typed("last"), bars: view.music.bars.length - 1 }));
    view.article.querySelector("[data-range=first]").focus();
    return;
  }
  // The bars stay chosen, to be changed once more.
  const [first, last] = view.selected = choice.bars(view) || [view.bar(), view.bar()];
  // Answered at once, however long the server takes.
  element.classList.add("asked");
  const chosen = (name) => view.article.querySelector(`[data-choice=${name}]`)?.value;
  const [lowest, highest] = choice.keys(view);
  trigger("act", {
    ...named(view), action, first, last, lowest, highest, hand: chosen("hand"), part: chosen("part"),
    interval: Number(chosen("interval")), added: Number(chosen("added")), from: chosen("from"),
  });
}

function pressed(view, event) {
  if (!event.target.matches(".roll") || event.ctrlKey || event.altKey || event.metaKey) return;
  if (inside.pressed(view, event)) { event.preventDefault(); return; }
  const { bars } = view.music;
  const bar = view.bar();
  const steps = {
    ArrowRight: bar + 1, ArrowLeft: view.tick > bars[bar] + 240 ? bar : bar - 1, ArrowUp: bar + 1, ArrowDown: bar - 1,
    PageDown: bar + 4, PageUp: bar - 4, Home: 0, End: bars.length - 2,
  };
  if (event.key === " " && !view.music.growing) player.toggle(view);
  else if (event.key === "Enter") choice.bar(view, bar, event.shiftKey);
  else if (event.key in steps) {
    const to = Math.min(Math.max(0, steps[event.key]), bars.length - 2);
    jump(view, bars[to]);
    choice.bar(view, to, event.shiftKey);
  } else return;
  event.preventDefault();
}

function all(change) {
  articles().forEach((article) => { if (views.get(article)?.music) change(viewOf(article)); });
}

// ---- what is said to them

// Says something at the tools of a piece, over what is below them.
function sayHere(view, sentence) {
  const place = view.article.querySelector(".said");
  if (place) Object.assign(place, { textContent: sentence, hidden: !sentence });
}

// A refusal is an answer, too. The places for it may come after this widget.
new MutationObserver((changes) => {
  if (changes.some(({ target }) => target.closest("#music-notice, #music-desk-notice"))) element.classList.remove("asked");
}).observe(document.body, { subtree: true, childList: true });

let resizing = 0;
addEventListener("resize", () => {
  cancelAnimationFrame(resizing);
  resizing = requestAnimationFrame(() => all((view) => { show(view); score.resized(view); }));
});

player.connect({
  ask: (view, kind) => trigger("sound", { ...named(view), kind }),
  show,
  move: (view) => { roll.draw(view); showPlace(view); },
});
inside.connect({
  ask: (view, name, more) => trigger(name, { ...named(view), ...more }),
  views: () => articles().map(viewOf),
  draw: roll.draw,
  jump,
  sound: player.kind,
});
watch("value", refresh);
refresh();
// A canvas has no size while its tab is closed, and other colours in the other theme.
new ResizeObserver(() => all(show)).observe(element);
new MutationObserver(() => all(show)).observe(document.body, { attributes: true, attributeFilter: ["class"] });
document.addEventListener("silence", () => { player.stop(); inside.silence(); });

// A file that is dropped beside the places for files goes to the one that is open, else to the page that opens pieces.
document.addEventListener("drop", (event) => {
  const page = document.getElementById("music-page");
  if (!page || !page.offsetParent || !event.dataTransfer.files.length) return;
  if (event.target.closest("#music-intake, #music-open-drop")) return;
  const given = document.getElementById("music-intake");
  if (!given.offsetParent) document.getElementById("tab-music-open-button").click();
  const field = document.querySelector(`#${given.offsetParent ? "music-intake" : "music-open-drop"} input[type=file]`);
  field.files = event.dataTransfer.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
});

// Whoever leaves the tab has heard enough.
document.addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab && !tab.closest("#tab-music") && tab.id !== "tab-music-button") player.stop();
});

genaiDemo.offer(element, {
  asked: () => element.classList.add("asked"), takeScore, takeSound: player.take, print: score.print,
  takeInside: inside.take, takeBars: inside.takeBars, takeRival: inside.takeRival,
});
