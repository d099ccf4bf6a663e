// The samples of a run at any of its moments: the newest as it comes, any by a slider, two side by side, all as a film.
const moments = (() => {
  const PACE = 700; // milliseconds from one moment of the film to the next
  const texts = new Map();

  // Where a sample lies; its version changes with it, so that a browser may keep what it has.
  const addressOf = (run, moment, file, as = "") => (
    `training/sample?${new URLSearchParams({ run, step: moment.step, file, version: moment.version, ...(as && { as }) })}`);

  const filmOf = (run, as) => `training/film?${new URLSearchParams({ name: run, as, lang: room.language() })}`;

  function textAt(address, show) {
    if (texts.has(address)) { show(texts.get(address)); return; }
    fetch(address).then((response) => (response.ok ? response.text() : "")).then((text) => {
      texts.set(address, text);
      show(text);
    }).catch(() => show(""));
  }

  // One sample in its place: what was there stays until the new one is there.
  function display(file, forms) {
    const ending = file.split(".").pop();
    const alt = (moment) => say("sample_alt", { step: room.number(moment.step, 9), file });
    if (ending === "txt") {
      const place = make("pre", { class: "sample", lang: "en" });
      return { place, show: (run, moment) => {
        const address = addressOf(run, moment, file);
        place.dataset.at = address;
        textAt(address, (text) => { if (place.dataset.at === address) put(place, text.trim()); });
      } };
    }
    const picture = make("img", { class: "sample", alt: "" });
    const as = forms.find((form) => ["svg", "png"].includes(form)) || "";
    const heard = forms.includes("mp3");
    const sound = heard ? make("audio", { controls: true, preload: "none" }) : undefined;
    return { place: make("div", { class: "shown" }, picture, sound), show: (run, moment) => {
      const address = addressOf(run, moment, file, as);
      if (picture.dataset.at === address) return;
      picture.dataset.at = address;
      const next = new Image();
      next.onload = () => {
        if (picture.dataset.at === address) Object.assign(picture, { src: address, alt: alt(moment) });
      };
      next.src = address;
      if (sound) {
        sound.src = addressOf(run, moment, file, "mp3");
        sound.setAttribute("aria-label", say("sample_sound", { step: room.number(moment.step, 9) }));
      }
    } };
  }

  // `extra` stands beside the moments.
  function panel(onMoved, extra) {
    let run = "";
    let all = [];
    let forms = {};
    let film = null;
    const chosen = { first: null, second: null }; // steps; null is the newest
    const sides = {};

    const slider = (name) => {
      const caption = make("output", { class: "moment" });
      const input = make("input", { type: "range", min: 0, step: 1, "aria-label": say(`moment_${name}`), input: () => {
        stop();
        const at = Number(input.value);
        chosen[name] = name === "first" && at === all.length - 1 ? null : all[at].step;
        show();
      } });
      const place = make("div", { class: "samples" });
      sides[name] = { caption, input, place, displays: {}, figure: make("figure", { class: "side" }, make("figcaption", {}, caption), place, input) };
      return sides[name].figure;
    };

    const both = make("div", { class: "sides" }, slider("first"), slider("second"), ...(extra ? [extra] : []));
    const compare = make("input", { type: "checkbox", change: () => {
      chosen.second = compare.checked ? all[0].step : null;
      show();
    } });
    const play = make("button", { type: "button", class: "film", click: () => (film ? stop() : start()) }, say("film_play"));
    const saves = ["mp4", "webp"].map((form) => make("a", { class: "tool", download: "", "data-film": form }, say("film_save", { form: form === "mp4" ? "MP4" : "WebP" })));
    const tools = make("div", { class: "moment-tools" }, play, make("label", {}, compare, " ", say("compare_moments")), ...saves);
    const empty = make("p", { class: "hint" }, say("no_samples"));
    const place = make("section", { class: "moments" }, make("h3", {}, say("samples")), empty, both, tools);

    const indexOf = (step) => (step === null ? all.length - 1 : Math.max(0, all.findIndex((one) => one.step >= step)));

    function stop() {
      clearInterval(film);
      film = null;
      put(play, say("film_play"));
    }

    function start() {
      let at = indexOf(chosen.first) >= all.length - 1 ? 0 : indexOf(chosen.first);
      const next = () => {
        if (!place.isConnected || at >= all.length) { stop(); return; }
        chosen.first = at === all.length - 1 ? null : all[at].step;
        show();
        at += 1;
      };
      film = setInterval(next, PACE);
      put(play, say("film_stop"));
      next();
    }

    function showSide(name) {
      const { caption, input, place: samples, displays, figure } = sides[name];
      figure.hidden = name === "second" && !compare.checked;
      if (figure.hidden) return;
      const at = indexOf(chosen[name]);
      const moment = all[at];
      input.max = all.length - 1;
      input.value = at;
      input.hidden = all.length < 2;
      const where = say(at === all.length - 1 ? "moment_newest" : "moment_at", { step: room.number(moment.step, 9) });
      input.setAttribute("aria-valuetext", where);
      input.style.setProperty("--range_progress", `${all.length > 1 ? (100 * at) / (all.length - 1) : 0}%`);
      put(caption, where);
      moment.files.forEach((file) => {
        displays[file] ||= display(file, forms[file.split(".").pop()] || []);
        if (!displays[file].place.isConnected) samples.append(displays[file].place);
        displays[file].show(run, moment);
      });
    }

    function show() {
      empty.hidden = all.length > 0;
      both.hidden = !all.length;
      tools.hidden = all.length < 2;
      saves.forEach((link) => { link.href = filmOf(run, link.dataset.film); });
      if (!all.length) return;
      ["first", "second"].forEach(showSide);
      onMoved();
    }

    // Another run's samples have other names, and its moments other steps.
    function forget() {
      Object.values(sides).forEach((side) => { side.displays = {}; side.place.replaceChildren(); });
      Object.assign(chosen, { first: null, second: null });
      compare.checked = false;
    }

    function update(name, samples, known) {
      const told = JSON.stringify(samples);
      if (name === run && told === place.dataset.told) return;
      if (name !== run) forget();
      [run, all, forms] = [name, samples, known];
      place.dataset.told = told;
      show();
    }

    // Steps that the curves mark.
    const marks = () => (all.length ? [chosen.first, compare.checked ? chosen.second : null].filter((step) => step !== null) : []);
    const step = () => (all.length ? all[indexOf(chosen.first)].step : null);
    const known = () => chosen.first; // null is the newest
    return { place, update, marks, step, stop, chosen: known };
  }

  return { panel, addressOf, textAt, display };
})();
