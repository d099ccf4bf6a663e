// Curves of a run as SVG: drawn anew only when there is something new, with a sentence and a table that say the same.
const curves = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const [HIGH, LEFT, RIGHT, TOP, BOTTOM] = [190, 58, 10, 8, 22];
  const FEW = 60; // points up to which each is a dot as well
  const ROWS = 12; // of the table
  const PLACES = ["step", "examples", "seconds", "fraction"];

  // Parts of a figure's key that say of what or by what it is, and the rest of the key.
  const PARTS = [
    [/^validation_/, "held_out"], [/^discriminator_/, "of_discriminator"], [/^generator_/, "of_generator"],
    [/_by_frequencies$/, "by_frequencies"], [/_by_chance$/, "by_chance"],
  ];

  function nameOf(key) {
    if (room.has(`figure_${key}`)) return say(`figure_${key}`);
    const part = PARTS.find(([pattern]) => pattern.test(key));
    return part ? say(`figure_${part[1]}`, { figure: nameOf(key.replace(part[0], "")) }) : key.replaceAll("_", " ");
  }

  const figuresOf = (rows) => [...new Set(rows.flatMap(Object.keys))].filter((key) => !PLACES.includes(key));
  const isLoss = (key) => /(^|_)loss(_|$)/.test(key);

  function node(tag, attributes, text) {
    const made = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function ticks(low, high) {
    const rough = (high - low) / 4.5 || Math.abs(high) || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
    const found = [];
    for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(at);
    return found;
  }

  // A chart in `place`, a figure: its curves are those of `keys`.
  function chart(title) {
    const svg = node("svg", { role: "img", height: HIGH });
    const legend = make("ul", { class: "curve-keys" });
    const place = make("figure", { class: "curves" }, make("figcaption", {}, title), svg, legend);
    let drawn = "";
    let last = null;

    // `other` is another run, with its title and rows: its curve of the first key is drawn as well.
    function draw(rows, keys, marks, other = null, hovered = null) {
      last = { rows, keys, marks, other };
      const width = Math.max(240, Math.round(place.clientWidth));
      const told = JSON.stringify([rows.length, rows.at(-1), rows[0]?.step, keys, marks, other && [other.title, other.rows.length, other.rows.at(-1)], hovered, width, room.language()]);
      if (told === drawn || !place.clientWidth) return;
      drawn = told;
      const series = keys.map((key) => ({ rows, key, name: nameOf(key) }));
      if (other && keys.length) series.push({ rows: other.rows, key: keys[0], name: other.title });
      const values = series.flatMap((one) => one.rows.map((row) => row[one.key])).filter(Number.isFinite);
      const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
      const room_ = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
      const [bottom, top] = [low - room_, high + room_];
      const steps = rows.map((row) => row.step);
      const all = steps.concat(other ? other.rows.map((row) => row.step) : []);
      const first = all.length ? Math.min(...all) : 0;
      const end = Math.max(first + 1, ...all);
      const x = (step) => LEFT + ((step - first) / (end - first)) * (width - LEFT - RIGHT);
      const y = (value) => TOP + ((top - value) / (top - bottom)) * (HIGH - TOP - BOTTOM);
      const parts = ticks(bottom, top).flatMap((value) => [
        node("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }),
        node("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, room.number(value, 3)),
      ]);
      parts.push(node("text", { x: LEFT, y: HIGH - 4 }, say("step", { step: room.number(first, 9) })));
      parts.push(node("text", { x: width - RIGHT, y: HIGH - 4, "text-anchor": "end" }, room.number(end, 9)));
      series.forEach(({ rows: own, key }, index) => {
        const points = own.filter((row) => Number.isFinite(row[key])).map((row) => [x(row.step), y(row[key])]);
        const path = points.map(([across, down], at) => `${at ? "L" : "M"}${across.toFixed(1)} ${down.toFixed(1)}`).join("");
        parts.push(node("path", { class: `line key-${index % 4}`, d: path }));
        if (points.length <= FEW) {
          parts.push(...points.map(([cx, cy]) => node("circle", { class: `dot key-${index % 4}`, cx, cy, r: 2.4 })));
        }
      });
      marks.concat(hovered === null ? [] : [hovered]).filter((step) => step >= first && step <= end).forEach((step, index) => {
        parts.push(node("line", { class: `mark mark-${index}`, x1: x(step), x2: x(step), y1: TOP, y2: HIGH - BOTTOM }));
      });
      svg.setAttribute("width", width);
      svg.setAttribute("viewBox", `0 0 ${width} ${HIGH}`);
      svg.setAttribute("aria-label", `${title}: ${sentence(rows, keys, other)}`);
      svg.replaceChildren(...parts);
      svg.stepAt = (pixel) => {
        const wanted = first + ((pixel - LEFT) / (width - LEFT - RIGHT)) * (end - first);
        return steps.reduce((best, step) => (Math.abs(step - wanted) < Math.abs(best - wanted) ? step : best), first);
      };
      const at = (own) => (hovered === null ? own.length - 1 : own.findLastIndex((row) => row.step <= hovered));
      legend.replaceChildren(...series.map(({ rows: own, key, name }, index) => make("li", { class: `key-${index % 4}` },
        make("i", { "aria-hidden": "true" }), `${name}: ${room.number(newest(own, key, at(own)))}`)));
    }

    const again = (hovered = null) => { if (last) draw(last.rows, last.keys, last.marks, last.other, hovered); };
    svg.addEventListener("pointermove", ({ offsetX }) => { if (svg.stepAt) again(svg.stepAt(offsetX)); });
    svg.addEventListener("pointerleave", () => again());
    new ResizeObserver(() => again()).observe(place);
    return { place, draw };
  }

  function newest(rows, key, from = rows.length - 1) {
    for (let at = from; at >= 0; at -= 1) if (Number.isFinite(rows[at][key])) return rows[at][key];
    return null;
  }

  // What the curves say in words, and beside them that of another run's `key`.
  function sentence(rows, keys, other = null, key = keys[0]) {
    if (other) {
      const told = { title: other.title, step: room.number(other.rows.at(-1).step, 9), figures: `${nameOf(key)} ${room.number(newest(other.rows, key))}` };
      return `${sentence(rows, keys)} ${say("newest_beside", told)}`;
    }
    if (!rows.length) return say("no_figures");
    const figures = keys.filter((key) => newest(rows, key) !== null)
      .map((key) => `${nameOf(key)} ${room.number(newest(rows, key))}`);
    return say("newest", { step: room.number(rows.at(-1).step, 9), figures: figures.join(room.language() === "en" ? ", " : "，") });
  }

  function table(rows, keys) {
    const every = Math.max(1, Math.ceil(rows.length / ROWS));
    const shown = rows.filter((_, at) => (rows.length - 1 - at) % every === 0);
    const cells = (row) => keys.map((key) => make("td", {}, room.number(newest(rows, key, rows.indexOf(row)))));
    return make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, say("column_step")),
        keys.map((key) => make("th", { scope: "col" }, nameOf(key))))),
      make("tbody", {}, shown.map((row) => make("tr", {}, make("th", { scope: "row" }, room.number(row.step, 9)), cells(row)))));
  }

  return { chart, figuresOf, isLoss, nameOf, sentence, table, newest };
})();
