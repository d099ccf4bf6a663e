// Faces as buttons: a click on one shows it in the panel that steers it, in which other faces may stand as well.
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
  element.querySelectorAll(".face").forEach((one) => one.setAttribute("aria-pressed", String(one === face)));
  gallery().dataset.steering = "";
  showPanel();
}

function close() {
  delete gallery().dataset.steering;
  genaiDemo.address.settle();
  if (!chosen) return;
  chosen.setAttribute("aria-pressed", "false");
  chosen.focus();
}

element.addEventListener("click", (event) => {
  const face = event.target.closest(".face");
  if (!face) return;
  if (inPanel) showPanel(); else open(face);
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

genaiDemo.offer(element, { close, showSteered });
