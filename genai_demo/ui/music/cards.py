"""Pieces as HTML: each with its player, its roll, a place for its score, and what can be done with it.

The page's script draws the roll and plays the sound; all that it needs of a piece stands in `data-music`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Any

from genai_demo.catalogue import message
from genai_demo.music.audio.performance import bar_times, seconds_at
from genai_demo.music.audio.synthesis import TAIL
from genai_demo.music.notation.beams import beats
from genai_demo.music.requests import (
    HAND_CHOICES,
    HARMONISERS,
    MODELS,
    MOST_GIVEN_BARS,
    PARTS,
    REWRITERS,
    ComposeRequest,
    ContinueRequest,
    HarmoniseRequest,
    Request,
    RewriteRequest,
)
from genai_demo.music.results import key_name
from genai_demo.music.sampling.loading import FOLDERS
from genai_demo.music.theory.piece import Piece
from genai_demo.music.tokens.piece_string import key_id
from genai_demo.ui.address import link
from genai_demo.ui.cards import remembered
from genai_demo.ui.languages import text
from genai_demo.ui.music import carried, explaining
from genai_demo.ui.music.library import Item, Library

PAGES: dict[type[Request], str] = {
    ComposeRequest: "compose",
    ContinueRequest: "continue",
    RewriteRequest: "rewrite",
    HarmoniseRequest: "harmonise",
}
"""what the address calls the result of a request"""
FILES = ("mid", "musicxml", "svg", "mp3", "ogg", "wav")
"""what a piece can be saved as"""
ADDED_BARS = (4, 8, 16, 32)
"""bars that can be added at once"""
_LATE = 16
"""parts of the last bar, which slows down, whose times the page is told"""
_SPEEDS = (0.5, 1.5)
"""how slow and how fast music can be played"""
_WORDS = (
    *("bar_of", "play", "pause", "show_score", "hide_score", "engraving", "page_of"),
    *("wrong_range", "from_bar", "from_end"),
)
"""what the page's script says"""
_FIELDS = {name: f"{{{name}}}" for name in ("bar", "bars", "page", "pages", "first", "last")}
"""fields that the page's script fills in"""


def title(piece: Piece, language: str) -> str:
    """Return what a piece is called: its key, metre and tempo."""
    return " · ".join(part for part in (_key(piece, language), _manner(piece)) if part)


def _key(piece: Piece, language: str) -> str:
    return key_name(key_id(piece.key), language) if piece.key else ""


def _manner(piece: Piece) -> str:
    bar = max(piece.bars[:2], key=lambda bar: bar.length)  # a first bar that is shorter is an upbeat
    return f"{bar.beats}/{bar.unit} · ♩ = {piece.tempo:.0f}"


def music(item: Item) -> str:
    """Return what the page's script draws and plays, as JSON.

    Notes are [start, pitch, length, hand]; times are pairs of a tick and the second at which it is reached; "at" is the
    bar that was written last.
    """
    piece = item.piece
    last = piece.bars[-1]
    late = [last.start + last.length * part // _LATE for part in range(1, _LATE + 1)]
    times = [*zip((bar.start for bar in piece.bars), bar_times(piece), strict=False)]
    times += [(tick, seconds_at(piece, tick)) for tick in late]
    told: dict[str, Any] = {
        "key": item.key,
        "notes": [[note.start, note.pitch, note.length, note.hand] for note in piece.notes],
        "bars": [*(bar.start for bar in piece.bars), piece.end],
        "flats": piece.key is not None and piece.key.sharps < 0,
        "beats": [bar.start + beat.start for bar in piece.bars for beat in beats(bar)[1:]],
        "times": [[tick, round(second, 3)] for tick, second in times],
        "seconds": round(times[-1][1] + TAIL, 3),
        "changed": item.changed if item.past else None,
        "growing": item.growing,
        "at": (item.changed[0] if item.changed else 0) + max(0, item.written - 1),
        "fresh": not item.past,
    }
    return json.dumps(told, separators=(",", ":"))


def library(shown: Library, able: Sequence[str], language: str) -> str:
    """Return all pieces in the library as cards.

    Args:
        shown: the library.
        able: models that are here; what needs another one is not offered.
        language: one of `LANGUAGES`.
    """
    said = {name: text(f"music_{name}", language, **_FIELDS) for name in _WORDS}
    words = escape(json.dumps(said, ensure_ascii=False))
    cards = "".join(_card(shown, place, able, language) for place in range(len(shown.items)))
    busy = ' data-busy=""' if shown.busy else ""
    turn = f'data-turn="{shown.turn}" data-heard="{shown.heard}"' + (' data-shipped=""' if shown.shipped else "")
    inside = escape(json.dumps(explaining.words(language), ensure_ascii=False))
    return f'<div class="desk" {turn} data-words="{words}" data-inside="{inside}"{busy}>{cards}</div>'


def _card(shown: Library, place: int, able: Sequence[str], language: str) -> str:
    item = shown.items[place]
    number = f"{place + 1}"
    label = text("music_card", language, number=number, count=len(shown.items), title=title(item.piece, language))
    machine = message("music.machine_made", language) if item.made else text("music_given", language)
    body = (
        f'<header><p class="kicker">{escape(_kicker(item, language))}</p>'
        f"{_heading(item.piece, language)}</header>"
        f"{_transport(shown, item, language)}"
        f"{_roll(item, language)}"
        f"{_inside(item, language)}"
        f"{_remarks(item, language)}"
    )
    if not item.growing:
        body += f"{_tools(item, able, language)}{_score(language)}"
    body += f'<p class="machine-made">{escape(machine)}</p>'
    if not item.growing:
        body += _files(language, _can_be_linked(item))
    past = ' data-past=""' if item.past else ""
    return (
        f'<article class="work {item.state}" data-place="{place}" data-key="{item.key}"{past}'
        f'{_remembered(item)} aria-label="{escape(label)}" data-music="{escape(music(item))}">'
        f"{body}</article>"
    )


def _remembered(item: Item) -> str:
    """What the page's script needs to show the piece again."""
    if item.growing:
        return ""
    if item.request is None or item.receipt is None:
        address, receipt = link("music", carried.PAGE, carried.carried(item)), ""
    else:
        address = link("music", PAGES[type(item.request)], item.request) if _can_be_linked(item) else ""
        receipt = item.receipt.to_json()
    return remembered(address, partial(title, item.piece), receipt)


def _can_be_linked(item: Item) -> bool:
    """Return whether a link makes the same piece again for everybody: a run's snapshot may be gone by then."""
    return item.receipt is None or item.receipt.model in FOLDERS.values()


def _heading(piece: Piece, language: str) -> str:
    count = text("music_bars_count", language, bars=len(piece.bars))
    manner = f"{_manner(piece)} · {count}"
    # Fonts with serifs rarely have these signs.
    key = re.sub("[♭♯]", r'<span class="sign">\g<0></span>', escape(_key(piece, language)))
    return f'<h2>{key}{" " if key else ""}<span class="manner">{escape(manner)}</span></h2>'


def _kicker(item: Item, language: str) -> str:
    request = item.request
    if request is None:
        return text("music_yours", language)
    parts = [text(f"music_by_{request.model}", language), text("status_seed", language, seed=request.seed)]
    if item.moved:
        parts.append(text("music_moved", language))
    if item.state == "stopped":
        parts.append(text("music_stopped", language))
    return " · ".join(parts)


def _transport(shown: Library, item: Item, language: str) -> str:
    if item.growing:
        stop, growing = escape(text("stop_button", language)), escape(text("music_growing", language))
        done, left = shown.progress, shown.seconds_left
        bar = f'<progress max="1" value="{done:.3f}" aria-label="{growing}"></progress>'
        over = text("seconds_left", language, seconds=left) if left else ""
        return (
            f'<div class="transport"><button type="button" class="play" data-do="stop" aria-label="{stop}">'
            f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6h12v12H6z"/></svg></button>'
            f'<span class="in-work" role="status">{growing}</span>{bar}'
            f'<span class="left-over">{escape(over)}</span></div>'
        )
    play, where = escape(text("music_play", language)), escape(text("music_where", language))
    return (
        f'<div class="transport"><button type="button" class="play" data-do="play" aria-label="{play}">'
        f'<svg viewBox="0 0 24 24" aria-hidden="true"><path class="sign-play" d="M7 4.5v15l13-7.5z"/>'
        f'<path class="sign-pause" d="M6 4.5h4.4v15H6zM13.6 4.5H18v15h-4.4z"/></svg></button>'
        f'<input class="where" type="range" min="0" max="1000" value="0" step="1" aria-label="{where}">'
        f'<span class="clock"></span></div>{_player_settings(language)}'
    )


def _player_settings(language: str) -> str:
    """Return what holds for all pieces and is remembered in the browser: volume, speed, and what happens by itself."""

    def slider(name: str, low: float, high: float, step: float) -> str:
        label = escape(text(f"music_{name}", language))
        return (
            f'<label><span>{label}</span><input type="range" min="{low}" max="{high}" step="{step}" '
            f'data-player="{name}"><output></output></label>'
        )

    def switch(name: str) -> str:
        label = escape(text(f"music_{name}", language))
        return f'<button type="button" data-player="{name}" aria-pressed="false">{label}</button>'

    sliders = slider("volume", 0, 100, 1) + slider("speed", *_SPEEDS, 0.05)
    return f'<div class="player-settings">{sliders}{switch("loop")}{switch("at_once")}</div>'


def _roll(item: Item, language: str) -> str:
    count = len(item.piece.bars)
    label, right, left, by_hand, sounds, anew = (
        escape(text(f"music_{key}", language))
        for key in ("roll", "hand_right", "hand_left", "roll_by_hand", "sounds", "anew")
    )
    changed = f'<span class="sample anew">{anew}</span>' if item.past and item.changed else ""
    return (
        f'<div class="roll" role="slider" tabindex="0" aria-label="{label}" aria-valuemin="1" aria-valuemax="{count}" '
        f'aria-valuenow="1"><canvas aria-hidden="true"></canvas></div>'
        f'<div class="legend"><span class="sample right">{right}</span><span class="sample left">{left}</span>'
        f'<span class="sample sounds">{sounds}</span>{changed}'
        f'<span class="by-hand">{by_hand}</span>'
        f'<span class="bar-now"></span></div>'
    )


def _inside(item: Item, language: str) -> str:
    """The place where the page's script tells why a piece became what it is, of those that can be made again."""
    if item.receipt is None or item.growing:
        return ""
    title, opens = (escape(text(f"inside_{key}", language)) for key in ("title", "open"))
    return (
        f'<div class="piece-inside-head"><button type="button" data-do="inside" aria-expanded="false">{opens}'
        "</button></div>"
        f'<section class="piece-inside" aria-label="{title}" hidden></section>'
    )


def _remarks(item: Item, language: str) -> str:
    lines = "".join(f"<li>{escape(remark.in_language(language))}</li>" for remark in item.remarks)
    return f'<ul class="remarks hint">{lines}</ul>' if lines and not item.made else ""


def _tools(item: Item, able: Sequence[str], language: str) -> str:
    """Return what changes bars: the fields say which, and the buttons what."""

    def named(key: str) -> str:
        return escape(text(f"music_{key}", language))

    def number(name: str) -> str:
        return (
            f'<input type="number" inputmode="numeric" min="1" max="{len(item.piece.bars)}" value="1" '
            f'data-range="{name}" aria-label="{named(name)}">'
        )

    def choice(name: str, options: Sequence[tuple[str, str]], chosen: str) -> str:
        items = "".join(
            f'<option value="{value}"{" selected" if value == chosen else ""}>{escape(shown)}</option>'
            for value, shown in options
        )
        return f'<select data-choice="{name}" aria-label="{named(name)}">{items}</select>'

    def keyed(name: str, values: Sequence[str]) -> list[tuple[str, str]]:
        return [(value, text(f"music_{name}_{value}", language)) for value in values]

    def button(action: str, disabled: bool = False) -> str:
        return f'<button type="button" data-do="{action}"{" disabled" if disabled else ""}>{named(action)}</button>'

    count = len(item.piece.bars)
    added = [
        (str(bars), text("music_bars_count", language, bars=bars))
        for bars in ADDED_BARS
        if count + bars <= MOST_GIVEN_BARS
    ]
    behind = [("end", text("music_from_end", language)), ("chosen", text("music_from_end", language))]
    groups = []
    anew = button("rewrite") + button("keep")
    if set(HARMONISERS) & set(able):
        # A rectangle that is drawn on the roll becomes one more range of keys.
        ranges = choice("range", keyed("range", ("all", "upper", "lower")), "all")
        ranges = ranges.replace("</select>", '<option value="drawn" hidden></option></select>')
        groups.append(anew + choice("hand", keyed("hand", HAND_CHOICES), "both") + ranges)
    elif set(REWRITERS) & set(able):
        groups.append(anew)
    groups.append(button("lower") + button("higher") + choice("interval", keyed("interval", ("1", "2", "12")), "1"))
    if set(MODELS) & set(able):
        longest = text("music_longest", language, most=MOST_GIVEN_BARS)
        going_on = button("continue") + choice("added", added, "8") + choice("from", behind, "end")
        groups.append(going_on if added else f'<span class="hint">{escape(longest)}</span>')
    if set(HARMONISERS) & set(able):
        groups.append(button("harmonise") + choice("part", keyed("part", PARTS), "left"))
    acts = "".join(f'<div class="act">{group}</div>' for group in groups)
    return (
        f'<fieldset class="bar-tools"><legend>{named("change")}</legend>'
        f'<div class="which"><span aria-hidden="true">{named("which")}</span>{number("first")}'
        f'<span aria-hidden="true">–</span>{number("last")}{button("all")}{button("undo", not item.past)}</div>'
        f'{acts}<p class="said" role="status" hidden></p></fieldset>'
    )


def _score(language: str) -> str:
    show, back, forward, score = (
        escape(text(f"music_{key}", language)) for key in ("show_score", "page_back", "page_forward", "score")
    )
    turning = (
        f'<button type="button" data-do="page-back" aria-label="{back}">‹</button>'
        f'<span class="page-now" aria-live="polite"></span>'
        f'<button type="button" data-do="page-forward" aria-label="{forward}">›</button>'
    )
    return (
        f'<div class="score"><div class="score-head">'
        f'<button type="button" data-do="score" aria-expanded="false">{show}</button>'
        f'<div class="pages-turn" hidden>{turning}</div></div>'
        f'<div class="sheet" role="img" aria-label="{score}" hidden></div></div>'
    )


def _files(language: str, linked: bool) -> str:
    files = "".join(
        f'<button type="button" data-file="{kind}">{escape(text(f"music_file_{kind}", language))}</button>'
        for kind in FILES
    )
    label, printing = escape(text("download", language)), escape(text("music_print", language))
    copy, copied = escape(text("copy_link", language)), escape(text("link_copied", language))
    button = f'<button type="button" data-do="print">{printing}</button>'
    button += f'<button type="button" data-do="link" data-done="{copied}">{copy}</button>' if linked else ""
    return f'<div class="tools files" role="group" aria-label="{label}">{files}{button}</div>'


def status(shown: Library | None, language: str) -> str:
    """Return how long the model worked, to be said once it is done."""
    if shown is None or shown.busy or not shown.items or not shown.items[shown.heard].made:
        return ""
    seconds = text("status_seconds", language, seconds=f"{shown.seconds:.1f}")
    return f'<p class="result-status" role="status">{escape(text("music_done", language, seconds=seconds))}</p>'
