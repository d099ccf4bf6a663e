"""Measures a news model, each figure beside its floor (the same for real articles) and its baseline."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from genai_demo.catalogue import message
from genai_demo.engine.evaluation.figure import Figure, Figures
from genai_demo.engine.evaluation.report import Report, make_report, source_name
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.errors import UserError
from genai_demo.text.data.articles import Article, data_hash, read_articles
from genai_demo.text.data.cleaning import ends_sentence, strip_source
from genai_demo.text.data.memorization import CopyCheck
from genai_demo.text.evaluation.headlines import headline_figures
from genai_demo.text.evaluation.metrics import distinct, fill_in_accuracy, kneser_ney_bits_per_byte, stutters
from genai_demo.text.evaluation.two_sample import two_sample_figures
from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.requests import VARIANTS, WRITERS, usual
from genai_demo.text.sampling import generation
from genai_demo.text.sampling.loading import CLASSIFIERS, FOLDERS, JUDGES, checkpoint_folder, kind_of, load, topics_of
from genai_demo.text.tokens.special_tokens import TopicSet
from genai_demo.text.training import topics
from genai_demo.text.training.likelihood import bits_per_byte, bits_per_byte_as_written

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
_SAMPLES = 6
_ORDERS = (3, 5)
_Found = tuple[Figures, list[str]]
"""figures, and notes on what could not be measured"""


@dataclass(frozen=True)
class Source:
    """Articles, and the name they go by in a report: a file's name without its folder, or a hub id."""

    name: str
    articles: list[Article]

    @property
    def labelled(self) -> list[Article]:
        """The articles whose topic is known."""
        return [article for article in self.articles if article.topic != "any"]

    def described(self) -> dict[str, Any]:
        """Return name, hash and numbers, as reports give them."""
        counts = {"articles": len(self.articles), "labelled": len(self.labelled)}
        return {"path": self.name, "hash": data_hash(self.articles), **counts}


def _read(path: str, split: str, topics: TopicSet) -> Source:
    return Source(source_name(path), read_articles(path, split, topics))


def evaluate(
    model: str,
    data: str | None = None,
    training: Iterable[str] = (),
    count: int = 50,
    seed: int = 0,
    classifier: str | None = None,
) -> Report:
    """Measure a checkpoint and return a report: figures, what they were measured on, and the first texts it wrote.

    Args:
        model: short name, name or folder of a checkpoint, or a run's folder.
        data: path or hub id of articles the model has not seen; None measures only what it writes.
        training: paths or hub ids of what it was trained on: those with topics, or else the first, train the
            n-gram models; all are searched for what a text copies.
        count: texts to write per topic, at least 1; the topic classifier writes none.
        seed: of the first batch of texts.
        classifier: name or folder of the checkpoint that recognises topics; None takes the one that ships for them.

    Raises:
        UserError: model or data cannot be used.
    """
    started = time.perf_counter()
    checkpoint = read_checkpoint(checkpoint_folder(model))
    # A run that is going on may make a newer snapshot meanwhile: from here on the folder is fixed.
    folder = str(checkpoint.folder)
    known_topics, kind = topics_of(checkpoint), kind_of(checkpoint)
    held_out = _read(data, "test", known_topics) if data else None
    sources = [_read(path, "train", known_topics) for path in training]
    settings: dict[str, Any] = {}
    samples: list[dict[str, str]] = []
    if checkpoint.family == topics.FAMILY:
        figures, notes = _classifier_figures(folder, held_out)
    else:
        figures, notes = _likelihood_figures(folder, held_out, sources)
        written, seconds = write_texts(folder, kind, count, seed)
        recognised, unjudged = _topic_figures(written, held_out, classifier or CLASSIFIERS[known_topics.name])
        writing, further = _writing_figures(written, held_out, sources, seed, known_topics.language)
        seconds_per_text = Figure(seconds, "seconds", sum(map(len, written.values())))
        figures |= recognised | writing | {"seconds_per_text": seconds_per_text}
        notes += unjudged + further
        request = asdict(usual(kind))
        settings = {key: value for key, value in request.items() if key not in ("topic", "seed", "variants", "chosen")}
        settings |= {"count": count, "seed": seed}
        # The first text of every topic, then the second ones: no choice is made.
        turns = [(topic, texts[turn]) for turn in range(count) for topic, texts in written.items()]
        samples = [{"topic": topic, "text": text} for topic, text in turns[:_SAMPLES]]
    name = {**FOLDERS, **JUDGES}.get(model, model)
    described = held_out.described() if held_out else None
    known = {article.text for source in sources for article in source.articles}
    if held_out and (overlap := sum(article.text in known for article in held_out.articles)):
        notes = [message("text.note_overlap", count=overlap, total=len(held_out.articles)), *notes]
    report = make_report(name, checkpoint, described, figures, started, settings, notes, samples)
    return report | {"training": [source.described() for source in sources]}


# What a model makes of texts that it has not seen


def _likelihood_figures(model: str, held_out: Source | None, sources: list[Source]) -> _Found:
    loaded = load(model)
    if held_out is None:
        return {}, []
    articles, count = held_out.articles, len(held_out.articles)
    figures: Figures = {}
    if isinstance(loaded.network, MaskedModel):
        bound = bits_per_byte(loaded.network, loaded.tokenizer, articles)
        right, commonest, tokens = fill_in_accuracy(loaded.network, loaded.tokenizer, articles)
        figures["bits_per_byte_bound"] = Figure(bound, "bits per byte", count)
        if (ratio := _bytes_per_character(articles)) > 2:
            figures["bits_per_character_bound"] = Figure(bound * ratio, "bits per character", count)
        figures["fill_in_accuracy"] = Figure(right, "share", tokens, baseline=commonest)
        return figures, []
    baselines: list[float | None] = [None] * len(_ORDERS)
    if counted := _counted(sources):
        baselines = [*kneser_ney_bits_per_byte(loaded.tokenizer, counted, articles, _ORDERS)]
    exact = bits_per_byte(loaded.network, loaded.tokenizer, articles)
    figures["bits_per_byte"] = Figure(exact, "bits per byte", count, baseline=baselines[-1])
    if loaded.together is not None:
        written = bits_per_byte_as_written(loaded.together.step, loaded.tokenizer, articles)
        figures["bits_per_byte_written"] = Figure(written, "bits per byte", count)
    if (ratio := _bytes_per_character(articles)) > 2:  # a script whose characters are what people count
        per_character = None if baselines[-1] is None else baselines[-1] * ratio
        figures["bits_per_character"] = Figure(exact * ratio, "bits per character", count, baseline=per_character)
    if held_out.labelled:
        known = bits_per_byte(loaded.network, loaded.tokenizer, articles, topic_known=True)
        figures["bits_per_byte_topic_known"] = Figure(known, "bits per byte", count)
    for order, value in zip(_ORDERS, baselines, strict=True):
        if value is not None:
            figures[f"kneser_ney_order_{order}"] = Figure(value, "bits per byte", count)
    return figures, [] if counted else [message("text.note_no_baseline")]


def _bytes_per_character(articles: list[Article]) -> float:
    """Return the bytes of articles over their characters, one more of each for every end."""
    characters = sum(len(article.text) + 1 for article in articles)
    return sum(len(article.text.encode()) + 1 for article in articles) / characters


def _counted(sources: list[Source]) -> list[Article]:
    """Return what n-grams are counted in: the sources that have topics, or else the first."""
    with_topics = [source for source in sources if source.labelled] or sources[:1]
    return [article for source in with_topics for article in source.articles]


def _classifier_figures(folder: str, held_out: Source | None) -> _Found:
    if held_out is None or not held_out.labelled:
        return {}, [message("text.note_no_topics") if held_out else message("text.note_no_data")]
    _, network = topics.load_classifier(folder)
    articles = held_out.labelled
    commonest = Counter(article.topic for article in articles).most_common(1)[0][1] / len(articles)
    value = topics.accuracy(network, articles)
    return {"topic_accuracy": Figure(value, "share", len(articles), baseline=commonest)}, []


# What a model writes


def write_texts(model: str, kind: str, count: int, seed: int) -> tuple[dict[str, list[str]], float]:
    """Return `count` texts per topic, written with the default settings, and the seconds that one took.

    Args:
        model: as for `evaluate`.
        kind: short name of the model that it could stand in for.
        seed: of the first batch; each batch has the next.
    """
    written: dict[str, list[str]] = {topic: [] for topic in WRITERS[kind].known}
    start = time.perf_counter()
    for topic, texts in written.items():
        while len(texts) < count:
            variants = min(VARIANTS[1], count - len(texts))
            request = replace(usual(kind), topic=topic, variants=variants, seed=seed)
            seed += 1
            texts += [draft.text for draft in list(generation.run(request, model))[-1].drafts]
    return written, (time.perf_counter() - start) / (count * len(written))


def _writing_figures(
    written: dict[str, list[str]], held_out: Source | None, sources: list[Source], seed: int, language: str
) -> _Found:
    """Return the figures of texts by topic, beside those of real articles without their signatures."""
    texts = [text for group in written.values() for text in group]
    notes = [] if sources else [message("text.note_no_training")]
    if language == "zh":
        learnt = [article.text for source in sources for article in source.articles]
        headlines = [one.text for one in held_out.articles] if held_out else []
        return headline_figures(_in_turns(written), headlines, learnt, seed), notes
    real = [strip_source(article.text) for article in held_out.articles] if held_out else []
    random.Random(seed).shuffle(real)
    figures: Figures = {}
    # The more text, the fewer pairs are new: both are cut to the same number of words.
    total = min(_words(texts), _words(real)) if real else _words(texts)
    compared, rest = _cut(real, total)
    generated_distinct = distinct(_cut(texts, total)[0])
    figures["distinct_2"] = Figure(generated_distinct, "share", total, distinct(compared) if real else None)
    check = None
    if sources:
        check = CopyCheck(text for source in sources for text in _as_written(source))
        floor = check.share(real) if real else None
        figures["copied_8_grams"] = Figure(check.share(texts), "share", len(texts), floor)
    # Real articles are looked up among other texts than themselves.
    known = {word for text in [*(check.words if check else ()), *rest] for word in _spelt(text)}
    if known:
        value, n = _known_share(texts, known)
        figures["known_words"] = Figure(value, "share", n, _known_share(compared, known)[0] if real else None)
    for name, unit, measure in (
        ("mean_words", "words", lambda part: _words(part) / len(part)),
        ("ends_sentence", "share", lambda part: sum(map(ends_sentence, part)) / len(part)),
        ("stuttered", "share", lambda part: sum(map(stutters, part)) / len(part)),
    ):
        figures[name] = Figure(measure(texts), unit, len(texts), measure(real) if real else None)
    parted = [text.partition("\n") for text in texts]
    apart = sum(bool(headline.strip() and below.strip()) for headline, _, below in parted)
    figures["headline_apart"] = Figure(apart / len(texts), "share", len(texts))
    return figures | two_sample_figures(_in_turns(written), real, seed), notes


def _in_turns(written: dict[str, list[str]]) -> list[str]:
    """Return the first text of every topic, then the second ones, so that a part of them has all topics."""
    return [text for turn in zip(*written.values(), strict=True) for text in turn]


def _topic_figures(written: dict[str, list[str]], held_out: Source | None, classifier: str) -> _Found:
    try:
        _, network = topics.load_classifier(classifier)
    except UserError:
        return {}, [message("text.note_no_classifier", name=Path(classifier).name)]
    generated = [Article(text, topic) for topic, texts in written.items() for text in texts]
    share = topics.accuracy(network, generated)
    real = topics.accuracy(network, held_out.labelled) if held_out and held_out.labelled else None
    figure = Figure(share, "share", len(generated), real, 1 / len(written))
    return {"topic_recognised": figure}, [message("text.note_no_topics")] if held_out and real is None else []


def _as_written(source: Source) -> list[str]:
    """Return training texts as they are compared: news without signatures, as the models write it."""
    if source.labelled:
        return [strip_source(article.text) for article in source.articles]
    return [article.text for article in source.articles]


def _words(texts: list[str]) -> int:
    return sum(len(text.split()) for text in texts)


def _cut(texts: list[str], total: int) -> tuple[list[str], list[str]]:
    """Return the first texts, the last of them cut, which have `total` words together, and the texts after them."""
    kept: list[str] = []
    for index, text in enumerate(texts):
        if total == 0:
            return kept, texts[index:]
        words = text.split()[:total]
        kept.append(" ".join(words))
        total -= len(words)
    return kept, []


def _spelt(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _known_share(texts: list[str], known: set[str]) -> tuple[float, int]:
    words = [word for text in texts for word in _spelt(text)]
    return sum(word in known for word in words) / max(1, len(words)), len(words)
