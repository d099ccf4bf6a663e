// What a discriminator says of real and of made ones: two histograms, back to back, at the moment that is shown.
const verdicts = (() => {
  const [WIDE, HIGH, MIDDLE] = [320, 96, 48];
  const KINDS = ["real", "made"];

  const node = (tag, attributes) => {
    const drawn = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([name, value]) => drawn.setAttribute(name, value));
    return drawn;
  };

  // Those of a step, or else the last ones before it.
  const at = (all, step) => (step === null ? all.at(-1) : all.findLast((one) => one.step <= step) || all[0]);

  function bars(one) {
    const width = WIDE / one.real.length;
    return KINDS.flatMap((kind, index) => {
      const most = Math.max(...KINDS.map((name) => Math.max(...one[name]) / one[name].reduce((sum, count) => sum + count, 0)));
      const all = one[kind].reduce((sum, count) => sum + count, 0);
      return one[kind].map((count, bin) => {
        const height = ((count / all) / most) * (MIDDLE - 2);
        return node("rect", { class: `bar key-${index}`, x: bin * width + 0.5, width: width - 1, height, y: index ? MIDDLE + 1 : MIDDLE - 1 - height });
      });
    });
  }

  function panel() {
    const title = make("figcaption", {});
    const svg = node("svg", { role: "img", viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none" });
    const axis = make("p", { class: "verdict-axis" }, make("span", {}), make("span", {}), make("span", {}));
    const legend = make("ul", { class: "curve-keys" });
    const told = make("p", { class: "newest" });
    const place = make("figure", { class: "curves verdicts", hidden: true }, title, svg, axis, legend, told);
    let drawn = "";

    function draw(all, step) {
      const one = all.length ? at(all, step) : null;
      place.hidden = !one;
      const key = JSON.stringify([one, room.language()]);
      if (!one || key === drawn) return;
      drawn = key;
      const means = KINDS.map((kind, index) => say(`verdicts_${kind}`, { mean: room.number(one.means[index], 3) }));
      const apart = say("verdicts_apart", { share: Math.round(100 * one.apart) });
      put(title, say("verdicts", { step: room.number(one.step, 9) }));
      svg.setAttribute("aria-label", [title.textContent, ...means, apart].join(" "));
      svg.replaceChildren(...bars(one), node("line", { class: "grid", x1: 0, x2: WIDE, y1: MIDDLE, y2: MIDDLE }));
      [room.number(one.edges[0], 3), say("verdicts_axis"), room.number(one.edges.at(-1), 3)].forEach((text, index) => put(axis.children[index], text));
      legend.replaceChildren(...means.map((text, index) => make("li", { class: `key-${index}` }, make("i", { "aria-hidden": "true" }), text)));
      put(told, apart);
    }

    return { place, draw };
  }

  return { panel };
})();
