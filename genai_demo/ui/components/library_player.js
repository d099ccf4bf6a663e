// Plays pieces, one at a time, and tells where in them the sound is.
const player = (() => {
  const MOST_KEPT = 12;
  const sounds = new Map();
  const audio = new Audio();
  // Browsers without Vorbis in Ogg get MP3.
  const kind = audio.canPlayType('audio/ogg; codecs="vorbis"') ? "ogg" : "mp3";
  const KEPT = "genai_demo_player";
  const settings = { volume: 100, speed: 1, loop: false, at_once: false };
  let host = null;
  let current = null;
  let wanted = null;

  // Keeps the newest values of a cache.
  function keep(cache, key, value) {
    cache.delete(key);
    cache.set(key, value);
    if (cache.size <= MOST_KEPT) return;
    const [oldest, kept] = cache.entries().next().value;
    cache.delete(oldest);
    if (kept.startsWith("blob:")) URL.revokeObjectURL(kept);
  }

  const endOf = ({ bars }) => bars[bars.length - 1];

  function tickAt({ times }, second) {
    let place = 0;
    while (place + 1 < times.length && times[place + 1][1] <= second) place += 1;
    const [tick, at] = times[place];
    const next = times[place + 1];
    return next ? tick + ((second - at) / (next[1] - at)) * (next[0] - tick) : tick;
  }

  function secondAt({ times }, tick) {
    let place = 0;
    while (place + 2 < times.length && times[place + 1][0] <= tick) place += 1;
    const [from, at] = times[place];
    const [to, then] = times[place + 1];
    return at + ((tick - from) / (to - from)) * (then - at);
  }

  function stop() {
    audio.pause();
    if (!current) return;
    const view = current;
    current = null;
    view.playing = false;
    if (view.article.isConnected) host.show(view);
  }

  async function begin(view) {
    if (current && current !== view) stop();
    const { key } = view.music;
    wanted = view;
    if (!sounds.has(key)) {
      host.ask(view, kind);
      host.show(view);
      return;
    }
    wanted = null;
    if (audio.dataset.key !== key) {
      audio.src = sounds.get(key);
      audio.dataset.key = key;
    }
    current = view;
    if (view.tick >= endOf(view.music) - 2) view.tick = 0;
    audio.currentTime = secondAt(view.music, view.tick);
    try {
      await audio.play();
      if (current !== view) return;
      view.playing = true;
      requestAnimationFrame(frame);
    } catch {
      view.playing = false; // the browser wants a click first: the button is there
    }
    host.show(view);
  }

  function frame() {
    const view = current;
    if (!view || !view.playing) return;
    if (audio.ended || !view.article.isConnected) {
      Object.assign(view, { tick: 0, offset: 0 });
      stop();
      return;
    }
    if (!audio.seeking) view.tick = Math.min(tickAt(view.music, audio.currentTime), endOf(view.music));
    host.move(view);
    requestAnimationFrame(frame);
  }

  function toggle(view) {
    if (view.playing) stop();
    else if (wanted === view) { wanted = null; host.show(view); } else begin(view);
  }

  // Goes on from where the view is now.
  function seek(view) {
    if (current === view) audio.currentTime = secondAt(view.music, view.tick);
  }

  // Takes a sound that was asked for; none if that was refused, which is said above the desk.
  function take(parcel) {
    const view = wanted;
    if (!parcel) {
      wanted = null;
      if (view) host.show(view);
      return "";
    }
    const { key, kind: type, content } = JSON.parse(parcel);
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    keep(sounds, key, URL.createObjectURL(new Blob([bytes], { type })));
    if (view && view.music.key === key && view.article.isConnected) begin(view);
    return "";
  }

  // Browsers that block storage throw: the next visit then begins as the first one.
  function remembered() {
    try {
      const found = JSON.parse(localStorage.getItem(KEPT)) || {};
      Object.keys(settings).forEach((name) => { if (typeof found[name] === typeof settings[name]) settings[name] = found[name]; });
    } catch { /* as they are */ }
    settings.volume = Math.min(Math.max(0, settings.volume), 100);
    settings.speed = Math.min(Math.max(0.5, settings.speed), 1.5);
  }

  // What a visitor sets holds for all pieces, and for the next visit.
  function set(name, value) {
    settings[name] = value;
    try { localStorage.setItem(KEPT, JSON.stringify(settings)); } catch { /* forgotten at the end of the visit */ }
    apply();
    document.querySelectorAll("#music-page article.work").forEach(showSettings);
  }

  function apply() {
    audio.volume = settings.volume / 100;
    audio.loop = settings.loop;
    audio.preservesPitch = true;
    audio.defaultPlaybackRate = audio.playbackRate = settings.speed;
  }

  function showSettings(article) {
    article.querySelectorAll("[data-player]").forEach((control) => {
      const value = settings[control.dataset.player];
      if (control.matches("button")) control.setAttribute("aria-pressed", String(value));
      else {
        if (document.activeElement !== control) control.value = value;
        const { min, max } = control;
        control.style.setProperty("--done", `${(100 * (value - min)) / (max - min)}%`);
        const said = control.dataset.player === "speed" ? `${value} ×` : `${value} %`;
        control.setAttribute("aria-valuetext", said);
        control.nextElementSibling.textContent = said;
      }
    });
  }

  // `given`: ask for a sound, show a view anew, or move it along.
  function connect(given) {
    host = given;
    audio.hidden = true;
    remembered();
    apply();
    document.body.append(audio);
  }

  return {
    connect, kind, set, showSettings, atOnce: () => settings.at_once, begin, stop, toggle, seek, take, keep, tickAt, secondAt,
    plays: (view) => current === view, awaits: (view) => wanted === view,
  };
})();
