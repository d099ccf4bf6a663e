// Faces in a row, each with buttons that move and remove it.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-edit]");
  if (button) trigger("edit", { edit: button.dataset.edit, place: Number(button.dataset.place) });
});
