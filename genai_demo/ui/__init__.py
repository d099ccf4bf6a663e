"""The pages of the web demo; imports gradio, but torch only once a model is asked for."""

import os

# Gradio reads these when it is imported: nothing is reported to anybody.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
