// Another run of the tab beside the one that is watched: its curve of the same figure, and its newest sample.
const beside = (() => {
  const SELDOM = 3; // of a run that is over, one look in so many
  let known = []; // all runs of the tab

  // Runs of one family measure the same; of others, those that are compared by the same figure.
  const shares = (one, run) => one.name !== run.name && (one.family === run.family || (run.best && one.best?.figure === run.best.figure));

  // `onChosen` is told the name of the other run, or nothing.
  function panel(chosen, onChosen) {
    const id = `${room.root().dataset.tab}-train-beside`;
    const select = make("select", { id, change: () => { choose(select.value); onChosen(select.value); } });
    const note = make("p", { class: "hint", role: "status" });
    const place = make("div", { class: "beside", hidden: true }, make("label", { for: id }, say("beside")), select, note);
    const caption = make("figcaption", {});
    const samples = make("div", { class: "samples" });
    const figure = make("figure", { class: "side", "data-beside": "yes", hidden: true }, caption, samples);
    let other = null;
    let displays = {};
    let turn = 0;

    function choose(name) {
      other = name ? { name, rows: [], verdicts: [], next: "", run: null, refused: "" } : null;
      displays = {};
      turn = 0;
      samples.replaceChildren();
      figure.hidden = true;
      put(note, "");
    }

    const isAlive = () => Boolean(other && !other.refused && (!other.run || room.AT_WORK.includes(other.run.state)));

    async function poll() {
      const one = other;
      turn += 1;
      if (!one || (!isAlive() && turn % SELDOM)) return;
      try {
        const run = await room.readOn(one);
        one.refused = run.gone || (run.modality === room.root().dataset.modality ? "" : say("beside_elsewhere", { title: run.title }));
        if (!one.refused) one.run = run;
      } catch (error) {
        if (error.status) one.refused = error.message; // a connection that is lost comes again
      }
    }

    function offer(run) {
      const offered = known.filter((one) => shares(one, run));
      if (other && !offered.some((one) => one.name === other.name)) offered.push({ name: other.name, title: other.run?.title || other.name });
      const told = JSON.stringify([other?.name, offered.map((one) => [one.name, one.title])]);
      place.hidden = !offered.length;
      if (select.dataset.told === told) return;
      select.dataset.told = told;
      const option = (value, title) => make("option", { value, selected: value === (other?.name || "") }, title);
      select.replaceChildren(option("", say("beside_none")), ...offered.map((one) => option(one.name, one.title)));
    }

    function showSample() {
      const moment = other.run.samples.at(-1);
      figure.hidden = !moment;
      if (!moment) return;
      put(caption, say("beside_sample", { title: other.run.title, step: room.number(moment.step, 9) }));
      moment.files.forEach((file) => {
        displays[file] ||= moments.display(file, other.run.forms[file.split(".").pop()] || []);
        if (!displays[file].place.isConnected) samples.append(displays[file].place);
        displays[file].show(other.name, moment);
      });
    }

    // Shows what is known of the other run, and returns what a chart of `key` draws of it.
    function show(run, key) {
      offer(run);
      if (!other) return null;
      if (other.refused || !other.run) {
        figure.hidden = true;
        put(note, other.refused);
        return null;
      }
      showSample();
      const { title } = other.run;
      const has = other.rows.some((row) => Number.isFinite(row[key]));
      put(note, has ? "" : say("beside_without", { title, figure: curves.nameOf(key) }));
      return has ? { title, rows: other.rows } : null;
    }

    choose(chosen);
    return { place, figure, poll, show, isAlive, name: () => other?.name || "" };
  }

  return { panel, know: (runs) => { known = runs; } };
})();
