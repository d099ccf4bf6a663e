"""Counts the texts that a model learnt from, and keeps counts and hashes of them only.

python -m genai_demo.text.explaining.counting --model gru --data FILE ...
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genai_demo.engine.evaluation.ngrams import KneserNey
from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from genai_demo.errors import UserError
from genai_demo.text.data.articles import Article, described, read_articles
from genai_demo.text.explaining.known import COUNTS, FAMILY, ORDER, RUN, STRIDE, file_hash, run_hashes
from genai_demo.text.sampling.loading import checkpoint_folder, topics_of
from genai_demo.text.tokens.special_tokens import END
from genai_demo.text.tokens.tokenizer import FILE, Tokenizer

MOST = (80_000, 150_000)
"""n-grams of two and of three tokens that are kept, and those that they begin with"""


def different(articles: Sequence[Article]) -> list[Article]:
    """Return the articles without those that have the letters and digits of an earlier one."""
    kept: dict[str, Article] = {}
    for article in articles:
        kept.setdefault(re.sub(r"\W", "", article.text.lower()), article)
    return list(kept.values())


def count(articles: Sequence[Article], model: str, to: Path, most: Sequence[int] = MOST) -> Checkpoint:
    """Write the counts and hashes of articles as a checkpoint, and return its description.

    Args:
        articles: at least one.
        model: short name, name or folder of the checkpoint whose tokens are counted.
        to: folder to write.
        most: n-grams of each length from 2 on that are kept.

    Raises:
        UserError: the model is missing or damaged.
    """
    import torch

    reader = read_checkpoint(checkpoint_folder(model))
    topics, file = topics_of(reader), checkpoint_folder(model) / FILE
    tokenizer = Tokenizer.read(file, topics)
    texts = [article.text for article in articles]
    rows = [[*ids, END] for ids in tokenizer.encode_all(texts)]
    arrays = KneserNey(rows, tokenizer.size, ORDER).pruned(most).to_arrays()
    hashes = run_hashes(texts)
    arrays["runs"] = np.concatenate(hashes).view(np.int32)
    arrays["runs_of"] = np.array([len(one) for one in hashes], np.int16)
    sizes = {"topics": topics.name, "articles": len(articles), "tokenizer": file_hash(file)}
    sizes |= {"order": ORDER, "run": RUN, "stride": STRIDE}
    trained = {"data": described(news=list(articles))}
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return save_checkpoint(to, tensors, FAMILY, sizes, trained)


def main() -> int:
    """Count what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", required=True, metavar="PATH", help="what the model learnt from last")
    parser.add_argument("--model", required=True, metavar="NAME", help="whose tokens are counted")
    parser.add_argument("--to", type=Path, metavar="DIR", help="folder of the counts (that of the model's topics)")
    options = parser.parse_args()
    try:
        topics = topics_of(read_checkpoint(checkpoint_folder(options.model)))
        articles = [article for path in options.data for article in read_articles(path, topics=topics)]
        folder = options.to or COUNTS / topics.name
        checkpoint = count(different(articles), options.model, folder)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{folder}: {checkpoint.model['articles']} articles, id {checkpoint.id}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
