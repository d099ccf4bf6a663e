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

  function saveFilm(panel) {
    const film = document.querySelector(`#${panel} .film > *`);
    if (film) genaiDemo.saveAs(film.src, `morph.${/^data:\w+\/(\w+)/.exec(film.src)[1]}`);
  }

  function showSteered() {
    document.getElementById("tab-faces-gallery-button").click();
    open(null);
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
    genaiFiles.say(intake, "");
    try {
      const seen = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 } } });
      const video = intake.querySelector("video");
      intake.dataset.camera = "on";
      video.srcObject = seen;
      await video.play();
      intake.querySelector("[data-take=snap]").focus();
    } catch {
      stopCamera();
      genaiFiles.say(intake, intake.querySelector(".drop").dataset.noCamera);
    }
  }

  function snap(trigger) {
    const video = intake.querySelector("video");
    if (!video.videoWidth) return;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    stopCamera();
    canvas.toBlob((picture) => genaiFiles.send(intake, picture, trigger), "image/jpeg", 0.95);
  }

  function photo(element, trigger) {
    intake = element;
    genaiFiles.take(element, trigger);
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
    grid, alike, strip, close, saveFilm, showSteered, photo, place: 0,
  };
  return api;
})();
