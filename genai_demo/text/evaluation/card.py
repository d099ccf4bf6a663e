"""Model cards of news models: what these are, may be used for and were trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from genai_demo.engine.evaluation.card import ModelCard, option_words
from genai_demo.engine.evaluation.figure import markdown_table
from genai_demo.engine.evaluation.report import Report
from genai_demo.engine.models.checkpoint import Checkpoint
from genai_demo.engine.models.lineage import Stage
from genai_demo.errors import UserError
from genai_demo.text.evaluation.figures import rows
from genai_demo.text.sampling.loading import kind_of, topics_of


@dataclass(frozen=True)
class _Terms:
    """What may be done with a collection of texts."""

    sign: str
    """stands in the names of its files"""
    title: str
    text: str
    hub: str = ""
    """its id on the Hugging Face hub"""


_AG_NEWS = (
    "offered by its collector for research and any other non-commercial activity; no right to pass it on is spelt out, "
    "and the articles belong to the agencies that wrote them. News of 2004 and 2005."
)
_TERMS = (
    _Terms(
        "ag_news_train_part",
        "AG News, a part of its training rows",
        f"{_AG_NEWS} About a quarter of the labels of this part are majority votes of annotators, often wrong.",
        "fancyzhx/ag_news",
    ),
    _Terms("ag_news", "AG News", _AG_NEWS, "fancyzhx/ag_news"),
    _Terms(
        "thucnews",
        "THUCNews, headlines of Sina news, 2005 to 2011",
        "THUCTC: free for researchers, commercial use by agreement with its makers (使用了清华大学THUCTC). The "
        "headlines belong to those who wrote them. Rows like these serve as benchmarks elsewhere: no accuracy of this "
        "project is one.",
    ),
    _Terms(
        "senate",
        "Press releases of United States senators, 2004 to 2008",
        "works of the United States government (lintool/GrimmerSenatePressReleases). The collection has no licence, "
        "and part of it was delivered by a commercial feed, whose editing may carry rights.",
    ),
    _Terms(
        "gov_cc0", "Posts of United States government technology sites", "CC0 (GSA/digitalgov.gov, 18F/18f.gsa.gov)."
    ),
)
_UNKNOWN = "its terms are not known to this program: ask whoever gave you the file."

_WHAT = {
    "gru": (
        "text-generation",
        "A recurrent language model (GRU) that writes short news texts from left to right, from a topic and, if given, "
        "from opening words.",
    ),
    "masked": (
        "fill-mask",
        "A masked language model (transformer encoder) that fills in blanks, rewrites a part of a text, or writes a "
        "whole short news text by filling all places at once, the surest first.",
    ),
    "topics": (
        "text-classification",
        "A classifier that tells World, Sports, Business and Sci/Tech apart by hashed words. It judges what the "
        "language models of this project write, and was trained apart from them. It never sees agency signatures.",
    ),
    "headlines": (
        "text-generation",
        "A recurrent language model (GRU) that writes Chinese news headlines from left to right, from one of eleven "
        "topics and, if given, from opening words. Its tokens are whole characters and runs of them.",
    ),
    "headlines-masked": (
        "fill-mask",
        "A masked language model (transformer encoder) that fills in the blanks of Chinese news headlines, rewrites a "
        "part of one, or writes a whole one by filling all places at once, the surest first. It knows eleven topics; "
        "its tokens are whole characters and runs of them.",
    ),
    "headlines-topics": (
        "text-classification",
        "A classifier that tells the eleven topics of Chinese headlines apart by hashed characters and pairs of "
        "neighbours. It judges what the language models of this project write, and was trained apart from them.",
    ),
}
"""task on the hub, and what a model is, by its short name"""

_WRITER_USE = """For research, teaching and other non-commercial purposes: to show how a small language model
learns, writes and errs. Not for publishing as news, nor for anything that rests on what the texts say."""
_WRITER_LIMITS = """\
- **Everything it writes is machine-made.** It knows no facts. Names, numbers and events are mixed at random.
- **It invents quotations by real people**, because the texts it learnt from quote real people. Do not pass them on.
- **A text must not be signed by a real agency.** The model has learnt signatures such as "(Reuters)"; the program
  takes them out of everything it shows, and so must you.
- English only, and the world of 2004 and 2005: people, offices and firms are those of that time, its biases included.
- Where press releases of United States senators were part of the training data, their style and their subjects show
  through, above all in politics and business.
- It has no safety filter. The topic is a wish, not a promise."""
_HEADLINE_LIMITS = """\
- **Everything it writes is machine-made.** It knows no facts. Names, numbers and events are mixed at random, and real
  people get headlines that nobody wrote. Do not pass them on as news.
- Chinese in simplified characters only, and the world of 2005 to 2011: people, firms, games and shares are those of
  that time, its biases included.
- A headline of more than about 25 characters was hardly ever seen; rare characters are never written.
- It has no safety filter. The topic is a wish, not a promise."""
_HEADLINE_FILLER_LIMITS = (
    _HEADLINE_LIMITS
    + """
- A blank becomes at most four tokens unless more are asked for, and words only: no space, no bracket and no quotation
  mark is added. A blank in a place where a headline has none is filled all the same.
- When it writes alone, places that are filled at once do not know of each other. How many tokens a headline has is
  drawn beforehand, from the lengths of real ones."""
)
_JUDGE_USE = "To measure whether generated news keeps to its topic. For research and other non-commercial purposes."
_JUDGE_LIMITS = """\
- It knows four topics, English, and news of 2004 and 2005; for any other text it still names one of the four.
- Stories between two topics are judged by their words alone."""
_HEADLINE_JUDGE_LIMITS = """\
- It knows eleven topics, Chinese, and headlines of 2005 to 2011; for any other text it still names one of the eleven.
- Headlines between two topics, such as finance and stocks, are judged by their characters alone."""
_LIMITS = {
    "gru": _WRITER_LIMITS,
    "masked": _WRITER_LIMITS,
    "topics": _JUDGE_LIMITS,
    "headlines": _HEADLINE_LIMITS,
    "headlines-masked": _HEADLINE_FILLER_LIMITS,
    "headlines-topics": _HEADLINE_JUDGE_LIMITS,
}
"""what a model cannot do, by its short name"""
_TRAINED = (
    "The last stage took {minutes:.0f} minutes and {examples:,} examples on {device} in {precision}, with torch "
    "{torch}. Validation data chose settings, and was not learnt from."
)
_CALIBRATED = (
    " Its logits were divided by {temperature}, the temperature at which it needs the fewest bits for {articles:,} "
    "articles of {file}, copies of training articles left out."
)
_MEASURED = "Measured on {path}: {articles:,} articles that the model has not learnt from."
_WRITTEN = (
    "Bits per byte count the UTF-8 bytes of every article and one for its end. The column of real articles holds the "
    "same figure of held-out ones, without their agency signatures. Texts were written with: {settings}."
)
_HEADLINES_WRITTEN = (
    "Bits per byte count the UTF-8 bytes of every headline, bits per character its characters, and one for its end. "
    "The column of real articles holds the same figure of held-out headlines. Headlines were written with: {settings}."
)


def _terms(path: str) -> _Terms | None:
    return next((terms for terms in _TERMS if terms.sign in path), None)


class Card(ModelCard):
    """The card of a news model; its report has to name training data."""

    modality = "text"
    closing = "The files are read from wherever they lie; the hashes above tell whether they are the same articles."
    training_options = ("topics", "learning_rate", "window")
    learnt_sizes = ("vocabulary", "topics")

    def __init__(self, checkpoint: Checkpoint, name: str, report: Report) -> None:
        if not report["training"]:
            raise UserError("text.card_needs_training")
        super().__init__(checkpoint, name, report)
        self._kind, self._language = kind_of(checkpoint), topics_of(checkpoint).language
        self._news = [source["path"] for source in report["training"] if source["labelled"]]
        self._background = [source["path"] for source in report["training"] if not source["labelled"]]

    def front(self) -> dict[str, str | list[str]]:
        terms = [_terms(source["path"]) for source in self.report["training"]]
        hubs = sorted({one.hub for one in terms if one and one.hub})
        return {
            "license": "other",
            "license_name": "research-and-non-commercial-use",
            "language": self._language,
            "pipeline_tag": self._about[0],
            "tags": ["news", self.family, "trained-from-scratch"],
            **({"datasets": hubs} if hubs else {}),
        }

    def what(self) -> str:
        return self._about[1]

    @property
    def _about(self) -> tuple[str, str]:
        return _WHAT.get(self._kind, _WHAT[self.family])

    def sections(self) -> Iterator[str]:
        judge = self.family == "topics"
        yield f"## Intended use\n\n{_JUDGE_USE if judge else _WRITER_USE}"
        yield f"## Limits\n\n{_LIMITS.get(self._kind, _HEADLINE_LIMITS)}"
        yield f"## Data\n\n{self._data()}"
        yield f"## Figures\n\n{self._figures()}"
        if self.report["samples"]:
            yield self._samples()

    def _data(self) -> str:
        learnt = [("stage", "texts", "number", "hash")]
        for number, stage in enumerate(self.stages, 1):
            for role in ("news", "background", "validation"):
                part = stage.trained["data"].get(role, {"articles": 0})
                if part["articles"]:
                    learnt.append((str(number), role, f"{part['articles']:,}", f"`{part['hash']}`"))
        last = self.checkpoint.trained
        how = _TRAINED.format(minutes=last["seconds"] / 60, **last)
        if others := last.get("averaged_with"):
            how += f" The weights are the mean of {1 + len(others)} runs of the last stage with different settings."
        if calibrated := last.get("calibrated"):
            how += _CALIBRATED.format(**calibrated)
        files = [("file", "texts", "hash")]
        terms: dict[str, str] = {}
        for source in self.report["training"]:
            files.append((source["path"], f"{source['articles']:,}", f"`{source['hash']}`"))
            known = _terms(source["path"])
            terms.setdefault(known.title if known else source["path"], known.text if known else _UNKNOWN)
        if held_out := self.report["data"]:
            files.append((f"{held_out['path']} (held out)", f"{held_out['articles']:,}", f"`{held_out['hash']}`"))
        listed = "\n".join(f"- {title}: {text}" for title, text in terms.items())
        return "\n\n".join([markdown_table(learnt), how, markdown_table(files), "Terms:", listed])

    def _figures(self) -> str:
        parts = [markdown_table(rows(self.report))]
        if data := self.report["data"]:
            parts.insert(0, _MEASURED.format(**data))
        if self.report["settings"]:
            # In one order, whether the report was just made or read from a file.
            settings = (f"{key} {value}" for key, value in sorted(self.report["settings"].items()) if value != "")
            written = _HEADLINES_WRITTEN if self._language == "zh" else _WRITTEN
            parts.append(written.format(settings=", ".join(settings)))
        return "\n\n".join([*parts, *self.report["notes"]])

    def _samples(self) -> str:
        lines = ["## Samples", "", "The first texts of the evaluation, none left out."]
        for sample in self.report["samples"]:
            lines += ["", f"{sample['topic']}:", "", "````text", sample["text"], "````"]
        return "\n".join(lines)

    def data(self, stage: Stage) -> list[str]:
        words = ["--data", *(self._news or self._background)]
        trained = stage.trained["data"]
        if trained.get("background", {}).get("articles"):
            words += ["--background", *self._background, *option_words(trained["training"], "background_share")]
        return words

    def exported(self) -> list[str]:
        calibrated = self.checkpoint.trained.get("calibrated")
        return ["--calibrate", calibrated["file"], "--data", *self._news] if calibrated else []

    def measured(self) -> list[str]:
        data = ["--data", self.report["data"]["path"]] if self.report["data"] else []
        settings = option_words(self.report["settings"], "count", "seed")
        return [*data, "--training", *self._news, *self._background, *settings]
