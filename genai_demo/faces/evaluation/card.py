"""Model cards of face models: what these are, must not be used for and were trained on."""

from __future__ import annotations

from collections.abc import Iterator

from genai_demo.engine.evaluation.card import ModelCard, option_words
from genai_demo.engine.evaluation.figure import markdown_table, plain_table
from genai_demo.engine.models.lineage import Stage
from genai_demo.faces.evaluation.figures import compared, label_lines, rows

SHEET = "sheet.png"
"""the contact sheet of a checkpoint that paints: the first 64 faces of seed 0, none left out"""
_TERMS = {
    "utkface": (
        "UTKFace terms: **non-commercial research only**. The pictures were collected from the internet, and their "
        "owners keep the copyright; many people in them are recognisable and did not consent. Ages and genders are "
        "estimates that annotators checked; smiles were computed."
    ),
    "uscongress": (
        "Official portraits of members of the United States Congress; those by government photographers are in the "
        "public domain in the United States. Mostly older white men in suits before flags, and so are the faces here."
    ),
}
_UNKNOWN = "Its terms are not known to this program: ask whoever gave you the pictures."
_WHAT = {
    "gan": "A generative adversarial network that paints portraits of 64x64 pixels from noise, an age, a gender and a "
    "smile. Only the generator is here; the discriminator that taught it is not needed to paint. Where a stage below "
    "is called vae, the generator started as the decoder of that variational autoencoder.",
    "vae": "A variational autoencoder: its encoder finds the code of a portrait of 64x64 pixels, its decoder paints "
    "the portrait of a code. New codes are drawn from a mixture fitted to those of the training faces. Where a stage "
    "below is called polish, a discriminator taught the decoder to be crisp, and codes kept their meaning.",
    "encoder": "An encoder of portraits: one vector per face, near for pictures of one face, and readings of age, "
    "gender and smile. It judges what the other models paint, and was trained apart from them.",
}
_PAINTER_LIMITS = """\
- **Every face is machine-made; nobody looks like this.** Do not pass one off as a person, nor use one to deceive.
- "Gender" is what annotators saw, as one of two; age and smile are estimates. They steer pictures, and say nothing
  about people.
- Faces are adult, near frontal and cut as the training set's are. Who is rare there comes out less well:
  the oldest, people with dark skin in poor light, glasses, hands, hats.
- No training picture is stored in the weights as such; the figures on copies below say how near its faces come."""
_ENCODER_LIMITS = """\
- It must not be used to identify people, nor to judge anybody by age, gender or expression: it was trained on few,
  noisy labels, and errs unevenly between groups.
- The vectors of the training faces that lie beside it serve one purpose: to see whether a painted face is a copy."""
_NOISE = (
    "The average of weights that ships answers to noise more faintly than the generators that it averages. Its noise "
    "counts {scale} times: at that its faces are nearest to {faces:,} training faces, in random features other than "
    "those of the figures below."
)
_FLOORS = (
    "Each figure beside its floor, the same for real faces. These distances are not the FID of the literature, which "
    "stands on a network trained elsewhere."
)


def contact_sheet(model: str, family: str, seed: int = 0) -> bytes:
    """Return a PNG of the first 64 faces of a seed with open labels and full variety, none left out."""
    from genai_demo.faces.requests import FaceRequest
    from genai_demo.faces.sampling.generation import paint
    from genai_demo.faces.sampling.grid import sheet_png

    return sheet_png(paint([FaceRequest(family, seed, index, 1.0) for index in range(64)], model), columns=8)


def _finetuned(stage: Stage) -> bool:
    """Return whether a stage is the adversarial fine-tuning of a VAE."""
    return stage.family == "vae" and "started_from" in stage.trained["data"]


class Card(ModelCard):
    """The card of a face model; beside that of one that paints lies its contact sheet."""

    modality = "faces"
    closing = "Networks in training push each other about: another machine gives other faces, and figures near these."
    training_options = (
        *("learning_rate", "generator_share", "gamma", "final_gamma"),
        *("first_augmentation", "augmentation", "label_weight"),
    )

    def files(self) -> dict[str, bytes]:
        if self.family == "encoder":
            return {}
        return {SHEET: contact_sheet(str(self.checkpoint.folder), self.family)}

    def front(self) -> dict[str, str | list[str]]:
        return {
            "license": "other",
            "license_name": "see-data",
            "pipeline_tag": "image-feature-extraction"
            if self.family == "encoder"
            else "unconditional-image-generation",
            "tags": ["faces", self.family, "trained-from-scratch"],
        }

    def what(self) -> str:
        return _WHAT[self.family]

    def sections(self) -> Iterator[str]:
        if self.family != "encoder":
            yield f"![64 faces, none left out]({SHEET})"
        yield f"## Limits\n\n{_ENCODER_LIMITS if self.family == 'encoder' else _PAINTER_LIMITS}"
        yield f"## Data\n\n{self._data()}"
        yield f"## Figures\n\n{self._figures()}"

    def _data(self) -> str:
        data = self.report["data"]
        chosen = f" (rows with {data['where']})" if data["where"] else ""
        terms = next((text for sign, text in _TERMS.items() if sign in data["path"]), _UNKNOWN)
        learnt = [("stage", "side in pixels", "faces shown", "minutes", "on")]
        for number, stage in enumerate(self.stages, 1):
            trained = stage.trained
            side, shown = str(stage.model["resolution"]), f"{trained['examples']:,}"
            name = "polish" if _finetuned(stage) else stage.family
            learnt.append((f"{number}: {name}", side, shown, f"{trained['seconds'] / 60:.0f}", stage.machine))
        parts = [
            f"{data['path']}{chosen}: {data['train']['faces']:,} faces to learn from (hash `{data['train']['hash']}`), "
            f"{data['held_out']['faces']:,} held out (hash `{data['held_out']['hash']}`). {terms}",
            markdown_table(learnt),
        ]
        if scale := self.checkpoint.trained.get("spread"):
            parts.append(_NOISE.format(scale=scale["scale"], faces=scale["faces"]))
        return "\n\n".join(parts)

    def _figures(self) -> str:
        parts = []
        if self.report["figures"]:
            table = plain_table(rows(self.report), right=True)
            parts += [_FLOORS, f"```text\n{compared(self.report)}\n\n{table}\n```"]
        if run := self.report.get("baseline_run"):
            parts.append(
                f"The baseline is a DCGAN (Radford et al. 2016) that saw {run['examples']:,} faces in "
                f"{run['seconds'] / 60:.0f} minutes on {run['device']}."
            )
        if lines := label_lines(self.report):
            parts.append("```text\n" + "\n".join(lines) + "\n```")
        return "\n\n".join(parts)

    def data(self, stage: Stage | None = None) -> list[str]:
        data = self.report["data"]
        return ["--data", data["path"], *(["--where", data["where"]] if data["where"] else [])]

    def settings(self, stage: Stage) -> list[str]:
        # What is fine-tuned has its size already.
        words = super().settings(stage)
        return words[: words.index("--size")] if _finetuned(stage) else words

    def exported(self) -> list[str]:
        return self.data()

    def measured(self) -> list[str]:
        return [*self.data(), *(["--baseline", f"runs/{self.name}-dcgan"] if "baseline_run" in self.report else [])]

    def commands(self) -> list[list[str]]:
        lines = super().commands()
        if run := self.report.get("baseline_run"):
            words = ["train", "faces", "--model", "dcgan", *self.data(), "--run", f"runs/{self.name}-dcgan"]
            lines.insert(-1, [*words, *option_words(run, "examples", "batch_size")])
        return lines
