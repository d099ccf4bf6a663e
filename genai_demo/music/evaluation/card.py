"""Model cards of music models: what these are, and whose music they were trained on under which licence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from genai_demo.engine.evaluation.card import ModelCard, option_words
from genai_demo.engine.evaluation.figure import markdown_table
from genai_demo.engine.evaluation.report import Report
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.models.lineage import Stage
from genai_demo.music.evaluation.figures import rows

SAMPLES = "samples"
"""folder beside the card: the first pieces of the evaluation, as MIDI and sheet music"""
_WIDTH = 900
"""of the sheet music of a sample, in pixels"""


@dataclass(frozen=True)
class _Source:
    """Where music was taken from."""

    title: str
    owed: str
    """who is to be named, and what else is asked for"""


_SOURCES = {
    "polish-scores": _Source(
        "Heritage of Polish Music, scores of the 16th to 20th century in Humdrum",
        "The Fryderyk Chopin Institute, https://polishscores.org",
    ),
    "chopin-first-editions": _Source(
        "First editions of Fryderyk Chopin's music in Humdrum",
        "The Fryderyk Chopin Institute, https://chopinscores.org",
    ),
    "mutopia": _Source("The Mutopia Project, in LilyPond", "The Mutopia Project and its contributors"),
    "piano-midi.de": _Source("Classical Piano MIDI Page", "Bernd Krueger, http://www.piano-midi.de"),
    "openscore-lieder": _Source("OpenScore Lieder Corpus, the piano parts of songs", "OpenScore and its volunteers"),
    "craigsapp-joplin": _Source("Rags of Scott Joplin in Humdrum", "Craig Stuart Sapp; **non-commercial use only**"),
    "craigsapp-mozart": _Source("Mozart's piano sonatas in Humdrum", "Craig Stuart Sapp; **non-commercial use only**"),
}
_LINKS = {
    "CC BY-SA 3.0 DE": "https://creativecommons.org/licenses/by-sa/3.0/de/",
    "CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "Public Domain": "https://creativecommons.org/publicdomain/mark/1.0/",
}
_SHARE_ALIKE = """Some of the music is under CC BY-SA: it may be changed and passed on, also for money, if its makers
are named and what is made of it is shared alike. Whether that holds for the weights of a model that has learnt from it
is not settled; this project passes them on as if it did, under CC BY-SA 4.0."""
_WHAT = {
    "composer": "A transformer that writes piano music for two hands, note by note and bar by bar, from a key, a "
    "metre, a tempo and, if given, a density, a register, a style or opening bars.",
    "gan": "A generative adversarial network that draws four bars of piano music for two hands at once, as a roll of "
    "sixteenths, and longer pieces phrase by phrase. The discriminator that taught the generator is here, too: it "
    "chooses among drafts.",
    "masked": "A masked model of piano music on a grid of sixteenths. It writes anew what is hidden in given music: "
    "bars, a hand, a range of keys, or what goes with a melody.",
    "encoder": "An encoder of piano music: one vector for four bars, near for bars of one piece. It judges what the "
    "other models write, and was trained apart from them.",
}
_LIMITS = {
    "composer": """\
- Its memory is a few dozen bars long: it has no plan of a whole piece beyond the bars that are asked for.
- Two lines grow side by side; when the first strays from the key for too long, both go on from the other one.
- Rhythms are thirty-seconds and triplets of sixteenths at the finest; it knows no loudness, pedal, slur or fingering.
  What is heard of these is added by rule.""",
    "gan": """\
- It knows sixteenths and nothing finer, no triplets, and the metres 4/4, 3/4, 2/4 and 6/8.
- It draws four bars at a time from the four before; what lies farther back it has forgotten.
- It drafts every phrase 24 times. The discriminator chooses eight of them, and what comes nearest to key, density,
  register and the number of keys held is kept.""",
    "masked": """\
- It knows sixteenths and nothing finer, no triplets, and of a hand at most five keys struck at once.
- It sees nine bars of 4/4 at once; what lies beyond does not count.""",
    "encoder": """\
- It knows sixteenths and nothing finer, four bars, and the metres 4/4, 3/4, 2/4 and 6/8.
- Near vectors say that bars could be of one piece, not that they are good, nor that one was copied.""",
}
_ALL_LIMITS = """\
- Most of what it has learnt from is music of the 19th century, salon dances in 3/4 above all. It shows.
- Keys in minor and tempi of the training data are partly estimates."""
_WRITER_LIMITS = """\
- **Everything it writes is machine-made**, and says so in the metadata of its files. Do not pass it off as a
  composer's.
- No piece of the training data is stored in the weights as such; the figures on copies below say how much of what it
  writes stands there, in any key."""
_COMPARED = (
    "{count} pieces of {bars} bars, seeds from {seed} on, none left out. {how} Real music: those openings. The Markov "
    "model goes by four tokens, was counted in the same pieces, and obeys the same grammar. Distances are to those "
    "openings, and of real music that of as many training pieces to them; they are not the figures of any other paper."
)
_REWRITTEN = "Bars 5 to 8 of the openings of held-out pieces were written anew, both hands."
_ASKED = "They were asked for in the keys, metres and tempi of the openings of held-out pieces."


def samples(model: str, report: Report) -> dict[str, bytes]:
    """Return the first pieces of an evaluation, none left out, as MIDI files and sheet music (SVG) by name.

    Args:
        model: folder of the checkpoint that wrote them.
        report: of its evaluation.
    """
    from genai_demo.music.midi.writing import marked_midi
    from genai_demo.music.notation.engraving import engrave
    from genai_demo.music.notation.score import musicxml
    from genai_demo.music.requests import legato_bars
    from genai_demo.music.sampling.generation import request_of, run

    files: dict[str, bytes] = {}
    for number, receipt in enumerate(Receipt(**sample) for sample in report["samples"]):
        request = request_of(receipt)
        piece = list(run(request, model))[-1].compositions[receipt.index].piece
        files[f"{number + 1}.mid"] = marked_midi(piece, receipt)
        score = musicxml(piece, receipt=receipt, legato=legato_bars(request, len(piece.bars)))
        files[f"{number + 1}.svg"] = engrave(score, _WIDTH).pages[0].encode()
    return files


def _licence_of_weights(sources: list[dict[str, Any]]) -> str:
    licences = {source["licence"] for source in sources}
    if any("NC" in licence for licence in licences):
        return "cc-by-nc-sa-4.0"
    if all(source["source"] in _SOURCES for source in sources):
        return "cc-by-sa-4.0" if any("SA" in licence for licence in licences) else "cc-by-4.0"
    return "other"


def _licence(name: str) -> str:
    """Return a licence as a link to its text."""
    link = _LINKS.get(name)
    if link is None and name.startswith("CC BY"):
        kind, _, version = name.removeprefix("CC ").rpartition(" ")
        link = f"https://creativecommons.org/licenses/{kind.lower()}/{version}/"
    return f"[{name}]({link})" if link else name or "not named"


class Card(ModelCard):
    """The card of a music model; beside that of one that writes lie samples."""

    modality = "music"
    closing = (
        "The hashes above tell whether the music is the same. Another machine gives other weights, and near figures."
    )
    digits = 2

    def files(self) -> dict[str, bytes]:
        found = samples(str(self.checkpoint.folder), self.report)
        return {f"{SAMPLES}/{name}": content for name, content in found.items()}

    def front(self) -> dict[str, str | list[str]]:
        return {
            "license": _licence_of_weights(self.report["data"]["sources"]),
            "pipeline_tag": "feature-extraction" if self.family == "encoder" else "text-to-audio",
            "tags": ["music", "piano", "symbolic-music", self.family, "trained-from-scratch"],
        }

    def what(self) -> str:
        return _WHAT[self.family]

    def sections(self) -> Iterator[str]:
        limits = [_LIMITS[self.family], _ALL_LIMITS, *([] if self.family == "encoder" else [_WRITER_LIMITS])]
        yield "## Limits\n\n" + "\n".join(limits)
        yield f"## Data and licences\n\n{self._data()}"
        yield f"## Figures\n\n{self._figures()}"
        if self.report["samples"]:
            yield self._samples()

    def _data(self) -> str:
        data = self.report["data"]
        files = ", ".join([*data["paths"], *([data["where"]] if data["where"] else [])])
        named = [("source", "licence", "pieces", "to be named")]
        for source in data["sources"]:
            known = _SOURCES.get(source["source"])
            title = known.title if known else source["source"] or "not named"
            owed = known.owed if known else "not known to this program: ask whoever gave you the music"
            named.append((title, _licence(source["licence"]), f"{source['pieces']:,}", owed))
        parts = [
            f"{files}: {data['train']['pieces']:,} pieces to learn from (hash `{data['train']['hash']}`), "
            f"{data['held_out']['pieces']:,} held out (hash `{data['held_out']['hash']}`).",
            markdown_table(named, right={"pieces"}),
            "Changes: the scores were read as notes with their bars, keys and metres; repeats were written once, grace "
            "notes left out, and each piece was learnt from in all keys.",
        ]
        if any("SA" in source["licence"] and "NC" not in source["licence"] for source in data["sources"]):
            parts.append(_SHARE_ALIKE)
        learnt = [("stage", "pieces", "examples seen", "minutes", "on")]
        for number, stage in enumerate(self.stages, 1):
            trained = stage.trained
            pieces, minutes = f"{trained['data']['music']['pieces']:,}", f"{trained['seconds'] / 60:.1f}"
            learnt.append((str(number), pieces, f"{trained['examples']:,}", minutes, stage.machine))
        return "\n\n".join([*parts, markdown_table(learnt, right={"pieces", "examples seen", "minutes"})])

    def _figures(self) -> str:
        parts = [markdown_table(rows(self.report)), *self.report["notes"]]
        if self.family != "encoder":
            how = _REWRITTEN if self.family == "masked" else _ASKED
            parts.insert(0, _COMPARED.format(how=how, **self.report["settings"]))
        return "\n\n".join(parts)

    def _samples(self) -> str:
        which = "The first pieces of the evaluation, none left out."
        if self.family == "masked":
            which = "Six pieces by the composer, none left out, of which bars 5 to 8 were written anew, both hands."
        lines = ["## Samples", "", which, ""]
        lines += [
            f"{number}. [MIDI]({SAMPLES}/{number}.mid), [sheet music]({SAMPLES}/{number}.svg)"
            for number in range(1, len(self.report["samples"]) + 1)
        ]
        return "\n".join(lines)

    def data(self, stage: Stage | None = None) -> list[str]:
        data = self.report["data"]
        return ["--data", *data["paths"], *(["--where", data["where"]] if data["where"] else [])]

    def measured(self) -> list[str]:
        settings = ("seed",) if self.family == "encoder" else ("count", "seed")
        return [*self.data(), *option_words(self.report["settings"], *settings)]
