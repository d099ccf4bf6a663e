"""How the page looks: paper and ink, in light and dark, with the fonts of the visitor's system."""

from __future__ import annotations

import gradio as gr

SANS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Noto Sans",
    "Noto Sans CJK SC",
    "PingFang SC",
    "Microsoft YaHei",
    "sans-serif",
)
MONO = ("ui-monospace", "SFMono-Regular", "Consolas", "monospace")

# name of a colour: in light, in dark; each text colour keeps 4.5 to 1 against both surfaces it stands on
_PAGE = ("#f5f3ee", "#171614")
_SURFACE = ("#fdfcf9", "#201e1b")
_INK = ("#1f1c18", "#ece7de")
_SOFT_INK = ("#5d564b", "#b4aca0")
_LINE = ("#d9d3c7", "#3a3631")
_STRONG_LINE = ("#8d8474", "#837a6d")
_ACCENT = ("#8f2d1e", "#e8a48f")


def _growing(size: gr.themes.Size) -> gr.themes.Size:
    """Return a size that is the same in pixels, until the root's type is made larger: see `frame.css`."""
    return gr.themes.Size(*(f"{float(pixels.removesuffix('px')) / 16:g}rem" for pixels in size.expand()))


def theme() -> gr.themes.Base:
    """Return the theme of the page."""
    look = gr.themes.Base(
        font=list(SANS),
        font_mono=list(MONO),
        radius_size=gr.themes.sizes.radius_sm,
        text_size=_growing(gr.themes.sizes.text_md),
        spacing_size=_growing(gr.themes.sizes.spacing_md),
    )
    colours = {
        "body_background_fill": _PAGE,
        "body_text_color": _INK,
        "body_text_color_subdued": _SOFT_INK,
        "background_fill_primary": _SURFACE,
        "background_fill_secondary": _PAGE,
        "block_background_fill": _PAGE,
        "block_border_color": _PAGE,
        "block_info_text_color": _SOFT_INK,
        "block_label_background_fill": _PAGE,
        "block_label_text_color": _INK,
        "block_title_text_color": _INK,
        "border_color_primary": _LINE,
        "border_color_accent": _ACCENT,
        "color_accent_soft": _LINE,
        "accordion_text_color": _INK,
        "link_text_color": _ACCENT,
        "link_text_color_hover": _INK,
        "link_text_color_active": _ACCENT,
        "link_text_color_visited": _ACCENT,
        "input_background_fill": _SURFACE,
        "input_background_fill_focus": _SURFACE,
        "input_border_color": _STRONG_LINE,
        "input_border_color_focus": _INK,
        "input_placeholder_color": ("#736b5f", "#978e81"),
        "slider_color": _INK,
        "loader_color": _ACCENT,
        "checkbox_background_color": _SURFACE,
        "checkbox_background_color_selected": _INK,
        "checkbox_border_color": _STRONG_LINE,
        "checkbox_border_color_selected": _INK,
        "checkbox_border_color_focus": _INK,
        "checkbox_label_background_fill": _SURFACE,
        "checkbox_label_background_fill_hover": _PAGE,
        "checkbox_label_background_fill_selected": _INK,
        "checkbox_label_border_color": _LINE,
        "checkbox_label_border_color_selected": _INK,
        "checkbox_label_text_color": _INK,
        "checkbox_label_text_color_selected": _SURFACE,
        "button_primary_background_fill": _INK,
        "button_primary_background_fill_hover": ("#3a352e", "#ffffff"),
        "button_primary_border_color": _INK,
        "button_primary_border_color_hover": _INK,
        "button_primary_text_color": _SURFACE,
        "button_secondary_background_fill": _SURFACE,
        "button_secondary_background_fill_hover": _LINE,
        "button_secondary_border_color": _STRONG_LINE,
        "button_secondary_border_color_hover": _STRONG_LINE,
        "button_secondary_text_color": _INK,
        "panel_background_fill": _PAGE,
        "error_background_fill": _SURFACE,
        "error_text_color": _ACCENT,
        "error_border_color": _ACCENT,
    }
    shapes = {
        "color_accent": "*body_text_color",
        "input_border_width": "1px",
        "block_border_width": "0px",
        "block_padding": "0",
        "block_shadow": "none",
        "block_title_text_weight": "600",
        "block_info_text_size": "*text_sm",
        "button_border_width": "1px",
        "checkbox_label_border_width": "1px",
        "checkbox_label_shadow": "none",
        "checkbox_shadow": "none",
        "input_shadow": "none",
        "input_shadow_focus": "none",
        "layout_gap": "*spacing_xxl",
        "form_gap_width": "0px",
        "button_primary_shadow": "none",
    }
    pairs = {name: light for name, (light, _) in colours.items()}
    pairs |= {f"{name}_dark": dark for name, (_, dark) in colours.items()}
    return look.set(**pairs, **shapes)
