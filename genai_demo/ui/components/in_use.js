// Which snapshots stand in for the models that ship: the way back, and a look now and then whether the presenter chose others.
const PACE = 5000; // milliseconds
const KEY = "genai_demo_training_key";
const root = () => element.querySelector(".in-use");
let looking = false;

function key() {
  try { return localStorage.getItem(KEY) || ""; } catch { return ""; }
}

async function look() {
  if (looking || root()?.dataset.asks === undefined || !element.offsetParent || document.visibilityState !== "visible") return;
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
  const tab = element.closest("[id$=-in-use]").id.replace(/-in-use$/, "");
  genaiDemo.address.go(`?${new URLSearchParams({ tab, page })}`);
  arrived(page);
}

// A page that was never opened takes a moment; the address names it once it is in front.
function arrived(page, left = 40) {
  genaiDemo.address.settle();
  if (new URLSearchParams(location.search).get("page") === page) element.scrollIntoView({ block: "center" });
  else if (left) setTimeout(arrived, 250, page, left - 1);
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
