"""Writing with the composer: what was asked for is what comes, the same for the same seed, bar by bar."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.generation.sampling import TokenTrace
from genai_demo.errors import UserError
from genai_demo.music.models.bar_conditioning import FEATURE_INDEX
from genai_demo.music.models.composer import DEBUG, Composer, ComposerConfig, ModelInput
from genai_demo.music.requests import TIME_SIGNATURES, ComposeRequest, ContinueRequest
from genai_demo.music.sampling import composing, decoding, generation
from genai_demo.music.sampling.composing import best_candidate, compose
from genai_demo.music.sampling.decoding import Decoder, Plan, Sampling, TokenSequence
from genai_demo.music.theory.genres import GENRE_METRES, GENRES, ends_on_tonic, genre_share
from genai_demo.music.theory.key_estimation import estimate_key
from genai_demo.music.theory.piece import TICKS, Bar, Key, Note, Piece
from genai_demo.music.theory.texture import STYLES
from genai_demo.music.tokens import events
from genai_demo.music.tokens.piece_string import KEY_BY_NAME, write_piece_string
from tests.helpers.music import bars_of, scale

HEADER = tuple(events.encode(scale(1, Key(2, "minor")))[:3])


def wild() -> Composer:
    """Return a composer that knows nothing: whatever the grammar allows may come."""
    torch.manual_seed(2)
    network = Composer(ComposerConfig(**DEBUG)).eval().requires_grad_(False)  # type: ignore[arg-type]
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.15)
    return network


NETWORK = wild()


def written(request: ComposeRequest | ContinueRequest) -> list[Piece]:
    return [composition.piece for composition in list(compose(NETWORK, request))[-1].compositions]


@hypothesis_settings(max_examples=25)
@given(
    st.integers(4, 9),
    st.sampled_from(sorted(KEY_BY_NAME)),
    st.sampled_from(TIME_SIGNATURES),
    st.integers(40, 208),
    st.integers(0, 2**31 - 1),
)
def test_whatever_the_weights_the_piece_is_whole_and_as_asked(
    bars: int, key: str, metre: str, tempo: int, seed: int
) -> None:
    request = ComposeRequest(bars=bars, key=key, metre=metre, tempo=tempo, seed=seed)
    request.check()
    piece = written(request)[0]
    assert not piece.faults()
    assert len(piece.bars) == bars
    assert {f"{bar.beats}/{bar.unit}" for bar in piece.bars} == {metre}
    assert piece.tempo == tempo
    assert piece.key == KEY_BY_NAME[key] if key != "any" else piece.key is not None


def test_the_same_seed_gives_the_same_pieces_and_another_does_not() -> None:
    request = ComposeRequest(bars=4, seed=3, variants=3)
    first = written(request)
    assert first == written(request)
    assert len({piece.notes for piece in first}) == 3
    assert not set(first) & set(written(replace(request, seed=4)))


def test_a_variant_is_the_same_whatever_stands_beside_it() -> None:
    alone = written(ComposeRequest(bars=4, seed=3))
    assert written(ComposeRequest(bars=4, seed=3, variants=4))[0] == alone[0]


def test_bars_come_one_after_the_other_and_stay() -> None:
    updates = list(compose(NETWORK, ComposeRequest(bars=6, seed=1, variants=2)))
    steps = [update.step for update in updates]
    assert steps == sorted(set(steps))
    assert steps[-1] == updates[-1].steps == 6
    assert not any(all(one.finished for one in update.compositions) for update in updates[:-1])
    last = updates[-1].compositions
    for update in updates:
        for now, then in zip(update.compositions, last, strict=True):
            assert now.bars >= update.step
            assert not now.piece.faults()
            assert now.piece.bars == then.piece.bars[: max(1, now.bars)]
            assert now.piece.notes == tuple(note for note in then.piece.notes if note.start < now.piece.end)
    assert all(one.finished and one.bars == 6 for one in last)


def told_styles(request: ComposeRequest | ContinueRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the style that each variant is told, and see that its tries are told the same."""
    plans: list[Plan] = []

    def watched(plan: Plan, seed: int) -> TokenSequence:
        plans.append(plan)
        return TokenSequence(plan, seed)

    monkeypatch.setattr(composing, "TokenSequence", watched)
    written(request)
    assert plans[:: composing.TRIES] == plans[composing.TRIES - 1 :: composing.TRIES]
    return [plan.style for plan in plans[:: composing.TRIES]]


def test_a_style_left_open_is_one_of_the_metre_and_one_asked_for_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    metre = "6/8"
    styles = [
        style
        for seed in range(12)
        for style in told_styles(ComposeRequest(bars=4, metre=metre, seed=seed, variants=4), monkeypatch)
    ]
    allowed = {style for style, pieces in zip(STYLES, composing._PIECES[metre], strict=True) if pieces}
    assert len(set(styles)) > 2
    assert set(styles) <= allowed
    assert Counter(styles).most_common(1)[0][0] == "song"
    assert told_styles(ComposeRequest(bars=4, style="ragtime", variants=3), monkeypatch) == ["ragtime"] * 3
    given_piece = write_piece_string(scale(2, Key(7, "major")))
    assert told_styles(ContinueRequest(music=given_piece, bars=4), monkeypatch) == ["any"]


def test_only_what_was_asked_for_is_guided(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Sampling] = []

    def watched(network: Composer, sequences: list[TokenSequence], sampling: Sampling) -> Decoder:
        found.append(sampling)
        return Decoder(network, sequences, sampling)

    monkeypatch.setattr(composing, "Decoder", watched)
    written(ComposeRequest(bars=4))
    written(ComposeRequest(bars=4, density="dense"))
    written(ComposeRequest(bars=4, style="song", register="low"))
    assert [(one.guidance > 1, one.guided) for one in found] == [
        (False, ()),
        (True, ("density",)),
        (True, ("style", "register")),
    ]


def test_given_music_stays_and_goes_on_in_its_metre_and_key() -> None:
    given_piece = replace(scale(3, Key(7, "major"), tempo=92.0), bars=bars_of([(4, 4), (4, 4), (4, 4)]))
    request = ContinueRequest(music=write_piece_string(given_piece), bars=5, seed=1)
    request.check()
    piece = written(request)[0]
    assert piece.bars[:3] == given_piece.bars
    assert len(piece.bars) == 8
    assert (piece.key, piece.tempo) == (given_piece.key, given_piece.tempo)
    kept = [(note.start, note.pitch, note.length) for note in piece.notes if note.start < given_piece.end]
    assert kept == [(note.start, note.pitch, note.length) for note in given_piece.notes]
    shorter = written(replace(request, keep=1))[0]
    assert len(shorter.bars) == 6
    assert [note for note in shorter.notes if note.start < 4 * TICKS] == list(piece.notes[:5])


def test_given_music_may_change_its_metre_and_lack_a_key() -> None:
    bars = bars_of([(1, 4), (3, 4), (6, 8)])
    notes = (Note(0, 67, 480), Note(480, 60, 480), Note(1920, 64, 240))
    piece = written(ContinueRequest(music=write_piece_string(Piece(notes, bars, None, 100.0)), bars=4))[0]
    assert [(bar.beats, bar.unit) for bar in piece.bars] == [(1, 4), (3, 4), *[(6, 8)] * 5]
    assert piece.key is not None
    empty = written(ContinueRequest(music=write_piece_string(Piece((), (Bar(0, 4, 4),), None, 100.0)), bars=4))[0]
    assert len(empty.bars) == 5


def test_what_is_read_token_by_token_is_read_as_a_whole() -> None:
    """Across the moments when the context is full and begins anew, too."""
    sequences = [TokenSequence(Plan(HEADER, 40), seed) for seed in (1, 2)]
    decoder = Decoder(NETWORK, sequences, Sampling())
    context, kept, first = NETWORK.config.context, int(0.75 * NETWORK.config.context), 0
    for _ in range(150):
        length = len(sequences[0].tokens)
        if length - first > context:
            first = length - kept
        found = decoder.logits()
        whole = ModelInput(
            torch.tensor([sequence.tokens[first:] for sequence in sequences]),
            torch.tensor([sequence.times[first:] for sequence in sequences]),
            torch.from_numpy(np.array([sequence.features[first:] for sequence in sequences])).long(),
        )
        assert np.allclose(found, NETWORK(whole)[:, -1].numpy(), atol=1e-3)
        for sequence, logits in zip(sequences, found, strict=True):
            sequence.push(sequence.draw(logits, Sampling()))
    assert first > 0


@pytest.mark.parametrize("guided", [("style", "density", "register"), ("density",)])
def test_guidance_goes_on_from_the_untold_to_the_told_and_beyond(guided: tuple[str, ...]) -> None:
    plan = Plan(HEADER, 4, style="dance", density="dense")
    sequences = [TokenSequence(plan, 1)]
    plain = Decoder(NETWORK, sequences, Sampling())
    other = Decoder(NETWORK, sequences, Sampling(guidance=2.5, guided=guided))
    hidden = [FEATURE_INDEX[name] for name in guided]
    for _ in range(12):
        features = torch.from_numpy(np.array([sequences[0].features])).long()
        untold = features.clone()
        untold[..., hidden] = 0
        assert not torch.equal(untold, features)
        tokens, times = torch.tensor([sequences[0].tokens]), torch.tensor([sequences[0].times])
        bare = NETWORK(ModelInput(tokens, times, untold))[:, -1].numpy()
        told = plain.logits()
        assert np.allclose(other.logits(), bare + 2.5 * (told - bare), atol=1e-3)
        sequences[0].push(sequences[0].draw(told[0], Sampling()))


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_a_line_that_follows_another_goes_on_like_it(guidance: float) -> None:
    plan = Plan(HEADER, 64, density="dense")
    decoder = Decoder(NETWORK, [TokenSequence(plan, seed) for seed in (1, 2, 3)], Sampling(guidance=guidance))
    for _ in range(20):
        decoder.next()
    assert decoder.sequences[0].tokens != decoder.sequences[2].tokens
    decoder.follow(0, 2)
    assert decoder.sequences[0].tokens == decoder.sequences[2].tokens
    assert decoder.sequences[0].piece() == decoder.sequences[2].piece()
    found = decoder.logits()
    assert np.allclose(found[0], found[2], atol=1e-5)
    assert not np.allclose(found[0], found[1], atol=1e-3)
    for _ in range(30):
        decoder.next()
    assert decoder.sequences[0].tokens != decoder.sequences[2].tokens, "their random numbers are their own"


def test_the_try_that_is_heard_in_the_key_goes_on() -> None:
    def sequence(key: Key, told: Key) -> TokenSequence:
        """Return a line whose music is in one key, while the model was told another."""
        piece = scale(3, key)
        moved = tuple(replace(note, pitch=note.pitch + key.tonic) for note in piece.notes)
        tokens = events.encode(replace(piece, notes=moved))[:-1]
        tokens[0] = events.FIRST["KEY"] + events.KEYS_OR_NONE.index(told)
        return TokenSequence(Plan(tuple(tokens), 2), 0)

    d_minor, c_major, b_major = Key(2, "minor"), Key(0, "major"), Key(11, "major")
    astray = [sequence(b_major, c_major), sequence(c_major, c_major)]
    assert best_candidate(astray, 4, 16) == 1
    assert best_candidate(astray, 3, 16) == 0, "so few bars do not tell"
    assert best_candidate(astray, 3, 3) == 1, "unless there are no more"
    assert best_candidate([sequence(c_major, c_major), sequence(c_major, c_major)], 4, 16) == 0, (
        "the first, where all are"
    )
    assert best_candidate([sequence(b_major, d_minor), sequence(c_major, d_minor)], 16, 16) == 1, (
        "the nearer one, where none is"
    )


def test_a_line_may_stray_a_little_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    near = {"little": -0.06, "far": -0.2, "none": 0.0, "heard": 1.0}
    monkeypatch.setattr(composing, "key_fit", lambda notes, key: notes)

    class Tune:
        tokens = (events.FIRST["KEY"],)

        def __init__(self, name: str) -> None:
            self.name = name

        def piece(self, bars: int) -> SimpleNamespace:
            return SimpleNamespace(notes=near[self.name])

    def chosen(first: str, written: int) -> int:
        return best_candidate([Tune(first), Tune("heard")], written, 16)  # type: ignore[list-item]

    assert [chosen("little", written) for written in (4, 6, 7, 15, 16)] == [0, 0, 1, 1, 1]
    assert [chosen("far", written) for written in (3, 4, 16)] == [0, 1, 1]
    assert [chosen("none", written) for written in (4, 15, 16)] == [0, 0, 1]


def test_asked_keys_are_heard_more_often_with_more_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    request = ComposeRequest(bars=8, key="D_minor", top_p=1.0)
    even = Composer(ComposerConfig(**DEBUG)).eval().requires_grad_(False)  # type: ignore[arg-type]
    for weight in even.parameters():
        torch.nn.init.zeros_(weight)  # all that the grammar allows is as likely

    def heard(tries: int) -> int:
        monkeypatch.setattr(composing, "TRIES", tries)
        last = [list(compose(even, replace(request, seed=seed)))[-1].compositions[0].piece for seed in range(40)]
        return sum(estimate_key(piece.notes) == KEY_BY_NAME["D_minor"] for piece in last)

    one, six = heard(1), heard(6)
    assert six > 2 * one + 3, (one, six)


def test_a_trace_tells_what_else_could_have_come() -> None:
    plan = Plan(HEADER, 4)
    plain, traced = (Decoder(NETWORK, [TokenSequence(plan, seed) for seed in (1, 2)], Sampling()) for _ in range(2))
    traces: list[list[TokenTrace]] = [[], []]
    for _ in range(30):
        plain.next()
        traced.next(traces)
    for sequence, same, found in zip(traced.sequences, plain.sequences, traces, strict=True):
        assert sequence.tokens == same.tokens
        assert [trace.token for trace in found] == sequence.tokens[len(HEADER) + 1 :][: len(found)]
        for trace in found:
            assert (trace.token, trace.probability) in [(rival.token, rival.after) for rival in trace.rivals]
            assert 0 < trace.forbidden < 1, "the grammar leaves some tokens, and never all"


def test_traces_are_not_made_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(decoding, "trace_token", lambda token, *rest: made.append(token))
    decoder = Decoder(NETWORK, [TokenSequence(Plan(HEADER, 4), 1)], Sampling())
    decoder.next()
    assert not made
    decoder.next([[]])
    assert len(made) == 1


@pytest.mark.parametrize("name", ["density", "register", "style"])
def test_what_is_asked_for_is_told_of_every_bar(name: str) -> None:
    value = {"density": "dense", "register": "low", "style": "dance"}[name]
    sequence = TokenSequence(Plan(HEADER, 4, **{name: value}), 0)  # type: ignore[arg-type]
    plain = TokenSequence(Plan(HEADER, 4), 0)
    assert not np.array_equal(sequence.features, plain.features)
    for token in (events.BAR, events.BAR):
        sequence.push(token)
    features = np.array(sequence.features)
    changed = features[0] != plain.features[0]
    assert (features[:, changed] == features[0][changed]).all()


@pytest.mark.parametrize("sign", [events.END, events.BAR, events.FIRST["METRE"]])
def test_whatever_closes_a_bar_closes_it(sign: int) -> None:
    """A piece goes on until its last bar, and ends there, whichever sign the composer would put."""
    sequence = TokenSequence(Plan(HEADER, 3), 0)
    logits = np.full(events.SIZE, -30.0)
    logits[sign] = 0
    drawn = []
    while not sequence.finished:
        drawn.append(sequence.draw(logits, Sampling()))
        sequence.push(drawn[-1])
    assert drawn == [events.BAR, events.BAR, events.END]
    assert sequence.draw(logits, Sampling()) == events.PAD


@hypothesis_settings(max_examples=10)
@given(
    st.sampled_from([(genre, metre) for genre in GENRES for metre in GENRE_METRES[genre]]),
    st.sampled_from(sorted(KEY_BY_NAME)),
    st.integers(0, 2**31 - 1),
)
def test_whatever_the_weights_a_genre_is_kept_and_its_piece_ends_on_the_tonic(
    asked: tuple[str, str], key: str, seed: int
) -> None:
    genre, metre = asked
    request = ComposeRequest(bars=5, genre=genre, metre=metre, key=key, seed=seed)
    request.check()
    piece = written(request)[0]
    assert not piece.faults()
    assert genre_share(piece, genre) == 1
    assert ends_on_tonic(piece)
    assert all(note.length >= TICKS for note in piece.notes if note.start >= piece.bars[-1].start)
    assert written(request)[0] == piece


@hypothesis_settings(max_examples=6)
@given(st.sampled_from([(genre, GENRE_METRES[genre][-1]) for genre in GENRES]), st.integers(0, 2**31 - 1))
def test_a_genre_is_gone_on_in(asked: tuple[str, str], seed: int) -> None:
    genre, metre = asked
    begun = written(ComposeRequest(bars=4, genre=genre, metre=metre, key="C_major", seed=seed))[0]
    request = ContinueRequest(music=write_piece_string(begun), keep=3, bars=4, genre=genre, seed=seed)
    request.check()
    piece = written(request)[0]
    assert len(piece.bars) == 7
    new = piece.bars[3].start
    behind = replace(
        piece,
        notes=tuple(replace(note, start=note.start - new) for note in piece.notes if note.start >= new),
        bars=tuple(replace(bar, start=bar.start - new) for bar in piece.bars[3:]),
        pedal=(),
    )
    assert genre_share(behind, genre) == 1
    assert ends_on_tonic(piece)


def test_a_genre_is_refused_where_it_cannot_be() -> None:
    for request, key in (
        (ComposeRequest(genre="waltz", metre="4/4"), "music.genre_metre"),
        (ComposeRequest("gan", genre="waltz", metre="3/4"), "music.genre_composer"),
        (ComposeRequest(genre="tango"), "engine.not_one_of"),
    ):
        with pytest.raises(UserError) as refusal:
            request.check()
        assert refusal.value.key == key


def test_a_receipt_from_before_there_were_genres_is_that_of_the_same_request() -> None:
    request = ComposeRequest(bars=4, seed=3)
    settings = asdict(request)
    del settings["genre"]
    receipt = Receipt("music", "compose", "piano-composer", "c0ffee", settings)
    assert generation.request_of(receipt) == request
