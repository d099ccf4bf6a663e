"""The options of the command line of news text; imports no torch."""

from __future__ import annotations

import argparse
from pathlib import Path

from genai_demo.engine.config import PRECISIONS, TRACKERS
from genai_demo.text.requests import TOPICS, GenerateRequest, RewriteRequest

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
    parser.add_argument("--run", required=True, type=Path, metavar="DIR", help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on with the run in that folder")
    parser.add_argument(
        "--start",
        type=Path,
        metavar="DIR",
        help="checkpoint or run to start from; of another family only its token embeddings are taken",
    )
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float, metavar="M", help="budget in minutes")
    budget.add_argument("--examples", type=int, metavar="N", help="budget in training examples")
    parser.add_argument("--batch-size", type=int, default=64, metavar="N", help="examples per step (64)")
    parser.add_argument("--learning-rate", type=float, default=None, metavar="RATE", help="peak learning rate")
    parser.add_argument("--window", type=int, default=None, metavar="TOKENS", help="longest training row")
    parser.add_argument("--dropout", type=float, default=None, metavar="SHARE", help="share of units dropped")
    parser.add_argument(
        "--size",
        nargs="*",
        default=[],
        metavar="NAME=N",
        help="fields of the network's configuration, such as hidden=1024 layers=2",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the run (0)")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto", help="(auto)")
    parser.add_argument("--snapshots", type=int, default=16, metavar="N", help="snapshots to keep (16)")
    parser.add_argument("--track", choices=TRACKERS, help="log to an experiment tracker as well")


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export text`."""
    parser.add_argument("--run", required=True, type=Path, metavar="DIR", help="run whose newest snapshot to take")
    parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder of the checkpoint")
