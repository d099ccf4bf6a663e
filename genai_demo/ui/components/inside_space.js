// Where a face lies: between three others, on a map of a thousand, and how near the encoder finds it to itself.
const STEP = 0.05; // of the plane's side, by a key
const ZOOMS = [1, 1.5, 2, 3, 4, 6];
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
const inside = (value, low, high) => Math.min(high, Math.max(low, value));

function drawPlane(told, said) {
  const point = [0, 0];
  const seen = { since: 0, count: 0 };
  const dot = made("i", { className: "dot" });
  const field = made("div", { className: "inside-field", tabIndex: 0 }, image(told.mosaic), dot);
  const shown = figure(told.picture, "", said.plane_picture);
  shown.className = "inside-large";
  const speed = line("", "hint");
  field.setAttribute("role", "application");
  field.setAttribute("aria-label", said.plane_label);
  field.dataset.focus = "plane";
  const tell = () => {
    const [across, down] = point.map((value) => Math.round(100 * value));
    dot.style.left = `${across}%`;
    dot.style.top = `${down}%`;
    shown.querySelector("figcaption").textContent = fill(said.plane_place, { across, down });
  };
  const go = (across, down) => {
    [point[0], point[1]] = [inside(across, 0, 1), inside(down, 0, 1)];
    tell();
    play({ across: point[0], down: point[1], turn: told.turn }, ({ picture }) => {
      shown.querySelector("img").src = picture;
      const now = performance.now();
      if (now - seen.since > 1500) Object.assign(seen, { since: now, count: 0 });
      seen.count += 1;
      if (seen.count > 5) speed.textContent = fill(said.plane_speed, { speed: Math.round((1000 * (seen.count - 1)) / (now - seen.since)) });
    });
  };
  const at = (event) => {
    const box = field.getBoundingClientRect();
    go((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  field.addEventListener("pointerdown", (event) => { field.setPointerCapture(event.pointerId); at(event); });
  field.addEventListener("pointermove", (event) => { if (field.hasPointerCapture(event.pointerId)) at(event); });
  field.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const step = event.shiftKey ? 4 * STEP : STEP;
    go(point[0] + step * arrow[0], point[1] + step * arrow[1]);
  });
  const others = made("button", { type: "button", className: "quiet" }, said.other_three);
  others.addEventListener("click", () => turn(1));
  tell();
  return [line(said.plane_intro), made("div", { className: "inside-pair" }, field, shown), made("p", {}, others), speed];
}

function drawMap(told, said) {
  let [zoom, cell] = [0, Math.max(0, told.own)];
  const sheet = made("div", { className: "inside-sheet" }, image(told.sprite));
  const frame = made("i", { className: "frame-of-cell" });
  sheet.append(frame);
  const view = made("div", { className: "inside-view", tabIndex: 0 }, sheet);
  view.setAttribute("role", "application");
  view.setAttribute("aria-label", said.map_label);
  view.dataset.focus = "map";
  const status = made("p", { className: "hint", role: "status" });
  const share = 100 / told.across;
  const mark = (scrolling) => {
    const [column, row] = [cell % told.across, Math.floor(cell / told.across)];
    Object.assign(frame.style, { left: `${column * share}%`, top: `${row * share}%`, width: `${share}%`, height: `${share}%` });
    const [seed, index] = told.cells[cell];
    status.textContent = fill(said.map_cell, { row: row + 1, column: column + 1, seed, number: index + 1 });
    if (!scrolling) return;
    const side = sheet.clientWidth / told.across;
    view.scrollTo((column + 0.5) * side - view.clientWidth / 2, (row + 0.5) * side - view.clientHeight / 2);
  };
  const enlarge = (by) => {
    zoom = inside(zoom + by, 0, ZOOMS.length - 1);
    sheet.style.width = `${100 * ZOOMS[zoom]}%`;
    mark(true);
  };
  const pick = () => {
    const [seed, index] = told.cells[cell];
    const face = { model: told.model, seed, index, variety: "1.0", age: "0.0", woman: "-1.0", smile: "-1.0" };
    genaiDemo.address.go(`?${new URLSearchParams({ tab: "faces", page: "face", ...face })}`, true);
  };
  sheet.addEventListener("click", (event) => {
    const box = sheet.getBoundingClientRect();
    const [column, row] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
      .map((value) => inside(Math.floor(value * told.across), 0, told.across - 1));
    cell = row * told.across + column;
    mark(false);
    pick();
  });
  view.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (event.key === "Enter") pick();
    else if (event.key === "+" || event.key === "-") enlarge(event.key === "+" ? 1 : -1);
    else if (!arrow) return;
    else {
      const [column, row] = [inside((cell % told.across) + arrow[0], 0, told.across - 1), inside(Math.floor(cell / told.across) + arrow[1], 0, told.across - 1)];
      cell = row * told.across + column;
      mark(true);
    }
    event.preventDefault();
  });
  const tools = [["map_in", 1], ["map_out", -1]].map(([name, by]) => {
    const button = made("button", { type: "button", className: "quiet" }, said[name]);
    button.addEventListener("click", () => enlarge(by));
    return button;
  });
  if (told.own < 0) frame.hidden = true;
  view.addEventListener("focus", () => { frame.hidden = false; });
  mark(false);
  return [line(said.map_intro), made("p", { className: "inside-tools" }, ...tools), view, status];
}

// Darker for likelier; what is below nothing is as light as what is nothing.
const shade = (value) => `color-mix(in srgb, var(--sure) ${Math.round(80 * inside(value, 0, 1))}%, transparent)`;

function matrix(told, said) {
  const count = told.matrix.length;
  const top = made("tr", {}, made("td"), ...told.views[1].map((src, at) => made("th", { scope: "col" }, image(src, fill(said.pairs_column, { number: at + 1 })))));
  const rows = told.matrix.map((values, row) => made("tr", {}, made("th", { scope: "row" }, image(told.views[0][row], fill(said.pairs_row, { number: row + 1 }))),
    ...values.map((value, column) => {
      const one = made("td", { className: row === column ? "pair" : "" }, number(value));
      one.style.background = shade(value);
      return one;
    })));
  const mean = (of) => of.reduce((sum, one) => sum + one, 0) / of.length;
  const pairs = told.matrix.map((values, row) => values[row]);
  const strangers = told.matrix.flatMap((values, row) => values.filter((_, column) => column !== row));
  const summary = joined(fill(said.pairs_mean, { value: number(mean(pairs)) }), fill(said.pairs_others, { value: number(mean(strangers)) }));
  const scroll = made("div", { className: "inside-matrix", tabIndex: 0 }, made("table", {}, made("tbody", {}, top, ...rows)));
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", summary);
  scroll.style.setProperty("--count", count + 1);
  return [scroll, line(summary, "inside-said")];
}

function drawPairs(told, said) {
  const usual = { turn: 0, zoom: 1, shift: 0, brightness: 0, saturation: 1, contrast: 1 };
  const view = { ...usual, mirrored: false };
  const seen = figure(told.picture, said.pairs_seen);
  const itself = made("strong", {}, number(told.itself));
  const between = made("strong", {}, number(told.between));
  const repaint = () => play({ ...view }, (answer) => {
    seen.querySelector("img").src = answer.picture;
    itself.textContent = number(answer.itself);
    between.textContent = number(answer.between);
  });
  const sliders = Object.keys(usual).map((name) => slider(said[name], told.ranges[name], usual[name], 0.01, (value) => { view[name] = value; repaint(); }));
  const mirror = made("input", { type: "checkbox" });
  mirror.addEventListener("change", () => { view.mirrored = mirror.checked; repaint(); });
  const others = made("button", { type: "button", className: "quiet" }, said.pairs_next);
  others.addEventListener("click", () => turn(1));
  const reset = made("button", { type: "button", className: "quiet" }, said.pairs_reset);
  reset.addEventListener("click", () => {
    mirror.checked = view.mirrored = false;
    sliders.forEach((one, at) => {
      const input = one.querySelector("input");
      input.value = usual[Object.keys(usual)[at]];
      input.dispatchEvent(new Event("input"));
    });
  });
  const readings = made("div", { className: "inside-readings" }, made("p", {}, `${said.pairs_itself} `, itself), made("p", {}, `${said.pairs_between} `, between));
  readings.setAttribute("aria-live", "polite");
  const neighbour = figure(told.other, said.pairs_other);
  return [line(said.pairs_intro), ...matrix(told, said), made("p", {}, others), line(said.pairs_pull, "small-heading"),
    made("div", { className: "inside-pull" }, seen, made("div", {}, readings, ...sliders, made("label", { className: "inside-check" }, mirror, ` ${said.mirrored}`), made("p", {}, reset)), neighbour)];
}

const drawings = {
  stages: drawStages, variety: drawVariety, verdict: drawVerdict, plane: drawPlane, map: drawMap, bits: drawBits, pairs: drawPairs,
};
