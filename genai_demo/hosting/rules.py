"""What a Hugging Face Space takes, as its documentation said in August 2026: these lists change, and nothing else here.

Sources: "Spaces Configuration Reference", "Spaces ZeroGPU" and "Handling Spaces Dependencies" in the hub's
documentation (huggingface.co/docs/hub/spaces-config-reference, spaces-zerogpu and spaces-dependencies).
"""

from __future__ import annotations

COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
KEYS: dict[str, type] = {
    "title": str,
    "emoji": str,
    "colorFrom": str,
    "colorTo": str,
    "sdk": str,
    "python_version": str,
    "sdk_version": str,
    "suggested_hardware": str,
    "app_file": str,
    "base_path": str,
    "fullWidth": bool,
    "header": str,
    "short_description": str,
    "models": list,
    "datasets": list,
    "tags": list,
    "thumbnail": str,
    "pinned": bool,
    "license": str,
    "hf_oauth": bool,
    "hf_oauth_scopes": list,
    "hf_oauth_expiration_minutes": int,
    "hf_oauth_authorized_org": str,
    "disable_embedding": bool,
    "startup_duration_timeout": str,
    "custom_headers": dict,
    "preload_from_hub": list,
}
"""keys of the front matter of a Gradio Space, and of which kind their values are"""
NEEDED = ("title", "sdk", "sdk_version", "python_version", "app_file", "license", "short_description")
"""keys without which the hub would guess"""
LONGEST_DESCRIPTION = 60
"""characters of `short_description`"""
ZERO_PYTHON = ("3.12.12", "3.10.13")
"""versions of Python on ZeroGPU"""
ZERO_TORCH = {"2.8.0": "0.23.0", "2.9.1": "0.24.1", "2.10.0": "0.25.0", "2.11.0": "0.26.0"}
"""versions of torch on ZeroGPU, with the torchvision that belongs to each"""
OWN_PYTHON = (3, 11)
"""the oldest Python that this program runs on"""
BROUGHT = ("spaces", "huggingface_hub", "datasets")
"""packages of which a Space brings a version of its own, besides Gradio"""
ZERO_HARDWARE = "zero-a10g"
"""how the hub's programs call ZeroGPU, whatever GPU it is"""
