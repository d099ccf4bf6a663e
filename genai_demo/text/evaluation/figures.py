"""What the figures of news models are, and how a report shows them; imports no torch."""

from __future__ import annotations

from genai_demo.catalogue import message
from genai_demo.engine.evaluation.figure import Meaning, Row, figure_rows, plain_table
from genai_demo.engine.evaluation.report import Report, figures_of, report_text

MEANINGS = {
    "bits_per_byte": Meaning("bits per byte, topic not told", "low", "articles", "Kneser-Ney, order 5"),
    "bits_per_byte_written": Meaning("the same in the numbers of 8 bits with which it writes", "low", "articles"),
    "bits_per_byte_topic_known": Meaning("bits per byte, topic told", "low", "articles"),
    "bits_per_character": Meaning("bits per character, topic not told", "low", "articles", "Kneser-Ney, order 5"),
    "kneser_ney_order_3": Meaning("bits per byte of Kneser-Ney, order 3", "low", "articles"),
    "kneser_ney_order_5": Meaning("bits per byte of Kneser-Ney, order 5", "low", "articles"),
    "bits_per_byte_bound": Meaning("bits per byte, upper bound over orders of filling in", "low", "articles"),
    "bits_per_character_bound": Meaning("bits per character, upper bound over orders of filling in", "low", "articles"),
    "fill_in_accuracy": Meaning(
        "masked tokens guessed right, 15 % masked", "high", "tokens", "always the commonest token"
    ),
    "topic_recognised": Meaning("texts whose topic a classifier recognises", "high", "texts", "chance"),
    "two_sample_accuracy": Meaning("told from real texts by a classifier that learnt to", "low", "texts"),
    "distinct_2": Meaning("different pairs of words among all pairs (distinct-2)", "as real", "words"),
    "copied_8_grams": Meaning("8-grams that stand in the training data", "low", "texts"),
    "distinct_2_characters": Meaning(
        "different pairs of characters among all pairs (distinct-2)", "as real", "characters"
    ),
    "copied_8_characters": Meaning("runs of 8 characters that stand in the training data", "low", "texts"),
    "copied_headlines": Meaning("whole headlines that stand in the training data", "low", "texts"),
    "mean_characters": Meaning("characters per text", "as real", "texts"),
    "mean_words": Meaning("words per text", "as real", "texts"),
    "ends_sentence": Meaning("texts that end with a sentence", "high", "texts"),
    "stuttered": Meaning("texts in which a word stands three times in a row", "low", "texts"),
    "headline_apart": Meaning("texts whose headline stands on a line of its own", "high", "texts"),
    "known_words": Meaning("words that real texts use as well", "as real", "words"),
    "seconds_per_text": Meaning("seconds per text", "low", "texts"),
    "topic_accuracy": Meaning("topics recognised", "high", "articles", "always the commonest topic"),
}
"""every figure an evaluation may hold, in the order in which they are shown"""
_COLUMNS = {"value": "value", "real": "real articles", "baseline": "baseline", "n": "measured on"}


def rows(report: Report) -> list[Row]:
    """Return a header and the figures of a report as rows of words."""
    return figure_rows(figures_of(report), MEANINGS, _COLUMNS)


def table(report: Report) -> str:
    """Return a report as lines for a terminal."""
    data = report["data"]
    where = f"{data['path']}: {data['articles']:,} articles, {data['hash']}" if data else message("text.note_no_data")
    return report_text(report, where, plain_table(rows(report)))
