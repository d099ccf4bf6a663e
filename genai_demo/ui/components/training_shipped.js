// How the models that ship learnt: samples at a dozen moments, to be looked at before anything was trained.
const shipped = (() => {
  let panel = null;

  function build(timelines, forms) {
    panel?.stop();
    panel = null;
    if (!timelines.length) return undefined;
    const id = `${room.root().dataset.tab}-train-shipped`;
    const told = make("p", { class: "hint" });
    panel = moments.panel(() => {});
    const show = (name) => {
      const one = timelines.find((known) => known.name === name);
      panel.stop();
      put(told, one.told);
      panel.update(one.name, one.samples, forms);
    };
    const select = make("select", { id, change: () => show(select.value) },
      timelines.map((one) => make("option", { value: one.name }, one.label)));
    const place = make("section", { class: "shipped" }, make("h2", {}, say("shipped")), make("label", { for: id, class: "name" }, say("shipped_which")), select, told, panel.place);
    show(timelines[0].name);
    return place;
  }

  return { build, stop: () => panel?.stop() };
})();
