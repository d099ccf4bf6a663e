// The page "Train" of a tab: what can be started on the left, the run that is watched and all runs on the right.
const MOMENT = 1000; // milliseconds from one look at what is watched to the next
const LIST = 3; // of these until the list is looked at again
let offer = null;
let opening = { run: "", beside: "" };
let wanted = null; // what an address asks to be put into the form
let beat = 0;
let looking = false;
let watched = null;
let empty = null;
let presence = null;

const isShown = () => Boolean(element.offsetParent) && document.visibilityState === "visible";

async function tell() {
  const { runs } = await room.ask(`runs?${new URLSearchParams({ modality: room.root().dataset.modality })}`);
  list.draw(runs);
  beside.know(runs);
  list.empty.hidden = runs.length > 0;
}

// A run that is over is still looked at now and then: somebody may let it go on.
async function look() {
  if (!offer || looking || !isShown()) return;
  looking = true;
  try {
    if (watching.name() && (!watching.isOver() || beat % LIST === 0)) await watching.poll();
    if (beat % LIST === 0) await tell();
  } catch { /* the connection comes again */ } finally { looking = false; }
  beat += 1;
}

function open(name, moved = true, other = "") {
  watching.close();
  shipped.stop();
  watched.replaceChildren(...(name ? [watching.build(name, other)] : [empty]));
  if (name) watching.poll().then(() => { if (moved) reveal(); });
  else genaiDemo.address.settle();
  list.place.querySelectorAll("[aria-current]").forEach((one) => one.setAttribute("aria-current", "false"));
  beat = 0;
}

function reveal() {
  const { top } = watched.getBoundingClientRect();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (top < 0 || top > innerHeight * 0.5) watched.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  watching.focus();
}

function presenterField() {
  const id = `${room.root().dataset.tab}-presenter-key`;
  const field = make("input", { id, type: "password", autocomplete: "off", value: room.presenter.get() });
  const said = make("p", { class: "hint", role: "status" });
  const use = async () => {
    room.presenter.set(field.value.trim());
    await renew();
    put(presence.querySelector("[role=status]"), field.value.trim() ? say(offer.presenter ? "presenter_is" : "presenter_is_not") : "");
  };
  const form = make("form", { submit: (event) => { event.preventDefault(); use(); } }, make("label", { for: id, class: "name" }, say("presenter_key")),
    field, make("button", { type: "submit" }, say("use")));
  return make("details", { class: "more" }, make("summary", {}, say("presenter")), make("p", { class: "hint" }, say("presenter_info")), form, said);
}

async function renew() {
  offer = await room.ask(`offer?${new URLSearchParams({ modality: room.root().dataset.modality })}`);
  room.take(offer.words);
  Object.assign(room.visitor, { me: offer.me, presenter: offer.presenter });
  beat = 0;
}

async function build() {
  const root = room.root();
  if (root.dataset.built === root.dataset.language) return;
  root.dataset.built = root.dataset.language;
  const before = watching.name() ? { run: watching.name(), beside: watching.beside() } : opening;
  try { await renew(); } catch (error) {
    delete root.dataset.built;
    return;
  }
  const form = make("div", { class: "fields choose" });
  const learnt = shipped.build(offer.timelines, offer.forms);
  empty = make("div", { class: "nothing-watched" }, make("p", { class: learnt ? "hint" : "empty-result" }, say("empty")), learnt);
  watched = make("div", { class: "watched" });
  presence = presenterField();
  list.clear();
  list.empty = make("p", { class: "hint" }, say("no_runs"));
  const runs = make("section", { class: "all-runs" }, make("h2", {}, say("runs")), list.empty, list.notice, list.place, presence);
  root.querySelector(".room").replaceChildren(make("div", { class: "page" }, form, make("div", { class: "result" }, watched, runs)));
  choice.build(form, offer);
  fill();
  open(before.run, false, before.beside);
  look();
}

// An address fills the form in; whoever looks at it presses the button.
function fill() {
  if (!wanted) return;
  const { family, ...values } = wanted;
  wanted = null;
  choice.take(family, values);
}

choice.started = (name) => { renewList(name); };
function renewList(name) {
  open(name);
  look();
}
list.open = (name) => open(name);
list.changed = () => { beat = 0; look(); };

genaiDemo.offer(element, {
  follow: ({ settings }) => {
    if (settings.family) {
      wanted = { ...settings };
      if (offer && watched) fill();
      return;
    }
    opening = { run: settings.run || "", beside: settings.beside || "" };
    const { run, beside: other } = opening;
    if (offer && watched && (run !== (watching.name() || "") || other !== watching.beside())) open(run, true, other);
  },
});

setInterval(() => { if (isShown()) { build(); look(); } }, MOMENT);
watch("value", () => { if (isShown()) build(); });
document.addEventListener("visibilitychange", () => { beat = 0; look(); });
