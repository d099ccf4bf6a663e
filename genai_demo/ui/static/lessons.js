// A symbol of a formula and its explanation belong together: who is at one sees the other.
(() => {
  const all = (key) => document.querySelectorAll(`[data-symbol="${key}"]`);
  const row = (key) => document.getElementById(`symbol-${key}`);

  document.querySelectorAll(".symbols [data-symbol]").forEach((place) => {
    const sign = document.querySelector(`math [data-symbol="${place.dataset.symbol}"]`);
    if (!sign) return;
    const copy = document.createElementNS("http://www.w3.org/1998/Math/MathML", "math");
    copy.append(...[...sign.childNodes].map((node) => node.cloneNode(true)));
    place.querySelector("dt").append(copy);
  });

  function mark(target, on) {
    const place = target.closest?.("[data-symbol]");
    if (place) all(place.dataset.symbol).forEach((one) => one.classList.toggle("pointed", on));
  }

  ["pointerover", "focusin"].forEach((type) => document.addEventListener(type, ({ target }) => mark(target, true)));
  ["pointerout", "focusout"].forEach((type) => document.addEventListener(type, ({ target }) => mark(target, false)));
  // A formula is one thing to readers, so keys go through the list; a finger or a pointer goes there from the symbol.
  document.addEventListener("click", ({ target }) => {
    const sign = target.closest?.("math .symbol");
    if (sign) row(sign.dataset.symbol).focus();
  });
})();
