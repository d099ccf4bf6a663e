// All runs of the tab: a picture, where each stands, its best figure; whoever started one renames, stops, deletes it.
const list = (() => {
  const place = make("ul", { class: "runs" });
  const notice = make("div", { class: "refusal", role: "status" });
  const shown = new Map();
  let renaming = "";

  async function act(what) {
    try {
      const done = await room.ask("control", what);
      notice.replaceChildren();
      if (done.ticket) {
        if (watching.name() === what.name) list.open("");
        offerUndo(what.title, done.ticket);
      }
      return done;
    } catch (error) {
      notice.replaceChildren(make("p", { class: "notice" }, error.message));
      return null;
    } finally {
      list.changed();
    }
  }

  function offerUndo(title, ticket) {
    const undo = make("button", { type: "button", "data-act": "undo", click: async () => {
      if (await act({ action: "undo", ticket })) notice.replaceChildren();
    } }, say("undo"));
    notice.replaceChildren(make("p", { class: "deleted" }, say("deleted", { title }), " ", undo));
    undo.focus();
  }

  function rename(run, item) {
    renaming = run.name;
    const field = make("input", { type: "text", maxlength: 80, value: run.title, "aria-label": say("rename", { title: run.title }) });
    const done = async (save) => {
      renaming = "";
      if (save && field.value.trim()) await act({ action: "rename", name: run.name, title: field.value.trim() });
      form.remove();
      item.tools.rename.focus();
    };
    const form = make("form", { class: "rename", submit: (event) => { event.preventDefault(); done(true); } }, field,
      make("button", { type: "submit" }, say("save")), make("button", { type: "button", click: () => done(false) }, say("cancel")));
    form.addEventListener("keydown", (event) => { if (event.key === "Escape") done(false); });
    item.node.append(form);
    field.focus();
    field.select();
  }

  function thumbnail(run, item) {
    const { sample } = run;
    const told = sample ? `${sample.step}-${sample.version}` : "";
    if (item.picture.dataset.told === told) return;
    item.picture.dataset.told = told;
    const file = sample?.files.find((one) => !one.endsWith(".txt")) || sample?.files[0];
    if (!file) { item.picture.replaceChildren(); return; }
    if (file.endsWith(".txt")) {
      const words = make("span", { class: "words", lang: "en" });
      moments.textAt(moments.addressOf(run.name, sample, file), (text) => put(words, text.replace(/\s+/g, " ").slice(0, 90)));
      item.picture.replaceChildren(words);
    } else {
      const as = file.endsWith(".mid") ? "png" : "";
      item.picture.replaceChildren(make("img", { alt: "", src: moments.addressOf(run.name, sample, file, as) }));
    }
  }

  function item(run) {
    const picture = make("span", { class: "thumb", "aria-hidden": "true" });
    const title = make("span", { class: "title" });
    const state = make("span", { class: "state" });
    const facts = make("span", { class: "facts" });
    const bar = make("progress", { max: 1, "aria-hidden": "true" });
    const open = make("button", { type: "button", class: "open", click: () => list.open(run.name) }, picture, make("span", { class: "lines" }, title, state, facts, bar));
    const made = { picture, title, state, facts, bar, open, run };
    const tool = (key, click) => make("button", { type: "button", "data-act": key, click }, say(key));
    made.tools = {
      rename: tool("rename_short", () => rename(made.run, made)), again: tool("duplicate", () => choice.like(run.name).catch((error) => {
        notice.replaceChildren(make("p", { class: "notice" }, error.message));
      })),
      stop: tool("stop", () => act({ action: "stop", name: run.name })),
      remove: tool("delete", () => act({ action: "delete", name: run.name, title: made.run.title })),
      save: make("a", { href: `training/export?${new URLSearchParams({ name: run.name })}`, download: `${run.name}.zip`, class: "tool" }, say("export")),
    };
    made.node = make("li", {}, open, make("div", { class: "tools" }, Object.values(made.tools)));
    return made;
  }

  function draw(runs) {
    const known = new Set(runs.map((run) => run.name));
    [...shown].filter(([name]) => !known.has(name)).forEach(([name, old]) => { old.node.remove(); shown.delete(name); });
    runs.forEach((run, at) => {
      if (!shown.has(run.name)) shown.set(run.name, item(run));
      const it = shown.get(run.name);
      it.run = run;
      put(it.title, run.title);
      put(it.state, [run.label, watching.state(run), watching.left(run)].filter(Boolean).join(" · "));
      put(it.facts, [run.data, watching.bestOf(run)].filter(Boolean).join(" · "));
      it.bar.value = run.fraction;
      it.bar.hidden = !["preparing", "running", "paused"].includes(run.state);
      it.open.setAttribute("aria-current", String(run.name === watching.name()));
      const own = watching.mine(run);
      const live = ["waiting", "preparing", "running", "paused"].includes(run.state);
      it.tools.rename.hidden = !own;
      it.tools.stop.hidden = !own || !live;
      it.tools.remove.hidden = !own || (live && run.state !== "waiting");
      it.tools.again.hidden = !run.known;
      it.tools.save.hidden = run.state === "waiting" || !run.sample;
      [it.tools.again, it.tools.save, it.tools.rename, it.tools.stop, it.tools.remove].forEach((one) => {
        one.setAttribute("aria-label", say("of_run", { what: one.textContent, title: run.title }));
      });
      thumbnail(run, it);
      if (place.children[at] !== it.node && !renaming) place.insertBefore(it.node, place.children[at] || null);
    });
  }

  function clear() {
    shown.clear();
    place.replaceChildren();
    notice.replaceChildren();
  }

  return { place, notice, draw, clear, open: () => {}, changed: () => {} };
})();
