"""The same face nearer to the most typical one, and farther from it: the truncation of its code."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from genai_demo.faces.explaining.opening import OpenFace

VARIETIES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.15, 1.3)
"""factors of the code's distance from the middle; 0 leaves nothing of the seed but its labels"""


def paint_varieties(face: OpenFace) -> Tensor:
    """Return a face at each of `VARIETIES`: (N, 3, S, S), uint8 (Karras et al. 2019, StyleGAN, appendix B)."""
    painter = face.painter
    return painter.paint([painter.code(replace(face.request, variety=variety)) for variety in VARIETIES])
