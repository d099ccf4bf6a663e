"""Texts as HTML: everything that a model or a visitor wrote is escaped here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import text_front
from genai_demo.text.requests import CHINESE, FILLERS, WRITERS, GenerateRequest, Request, RewriteRequest
from genai_demo.text.results import Draft, Piece, Update
from genai_demo.text.sampling.loading import FOLDERS, is_here
from genai_demo.ui.address import link
from genai_demo.ui.languages import text

PAGES = {
    "generate": "write",
    "headlines": "headlines",
    "fill": "fill",
    "fill-chinese": "fill-chinese",
    "rewrite": "rewrite",
    "rewrite-chinese": "rewrite-chinese",
}
"""names of the pages in the address, by their panels"""


@dataclass(frozen=True)
class Shown:
    """What a result panel shows: enough to draw it again in another language."""

    request: Request
    update: Update
    seconds: float = 0.0
    stopped: bool = False
    told: bool = True
    """whether its words are shown as they come; otherwise the page tells them when all are there"""
    shipped: bool = False
    """whether it is there before anybody asked for anything"""

    @property
    def tokens(self) -> int:
        """Tokens that the model has written so far, those of all texts added up."""
        return sum(draft.tokens for draft in self.update.drafts)

    @property
    def in_steps(self) -> bool:
        """Whether the result comes in steps, all places at once, and not token by token."""
        return not isinstance(self.request, GenerateRequest) or self.request.model in FILLERS


def panel_of(request: Request) -> str:
    """Return the panel on which a request is made."""
    chinese = request.model in CHINESE
    if isinstance(request, GenerateRequest):
        return "headlines" if chinese else "generate"
    action = "rewrite" if isinstance(request, RewriteRequest) else "fill"
    return f"{action}-chinese" if chinese else action


def results(shown: Shown, language: str) -> str:
    """Return all variants of a result as cards, with the line that tells what was used."""
    drafts = shown.update.drafts
    cards = [_card(shown, number, language) for number in range(len(drafts))]
    if len(drafts) == 1:
        shipped = ' data-shipped=""' if shown.shipped else ""
        return f'<div class="news-items"{shipped}>{cards[0]}</div>{_status(shown, language)}'
    note = f'<p class="machine-made">{escape(message("text.machine_made_several", language))}</p>'
    return f'<div class="news-items several">{"".join(cards)}</div>{note}{_status(shown, language)}'


def _status(shown: Shown, language: str) -> str:
    variants, tokens, update = len(shown.update.drafts), shown.tokens, shown.update
    parts = [text("status_seed", language, seed=shown.request.seed)]
    if variants > 1:
        parts.append(text("status_variants", language, variants=variants))
    if shown.in_steps and not (update.finished or shown.stopped):
        parts.append(text("status_step", language, step=update.step, steps=update.steps))
    else:
        parts.append(text("status_tokens", language, tokens=tokens))
    if update.finished:
        parts.append(text("status_seconds", language, seconds=f"{shown.seconds:.1f}"))
    figures = " · ".join(parts)
    if shown.stopped:
        return f'<p class="result-status" role="status">{escape(text("stopped", language, figures=figures))}</p>'
    quiet = "" if update.finished else ' aria-hidden="true"'  # the figures of every moment are too much to listen to
    return f'<p class="result-status"{quiet}>{escape(figures)}</p>'


def _card(shown: Shown, number: int, language: str) -> str:
    draft = shown.update.drafts[number]
    done = shown.update.finished
    label = text("card_label", language, number=number + 1, count=len(shown.update.drafts))
    state = "finished" if done else "stopped" if shown.stopped else "running"
    classes = ["news-item", "shipped" if shown.shipped else state]
    written = isinstance(shown.request, GenerateRequest)
    if written:
        classes += ["written", *([] if shown.in_steps or shown.shipped else ["by-word"])]
    if shown.in_steps and not (written and done):
        classes.append("shaded")
    kicker = text(f"topic_{shown.request.topic}", language) if shown.request.topic != "any" else ""
    note = f'<p class="machine-made">{escape(message("text.machine_made", language))}</p>'
    if len(shown.update.drafts) > 1:
        note = ""  # it is said once for all
    return (
        f'<article class="{" ".join(classes)}" aria-label="{escape(label)}"{_data(shown, number, language)}>'
        f'<p class="kicker">{escape(kicker)}</p>'
        f"{_story(_visible(shown, draft), language, WRITERS[shown.request.model].language, 'shaded' in classes)}"
        f"{note}"
        f"{_before(shown.request, draft, language) if done else ''}"
        f"{_tools(shown, draft, language) if done else ''}"
        "</article>"
    )


def _data(shown: Shown, number: int, language: str) -> str:
    """What the page's script copies, downloads and announces."""
    if not shown.update.finished:
        return ""
    receipt = shown.update.receipts[number]
    name = f"{receipt.action}-{shown.request.topic}-seed{shown.request.seed}-{receipt.index + 1}.txt"
    values = {
        "link": _link(shown.request) if _can_be_linked(shown) else "",
        "telling": _link(shown.request),
        "text": shown.update.drafts[number].text,
        "receipt": receipt.to_json(),
        "front": text_front(receipt),
        "note": message("text.machine_made", language),
        "file": name,
    }
    return "".join(f' data-{key}="{escape(value)}"' for key, value in values.items())


def _link(request: Request) -> str:
    """Return the address of a result."""
    return link("news", PAGES[panel_of(request)], request)


def _can_be_linked(shown: Shown) -> bool:
    """Return whether a link makes the same result again for everybody: a visitor's own model may be gone by then."""
    return all(receipt.model in FOLDERS.values() for receipt in shown.update.receipts)


def _visible(shown: Shown, draft: Draft) -> Draft:
    """Return what is shown of a text that comes word by word: what is known of each word follows when all are there."""
    if shown.update.finished:
        return draft
    if shown.in_steps or shown.stopped:  # only a finished text can be made again, and its words opened
        return replace(draft, pieces=tuple(replace(piece, place=0) for piece in draft.pieces))
    pieces = (replace(piece, step=0) for piece in draft.pieces) if shown.told else ()
    return replace(draft, pieces=tuple(pieces))


def _story(draft: Draft, language: str, written: str, focusable: bool) -> str:
    """The text in the language `written`: what stands before its first line break is the headline."""
    head, rest = _parted(draft.pieces)
    if not draft.text.strip():
        body = (
            f'<p class="lead nothing">{escape(text("no_text", language))}</p>'
            if draft.finished
            else '<p class="lead"><span class="caret"></span></p>'
        )
        return f'<div class="story">{body}</div>'
    headline = f'<p class="headline" lang="{written}">{_spans(head, language, focusable)}</p>' if rest else ""
    kind = "headline" if written == "zh" else "lead"
    body = (
        f'<p class="{kind}" lang="{written}">{_spans(rest or head, language, focusable)}<span class="caret"></span></p>'
    )
    return f'<div class="story">{headline}{body}</div>'


def _parted(pieces: Iterable[Piece]) -> tuple[list[Piece], list[Piece]]:
    head: list[Piece] = []
    rest: list[Piece] = []
    parted = False
    for piece in pieces:
        before, line_break, after = ("", "", piece.text) if parted else piece.text.partition("\n")
        for part, side in ((before, head), (after, rest)):
            if part:
                side.append(replace(piece, text=part))
        parted = parted or bool(line_break)
    return head, rest


def _spans(pieces: Iterable[Piece], language: str, focusable: bool) -> str:
    spans: list[str] = []
    reached = False
    for piece in pieces:
        shown = escape(piece.text)
        if piece.kind == "given":
            spans.append(f'<span class="given">{shown}</span>')
        elif piece.kind == "blank":
            spans.append(f'<span class="blank">{shown}</span>')
        elif not piece.step:
            spans.append(shown)
        else:
            title = text("piece", language, step=piece.step, percent=_percent(piece))
            # the space before a word stays outside, so that no underline begins with it
            space = shown[: len(shown) - len(shown.lstrip())]
            kind = f'class="filled sure-{_level(piece)}"'
            if focusable:  # one stop of the Tab key; arrow keys reach the others
                kind += f' role="button" tabindex="{-1 if reached else 0}"'
            # What a word has to say stands in a panel once its text is there.
            kind += f' data-place="{piece.place}"' if piece.place else f' title="{escape(title)}"'
            reached = True
            spans.append(f"{space}<span {kind}>{shown.lstrip()}</span>")
    return "".join(spans)


def _percent(piece: Piece) -> str:
    return "<1" if piece.confidence < 0.01 else str(round(100 * piece.confidence))


def _level(piece: Piece) -> int:
    """Quarter of the scale of confidence, 1 to 4."""
    return 1 + min(3, int(4 * piece.confidence))


def _before(request: Request, draft: Draft, language: str) -> str:
    """The text that was rewritten, with the words that are gone struck out."""
    if not isinstance(request, RewriteRequest):
        return ""
    written = WRITERS[request.model].language
    # Chinese has no spaces between words.
    parts = r"[\s\S]" if written == "zh" else r"\s+|\S+"
    old, new = (re.findall(parts, version) for version in (request.unmarked, draft.text))
    shown = []
    for action, start, end, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        words = escape("".join(old[start:end]))
        shown.append(f"<del>{words}</del>" if action in ("replace", "delete") and words.strip() else words)
    return (
        f'<div class="before"><p class="small-heading">{escape(text("before", language))}</p>'
        f'<p class="old" lang="{written}">{"".join(shown)}</p>'
        f'<p class="hint">{escape(text("before_note", language))}</p></div>'
    )


def _tools(shown: Shown, draft: Draft, language: str) -> str:
    names = [("copy", "copied"), ("download", "downloaded")]
    written = WRITERS[shown.request.model].language
    if written == "en" or is_here("headlines-masked"):
        names.append(("send_to_rewrite", ""))
    names += [("copy_link", "link_copied")] if _can_be_linked(shown) else []
    buttons = "".join(
        f'<button type="button" data-action="{name}" data-done="{escape(text(done, language) if done else "")}">'
        f"{escape(text(name, language))}</button>"
        for name, done in names
    )

    if shown.request.chosen:
        former = _link(replace(shown.request, chosen=shown.request.chosen[:-1]))
        buttons += f'<button type="button" data-former="{escape(former)}">{escape(text("former", language))}</button>'
    if not any(piece.step for piece in draft.pieces):
        return f'<div class="tools">{buttons}</div>'
    replay = escape(text("replay_blanks" if shown.in_steps else "replay_words", language))
    # The button that begins a new text has the same name: whoever hears the page is told which of the two this is.
    heard = "" if shown.in_steps else f' aria-label="{escape(text("replay_words_heard", language))}"'
    buttons += f'<button type="button" data-replay=""{heard}>{replay}</button>'
    pressed = "false" if isinstance(shown.request, GenerateRequest) else "true"
    label = escape(text("sureness", language))
    sureness = f'<button type="button" data-action="sureness" aria-pressed="{pressed}">{label}</button>'
    look, legend, heading = (escape(text(key, language)) for key in ("look_intro", "legend", "pieces"))
    return (
        f'<div class="tools">{buttons}{sureness}</div>'
        f'<div class="sureness"><p class="hint">{look}</p><p class="hint">{legend}</p>'
        f"<details><summary>{heading}</summary>{_piece_list(draft, language, written)}</details></div>"
    )


def _piece_list(draft: Draft, language: str, written: str) -> str:
    filled = sorted((piece for piece in draft.pieces if piece.kind == "filled"), key=lambda piece: piece.step)
    items = (
        f'<li><span lang="{written}">{escape(piece.text.strip() or piece.text)}</span> '
        f"<small>{escape(text('piece', language, step=piece.step, percent=_percent(piece)))}</small></li>"
        for piece in filled
    )
    return f'<ol class="pieces">{"".join(items)}</ol>'
