// A place for a photo: a file, or a picture that the camera takes.
function stopCamera() {
  const video = element.querySelector("video");
  if (video.srcObject) video.srcObject.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
  delete element.dataset.camera;
}

async function startCamera() {
  say("");
  try {
    const seen = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 } } });
    const video = element.querySelector("video");
    element.dataset.camera = "on";
    video.srcObject = seen;
    await video.play();
    element.querySelector("[data-take=snap]").focus();
  } catch {
    stopCamera();
    say(element.querySelector(".drop").dataset.noCamera);
  }
}

function snap() {
  const video = element.querySelector("video");
  if (!video.videoWidth) return;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  stopCamera();
  canvas.toBlob(send, "image/jpeg", 0.95);
}

const ways = { camera: startCamera, snap, cancel: stopCamera };
element.addEventListener("click", (event) => {
  const way = ways[event.target.closest("button[data-take]")?.dataset.take];
  if (way) way();
});

// Whoever leaves the page is not filmed on.
document.addEventListener("click", (event) => { if (event.target.closest("[role=tab]")) stopCamera(); });
document.addEventListener("visibilitychange", () => { if (document.hidden) stopCamera(); });
