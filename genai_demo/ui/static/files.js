// Files that a visitor chooses or drops: they go into the event alone, for what Gradio uploads, it would write to a disk.
window.genaiFiles = (() => {
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

  return { take, send, say, read: (id) => say(document.getElementById(id), "") };
})();
