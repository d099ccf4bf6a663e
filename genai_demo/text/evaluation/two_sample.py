"""Two-sample test by a classifier: can somebody who counts words and letters tell written texts from real ones?"""

from __future__ import annotations

from collections.abc import Sequence

from genai_demo.engine.evaluation.figure import Figure, Figures

LEAST = 20
"""fewest texts on each side that say anything"""
_FOLDS = 5
_REPEATS = 2


def two_sample_accuracy(real: Sequence[str], written: Sequence[str], seed: int = 0) -> float:
    """Return how often unseen real and unseen written texts are told apart (Lopez-Paz and Oquab 2017, section 3).

    The judge is a logistic regression on words, pairs of words and runs of 2 to 4 letters, weighted by how rare they
    are. It is tested on each fifth of the texts after it has learnt from the other four. 0.5: they cannot be told
    apart; 1: always. Where lines break does not count: a headline of its own would give a text away.

    Args:
        real: at least `LEAST`; of the longer list only as many are used as the other has.
        written: at least `LEAST`.
        seed: of the five parts.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline, make_union

    count = min(len(real), len(written))
    texts = [" ".join(text.split()) for text in (*real[:count], *written[:count])]
    judge = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True),
        ),
        # So few texts overlap in so many words that the margin counts more than the penalty.
        LogisticRegression(C=10.0, max_iter=500),
    )
    folds = RepeatedStratifiedKFold(n_splits=_FOLDS, n_repeats=_REPEATS, random_state=seed)
    return float(cross_val_score(judge, texts, [0] * count + [1] * count, cv=folds).mean())


def two_sample_figures(texts: Sequence[str], real: Sequence[str], seed: int) -> Figures:
    """Return how well written texts are told from real ones, beside real ones from other real ones.

    Args:
        texts: those written, in any order.
        real: held-out ones, in random order; nothing is measured where there are fewer than `LEAST`.
        seed: of the parts that the judge learns from.
    """
    count = min(len(texts), len(real))
    if count < LEAST:
        return {}
    rest = real[count : 2 * count]
    floor = two_sample_accuracy(real[: len(rest)], rest, seed) if len(rest) >= LEAST else None
    return {"two_sample_accuracy": Figure(two_sample_accuracy(real, texts, seed), "share", count, floor)}
