// What the network does: stage by stage, at every variety, before the discriminator, and number by number.

function drawStages(told, said) {
  const on = told.stages.map(() => true);
  const result = figure(told.picture, said.stages_all, said.stages_result);
  result.className = "inside-large";
  result.setAttribute("aria-live", "polite");
  const repaint = () => play({ on: [...on] }, ({ picture }) => {
    result.querySelector("img").src = picture;
    const off = told.stages.filter((_, place) => !on[place]).map(({ side }) => `${side}×${side}`);
    result.querySelector("figcaption").textContent = off.length ? fill(said.stages_off, { side: off.join(", ") }) : said.stages_all;
  });
  const columns = told.stages.map((stage, place) => {
    const side = `${stage.side}×${stage.side}`;
    const box = made("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => { on[place] = box.checked; repaint(); });
    return made("li", {}, figure(stage.up_to, fill(said.stages_up_to, { side })),
      made("label", {}, image(stage.added), made("span", {}, box, ` ${side}`)),
      line(fill(said.stages_adds, { levels: number(stage.adds, stage.adds < 10 ? 1 : 0) }), "hint"));
  });
  return [line(said.stages_intro), made("div", { className: "inside-two" }, made("ol", { className: "inside-stages-row" }, ...columns), result)];
}

// So many times in ten, and words for what is less than once.
function times(fooled, said) {
  if (fooled < 0.05) return said.verdict_rare;
  return fill(said.verdict_says, { times: Math.round(10 * fooled) });
}

function drawVariety(told, said) {
  const row = told.strip.map((one) => {
    const caption = fill(said.variety_value, { value: number(one.variety) });
    const shown = figure(one.picture, caption);
    if (one.fooled !== null) shown.append(line(fill(said.fooled, { percent: Math.round(100 * one.fooled) }), "hint"));
    return made("li", {}, shown);
  });
  return [line(said.variety_intro), made("ol", { className: "inside-strip" }, ...row), line(fill(said.variety_own, { value: number(told.own) }), "hint")];
}

function histogram(told, said) {
  const [width, height, base] = [420, 130, 108];
  const most = (counts) => Math.max(1, ...counts);
  const place = (score) => (width * (score - told.low)) / (told.high - told.low || 1);
  const bar = width / told.real.length;
  const bars = (counts, className) => plot("g", { class: className }, ...counts.map((count, at) => {
    const tall = (base * count) / most(counts);
    return plot("rect", { x: at * bar + 0.5, y: base - tall, width: bar - 1, height: tall });
  }));
  const own = place(told.score);
  const mark = plot("g", { class: "own" }, plot("line", { x1: own, x2: own, y1: 0, y2: base + 6 }));
  const label = plot("text", { x: Math.min(Math.max(own, 30), width - 30), y: height - 2, "text-anchor": "middle" });
  label.textContent = said.verdict_this;
  const chart = plot("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" }, bars(told.made, "of-made"), bars(told.real, "of-real"), mark, label);
  chart.setAttribute("aria-label", fill(said.verdict_axis, { score: number(told.score), percent: Math.round(100 * told.fooled) }));
  const key = made("p", { className: "hint inside-key" }, made("span", { className: "of-real" }, fill(said.verdict_real, { count: told.held_out })),
    made("span", { className: "of-made" }, said.verdict_made));
  return made("div", { className: "inside-chart" }, chart, key);
}

function drawVerdict(told, said) {
  if (told.score === undefined) return [line(told.family === "vae" ? said.verdict_vae : said.verdict_none)];
  const two = made("div", { className: "inside-pair" }, figure(told.picture, said.verdict_face), figure(told.looks, said.verdict_looks));
  return [line(said.verdict_intro), line(times(told.fooled, said), "inside-said"), two, histogram(told, said), line(said.verdict_caveat, "hint")];
}

function bars(told, said, chosen) {
  const [width, height] = [Math.max(256, told.bits.length * 3), 96];
  const most = Math.max(...told.bits, 0.01);
  const bar = width / told.bits.length;
  const chart = plot("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img" }, ...told.bits.map((bits, at) => (
    plot("rect", { x: at * bar, y: height - (height * bits) / most, width: bar * 0.8, height: (height * bits) / most, "data-at": at }))));
  chart.setAttribute("aria-label", fill(said.bits_total, { bits: Math.round(told.bits.reduce((sum, one) => sum + one, 0)), number: told.bits.length }));
  const mark = (at) => chart.querySelectorAll("rect").forEach((one) => one.classList.toggle("own", Number(one.dataset.at) === at));
  chart.addEventListener("click", ({ target }) => { if (target.dataset.at) chosen(Number(target.dataset.at)); });
  mark(0);
  return { chart: made("div", { className: "inside-chart inside-bars" }, chart), mark };
}

function drawBits(told, said) {
  if (told.family !== "vae") return [line(said.bits_gan)];
  const strip = (pictures, captions) => made("ol", { className: "inside-strip" }, ...pictures.map((src, at) => made("li", {}, figure(src, captions[at]))));
  const total = Math.round(told.bits.reduce((sum, one) => sum + one, 0));
  const pushed = strip(told.pushed, told.pushes.map((push) => fill(said.bits_push, { push: number(push, 1) })));
  const sayNumber = (at) => fill(said.bits_number, { number: told.order[at - 1] + 1, bits: number(told.bits[at - 1]) });
  let input = null;
  const push = (at) => {
    chart.mark(at);
    play({ number: told.order[at] }, (answer) => answer.pushed.forEach((src, place) => { pushed.querySelectorAll("img")[place].src = src; }));
  };
  const chart = bars(told, said, (at) => { input.value = at + 1; input.dispatchEvent(new Event("input")); });
  const choice = slider(said.bits_choose, [1, told.order.length], 1, 1, (value) => push(value - 1), sayNumber);
  input = choice.querySelector("input");
  input.dataset.focus = "bits";
  const silent = told.silent
    ? fill(said.bits_silent, { silent: told.silent, number: told.order.length })
    : fill(said.bits_none_silent, { number: told.order.length, bits: number(told.bits.at(-1)) });
  return [line(said.bits_intro), line(joined(fill(said.bits_total, { bits: total, number: told.order.length }), silent), "inside-said"), chart.chart, choice,
    line(said.bits_push_title, "small-heading"), pushed, line(said.bits_kept_title, "small-heading"),
    strip(told.strip.map((one) => one.picture), told.strip.map((one) => fill(said.bits_kept, { count: one.kept })))];
}
