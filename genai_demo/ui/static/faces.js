// What the faces tab does without the server: choosing a face, files for the visitor, and a photo's way to the server.
window.genaiFaces = (() => {
  const page = () => document.getElementById("faces-gallery");
  let chosen = null;

  // Opens the panel beside the grid at once; the server fills it.
  function open(face) {
    chosen = face;
    document.querySelectorAll("#faces-grid .face").forEach((one) => one.setAttribute("aria-pressed", String(one === face)));
    page().dataset.steering = "";
    const heading = document.getElementById("faces-steer-heading");
    heading.focus({ preventScroll: true });
    genaiDemo.reveal("faces-steer");
  }

  function close() {
    delete page().dataset.steering;
    if (!chosen) return;
    chosen.setAttribute("aria-pressed", "false");
    chosen.focus();
  }

  const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

  function neighbour(faces, face, [across, down]) {
    const place = faces.indexOf(face);
    if (across) return faces[place + across];
    const box = face.getBoundingClientRect();
    const column = faces.filter((one) => Math.abs(one.getBoundingClientRect().left - box.left) < 2);
    return column[column.indexOf(face) + down];
  }

  function grid(element, pick) {
    element.addEventListener("click", (event) => {
      const face = event.target.closest(".face");
      if (!face) return;
      api.place = Number(face.dataset.place);
      open(face);
      pick();
    });
    element.addEventListener("keydown", (event) => {
      const face = event.target.closest(".face");
      if (!face || !ARROWS[event.key]) return;
      const next = neighbour([...element.querySelectorAll(".face")], face, ARROWS[event.key]);
      if (next) { next.focus(); event.preventDefault(); }
    });
  }

  // Faces that were found: the panel that they stand in shows the one that is clicked.
  function alike(element, pick) {
    element.addEventListener("click", (event) => {
      const face = event.target.closest(".face");
      if (!face) return;
      api.place = Number(face.dataset.place);
      document.getElementById("faces-steer-heading").focus({ preventScroll: true });
      genaiDemo.reveal("faces-steer");
      pick();
    });
  }

  function strip(element, edit) {
    element.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-edit]");
      if (button) edit({ edit: button.dataset.edit, place: Number(button.dataset.place) });
    });
  }

  function saveAs(href, name) {
    const link = document.createElement("a");
    link.href = href;
    link.download = name;
    link.click();
  }

  // Saves a file that came with an event, and returns what to leave in the field it came in.
  function save(file) {
    if (!file) return "";
    const { name, kind, content } = JSON.parse(file);
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const address = URL.createObjectURL(new Blob([bytes], { type: kind }));
    saveAs(address, name);
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    return "";
  }

  function saveFilm(panel) {
    const film = document.querySelector(`#${panel} .film > *`);
    if (film) saveAs(film.src, `morph.${/^data:\w+\/(\w+)/.exec(film.src)[1]}`);
  }

  function showSteered() {
    document.getElementById("tab-faces-gallery-button").click();
    open(null);
  }

  // A file that misses its place must not replace the page.
  ["dragover", "drop"].forEach((kind) => document.addEventListener(kind, (event) => event.preventDefault()));

  // Lets files be dropped on `place`; `take` gets the first.
  function onDrop(place, take) {
    const zone = place.querySelector(".drop");
    place.addEventListener("dragover", () => zone.classList.add("over"));
    ["dragleave", "drop", "dragend"].forEach((kind) => place.addEventListener(kind, () => zone.classList.remove("over")));
    place.addEventListener("drop", (event) => {
      if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
    });
  }

  function say(place, words) {
    const said = place && place.querySelector(".file-said");
    if (said) said.textContent = words;
  }

  // The file goes into the event alone: what Gradio uploads, it would write to a disk.
  function send(place, file, trigger) {
    const { most, tooLarge, reading } = place.querySelector(".drop").dataset;
    if (file.size > Number(most)) { say(place, tooLarge.replace("{file}", file.name)); return; }
    say(place, reading);
    const reader = new FileReader();
    reader.onload = () => trigger(reader.result.slice(reader.result.indexOf(",") + 1), file.name || "");
    reader.readAsDataURL(file);
  }

  // Lets a file be chosen by the button of `place`, or dropped on it.
  function take(place, trigger) {
    place.addEventListener("click", (event) => {
      if (event.target.closest("button[data-take=choose]")) place.querySelector("input").click();
    });
    place.addEventListener("change", (event) => {
      const [file] = event.target.files || [];
      if (file) send(place, file, trigger);
      event.target.value = "";
    });
    onDrop(place, (file) => send(place, file, trigger));
  }

  let intake = null;

  function stopCamera() {
    if (!intake) return;
    const video = intake.querySelector("video");
    if (video.srcObject) video.srcObject.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    delete intake.dataset.camera;
  }

  async function startCamera() {
    say(intake, "");
    try {
      const seen = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 } } });
      const video = intake.querySelector("video");
      intake.dataset.camera = "on";
      video.srcObject = seen;
      await video.play();
      intake.querySelector("[data-take=snap]").focus();
    } catch {
      stopCamera();
      say(intake, intake.querySelector(".drop").dataset.noCamera);
    }
  }

  function snap(trigger) {
    const video = intake.querySelector("video");
    if (!video.videoWidth) return;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    stopCamera();
    canvas.toBlob((picture) => send(intake, picture, trigger), "image/jpeg", 0.95);
  }

  function photo(element, trigger) {
    intake = element;
    take(element, trigger);
    const actions = { camera: startCamera, snap: () => snap(trigger), cancel: stopCamera };
    element.addEventListener("click", (event) => {
      const action = actions[event.target.closest("button[data-take]")?.dataset.take];
      if (action) action();
    });
  }

  // Whoever leaves the page is not filmed on.
  document.addEventListener("click", (event) => { if (event.target.closest("[role=tab]")) stopCamera(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) stopCamera(); });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest("#faces-steer")) close();
  });

  const api = {
    grid, alike, strip, close, save, saveFilm, showSteered, take, photo, place: 0,
    read: (id) => say(document.getElementById(id), ""),
  };
  return api;
})();
