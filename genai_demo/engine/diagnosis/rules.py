"""What can go wrong, each by a rule on figures that a run tells; what is not told is not judged.

Thresholds stand where healthy runs stay clear of them: see the tests, which provoke each and let others pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from genai_demo.engine.diagnosis.diagnosis import Change, Diagnosis
from genai_demo.engine.diagnosis.history import History, finite

_HELD_OUT = ("loss", "bits_per_byte", "bits_per_note", "bits_whole")
"""figures of held-out examples that fall while a model learns, as those of what it learns from do"""
_DISTANCES = ("random_frechet", "feature_distance", "distance")
"""figures of how far what a generator makes is from real examples; a run tells one of them"""
_LEAST_POINTS = 4
"""times that something is measured before it is judged how it develops"""
_WON = 6.0
"""nats of the generator's loss, or of the discriminator's lead, at which hardly a gradient is left to learn from"""


def diagnose(lines: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> list[Diagnosis]:
    """Return what goes wrong in a run, the gravest first; nothing for a healthy one.

    Args:
        lines: its figures so far, as `RunFolder.read_stats` returns them.
        config: its configuration, as its folder's config.json holds it.
    """
    if not lines:
        return []
    history = History(lines, config)
    return [found for rule in RULES if (found := rule(history)) is not None]


def diverged(history: History) -> Diagnosis | None:
    """The loss is no number, worse than at the start, or has lost half of what it had gained."""
    for name in {name for line in history.lines for name in line if name == "loss" or name.endswith("_loss")}:
        if not name.startswith("validation") and not finite(points := history.all(name)):
            bad = next(point for point in points if not math.isfinite(point.value))
            figures = {"first": points[0].value, "best": points[0].value, "last": bad.value, "since": bad.step}
            return Diagnosis("diverged", history.step, figures, history.slower(10))
    points = history.all("loss")
    if len(points) < 2:  # two players' losses rise and fall as either gains
        return None
    first, best = points[0].value, min(points, key=lambda point: point.value)
    last = history.recent("loss")
    assert last is not None
    gained, lost = first - best.value, last - best.value
    much = 0.1 * max(1.0, abs(first))
    if last > first + much or (lost > 0.5 * gained and lost > much and len(points) >= _LEAST_POINTS):
        figures = {"first": first, "best": best.value, "last": last, "since": best.step}
        return Diagnosis("diverged", history.step, figures, history.slower(10))
    return None


def overfitting(history: History) -> Diagnosis | None:
    """Held-out examples get worse again while those that are learnt from get better."""
    if history.switched_on("skip_kl", "raw_variance") or nothing_general(history):
        return None  # what is measured is not what is learnt
    for name in _held_out(history):
        points = history.all(name)
        best, last = min(points, key=lambda point: point.value), points[-1]
        gained, lost = points[0].value - best.value, last.value - best.value
        if gained <= 0 or lost < max(0.08 * gained, 0.005 * abs(best.value)) or not history.all("loss"):
            continue
        before, now = history.near("loss", best.step), history.recent("loss")
        if now is not None and now < before:
            figures = {"best": best.value, "since": best.step, "last": last.value, "before": before, "now": now}
            return Diagnosis("overfitting", history.step, {**figures, "used": history.used}, _restrained(history))
    return None


def nothing_general(history: History) -> Diagnosis | None:
    """What is learnt from gets better, held-out examples do not and never did."""
    losses = history.all("loss")
    for name in _held_out(history) if losses else ():
        points = history.all(name)
        first, best = points[0].value, min(point.value for point in points)
        fallen = losses[0].value - (history.recent("loss") or 0.0)
        if first - best < 0.03 * abs(first) and fallen > 0.1 * abs(losses[0].value):
            change = history.switched_on("first_word_only") or history.slower(3)
            figures = {"first": first, "last": points[-1].value, "before": losses[0].value}
            return Diagnosis("nothing_general", history.step, {**figures, "now": losses[0].value - fallen}, change)
    return None


def memorised(history: History) -> Diagnosis | None:
    """What is made lies nearer to what was learnt from than real examples do."""
    points = history.all("validation_nearest")
    if len(points) < 2 or points[-1].value >= 0.75:
        return None
    # The budget at which it had not come so far.
    good = [point.step for point in points if point.value >= 0.75]
    examples = next((line["examples"] for line in history.lines if good and line["step"] == good[-1]), 0)
    change = Change("budget", "examples", examples) if examples else history.slower(3)
    return Diagnosis("memorised", history.step, {"nearest": points[-1].value, "used": history.used}, change)


def discriminator_winning(history: History) -> Diagnosis | None:
    """The discriminator tells nearly every pair right, by so much that the generator learns nothing of it."""
    right, loss = history.recent("discriminator_pairs_right"), history.recent("generator_loss")
    lead = history.recent("discriminator_lead")
    by = loss if lead is None else lead
    if right is None or loss is None or by is None or right < 0.97 or by < _WON:
        return None
    distances = [point.value for name in _DISTANCES for point in history.all(f"validation_{name}")]
    if history.young or (len(distances) > 1 and distances[-1] < 0.7 * distances[-2]):
        return None  # it still learns well
    share = history.training.get("generator_share", 1.0)
    faster = Change("training", "generator_share", 1.0) if 0 < share < 0.25 else None
    change = _penalised(history) or faster or history.slower(4)
    return Diagnosis("discriminator_winning", history.step, {"right": round(100 * right), "loss": loss}, change)


def blind_discriminator(history: History) -> Diagnosis | None:
    """The discriminator takes real examples for made ones, too."""
    real, fake = history.recent("discriminator_real"), history.recent("discriminator_fake")
    if real is None or fake is None or max(real, fake) > 0.1 or history.young:
        return None
    verdicts = [point.value for name in ("real", "fake") for point in history.all(f"discriminator_{name}")]
    if min(verdicts) < 0:  # logits, no probabilities
        return None
    change = history.switched_on("skip_real") or history.slower(4)
    return Diagnosis("blind_discriminator", history.step, {"real": 100 * real, "fake": 100 * fake}, change)


def mode_collapse(history: History) -> Diagnosis | None:
    """What is made of fixed seeds is ever the same: its variety has fallen, or never came."""
    points = history.all("validation_variety")
    if not points or not history.all("generator_loss"):
        return None
    best, last = max(point.value for point in points), points[-1].value
    fallen = last < 0.4 <= best and last < 0.5 * best
    # A young generator knows little and shows little, and so does one that was never taught.
    taught = discriminator_winning(history) is None and blind_discriminator(history) is None
    if not fallen and not (last < 0.15 and history.fraction >= 0.5 and not history.young and taught):
        return None
    figures = {"variety": 100 * last, "best": 100 * best}
    return Diagnosis("mode_collapse", history.step, figures, _varied(history))


def posterior_collapse(history: History) -> Diagnosis | None:
    """The codes of an autoencoder say nothing: hardly a number differs from the prior."""
    active, divergence = history.recent("active"), history.recent("divergence")
    if active is None or divergence is None or active >= 0.1 or history.fraction < 0.5 or history.young:
        return None
    latent = int(history.model.get("latent", 1))
    weight = history.training.get("kl_weight", 1.0)
    change = Change("training", "kl_weight", 1.0) if weight > 1 else history.stronger("free", 0.25, 2)
    figures = {"active": active * latent, "latent": latent, "each": divergence / latent}
    return Diagnosis("posterior_collapse", history.step, figures, change or history.slower(3))


def noiseless_codes(history: History) -> Diagnosis | None:
    """The codes of a variational autoencoder have lost their noise, so that it is none."""
    spread, divergence = history.recent("spread"), history.recent("divergence")
    if spread is None or divergence is None or spread >= 0.1 or history.fraction < 0.2:
        return None
    change = history.switched_on("skip_kl", "raw_variance") or history.stronger("kl_weight", 1.0, 4)
    figures = {"spread": spread, "divergence": divergence}
    return Diagnosis("noiseless_codes", history.step, figures, change or history.slower(3))


def cut_codes(history: History) -> Diagnosis | None:
    """No number of a code lies beyond ±1, where a third of those lie that are drawn."""
    inside, spread = history.recent("inside"), history.recent("spread")
    change = history.switched_on("clamp_codes")
    if inside is None or spread is None or change is None or inside < 0.999 or spread < 0.1:
        return None
    return Diagnosis("cut_codes", history.step, {"inside": 100 * inside}, change)


RULES: tuple[Callable[[History], Diagnosis | None], ...] = (
    diverged,
    mode_collapse,
    blind_discriminator,
    discriminator_winning,
    posterior_collapse,
    noiseless_codes,
    cut_codes,
    nothing_general,
    overfitting,
    memorised,
)
"""the gravest first"""


def _held_out(history: History) -> list[str]:
    """Return the figures of held-out examples that were told often enough, and are numbers."""
    names = [f"validation_{name}" for name in _HELD_OUT]
    return [name for name in names if len(points := history.all(name)) >= _LEAST_POINTS and finite(points)]


def _restrained(history: History) -> Change:
    """Return what keeps a network from learning by heart: more dropout where it has any, or an earlier end."""
    dropout = history.model.get("dropout")
    if isinstance(dropout, float) and dropout < 0.5:
        return Change("model", "dropout", min(0.5, round(max(0.1, 2 * dropout), 2)))
    return Change("train", "patience", 2)


def _penalised(history: History) -> Change | None:
    return history.stronger("gamma", 0.2, 4)


def _varied(history: History) -> Change:
    calmer = Change("training", "momentum", 0.5) if history.training.get("momentum", 0.0) > 0.5 else None
    return history.switched_on("judge_pictures", "skip_real") or _penalised(history) or calmer or history.slower(4)
