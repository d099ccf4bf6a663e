// The keyboard in the page: it sounds at once, and writes down on sixteenths what is played.
const KEYS = 24;
const CODES = ["KeyA", "KeyW", "KeyS", "KeyE", "KeyD", "KeyF", "KeyT", "KeyG", "KeyY", "KeyH", "KeyU", "KeyJ", "KeyK",
  "KeyO", "KeyL", "KeyP", "Semicolon", "Quote"];
const SIGNS = "AWSEDFTGYHUJKOLP;'";
const PAUSE = 2000;
const FINE = 4;
let lowest = 60;
let sound = null;
let take = [];
let late = 0;
let scheduled = [];
const down = new Map();

// ---- sound: two waves that die away, softer the higher

function loudspeaker() {
  if (!sound) {
    const context = new AudioContext();
    const out = context.createDynamicsCompressor();
    out.connect(context.destination);
    sound = { context, out };
  }
  if (sound.context.state === "suspended") sound.context.resume();
  return sound;
}

function strike(pitch, when = 0, length = null) {
  const { context, out } = loudspeaker();
  const start = Math.max(context.currentTime, when);
  const gain = context.createGain();
  const loud = 0.32 * (1 - (pitch - 60) / 120);
  const ring = 2.4 * 2 ** ((60 - pitch) / 24);
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(loud, start + 0.006);
  gain.gain.setTargetAtTime(0, start + 0.006, ring / 3);
  gain.connect(out);
  const frequency = 440 * 2 ** ((pitch - 69) / 12);
  const waves = [["triangle", 1, 0.8], ["sine", 2, 0.25], ["sine", 3, 0.08]].map(([type, times, share]) => {
    const wave = context.createOscillator();
    const part = context.createGain();
    wave.type = type;
    wave.frequency.value = frequency * times;
    part.gain.value = share;
    wave.connect(part).connect(gain);
    wave.start(start);
    wave.stop(start + ring * 2);
    return wave;
  });
  const release = (at) => {
    gain.gain.cancelScheduledValues(at);
    gain.gain.setTargetAtTime(0, at, 0.06);
    waves.forEach((wave) => wave.stop(at + 0.5));
  };
  if (length !== null) release(start + length);
  return { release: () => release(context.currentTime), waves };
}

// ---- the take

const field = (name) => element.querySelector(`[data-piano=${name}]`);
const beat = () => 60000 / Math.min(208, Math.max(40, Number(field("tempo").value) || 92));

// After a pause the take goes on at its next beat.
function moment() {
  const now = performance.now() - late;
  const ends = take.map(({ off }) => off);
  if (!take.length) { late = performance.now(); return 0; }
  if (down.size || ends.includes(null)) return now;
  const end = Math.max(...ends);
  if (now - end < PAUSE) return now;
  const next = Math.ceil(end / beat()) * beat();
  late += now - next;
  return next;
}

function press(pitch, by) {
  if (down.has(by)) return;
  genaiDemo.silence();
  silence();
  const note = { pitch, on: moment(), off: null };
  take.push(note);
  down.set(by, { pitch, note, voice: strike(pitch) });
  light();
}

function release(by) {
  const held = down.get(by);
  if (!held) return;
  down.delete(by);
  held.note.off = performance.now() - late;
  held.voice.release();
  light();
  show();
}

// What was played, as [start, pitch, length] in sixteenths.
function melody() {
  const step = beat() / FINE;
  return take.filter(({ off }) => off !== null).map(({ pitch, on, off }) => {
    const start = Math.round(on / step);
    return [start, pitch, Math.max(1, Math.round(off / step) - start)];
  });
}

function silence() {
  scheduled.forEach(({ waves }) => waves.forEach((wave) => wave.stop()));
  scheduled = [];
}

function listen() {
  if (scheduled.length) { silence(); return; }
  genaiDemo.silence();
  const { context } = loudspeaker();
  const step = beat() / FINE / 1000;
  const from = context.currentTime + 0.05;
  scheduled = melody().map(([start, pitch, length]) => strike(pitch, from + start * step, length * step));
  const last = scheduled[scheduled.length - 1];
  if (last) last.waves[0].onended = () => { scheduled = []; };
}

function use() {
  silence();
  return { notes: melody(), tempo: Math.round(60000 / beat()), metre: field("metre").value };
}

// ---- what is seen

function build() {
  const keys = element.querySelector(".keys");
  const white = (KEYS / 12) * 7;
  let place = 0;
  keys.replaceChildren(...Array.from({ length: KEYS }, (_, index) => {
    const key = document.createElement("button");
    key.type = "button";
    key.tabIndex = index ? -1 : 0;
    key.dataset.key = index;
    const black = notes.isBlack(index);
    key.className = black ? "black" : "white";
    key.style.left = `${((black ? place - 0.32 : place) / white) * 100}%`;
    key.style.width = `${((black ? 0.64 : 1) / white) * 100}%`;
    if (!black) place += 1;
    const sign = document.createElement("span");
    sign.setAttribute("aria-hidden", "true");
    sign.textContent = SIGNS[index] || "";
    key.append(sign);
    return key;
  }));
  label();
}

function label() {
  element.querySelectorAll("[data-key]").forEach((key) => {
    const pitch = lowest + Number(key.dataset.key);
    key.setAttribute("aria-label", notes.nameOf(pitch));
    key.classList.toggle("middle", pitch === 60);
  });
  field("down").disabled = lowest <= 24;
  field("up").disabled = lowest >= 84;
}

function light() {
  const held = new Set([...down.values()].map(({ pitch }) => pitch));
  element.querySelectorAll("[data-key]").forEach((key) => {
    key.classList.toggle("held", held.has(lowest + Number(key.dataset.key)));
  });
}

function show() {
  const played = melody();
  ["listen", "clear", "use"].forEach((one) => { field(one).disabled = !played.length; });
  const taken = element.querySelector(".take");
  taken.classList.toggle("empty", !played.length);
  const said = taken.querySelector("p");
  said.textContent = played.length ? played.map(([, pitch]) => notes.nameOf(pitch)).slice(-12).join(" ") : said.dataset.nothing;
  const canvas = taken.querySelector("canvas");
  if (!canvas.clientWidth || !played.length) return;
  const density = devicePixelRatio || 1;
  [canvas.width, canvas.height] = [canvas.clientWidth * density, canvas.clientHeight * density];
  const brush = canvas.getContext("2d");
  const pitches = played.map(([, pitch]) => pitch);
  const [low, high] = [Math.min(...pitches) - 2, Math.max(...pitches) + 2];
  const end = Math.max(32, ...played.map(([start, , length]) => start + length));
  const [across, row] = [canvas.width / end, canvas.height / (high - low + 1)];
  const paint = notes.colours(canvas);
  brush.fillStyle = paint.line;
  for (let step = 0; step < end; step += FINE) brush.fillRect(step * across, 0, density, canvas.height);
  brush.fillStyle = paint.hands[0];
  played.forEach(([start, pitch, length]) => {
    brush.fillRect(start * across, (high - pitch) * row, Math.max(2, length * across - density), row - density / 2);
  });
}

function octave(steps) {
  [...down.keys()].forEach(release);
  lowest = Math.min(84, Math.max(24, lowest + 12 * steps));
  label();
  light();
}

function act(action) {
  if (action === "down") octave(-1);
  else if (action === "up") octave(1);
  else if (action === "listen") listen();
  else if (action === "clear") { silence(); take = []; show(); } else if (action === "use") trigger("played", use());
}

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || !event.target.closest(".keys")) return;
  const index = CODES.indexOf(event.code);
  const keys = [...element.querySelectorAll("[data-key]")];
  const here = keys.indexOf(event.target.closest("[data-key]"));
  const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  if (event.repeat && (index >= 0 || event.key === "Enter" || event.key === " ")) event.preventDefault();
  else if (index >= 0) { press(lowest + index, event.code); event.preventDefault(); } else if (step) {
    const next = keys[Math.min(Math.max(0, here + step), KEYS - 1)];
    keys.forEach((key) => { key.tabIndex = key === next ? 0 : -1; });
    next.focus();
    event.preventDefault();
  } else if ((event.key === "Enter" || event.key === " ") && here >= 0) {
    press(lowest + here, "focus");
    event.preventDefault();
  } else if (event.code === "KeyZ") octave(-1);
  else if (event.code === "KeyX") octave(1);
}

const again = () => { build(); show(); };
watch("value", again);
again();
new ResizeObserver(show).observe(element);
element.addEventListener("pointerdown", (event) => {
  const key = event.target.closest("[data-key]");
  if (!key || event.button) return;
  key.releasePointerCapture(event.pointerId); // so that a finger can slide to the next key
  press(lowest + Number(key.dataset.key), `pointer ${event.pointerId}`);
});
element.addEventListener("pointerover", (event) => {
  const by = `pointer ${event.pointerId}`;
  const key = event.target.closest("[data-key]");
  if (!key || !down.has(by) || down.get(by).pitch === lowest + Number(key.dataset.key)) return;
  release(by);
  press(lowest + Number(key.dataset.key), by);
});
["pointerup", "pointercancel"].forEach((kind) => document.addEventListener(kind, (event) => release(`pointer ${event.pointerId}`)));
element.addEventListener("keydown", pressed);
document.addEventListener("keyup", (event) => {
  release(event.code);
  if (event.key === "Enter" || event.key === " ") release("focus");
});
addEventListener("blur", () => [...down.keys()].forEach(release));
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-piano]");
  if (button) act(button.dataset.piano);
});
element.addEventListener("input", (event) => { if (event.target.matches("[data-piano]")) show(); });
