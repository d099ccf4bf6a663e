// Why a piece became what it is: a note that is opened, and what its model knows of the whole, beside the roll.
const inside = (() => {
  const VIEWS = { composer: ["notes", "bars", "measures"], gan: ["heat", "verdicts", "measures"], masked: ["heat", "replay", "measures"] };
  const NEAR = 14; // pixels around a note that still open it, for fingers
  const known = new Map(); // what the server told, by the piece's key
  const pairs = new Map(); // which bars are taken up, by key
  const [asked, failed] = [new Set(), new Set()]; // what there is no answer to yet, and of which pieces none came
  const heard = new Audio();
  let host = null; // what the library does for this: ask, jump, draw
  let address = false; // whether this script put something into the address

  const words = (view) => JSON.parse(view.article.closest(".desk").dataset.inside);
  const receiptOf = (view) => view.article.dataset.receipt || "";
  const idOf = (view) => `${receiptOf(view)} ${view.music.key}`;
  const toldOf = (view) => known.get(idOf(view));
  const place = (view) => view.article.querySelector(".piece-inside");
  const stateOf = (view) => view.looking || (view.looking = { open: false, view: "", note: null, cursor: null, form: "", at: null, timer: 0 });
  const isOpen = (view) => Boolean(view.looking?.open && place(view));

  // ---- asking

  function ask(view, event, more = {}) {
    const id = `${event} ${idOf(view)}`;
    if (asked.has(id)) return;
    asked.add(id);
    failed.delete(idOf(view));
    host.ask(view, event, more);
  }

  function taken(parcel, cache, event) {
    const told = parcel ? JSON.parse(parcel) : null;
    host.views().filter((view) => !told || view.music?.key === told.key).forEach((view) => {
      if (asked.delete(`${event} ${idOf(view)}`) && !told) failed.add(idOf(view));
      if (told) cache.set(idOf(view), told);
      if (isOpen(view)) { draw(view); host.draw(view); }
    });
    return "";
  }

  const take = (parcel) => taken(parcel, known, "explain");
  const takeBars = (parcel) => taken(parcel, pairs, "taken_up");

  function takeRival(parcel) {
    if (!parcel) return "";
    const { kind, content } = JSON.parse(parcel);
    genaiDemo.silence();
    heard.src = `data:${kind};base64,${content}`;
    heard.play().catch(() => { /* the browser wants a click first, and has had one */ });
    return "";
  }

  // ---- the state

  const views = (view) => VIEWS[toldOf(view)?.family] || [];
  const current = (view) => {
    const { view: wanted } = stateOf(view);
    return views(view).includes(wanted) ? wanted : views(view)[0];
  };
  const entryOf = (view, number) => toldOf(view)?.notes.find(([at]) => at === number);

  function open(view, note = null) {
    if (!place(view)) return;
    const state = stateOf(view);
    state.open = true;
    if (note !== null) Object.assign(state, { note, cursor: note });
    ask(view, "explain");
    draw(view);
    host.draw(view);
    name(view);
  }

  function close(view) {
    clearTimeout(stateOf(view).timer);
    view.looking = null;
    heard.pause();
    draw(view);
    host.draw(view);
    inAddress("");
    view.article.querySelector("[data-do=inside]")?.focus();
  }

  const toggle = (view) => (isOpen(view) ? close(view) : open(view));

  function select(view, wanted) {
    const state = stateOf(view);
    clearTimeout(state.timer);
    Object.assign(state, { view: wanted, at: null, playing: false });
    if (wanted === "bars" && !pairs.has(idOf(view))) ask(view, "taken_up");
    draw(view);
    host.draw(view);
    name(view);
    place(view).querySelector(`[data-view=${wanted}]`)?.focus();
  }

  // ---- the address

  function inAddress(wanted) {
    address = Boolean(wanted);
    const there = new URL(location.href);
    if (wanted) there.searchParams.set("note", wanted);
    else there.searchParams.delete("note");
    if (there.href !== location.href) history.replaceState(history.state, "", there);
  }

  function name(view) {
    if (!view.article.dataset.link || view.article.closest("[data-shipped]")) return;
    const { note } = stateOf(view);
    const [start, pitch] = note === null ? [] : view.music.notes[note];
    const parts = [JSON.parse(receiptOf(view)).index + 1, stateOf(view).view || "all"];
    inAddress([...parts, ...(note === null ? [] : [start, pitch])].join("."));
  }

  // A link shows what was open when it was copied.
  document.addEventListener("made", () => {
    if (host.views().some(isOpen)) return;
    if (address) { inAddress(""); return; }
    const found = /^(\d+)\.(\w+)(?:\.(\d+)\.(\d+))?$/.exec(new URLSearchParams(location.search).get("note") || "");
    if (!found) return;
    const view = host.views().find((one) => receiptOf(one) && JSON.parse(receiptOf(one)).index === found[1] - 1);
    if (!view?.music || !place(view)) return;
    const number = view.music.notes.findIndex(([start, pitch]) => start === Number(found[3]) && pitch === Number(found[4]));
    stateOf(view).view = found[2] === "all" ? "" : found[2];
    if (number >= 0) host.jump(view, view.music.notes[number][0]);
    open(view, number < 0 ? null : number);
    if (found[2] === "bars") ask(view, "taken_up");
  });

  // ---- notes in the roll

  function noteAt(view, tick, pitch, slack) {
    let best = null;
    view.music.notes.forEach(([start, key, length], number) => {
      const beside = Math.max(0, start - tick, tick - start - length) / slack.ticks;
      const above = Math.max(0, Math.abs(key - pitch) - 0.5) / slack.keys;
      const far = Math.hypot(beside, above);
      if (far < 1 && (!best || far < best.far)) best = { number, far };
    });
    return best && best.number;
  }

  function clicked(view, event) {
    if (!place(view)) return;
    const plan = roll.layout(view);
    const slack = { ticks: (event.pointerType === "touch" ? NEAR : 4) / plan.scale, keys: Math.max(0.6, (event.pointerType === "touch" ? NEAR : 3) / plan.row) };
    const found = noteAt(view, roll.tickAt(view, event), roll.pitchAt(view, event), slack);
    if (found !== null) open(view, found);
  }

  // The next note in time, or the next one up or down of those at the same moment.
  function moved(view, key) {
    const { notes: all } = view.music;
    const { cursor } = stateOf(view);
    if (cursor === null) return Math.max(0, all.findIndex(([start]) => start >= view.tick));
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[key];
    const next = cursor + step;
    if (next < 0 || next >= all.length) return cursor;
    if (key === "ArrowUp" || key === "ArrowDown") return all[next][0] === all[cursor][0] ? next : cursor;
    return next;
  }

  // Returns whether a key was for the notes.
  function pressed(view, event) {
    if (!isOpen(view)) return false;
    const state = stateOf(view);
    if (event.key === "Escape") close(view);
    else if (event.key === "Enter" && state.cursor !== null) open(view, state.cursor);
    else if (/^Arrow/.test(event.key) && view.music.notes.length) {
      state.cursor = moved(view, event.key);
      host.jump(view, view.music.notes[state.cursor][0]);
      view.article.querySelector(".roll").setAttribute("aria-valuetext", saidOf(view, state.cursor));
    } else return false;
    return true;
  }

  function saidOf(view, number) {
    const said = words(view);
    const [start, pitch, , hand] = view.music.notes[number];
    let bar = 0;
    while (bar + 2 < view.music.bars.length && view.music.bars[bar + 1] <= start) bar += 1;
    const shown = looks.fill(said.note, { name: notes.nameOf(pitch, view.music.flats), bar: bar + 1, hand: said[`hand_${hand}`] });
    const entry = entryOf(view, number);
    if (!entry) return `${shown} · ${said.given}`;
    const told = toldOf(view).family === "gan" ? said.cell : said.drawn;
    return `${shown} · ${looks.fill(told, { percent: looks.percent(entry[1]) })}`;
  }

  // How opaque a note is drawn; 0 hides it.
  function strength(view, number) {
    const told = isOpen(view) && toldOf(view);
    if (!told) return null;
    const entry = entryOf(view, number);
    const shown = current(view);
    if (shown === "replay") return !entry || entry[2] <= at(view) ? 0.9 : 0;
    if (shown === "notes") return entry ? 0.16 + 0.84 * Math.sqrt(entry[1]) : 0.9;
    return shown === "heat" && entry ? 0.3 : null;
  }

  const fresh = (view, number) => isOpen(view) && toldOf(view) && current(view) === "replay" && entryOf(view, number)?.[2] === at(view);

  function under(view, brush, plan, paint, xOf, yOf) {
    const told = isOpen(view) && toldOf(view);
    if (!told) return;
    if (current(view) === "heat") looks.drawHeat(brush, told, plan, paint, xOf, yOf);
    if (current(view) === "replay") looks.drawOpen(brush, told, at(view), plan, paint, xOf, yOf);
  }

  function over(view, brush, plan, paint, xOf, yOf) {
    if (!isOpen(view) || !toldOf(view)) return;
    const state = stateOf(view);
    if (current(view) === "bars" && pairs.has(idOf(view))) looks.drawArcs(brush, view, pairs.get(idOf(view)).pairs, plan, paint, xOf);
    [[state.cursor, 1.5], [state.note, 3]].forEach(([number, wide]) => {
      const note = number === null ? null : view.music.notes[number];
      if (!note) return;
      brush.strokeStyle = paint.ink;
      brush.lineWidth = wide;
      brush.strokeRect(xOf(note[0]) - 2, yOf(note[1]) - 2, note[2] * plan.scale + 3, plan.row + 4);
    });
  }

  // ---- the replay

  const last = (view) => Math.max(0, ...toldOf(view).cells.map(([step]) => step));
  const at = (view) => stateOf(view).at ?? last(view);

  function setStep(view, step) {
    stateOf(view).at = step;
    host.draw(view);
    const said = words(view);
    const box = place(view);
    const range = box.querySelector(".replay input");
    range.value = step;
    const shown = looks.fill(said.replay_at, { step, steps: last(view) });
    range.setAttribute("aria-valuetext", shown);
    box.querySelector(".replay output").textContent = shown;
  }

  function play(view) {
    const state = stateOf(view);
    clearTimeout(state.timer);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (calm || !state.playing) { if (calm) setStep(view, (at(view) + 1) % (last(view) + 1)); return; }
    if (at(view) >= last(view)) { state.playing = false; draw(view); return; }
    setStep(view, at(view) + 1);
    state.timer = setTimeout(play, Number(place(view).querySelector(".replay select").value), view);
  }

  function replay(view, said) {
    const state = stateOf(view);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const { made } = looks;
    const button = made("button", { type: "button" }, calm ? said.replay_next : state.playing ? said.replay_pause : said.replay_play);
    button.addEventListener("click", () => {
      state.playing = !state.playing && !calm;
      if (state.playing && at(view) >= last(view)) state.at = 0;
      if (!calm) draw(view);
      play(view);
      place(view).querySelector(".replay button").focus();
    });
    const range = made("input", { type: "range", min: 0, max: last(view), step: 1, value: at(view) });
    range.setAttribute("aria-label", said.view_replay);
    range.addEventListener("input", () => { state.playing = false; setStep(view, Number(range.value)); });
    const pace = made("select", { hidden: calm }, ...[1200, 600, 250].map((wait) => made("option", { value: wait, selected: wait === 600 }, `${(1000 / wait).toFixed(1)} / s`)));
    pace.setAttribute("aria-label", said.replay_speed);
    const shown = looks.fill(said.replay_at, { step: at(view), steps: last(view) });
    range.setAttribute("aria-valuetext", shown);
    return [looks.hint(said.replay_intro), made("div", { className: "replay" }, button, range, made("output", {}, shown), pace)];
  }

  // ---- the panel

  function tokenName(said, token, flats) {
    const [kind, value] = token.split("_");
    if (kind === "PITCH") return notes.nameOf(Number(value), flats);
    if (kind === "POSITION") return looks.fill(said.beat, { beat: String(Math.round((1000 * value) / 480) / 1000 + 1) });
    if (kind === "DURATION") return looks.fill(said.quarters, { quarters: String(Math.round((1000 * value) / 480) / 1000) });
    if (kind === "HAND") return said[`hand_${value === "right" ? 0 : 1}`];
    return kind === "NONE" ? said.none : said.bar_line;
  }

  function partTable(view, said, [kind, token, , , rivals, others]) {
    const { flats } = view.music;
    const gan = toldOf(view).family === "gan";
    const most = Math.max(...rivals.flatMap(([, before, after]) => (gan ? [before] : [before, after])));
    const line = ([name, before, after, allowed]) => {
      const shown = tokenName(said, name, flats);
      let named = shown;
      if (kind === "pitch" && name.startsWith("PITCH")) {
        named = looks.made("button", { type: "button", className: "hear", title: looks.fill(name === token ? said.hear_own : said.hear, { name: shown }) }, `♪ ${shown}`);
        named.setAttribute("aria-label", named.title);
        const { note } = stateOf(view);
        named.addEventListener("click", () => host.ask(view, "rival", { note, pitch: Number(name.split("_")[1]), kind: host.sound }));
      }
      const cells = [looks.share(before, most, "of-network"), ...(gan ? [] : [looks.share(after, most, "of-draw")])];
      const made = looks.row(named, ...cells);
      if (!allowed) made.querySelector("th").append(looks.made("small", {}, ` ${said.not_allowed}`));
      made.className = name === token ? "own" : allowed ? "" : "taken";
      return made;
    };
    const heads = gan ? [said.key, said.threshold] : [said[kind], said.before, said.after];
    const rest = gan ? [] : [looks.row(said.others, looks.share(others[0], most, "of-network"), looks.share(others[1], most, "of-draw"))];
    return looks.table(heads, [...rivals.map(line), ...rest]);
  }

  function noteParts(view, said) {
    const { note } = stateOf(view);
    if (note === null) return [looks.hint(said.pick)];
    const head = looks.made("h3", {}, saidOf(view, note));
    const entry = entryOf(view, note);
    if (!entry) return [head];
    const parts = entry[3];
    const pitch = parts.find(([kind]) => kind === "pitch");
    const composer = toldOf(view).family === "composer";
    const taken = composer ? [looks.hint(looks.fill(said.forbidden, { percent: looks.percent(pitch[3]) }))] : [];
    const others = parts.filter((part) => part !== pitch).map((part) => looks.made("details", {},
      looks.made("summary", {}, `${said[part[0]]}: ${tokenName(said, part[1])} · ${looks.percent(part[2])}`), partTable(view, said, part)));
    return [head, partTable(view, said, pitch), ...taken, ...others];
  }

  function contents(view, said) {
    const told = toldOf(view);
    if (!told) return [looks.hint(failed.has(idOf(view)) ? said.failed : said.wait)];
    const shown = current(view);
    const state = stateOf(view);
    const buttons = views(view).map((one) => {
      const button = looks.made("button", { type: "button" }, said[`view_${one}`]);
      button.dataset.view = one;
      button.setAttribute("aria-pressed", String(one === shown));
      button.addEventListener("click", () => select(view, one));
      return button;
    });
    const group = looks.made("div", { className: "views", role: "group" }, ...buttons);
    group.setAttribute("aria-label", said.views);
    const jumpTo = (bar) => host.jump(view, view.music.bars[bar]);
    const form = state.form || (told.measures.some((one) => one.form === told.form) ? told.form : "all");
    const body = {
      notes: () => [looks.scale(said, "notes"), ...noteParts(view, said)],
      heat: () => [looks.scale(said, "heat"), ...noteParts(view, said)],
      bars: () => looks.bars(view, pairs.get(idOf(view))?.pairs, said, jumpTo),
      verdicts: () => looks.verdicts(told, said, jumpTo),
      replay: () => replay(view, said),
      measures: () => looks.measures(told, form, said, (chosen) => { state.form = chosen; draw(view); place(view).querySelector("select").focus(); }),
    }[shown]();
    return [looks.hint(said[told.family]), group, ...body,
      looks.hint(looks.fill(said.model, { model: told.model, checkpoint: told.checkpoint })), deeper(view, told, said, shown)];
  }

  function deeper(view, told, said, shown) {
    const saving = looks.made("button", { type: "button", className: "tool" }, said.csv);
    saving.addEventListener("click", () => host.ask(view, "table", { view: shown }));
    const code = looks.made("pre", { tabIndex: 0 }, told.code[shown] || "");
    code.setAttribute("aria-label", said.code);
    code.setAttribute("role", "region");
    return looks.made("details", {}, looks.made("summary", {}, said.deeper), looks.hint(said[`about_${shown}`]),
      looks.made("p", {}, saving), looks.hint(said.code), code);
  }

  // Draws the panel anew; what was unfolded in it stays so.
  function draw(view) {
    const box = place(view);
    const button = view.article.querySelector("[data-do=inside]");
    if (!box) return;
    button.setAttribute("aria-expanded", String(isOpen(view)));
    box.hidden = !isOpen(view);
    if (box.hidden) { box.replaceChildren(); return; }
    const said = words(view);
    const opened = box.querySelector(":scope > details")?.open;
    const closing = looks.made("button", { type: "button", className: "close", title: said.close }, "×");
    closing.setAttribute("aria-label", said.close);
    closing.addEventListener("click", () => close(view));
    box.onkeydown = (event) => { if (event.key === "Escape") close(view); };
    const header = looks.made("header", {}, looks.made("strong", {}, said.title), closing);
    box.replaceChildren(header, ...contents(view, said));
    const unfolded = box.querySelector(":scope > details");
    if (unfolded && opened) unfolded.open = true;
  }

  // What is drawn anew by the server, or has moved on, is shown anew.
  function show(view) {
    if (!isOpen(view)) return;
    const state = stateOf(view);
    if (view.lookedAt !== idOf(view)) {
      const before = view.lookedAt;
      view.lookedAt = idOf(view);
      ask(view, "explain");
      if (before) {
        Object.assign(state, { note: null, cursor: null, at: null });
        name(view);
        if (state.view === "bars") ask(view, "taken_up");
      }
    }
    if (state.bar !== view.bar() || !place(view).children.length || state.told !== toldOf(view)) {
      Object.assign(state, { bar: view.bar(), told: toldOf(view) });
      if (current(view) === "bars" || !place(view).children.length) draw(view);
    }
  }

  return {
    connect: (given) => { host = given; }, toggle, clicked, pressed, strength, fresh, under, over, show, take, takeBars, takeRival,
    silence: () => heard.pause(),
  };
})();
