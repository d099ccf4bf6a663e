#!/usr/bin/env bash
# Gradio 6.31.0: an application of one page, opened with a query of its own such as ?page=results, as a link to a view is.
# Expected: what is no parameter of Gradio's is left to the application; its page comes, and the query reaches its handlers.
# Happens: the front page takes a parameter "page" for the name of one of the application's pages, and answers 500 where
# there is none of that name. So a link, or a search engine's counting parameter, may not be called so, or has to be
# taken out before Gradio sees it.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'gradio==6.31.0'
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import gradio as gr
import httpx

with gr.Blocks(analytics_enabled=False) as page:
    gr.Textbox(label="Name")
_, address, _ = page.launch(prevent_thread_lock=True, quiet=True)
found = {query: httpx.get(f"{address}{query}").status_code for query in ("", "?view=results", "?page=results", "?page=")}
print("\n".join(f"GET /{query}: {status}" for query, status in found.items()))
sys.exit(found != {"": 200, "?view=results": 200, "?page=results": 500, "?page=": 200})
PYTHON
# Seen:
#   GET /: 200
#   GET /?view=results: 200
#   GET /?page=results: 500
#   GET /?page=: 200
# and in the log: KeyError: 'results' (gradio/routes.py, get_page_config)
