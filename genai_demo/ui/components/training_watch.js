// One run as it learns: where it stands, its curves and its samples; whoever started it pauses, steps, resumes and stops it.
const watching = (() => {
  const { AT_WORK } = room;
  let view = null;

  // Who started it, and who has the presenter's key.
  const mine = (run) => room.visitor.presenter || (run.owner && run.owner === room.visitor.me);

  const state = (run) => (run.state === "waiting" && run.place ? say("waiting_place", { place: run.place })
    : run.state === "running" && run.doing === "validating" ? say("doing_validating") : say(`state_${run.state}`));

  function left(run) {
    if (run.left === null || !AT_WORK.includes(run.state)) return "";
    return say("left", { time: room.duration(run.left) });
  }

  const bestOf = (run) => (run.best ? say("best", { figure: curves.nameOf(run.best.figure.replace("validation_", "")), value: room.number(run.best.value) }) : "");

  function build(name, chosen = "") {
    const button = (key, action, more) => make("button", { type: "button", "data-act": action, click: () => act({ action, ...more }) }, say(key));
    const p = {
      kicker: make("p", { class: "kicker" }), title: make("h2", { tabindex: "-1" }), bar: make("progress", { max: 1 }),
      where: make("p", { class: "standing" }), message: make("div", { class: "refusal" }), told: make("div", { class: "told" }),
      losses: curves.chart(say("losses")), figure: curves.chart(say("figure")), sentence: make("p", { class: "newest" }),
      table: make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": say("table") }), command: make("pre", { tabindex: "0", role: "region", "aria-label": say("command"), class: "command" }),
      buttons: { pause: button("pause", "pause"), resume: button("resume", "resume"), step: button("one_step", "step"), stop: button("stop", "stop") },
    };
    const tab = room.root().dataset.tab;
    const select = make("select", { id: `${tab}-train-figure`, change: () => { view.wanted = select.value; drawCurves(); } });
    const slow = make("input", { type: "checkbox", "data-act": "slow", change: () => act({ action: "slow", seconds: slow.checked ? 1 : 0 }) });
    Object.assign(p, { select, slow });
    p.slowly = make("label", {}, slow, " ", say("slow_motion"));
    p.phases = make("span", { class: "phases" });
    p.controls = make("div", { class: "controls", role: "group", "aria-label": say("controls") },
      Object.values(p.buttons), p.phases, p.slowly);
    p.diagnosis = make("div", { class: "diagnosis" });
    p.marks = make("div", { class: "told" });
    p.fields = make("div", { class: "fields-live" });
    p.live = make("details", { class: "more" }, make("summary", {}, say("change_live")), make("p", { class: "hint" }, say("change_live_info")),
      make("form", { submit: (event) => { event.preventDefault(); change(); } }, p.fields, make("button", { type: "submit" }, say("apply"))));
    p.commands = make("div", {});
    p.useHere = make("button", { type: "button", "data-act": "use", click: () => trigger("use", { run: name, step: snapshot() }) });
    p.useAll = make("button", { type: "button", "data-act": "use-all", click: useForAll }, say("use_all"));
    p.keep = make("a", { class: "tool", "data-act": "keep", download: "" });
    p.useTools = make("div", { class: "use-tools" }, p.useHere, p.useAll, p.keep);
    p.useSaid = make("p", { class: "hint", role: "status" });
    p.use = make("details", { class: "more", open: true }, make("summary", {}, say("use_it")), p.useTools, p.useSaid, make("p", { class: "hint" }, say("use_it_info")), p.commands);
    const versus = beside.panel(chosen === name ? "" : chosen, () => { place.dataset.link = link(); poll(); });
    const panel = moments.panel(() => { drawCurves(); if (view?.run) showUse(view.run); }, versus.figure);
    const judged = verdicts.panel();
    const details = make("details", { class: "more" }, make("summary", {}, say("table")), p.table);
    details.addEventListener("toggle", () => drawTable());
    const typed = make("details", { class: "more" }, make("summary", {}, say("command")), p.command);
    const link = () => `?${new URLSearchParams({ tab, page: "train", run: name, ...(versus.name() && { beside: versus.name() }) })}`;
    const place = make("article", { class: "run", "data-link": link(), "data-watched": "yes" },
      make("header", {}, p.kicker, p.title), p.bar, p.where, p.controls, p.live, p.message, p.diagnosis, p.told,
      make("div", { class: "both" }, p.losses.place,
        make("div", { class: "chosen-figure" }, make("label", { for: select.id, class: "for-screen-readers" }, say("figure_choice")), select, p.figure.place)),
      versus.place, p.sentence, judged.place, p.marks, panel.place, details, typed, p.use);
    view = { name, place, p, panel, judged, versus, details, typed, rows: [], verdicts: [], next: "", wanted: "", run: null };
    return place;
  }

  async function act(what) {
    const { name, p } = view;
    try {
      await room.ask("control", { name, ...what });
      if (view?.name === name) p.message.replaceChildren();
      await poll();
    } catch (error) {
      if (view?.name === name) p.message.replaceChildren(make("p", { class: "notice", role: "alert" }, error.message));
    }
  }

  // Sends only what was typed anew.
  function change() {
    const typed = [...view.p.fields.querySelectorAll("input")].filter((field) => field.value.trim() !== field.dataset.before);
    if (typed.length) act({ action: "change", values: Object.fromEntries(typed.map((field) => [field.name, field.value.trim()])) });
  }

  function showLive(run) {
    const { p } = view;
    p.live.hidden = p.controls.hidden || !run.live.length || !["running", "paused"].includes(run.state);
    const told = JSON.stringify(run.live);
    if (p.fields.dataset.told === told) return;
    p.fields.dataset.told = told;
    p.fields.replaceChildren(...run.live.map((one) => {
      const id = `${room.root().dataset.tab}-live-${one.name}`;
      const value = String(Number(one.value.toPrecision(4)));
      return make("div", { class: "setting" }, make("label", { for: id, class: "name" }, one.label),
        make("input", { type: "text", inputmode: "decimal", id, name: one.name, value, "data-before": value }));
    }));
  }

  function showDiagnosis(run) {
    const { p } = view;
    const told = JSON.stringify(run.diagnosis);
    if (p.diagnosis.dataset.told === told) return;
    p.diagnosis.dataset.told = told;
    p.diagnosis.replaceChildren(...(run.diagnosis.length ? [make("h3", {}, say("diagnosis"))] : []), ...run.diagnosis.map((one) => (
      make("div", { class: "notice" }, one.told.map((line) => make("p", {}, line)),
        run.known && make("button", { type: "button", click: () => choice.like(run.name, one.change).catch(() => {}) }, say("try_it"))))));
  }

  const keysOf = () => curves.figuresOf(view.rows);
  const losses = () => keysOf().filter(curves.isLoss);

  function drawCurves() {
    if (!view?.run) return;
    const { p, rows, run, panel, judged, versus } = view;
    const others = keysOf().filter((key) => !losses().includes(key) || key === run.figure);
    const usual = run.figure || others.find((key) => key.startsWith("validation_")) || others[0] || "";
    const wanted = others.includes(view.wanted) ? view.wanted : usual;
    const told = others.join();
    if (p.select.dataset.told !== told + room.language()) {
      p.select.dataset.told = told + room.language();
      p.select.replaceChildren(...others.map((key) => make("option", { value: key, selected: key === wanted }, curves.nameOf(key))));
    }
    const marks = [...panel.marks(), ...run.marks.map((mark) => mark.step)];
    p.losses.draw(rows, losses().slice(0, 4), marks);
    const other = versus.show(run, wanted);
    p.figure.draw(rows, wanted ? [wanted] : [], marks, other);
    judged.draw(view.verdicts, panel.step());
    p.losses.place.hidden = !losses().length;
    p.figure.place.parentElement.hidden = !wanted;
    put(p.sentence, curves.sentence(rows, [...losses().slice(0, 4), ...(wanted && !losses().includes(wanted) ? [wanted] : [])], other, wanted));
    if (view.details.open) drawTable();
  }

  // The snapshot of the moment that the time machine shows; none means the best one.
  function snapshot() {
    const step = view.panel.chosen();
    return step !== null && view.run?.snapshots.includes(step) ? step : null;
  }

  function showUse(run) {
    const { p } = view;
    const usable = "usable" in room.root().dataset && run.use.length > 1;
    const step = snapshot();
    const told = { step: room.number(step ?? run.best?.step ?? run.snapshots.at(-1), 9) };
    p.useHere.hidden = !usable;
    p.useAll.hidden = !usable || !room.visitor.presenter;
    put(p.useHere, say(step === null ? "use_best" : "use_step", told));
    put(p.keep, say(step === null ? "keep_best" : "keep_step", told));
    p.keep.href = `training/checkpoint?${new URLSearchParams({ name: view.name, ...(step !== null && { step }) })}`;
  }

  async function useForAll() {
    const { p, name } = view;
    try {
      await room.ask("use", { modality: room.root().dataset.modality, name, step: snapshot() });
      put(p.useSaid, say("used_by_all"));
      genaiDemo.widget(`${room.root().dataset.tab}-in-use`)?.look();
    } catch (error) { put(p.useSaid, error.message); }
  }

  function drawTable() {
    const keys = keysOf();
    const told = JSON.stringify([view.rows.length, view.rows.at(-1)]);
    if (!view.details.open || view.p.table.dataset.told === told) return;
    view.p.table.dataset.told = told;
    view.p.table.replaceChildren(curves.table(view.rows, keys));
  }

  function show(run) {
    const { p } = view;
    view.run = run;
    room.root().watched = () => [view?.name || "", room.token(), room.presenter.get()]; // for what Gradio's buttons do with it
    put(p.kicker, [run.label, state(run)].join(" · "));
    put(p.title, run.title);
    p.bar.hidden = run.state === "waiting";
    p.bar.value = run.fraction;
    p.bar.setAttribute("aria-label", say("done_share", { share: Math.round(run.fraction * 100) }));
    const facts = [say("at_step", { step: room.number(run.step, 9) }), say("trained", { time: room.duration(run.seconds) }), left(run),
      run.speed && run.state === "running" ? say("speed", { speed: room.number(run.speed, 3) }) : "",
      run.device ? say("device", { device: run.device }) : "", run.memory ? say("memory", { memory: room.number(run.memory, 3) }) : "", bestOf(run)];
    put(p.where, facts.filter(Boolean).join(" · "));
    p.controls.hidden = !mine(run) || !run.known;
    p.buttons.pause.hidden = run.state !== "running";
    p.buttons.resume.hidden = !["paused", "stopped", "failed", "lost"].includes(run.state);
    p.buttons.step.hidden = !["running", "paused"].includes(run.state);
    p.buttons.stop.hidden = !["waiting", ...AT_WORK].includes(run.state);
    p.slowly.hidden = !["running", "paused"].includes(run.state);
    const phases = run.phases.length > 1 && run.state === "paused" ? run.phases : [];
    if (p.phases.dataset.told !== phases.join()) {
      p.phases.dataset.told = phases.join();
      p.phases.replaceChildren(...phases.map((phase) => make("button", { type: "button", click: () => act({ action: "step", phase }) },
        say("only_phase", { phase: room.has(`phase_${phase}`) ? say(`phase_${phase}`) : phase }))));
    }
    const said = JSON.stringify([run.message, run.items]);
    if (p.told.dataset.told !== said) {
      p.told.dataset.told = said;
      p.told.replaceChildren(...(run.message ? [make("p", { class: "notice" }, run.message)] : []), ...run.items.map((line) => make("p", { class: "hint" }, line)));
    }
    showLive(run);
    showDiagnosis(run);
    const done = run.marks.map((mark) => mark.told).join("\n");
    if (p.marks.dataset.told !== done) {
      p.marks.dataset.told = done;
      p.marks.replaceChildren(...(done ? [make("h3", {}, say("marks"))] : []), ...run.marks.slice(-8).map((mark) => make("p", { class: "hint" }, mark.told)));
    }
    p.use.hidden = !run.use.length;
    showUse(run);
    if (p.commands.dataset.told !== run.use.join()) {
      p.commands.dataset.told = run.use.join();
      p.commands.replaceChildren(...run.use.map((command) => make("pre", { tabindex: "0", role: "region", "aria-label": say("use_it"), class: "command" }, command)));
    }
    view.typed.hidden = !run.command;
    put(p.command, run.command);
    view.panel.update(run.name, run.samples, run.forms);
    drawCurves();
  }

  async function poll() {
    if (!view) return;
    const mineNow = view;
    try {
      const [run] = await Promise.all([room.readOn(mineNow), mineNow.versus.poll()]);
      if (view !== mineNow) return;
      if (run.gone) {
        mineNow.gone = true;
        mineNow.p.message.replaceChildren(make("p", { class: "notice" }, run.gone));
        return;
      }
      mineNow.gone = false;
      show(run);
    } catch (error) {
      if (view !== mineNow || !error.status) return; // a connection that is lost comes again
      mineNow.p.message.replaceChildren(make("p", { class: "notice" }, error.message));
    }
  }

  function close() {
    view?.panel.stop();
    view = null;
  }

  const isOver = () => Boolean(!view?.versus.isAlive() && (view?.gone || (view?.run && !["waiting", ...AT_WORK].includes(view.run.state))));
  return { build, poll, close, mine, state, left, bestOf, isOver, name: () => view?.name, beside: () => view?.versus.name() || "", focus: () => view?.p.title.focus() };
})();
