// Sheet music in the page: one endless sheet that is shown a few systems at a time.
const score = (() => {
  const TALLEST = 620;

  // Parts a sheet into pages of whole systems: where each begins and ends, in pixels from the sheet's top.
  function pagesOf(svg) {
    const top = svg.getBoundingClientRect().top;
    const systems = [...svg.querySelectorAll("g.system")].map((system) => {
      const box = system.getBoundingClientRect();
      return { from: box.top - top, to: box.bottom - top };
    });
    const pages = [];
    systems.forEach((system, index) => {
      const from = index ? (systems[index - 1].to + system.from) / 2 : 0;
      const to = index + 1 < systems.length ? (system.to + systems[index + 1].from) / 2 : system.to + 12;
      const page = pages[pages.length - 1];
      const tallest = Math.max(260, Math.min(TALLEST, innerHeight * 0.7));
      if (page && to - page.from <= tallest) Object.assign(page, { to, last: index });
      else pages.push({ from, to, first: index, last: index });
    });
    return pages;
  }

  function show(view) {
    const { sheet } = view;
    if (!view.score) { sheet.replaceChildren(); sheet.hidden = true; return; }
    sheet.hidden = false;
    if (view.drawnScore !== view.score || !sheet.firstElementChild) {
      sheet.innerHTML = view.score; // by the engraver: without scripts, links and foreign content
      view.drawnScore = view.score;
      view.bars = [...sheet.querySelectorAll("g.measure")];
      view.pages = pagesOf(sheet.firstElementChild);
      view.page = Math.min(view.page || 0, Math.max(0, view.pages.length - 1));
    }
    turn(view, view.page);
    mark(view, true);
  }

  function turn(view, page) {
    if (!view.pages || !view.pages.length) return;
    view.page = Math.min(Math.max(0, page), view.pages.length - 1);
    const { from, to } = view.pages[view.page];
    view.sheet.style.height = `${Math.ceil(to - from)}px`;
    view.sheet.firstElementChild.style.transform = `translateY(${-from}px)`;
    view.said(view.page, view.pages.length);
  }

  const systemOf = (bar) => bar.closest("g.system");

  // Marks the bar where the music is, and turns to its page.
  function mark(view, anew = false) {
    if (!view.bars || !view.bars.length || !view.score) return;
    const bar = Math.min(view.bar(), view.bars.length - 1);
    const [first, last] = view.selected || [-1, -1];
    const state = `${bar} ${first} ${last}`;
    if (!anew && view.marked === state) return;
    const moved = !anew && view.marked && view.marked.split(" ")[0] !== String(bar);
    view.marked = state;
    view.bars.forEach((one, index) => {
      one.classList.toggle("playing", index === bar);
      one.classList.toggle("selected", first <= index && index <= last);
    });
    if (!moved && !anew) return;
    const systems = [...view.sheet.querySelectorAll("g.system")];
    const place = systems.indexOf(systemOf(view.bars[bar]));
    const page = view.pages.findIndex(({ first: a, last: z }) => a <= place && place <= z);
    if (page >= 0 && page !== view.page && (view.playing || moved)) turn(view, page);
  }

  // The bar of the sheet under a pointer, -1 for none.
  function barAt(view, event) {
    return view.bars ? view.bars.findIndex((bar) => {
      const box = bar.getBoundingClientRect();
      return box.left <= event.clientX && event.clientX <= box.right && box.top <= event.clientY && event.clientY <= box.bottom;
    }) : -1;
  }

  function resized(view) {
    if (!view.score || view.sheet.hidden) return;
    view.pages = pagesOf(view.sheet.firstElementChild);
    turn(view, view.page);
  }

  // Prints pages from a document of their own; the browser's dialog also saves them as PDF.
  function print(parcel) {
    if (!parcel) return "";
    const { title, pages } = JSON.parse(parcel);
    document.getElementById("printed-score")?.remove();
    const frame = document.createElement("iframe");
    Object.assign(frame, { id: "printed-score", title, tabIndex: -1 });
    frame.setAttribute("aria-hidden", "true");
    frame.style.cssText = "position: fixed; width: 0; height: 0; border: 0; visibility: hidden";
    frame.onload = () => frame.contentWindow.print();
    const style = "@page { size: A4; margin: 0 } body { margin: 0 } svg { display: block; width: 100%; break-after: page }";
    frame.srcdoc = `<!doctype html><title></title><style>${style}</style>${pages.join("")}`;
    document.body.append(frame);
    return "";
  }

  return { print, show, turn, mark, barAt, resized };
})();
