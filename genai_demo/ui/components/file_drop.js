// A place for files, chosen by its button or dropped on it. They go into the event alone: what Gradio uploads, it would
// write to a disk.
function say(words) {
  const said = element.querySelector(".file-said");
  if (said) said.textContent = words;
}

function send(file) {
  const { most, tooLarge, reading } = element.querySelector(".drop").dataset;
  if (file.size > Number(most)) { say(tooLarge.replace("{file}", file.name)); return; }
  say(reading);
  const reader = new FileReader();
  reader.onload = () => {
    trigger("chosen", { content: reader.result.slice(reader.result.indexOf(",") + 1), name: file.name || "" });
  };
  reader.readAsDataURL(file);
}

element.addEventListener("click", (event) => {
  if (event.target.closest("button[data-take=choose]")) element.querySelector("input").click();
});
element.addEventListener("change", (event) => {
  const [file] = event.target.files || [];
  if (file) send(file);
  event.target.value = "";
});

const zone = element.querySelector(".drop");
element.addEventListener("dragover", () => zone.classList.add("over"));
["dragleave", "drop", "dragend"].forEach((kind) => element.addEventListener(kind, () => zone.classList.remove("over")));
element.addEventListener("drop", (event) => {
  if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
});

genaiDemo.offer(element, { read: () => say("") });
