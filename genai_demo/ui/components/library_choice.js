// Which bars of a piece are chosen, and which keys in them: by pointer, by keyboard, or by the fields below the roll.
const choice = (() => {
  const RANGES = { all: [21, 108], upper: [60, 108], lower: [21, 59] };
  const lastOf = ({ music }) => music.bars.length - 2;

  // The chosen bars, from 0; where none were, the one at hand. Null where what was typed is no range.
  const bars = (view) => (view.wrong ? null : view.selected || [view.bar(), view.bar()]);

  // The lowest and the highest of the chosen keys.
  function keys(view) {
    const list = view.article.querySelector("[data-choice=range]");
    return view.keys || RANGES[list ? list.value : "all"] || RANGES.all;
  }

  // Shows the choice in the fields, save in the one that is being typed in.
  function show(view) {
    const chosen = bars(view);
    view.article.querySelectorAll("[data-range]").forEach((field) => {
      field.setAttribute("aria-invalid", String(!chosen));
      if (chosen && document.activeElement !== field) field.value = chosen[field.dataset.range === "last" ? 1 : 0] + 1;
    });
    if (chosen) view.drops(chosen[1]);
    const drawn = view.article.querySelector("[data-choice=range] option[value=drawn]");
    if (!drawn) return;
    drawn.hidden = !view.keys;
    if (view.keys) drawn.textContent = view.keys.map((pitch) => notes.nameOf(pitch, view.music.flats)).join(" – ");
    if (view.keys) drawn.parentElement.value = "drawn";
    else if (drawn.parentElement.value === "drawn") drawn.parentElement.value = "all";
  }

  function take(view, selected, limits = null) {
    view.selected = selected;
    view.keys = limits;
    view.wrong = false;
    show(view);
    roll.draw(view);
    score.mark(view);
  }

  // Chooses a bar; with `more`, all from those chosen before up to it.
  function bar(view, place, more = false) {
    const [first, last] = more && view.selected ? view.selected : [place, place];
    take(view, [Math.min(first, place), Math.max(last, place)]);
  }

  const all = (view) => take(view, [0, lastOf(view)]);

  // What is between two corners, each a bar and a pitch.
  function rectangle(view, one, other) {
    const sorted = (a, b) => [Math.min(a, b), Math.max(a, b)];
    take(view, sorted(one.bar, other.bar), sorted(one.pitch, other.pitch));
  }

  // Takes over what was typed or chosen in a field.
  function typed(view, field) {
    if (field.matches("[data-choice=range]") && field.value !== "drawn") take(view, view.selected);
    if (!field.matches("[data-range]")) return;
    const [first, last] = ["first", "last"].map((name) => Number(view.article.querySelector(`[data-range=${name}]`).value) - 1);
    if (Number.isInteger(first) && Number.isInteger(last) && first >= 0 && first <= last && last <= lastOf(view)) {
      take(view, [first, last], view.keys);
      return;
    }
    Object.assign(view, { wrong: true, selected: null });
    show(view);
    roll.draw(view);
  }

  // From now on the fields keep what they show, wherever the music is.
  function touched(view) {
    if (!view.selected && !view.wrong) take(view, bars(view), view.keys);
  }

  return { bars, keys, show, bar, all, rectangle, typed, touched };
})();
