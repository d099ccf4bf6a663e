// What the widgets that show notes have in common: the names and colours of keys.
const notes = (() => {
  const BLACK = [1, 3, 6, 8, 10];
  const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
  const FLATS = { 1: "D♭", 3: "E♭", 6: "G♭", 8: "A♭", 10: "B♭" };

  const isBlack = (pitch) => BLACK.includes(pitch % 12);
  // In a key with flats, black keys are named by them.
  const nameOf = (pitch, flats = false) => `${(flats && FLATS[pitch % 12]) || NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

  function colours(element) {
    const style = getComputedStyle(element);
    const of = (name) => style.getPropertyValue(name).trim();
    return {
      hands: [of("--right-hand"), of("--left-hand")], ink: of("--ink"), soft: of("--soft-ink"), line: of("--line"),
      paper: of("--surface"), shade: of("--roll-shade"), white: of("--key-white"), black: of("--key-black"), mark: of("--roll-mark"), sounding: of("--sounding"), chosen: of("--chosen"), changed: of("--changed"),
      font: style.fontFamily,
      // Type grows with the root's: by the browser's own setting, and for a room.
      type: parseFloat(getComputedStyle(document.documentElement).fontSize) / 16,
    };
  }

  return { isBlack, nameOf, colours };
})();
