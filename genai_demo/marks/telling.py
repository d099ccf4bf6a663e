"""Marks of a file in words."""

from __future__ import annotations

from genai_demo.catalogue import message
from genai_demo.marks.credentials import Credentials
from genai_demo.marks.origin import TRAINED, number_of
from genai_demo.marks.reading import Marks

_LABELS = ("1", "2", "3")


def told(marks: Marks, language: str) -> list[str]:
    """Return one sentence or more for every mark but the receipt; one that says so if there is none.

    Args:
        marks: of a file.
        language: one of `LANGUAGES`.
    """
    lines: list[str] = []
    if marks.iptc:
        trained = marks.iptc.rpartition("/")[2] == TRAINED.rpartition("/")[2]
        key = "marks.iptc_trained" if trained else "marks.iptc_other"
        lines.append(message(key, language, value=marks.iptc))
    if marks.aigc is not None:
        lines += _field(marks, marks.aigc, language)
    if marks.c2pa:
        lines += _credentials(marks.c2pa, language)
    if marks.locked:
        lines.append(message("marks.locked_pdf", language))
    return lines or [message("marks.none", language)]


def _field(marks: Marks, field: dict[str, str], language: str) -> list[str]:
    value, number = field.get("Label", ""), field.get("ProduceID", "")
    label = message(f"marks.aigc_{value if value in _LABELS else 'other'}", language, value=value)
    producer = field.get("ContentProducer", "")
    lines = [message("marks.aigc", language, label=label, producer=producer, number=number)]
    if marks.receipt:
        try:
            mine = number_of(marks.receipt) == number
        except (ValueError, RecursionError):
            return lines
        lines.append(message("marks.aigc_is_it" if mine else "marks.aigc_is_another", language))
    return lines


def _credentials(c2pa: Credentials, language: str) -> list[str]:
    problems = ", ".join(c2pa.problems)
    lines = [message(f"marks.c2pa_{c2pa.state}", language, signer=c2pa.signer, problems=problems)]
    return [*lines, message("marks.c2pa_model", language, model=c2pa.model)] if c2pa.model else lines
