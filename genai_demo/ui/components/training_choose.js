// The form: family, data, where to start from, a preset, and, folded away, every setting; and the command that it is.
const choice = (() => {
  const KEPT = "genai_demo_training_form";
  const GROUPS = ["mistakes", "engine", "training", "network"];
  const MOST_TOLD = 5000; // limits beyond this are for the server to tell
  const HUB = "hub:";
  const CALM = 350; // milliseconds after the last change until the command is asked for
  let offer = null;
  let form = null;
  let parts = {};
  let timer = null;
  let asked = 0;

  const familyOf = () => offer.families.find((one) => one.name === form.family) || offer.families[0];
  const fields = () => (form.start ? familyOf().refining : familyOf().fields);

  function keep() {
    try { sessionStorage.setItem(`${KEPT}_${room.root().dataset.modality}`, JSON.stringify(form)); } catch { /* a reload forgets it */ }
  }

  function kept() {
    try { return JSON.parse(sessionStorage.getItem(`${KEPT}_${room.root().dataset.modality}`)); } catch { return null; }
  }

  const presetValues = (name) => ({ ...familyOf().presets.find((one) => one.name === name)?.values });

  function begin(family) {
    const before = form || {};
    const known = offer.families.find((one) => one.name === family);
    const dataThere = before.picked && (before.upload || known.data.some((one) => one.name === before.data) || /^(run|hub):/.test(before.data));
    form = { family, preset: known.presets[0].name, data: dataThere ? before.data : known.data[0]?.name || "",
      picked: dataThere, upload: before.upload || "", told: before.told || [], example: before.example || {}, start: "", title: "", values: {} };
    form.values = presetValues(form.preset);
  }

  // What a radio button looks like, in a row of them.
  function radio(name, value, label, checked, change) {
    const id = `${element.id || room.root().dataset.tab}-${name}-${value.replace(/\W+/g, "-") || "none"}`;
    return make("label", { class: "choice", for: id },
      make("input", { type: "radio", name: `${room.root().dataset.tab}-${name}`, id, value, checked, change }), make("span", {}, label));
  }

  function row(key, options, chosen, change, ...more) {
    const hint = options.find((one) => one.name === chosen)?.info;
    return make("fieldset", { class: "row", "data-row": key }, make("legend", {}, say(key)),
      make("div", { class: "choices" }, options.map((one) => radio(key, one.name, one.label, one.name === chosen, () => change(one.name)))),
      hint ? make("p", { class: "hint" }, hint) : undefined, ...more);
  }

  // ---- data

  function takeFile(file) {
    if (!file) return;
    if (file.size > offer.most) { refuse(say("too_large", { file: file.name, most: room.number(offer.most / 1e6) })); return; }
    put(parts.told, say("reading", { file: file.name }));
    const where = new URLSearchParams({ modality: room.root().dataset.modality, name: file.name });
    room.ask(`upload?${where}`, file).then((known) => {
      Object.assign(form, { upload: known.id, data: "", picked: true, told: known.told, example: known.example });
      refuse("");
      draw();
      parts.upload.focus();
    }).catch((error) => { put(parts.told, ""); refuse(error.message); });
  }

  // A data set of the hub is named by its id.
  function hub() {
    const id = `${room.root().dataset.tab}-train-hub`;
    const input = make("input", { type: "text", id, maxlength: 200, placeholder: say("hub_placeholder"), value: form.data.slice(HUB.length), spellcheck: "false",
      "aria-describedby": `${id}-info`, input: () => { form.data = HUB + input.value.trim(); changed(); } });
    return [make("label", { for: id, class: "name" }, say("hub_id")), input, make("p", { class: "hint", id: `${id}-info` }, offer.hub)];
  }

  // What is in the file, to see that it was read as it is meant.
  function example() {
    const { text, picture } = form.example || {};
    if (picture) return make("img", { class: "example", src: picture, alt: say("upload_example", { file: form.upload.split("/").pop() }) });
    return text ? make("pre", { class: "example", tabindex: "0", role: "region", "aria-label": say("upload_example", { file: form.upload.split("/").pop() }) }, text) : undefined;
  }

  function data(known) {
    const earlier = form.data?.startsWith("run:") ? [{ name: form.data, label: say("data_of_run", { name: form.data.slice(4) }) }] : [];
    const options = [...known.data, ...earlier];
    const onHub = form.data?.startsWith(HUB) && !form.upload;
    if (offer.hub || onHub) options.push({ name: HUB, label: say("hub") });
    if (form.upload) options.push({ name: "upload", label: form.upload.split("/").pop() });
    const chosen = form.upload && !form.data ? "upload" : onHub ? HUB : form.data;
    const input = make("input", { type: "file", accept: offer.accept, hidden: true, change: () => { takeFile(input.files[0]); input.value = ""; } });
    parts.upload = make("button", { type: "button", "data-do": "upload", click: () => input.click() }, say("upload"));
    parts.told = make("div", { class: "told", role: "status" }, ...(chosen === "upload" ? [form.told.map((line) => make("p", {}, line)), example()] : []));
    const place = make("div", { class: "upload" }, input, parts.upload,
      make("p", { class: "hint" }, say("upload_info", { kinds: offer.accept.replaceAll(",", ", "), most: room.number(offer.most / 1e6) })), parts.told);
    place.addEventListener("drop", (event) => { if (event.dataTransfer.files.length) takeFile(event.dataTransfer.files[0]); });
    return row("data", options, chosen, (name) => {
      Object.assign(form, { data: name === "upload" ? "" : name, picked: true });
      draw("data");
    }, ...(onHub ? hub() : []), place);
  }

  function start(known) {
    if (known.starts.length < 2) return undefined;
    const id = `${room.root().dataset.tab}-train-start`;
    const select = make("select", { id, change: () => {
      form.start = select.value;
      form.values = Object.fromEntries(Object.entries(form.values).filter(([name]) => fields().some((one) => one.name === name)));
      if (!form.start) form.values = { ...presetValues(form.preset), ...form.values };
      draw();
      room.root().querySelector(`#${id}`)?.focus();
    } }, known.starts.map((one) => make("option", { value: one.value, selected: one.value === form.start }, one.label)));
    return make("div", { class: "row" }, make("label", { for: id, class: "name" }, say("start_from")), select);
  }

  // ---- settings

  const shownValue = (field) => form.values[field.name] ?? field.default ?? "";

  function control(field, id) {
    const change = (value) => { form.values[field.name] = value; changed(); };
    const info = `${id}-info`;
    const common = { id, name: field.name, "aria-describedby": field.info && info };
    if (field.kind === "switch") {
      const box = make("input", { ...common, type: "checkbox", checked: String(shownValue(field)) === "true", change: () => change(box.checked) });
      return box;
    }
    if (field.kind === "choice") {
      const select = make("select", { ...common, change: () => change(select.value) },
        field.choices.map((one) => make("option", { value: one, selected: one === shownValue(field) }, one)));
      return select;
    }
    const input = make("input", { ...common, type: "text", inputmode: field.kind === "several" ? "text" : "decimal",
      value: String(shownValue(field)), input: () => change(input.value.trim()) });
    return input;
  }

  function setting(field) {
    const id = `${room.root().dataset.tab}-train-${field.name.replace(/\W/g, "-")}`;
    const telling = "low" in field && field.high <= MOST_TOLD && (!field.low || field.low >= 1 / MOST_TOLD);
    const range = telling ? say("range", { low: room.number(field.low), high: room.number(field.high) }) : "";
    return make("div", { class: `setting ${field.kind}` }, make("label", { for: id, class: "name" }, field.label), control(field, id),
      make("p", { class: "hint", id: `${id}-info` }, [field.info, range].filter(Boolean).join(" ")));
  }

  function more() {
    const open = parts.more?.open;
    parts.more = make("details", { class: "more", open }, make("summary", {}, say("more")),
      GROUPS.map((group) => {
        const those = fields().filter((one) => one.group === group);
        return those.length ? make("fieldset", {}, make("legend", {}, say(`group_${group}`)), those.map(setting)) : undefined;
      }));
    return parts.more;
  }

  // ---- the whole

  const chosen = () => ({ ...form, modality: room.root().dataset.modality });

  function refuse(sentence) {
    parts.notice.replaceChildren(...(sentence ? [make("p", { class: "notice", role: "alert" }, sentence)] : []));
  }

  // Asks for the command a moment after the last change; it says at once what is not allowed.
  function changed() {
    keep();
    clearTimeout(timer);
    parts.go.disabled = true;
    if (!form.upload && !form.data) return; // there is nothing to learn from yet
    timer = setTimeout(async () => {
      asked += 1;
      const mine = asked;
      try {
        const { command, refused } = await room.ask("command", chosen());
        if (mine !== asked) return;
        put(parts.command, command || "");
        refuse(refused);
        parts.go.disabled = Boolean(refused);
      } catch (error) {
        if (mine !== asked) return;
        put(parts.command, "");
        refuse(error.message);
        parts.go.disabled = true;
      }
      parts.typed.hidden = !parts.command.textContent;
    }, CALM);
  }

  async function go() {
    parts.go.disabled = true;
    try {
      const made = await room.ask("start", chosen());
      refuse("");
      choice.started(made.name);
    } catch (error) {
      refuse(error.message);
    }
    parts.go.disabled = false;
  }

  function draw(focus = "") {
    const known = familyOf();
    parts.notice ||= make("div", { class: "refusal" });
    parts.command = make("pre", { tabindex: "0", role: "region", "aria-label": say("command"), class: "command" }, parts.command?.textContent || "");
    parts.typed = make("div", { class: "typed", hidden: !parts.command.textContent }, make("p", { class: "name" }, say("command")), parts.command);
    parts.go = make("button", { type: "button", class: "go", "data-do": "start", disabled: true, click: go }, say("go"));
    const title = make("input", { type: "text", id: `${room.root().dataset.tab}-train-title`, maxlength: 80, value: form.title,
      placeholder: say("title_placeholder"), input: () => { form.title = title.value; keep(); } });
    parts.place.replaceChildren(
      row("family", offer.families, form.family, (name) => { begin(name); draw("family"); },
        known.lesson && make("a", { class: "hint", href: known.lesson, target: "_blank" }, say("lesson"))),
      ...[data(known), start(known)].filter(Boolean),
      row("preset", known.presets, form.preset, (name) => {
        form.preset = name;
        const values = presetValues(name);
        form.values = Object.fromEntries(Object.entries(values).filter(([one]) => fields().some((field) => field.name === one)));
        draw("preset");
      }),
      make("div", { class: "row" }, make("label", { for: title.id, class: "name" }, say("title")), title),
      more(), parts.typed, parts.notice, make("div", { class: "go-row" }, parts.go, make("p", { class: "hint" }, say("seen_by_all"))),
    );
    if (focus) parts.place.querySelector(`[data-row=${focus}] input:checked`)?.focus();
    changed();
  }

  function build(place, known) {
    offer = known;
    parts = { place };
    const before = form || kept();
    form = null;
    const there = before && offer.families.some((one) => one.name === before.family);
    if (there) form = before; else begin(offer.families[0].name);
    draw();
  }

  // Fills the form with what another run was started with.
  async function like(name, changes = {}) {
    const other = await room.ask(`options?${new URLSearchParams({ name })}`);
    begin(other.family);
    Object.assign(form, { data: other.data, upload: "", told: [], example: {}, title: "", values: { ...form.values, ...other.values, ...changes } });
    draw();
    parts.place.querySelector("[data-row=family] input:checked")?.focus();
    parts.place.scrollIntoView({ block: "start" });
  }

  // Fills the form with a family and some of its settings; what it does not know is left out.
  function take(family, wanted) {
    if (!offer.families.some((one) => one.name === family)) return;
    begin(family);
    const known = fields().filter((one) => one.name in wanted);
    form.values = { ...form.values, ...Object.fromEntries(known.map((one) => [one.name, wanted[one.name]])) };
    form.picked = true;
    draw();
    if (known.length) parts.more.open = true;
    const first = known[0] && parts.place.querySelector(`[name="${CSS.escape(known[0].name)}"]`);
    (first || parts.place.querySelector("[data-row=family] input:checked")).focus();
  }

  return { build, like, take, started: () => {} };
})();
