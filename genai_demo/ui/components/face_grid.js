// Faces as buttons: a click on one shows it in the panel that steers it, in which other faces may stand as well. A frame
// marks the one that is steered, wherever it stands.
const inPanel = element.closest("#faces-steer");
const gallery = () => document.getElementById("faces-gallery");
let chosen = null;

function showPanel() {
  document.getElementById("faces-steer-heading").focus({ preventScroll: true });
  genaiDemo.reveal("faces-steer");
}

// Opens the panel beside the grid at once; the server fills it.
function open(face) {
  chosen = face;
  gallery().dataset.steering = "";
  mark(face?.dataset.face);
  showPanel();
}

function mark(steered) {
  element.querySelectorAll(".face").forEach((one) => {
    one.setAttribute("aria-pressed", String(one.dataset.face === steered));
  });
}

// Whatever draws the portrait or the faces anew, such as a step back: the frame follows.
new MutationObserver(() => {
  if (gallery().dataset.steering !== undefined) mark(document.querySelector("#faces-portrait .portrait")?.dataset.face);
}).observe(gallery(), { subtree: true, childList: true, attributes: true, attributeFilter: ["data-face"] });

function close() {
  delete gallery().dataset.steering;
  mark(undefined);
  genaiDemo.address.settle();
  chosen?.focus();
}

// Goes to faces that are being looked for, or were found.
function showFound() {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.parentElement.closest("[id]").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}

element.addEventListener("click", (event) => {
  const face = event.target.closest(".face");
  if (!face) return;
  if (inPanel) mark(face.dataset.face); else open(face);
  trigger("pick", { place: Number(face.dataset.place) });
});

const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

function neighbour(faces, face, [across, down]) {
  const place = faces.indexOf(face);
  if (across) return faces[place + across];
  const box = face.getBoundingClientRect();
  const column = faces.filter((one) => Math.abs(one.getBoundingClientRect().left - box.left) < 2);
  return column[column.indexOf(face) + down];
}

element.addEventListener("keydown", (event) => {
  const face = event.target.closest(".face");
  if (!face || !ARROWS[event.key]) return;
  const next = neighbour([...element.querySelectorAll(".face")], face, ARROWS[event.key]);
  if (next) { next.focus(); event.preventDefault(); }
});

if (!inPanel) {
  // On the way back from a face to its gallery.
  document.addEventListener("shown", ({ detail }) => { if (detail === "gallery" && gallery().dataset.steering !== undefined) close(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest("#faces-steer")) close();
  });
}

function showSteered() {
  document.getElementById("tab-faces-gallery-button").click();
  open(null);
}

genaiDemo.offer(element, { close, showSteered, showFound });
