"""Every column is judged once, hearing all others, and good music surprises less than wrong notes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from genai_demo.engine.config import TrainConfig
from genai_demo.engine.loop import train
from genai_demo.engine.run import RunFolder
from genai_demo.music.canvas import Canvas, draw_canvas
from genai_demo.music.columns import NONE
from genai_demo.music.masked import MaskedRoll
from genai_demo.music.piece import LEFT, RIGHT
from genai_demo.music.surprise import surprise
from tests.music.test_masked import MODEL
from tests.music.test_masked_training import make_task
from tests.music.test_unmasking import open_canvas, run


def test_every_wanted_column_is_judged_once_and_hears_its_neighbours_and_the_other_hand() -> None:
    asked = []

    class Counting(MaskedRoll):
        def costs(self, canvas: Canvas) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            asked.append(canvas.hidden)
            ones = torch.ones(int(canvas.hidden.sum()))
            return ones, ones / 2, ones.long()

    canvas = open_canvas("whole", share=1.0)
    filled = run(canvas)[-1][0]
    found = surprise(Counting(MODEL.config), filled, canvas.hidden)
    assert torch.equal(torch.stack(asked).sum(0), canvas.hidden.long())
    assert torch.equal(found, 1.5 * canvas.hidden.flatten(1).sum(1).double())
    for hidden in asked:
        assert not (hidden[:, LEFT] & hidden[:, RIGHT]).any()
        assert not (hidden[..., :-4] & hidden[..., 4:]).any()


def test_music_surprises_less_than_the_same_with_wrong_notes(tmp_path: Path) -> None:
    task = make_task()
    train(task, TrainConfig(examples=480, batch_size=8, precision="fp32", snapshots=1), RunFolder(tmp_path))
    network = task.networks["model"].eval()
    assert isinstance(network, MaskedRoll)
    shown = {name: torch.from_numpy(array) for name, array in task._held_out.items()}
    canvas = draw_canvas(shown, "stretch", 1.0)
    whole = replace(canvas, hidden=torch.zeros_like(canvas.hidden))
    wrong = replace(whole, keys=torch.where(whole.keys == NONE, NONE, (whole.keys + 1).clamp(max=NONE - 1)))
    assert (surprise(network, whole, canvas.hidden) < surprise(network, wrong, canvas.hidden)).all()
