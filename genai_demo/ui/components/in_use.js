// Which snapshots stand in for the models that ship: the way back, and a look now and then whether the presenter chose others.
const PACE = 5000; // milliseconds
const KEY = "genai_demo_training_key";
const root = () => element.querySelector(".in-use");
let looking = false;

function key() {
  try { return localStorage.getItem(KEY) || ""; } catch { return ""; }
}

async function look() {
  if (looking || !root() || !element.offsetParent || document.visibilityState !== "visible") return;
  looking = true;
  try {
    const response = await fetch(`training/in_use?${new URLSearchParams({ modality: root().dataset.modality })}`);
    const { version } = response.ok ? await response.json() : root().dataset;
    if (root() && version !== root().dataset.version) trigger("changed", {});
  } catch { /* the connection comes again */ } finally { looking = false; }
}

// Only who typed the presenter's key may end what counts for everybody.
async function end() {
  const headers = { "content-type": "application/json", "x-training-key": encodeURIComponent(key()) };
  const body = JSON.stringify({ modality: root().dataset.modality, name: "" });
  const response = await fetch("training/use", { method: "POST", headers, body });
  if (response.ok) trigger("changed", {});
}

function show() {
  element.querySelectorAll("[data-do=end]").forEach((button) => { button.hidden = !key(); });
}

// Leads to what the chosen model makes, once the server's line that names the page is there.
function go(left = 20) {
  const page = root()?.dataset.page;
  if (!page) {
    if (left) setTimeout(() => go(left - 1), 50);
    return;
  }
  genaiDemo.address.go(`?${new URLSearchParams({ tab: element.id.replace(/-in-use$/, ""), page })}`);
  setTimeout(genaiDemo.address.settle, 500);
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button?.dataset.do === "back") trigger("back", {});
  if (button?.dataset.do === "end") end();
});
genaiDemo.offer(element, { look, go });
watch("value", show);
setInterval(look, PACE);
show();
