// What is shown of a piece beside its notes: below or over them in the roll, and as tables in its panel.
const looks = (() => {
  const HEATED = 0.75; // opacity of a cell that was sure
  const ARCS = 3; // most earlier bars that are named of a bar
  const LEAST_BITS = 1; // that hiding a bar has to cost for an arc
  const BINS = 20; // of a histogram
  const percent = (share) => (share > 0 && share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`);
  const { fill } = genaiDemo;

  function made(tag, values = {}, ...children) {
    const node = Object.assign(document.createElement(tag), values);
    node.append(...children);
    return node;
  }

  const hint = (sentence) => made("p", { className: "hint" }, sentence);

  const scale = (said, kind) => made("p", { className: `scale hint ${kind}` }, made("span", {}, said.pale), made("i"), made("span", {}, said.sure));

  function table(heads, rows) {
    const head = made("tr", {}, ...heads.map((name) => made("th", { scope: "col" }, name)));
    return made("div", { className: "wide", tabIndex: 0 },
      made("table", {}, made("thead", {}, head), made("tbody", {}, ...rows)));
  }

  const row = (name, ...cells) => made("tr", {}, made("th", { scope: "row" }, name), ...cells.map((one) => made("td", {}, one)));

  function share(value, most, kind = "") {
    const shown = made("span", { className: `share ${kind}` }, percent(value));
    shown.style.setProperty("--share", `${most ? (100 * value) / most : 0}%`);
    return shown;
  }

  // ---- in the roll

  // Probabilities as colour, a sixteenth at a time.
  function drawHeat(brush, told, plan, paint, xOf, yOf) {
    const step = 120 * plan.scale;
    brush.fillStyle = paint.chosen;
    told.heat.forEach((digits, index) => {
      const x = xOf(index * 120);
      if (x > plan.width || x + step < 0) return;
      for (let key = 0; key < digits.length; key += 1) {
        if (digits[key] === "0") continue;
        brush.globalAlpha = (HEATED * Number(digits[key])) / 9;
        brush.fillRect(x, yOf(21 + key), step + 0.5, plan.row);
      }
    });
    brush.globalAlpha = 1;
  }

  const takenUp = (pairs, bar) => pairs.filter(([own, , bits]) => own === bar && bits >= LEAST_BITS)
    .sort((one, other) => other[2] - one[2]).slice(0, ARCS);

  // Arcs from the bars that are taken up to those that do; those of the bar at hand are the strongest.
  function drawArcs(brush, view, pairs, plan, paint, xOf) {
    const { bars } = view.music;
    const middle = (bar) => xOf((bars[bar] + bars[bar + 1]) / 2);
    const most = Math.max(...pairs.map(([, , bits]) => bits), LEAST_BITS);
    const here = view.bar();
    const drawn = (bar, own) => takenUp(pairs, bar).forEach(([, earlier, bits]) => {
      const [from, to] = [middle(earlier), middle(bar)];
      const height = Math.min(0.8 * plan.height, 40 + (to - from) / 4);
      brush.globalAlpha = own ? 1 : 0.28;
      brush.strokeStyle = own ? paint.ink : paint.soft;
      brush.lineWidth = 1 + (own ? 5 : 2) * Math.sqrt(bits / most);
      brush.beginPath();
      brush.moveTo(from, 26);
      brush.bezierCurveTo(from, 26 + height, to, 26 + height, to, 26);
      brush.stroke();
    });
    for (let bar = 1; bar < bars.length - 1; bar += 1) if (bar !== here) drawn(bar, false);
    drawn(here, true);
    brush.globalAlpha = 1;
  }

  // What is still open in a replay.
  function drawOpen(brush, told, at, plan, paint, xOf, yOf) {
    brush.fillStyle = paint.chosen;
    brush.globalAlpha = 0.13;
    const upper = (plan.low + plan.high) / 2;
    told.cells.filter(([step]) => step > at).forEach(([, start, hand]) => {
      const top = hand === 0 ? yOf(plan.high) : yOf(upper);
      brush.fillRect(xOf(start), top, 120 * plan.scale - 1, (plan.height - 22) / 2);
    });
    brush.globalAlpha = 1;
  }

  // ---- in the panel

  function bars(view, pairs, said, jumpTo) {
    if (!pairs) return [hint(said.bars_intro), hint(said.bars_wait)];
    const bar = view.bar();
    const own = takenUp(pairs, bar);
    if (!own.length) return [hint(said.bars_intro), hint(fill(said.bars_none, { bar: bar + 1 }))];
    const rows = own.map(([, earlier, bits, attention, alike]) => {
      const button = made("button", { type: "button" }, String(earlier + 1));
      button.addEventListener("click", () => jumpTo(earlier));
      return row(button, `${bits.toFixed(1)}`, percent(attention), alike === null ? "–" : percent(alike));
    });
    return [hint(said.bars_intro), made("h3", {}, fill(said.bars_of, { bar: bar + 1 })),
      table([said.earlier, said.bits, said.attention, said.alike], rows)];
  }

  function signed(value, most) {
    const shown = made("span", { className: `swing ${value < 0 ? "less" : "more"}` }, `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`);
    shown.style.setProperty("--share", `${most ? (100 * Math.abs(value)) / most : 0}%`);
    return shown;
  }

  function verdicts(told, said, jumpTo) {
    const streams = ["roll", "harmony", "changes"];
    const most = Math.max(...told.verdicts.flatMap((one) => streams.map((name) => Math.abs(one[name]))));
    const rows = told.verdicts.map((one) => {
      const button = made("button", { type: "button" }, String(one.bar + 1));
      button.addEventListener("click", () => jumpTo(one.bar));
      const rank = fill(said.rank, { rank: one.rank, drafts: one.drafts });
      return row(button, ...streams.map((name) => signed(one[name], most)), rank);
    });
    return [hint(said.verdicts_intro), table([said.bar, said.roll, said.harmony, said.changes, said.phrase], rows)];
  }

  // The quantiles of a distribution as a histogram, and where a value stands in it.
  function histogram(quantiles, value, said) {
    const [low, high] = [Math.min(quantiles[0], value), Math.max(quantiles.at(-1), value)];
    const wide = high - low || 1;
    const counts = Array(BINS).fill(0);
    quantiles.forEach((one) => { counts[Math.min(BINS - 1, Math.floor((BINS * (one - low)) / wide))] += 1; });
    const most = Math.max(...counts);
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const part = (values) => {
      const rect = document.createElementNS(space, "rect");
      Object.entries(values).forEach(([name, one]) => rect.setAttribute(name, one));
      svg.append(rect);
    };
    svg.setAttribute("viewBox", "0 0 100 24");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", said);
    counts.forEach((count, bin) => {
      const height = (22 * count) / most;
      part({ x: bin * 5 + 0.3, y: 24 - height, width: 4.4, height, class: "bin" });
    });
    part({ x: Math.min(98.6, Math.max(0, (100 * (value - low)) / wide - 0.7)), y: 0, width: 1.4, height: 24, class: "own" });
    return svg;
  }

  function measures(told, form, said, choose) {
    const forms = [...new Set(told.measures.map((one) => one.form))];
    const list = made("select", {}, ...forms.map((name) => made("option", { value: name, selected: name === form }, said[`form_${name}`])));
    list.addEventListener("change", () => choose(list.value));
    const rows = told.measures.filter((one) => one.form === form).map((one) => {
      const more = fill(said.more_than, { percent: `${Math.round(100 * one.below)} %`, count: one.pieces, form: said[`form_${form}`] });
      const value = one.value >= 10 ? one.value.toFixed(1) : one.value.toFixed(2);
      return row(said[`measure_${one.name}`], value, histogram(one.quantiles, one.value, more), more);
    });
    return [hint(said.measures_intro), made("label", { className: "form-choice" }, made("span", {}, said.form), list),
      table([said.measure, said.value, said.spread, said.standing], rows)];
  }

  return { made, hint, scale, table, row, share, percent, fill, drawHeat, drawArcs, drawOpen, bars, verdicts, measures };
})();
