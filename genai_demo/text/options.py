"""The options of the command line of news text; imports no torch."""

from __future__ import annotations

import argparse
from pathlib import Path

from genai_demo.engine.training.options import add_run_options
from genai_demo.text.requests import GenerateRequest, RewriteRequest
from genai_demo.text.tokens.special_tokens import TOPICS

TRAINED = ("gru", "masked", "topics")
"""families that `train` knows: the two that write, and the classifier that judges topics"""


def add_generate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `generate text`."""
    default = GenerateRequest()
    parser.add_argument("--out", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="folder to write to (out)")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="texts to make, each with the next seed (1)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the first text (0)")
    parser.add_argument(
        "--model",
        default=None,
        metavar="NAME",
        help="gru, masked, a checkpoint's folder or a run (gru; for --fill and --rewrite masked)",
    )
    parser.add_argument("--topic", default=default.topic, choices=TOPICS, help="what the text is about (any)")
    parser.add_argument("--opening", default="", metavar="WORDS", help="words the text starts with")
    parser.add_argument(
        "--length", type=int, default=default.length, metavar="TOKENS", help=f"longest text ({default.length})"
    )
    parser.add_argument("--temperature", type=float, default=None, help="below 1 safer, above 1 wilder")
    parser.add_argument("--top-p", type=float, default=default.top_p, help=f"({default.top_p})")
    parser.add_argument("--min-p", type=float, default=default.min_p, help=f"({default.min_p})")
    parser.add_argument(
        "--repetition-penalty", type=float, default=default.repetition_penalty, help=f"({default.repetition_penalty})"
    )
    parser.add_argument("--steps", type=int, default=None, help="steps of the masked model")
    parser.add_argument("--fill", metavar="TEXT", help="fill the ___ blanks of this text instead")
    parser.add_argument("--rewrite", metavar="TEXT", help="rewrite a share of this text instead")
    parser.add_argument("--share", type=float, default=RewriteRequest().share, help="share of words --rewrite replaces")
    parser.add_argument("--json", metavar="FILE", help="also write all results as JSON; - for standard output")


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `evaluate text`."""
    parser.add_argument(
        "--model", default="gru", metavar="NAME", help="gru, masked, topics, a checkpoint's folder or a run (gru)"
    )
    parser.add_argument("--data", metavar="PATH", help="held-out articles: .csv, .jsonl, .txt, or a hub id")
    parser.add_argument(
        "--training",
        nargs="+",
        default=[],
        metavar="PATH",
        help="what the model was trained on, for the baselines and the share that is copied",
    )
    parser.add_argument("--count", type=int, default=50, metavar="N", help="texts to generate per topic (50)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the first text (0)")
    parser.add_argument("--json", metavar="FILE", help="also write the report as JSON; - for standard output")
    parser.add_argument("--card", action="store_true", help="write the report into the checkpoint's model card")


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train text`."""
    parser.add_argument("--model", required=True, choices=TRAINED, help="which network to train")
    parser.add_argument(
        "--data",
        required=True,
        nargs="+",
        metavar="PATH",
        help="articles with topics: .csv, .jsonl, .txt files, or a hub id such as fancyzhx/ag_news",
    )
    parser.add_argument(
        "--background", nargs="*", default=[], metavar="PATH", help="other texts to learn the language from"
    )
    parser.add_argument(
        "--background-share",
        type=float,
        default=None,
        metavar="SHARE",
        help="share of training rows from the background",
    )
    parser.add_argument("--validation", metavar="PATH", help="articles to measure on while training")
    parser.add_argument(
        "--start",
        type=Path,
        metavar="DIR",
        help="checkpoint or run to start from; of another family only its token embeddings are taken",
    )
    parser.add_argument("--window", type=int, default=None, metavar="TOKENS", help="longest training row")
    parser.add_argument("--dropout", type=float, default=None, metavar="SHARE", help="share of units dropped")
    add_run_options(parser, batch_size=64)


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export text`."""
    parser.add_argument(
        "--run",
        required=True,
        nargs="+",
        type=Path,
        metavar="DIR",
        help="run whose best snapshot to take; of several that started from the same run, the mean of their weights",
    )
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder of the checkpoint")
    parser.add_argument(
        "--calibrate", metavar="PATH", help="GRU: held-out articles on which to make it as sure as it is right"
    )
    parser.add_argument(
        "--data", nargs="*", default=[], metavar="PATH", help="what it has learnt from: left out of those articles"
    )
