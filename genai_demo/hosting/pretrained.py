"""Networks from the hub: `Pretrained.from_pretrained("name/model")`, as the hub's own mixin for PyTorch offers it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from huggingface_hub import PyTorchModelHubMixin, snapshot_download
from torch import nn

from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.errors import UserError
from genai_demo.modalities import modalities


class Pretrained(nn.Module, PyTorchModelHubMixin, library_name="pytorch"):
    """A network as a checkpoint describes it; its weights have the names that they have in the checkpoint.

    Args:
        modality: such as "text".
        family: of the network, such as "gru".
        model: fields of its configuration.

    Raises:
        UserError: there is no such modality or family.
    """

    def __init__(self, modality: str, family: str, model: dict[str, Any]) -> None:
        super().__init__()
        if modality not in modalities():
            raise UserError("engine.not_one_of", name="modality", value=modality[:40], allowed=", ".join(modalities()))
        networks = import_module(f"genai_demo.{modality}.models.networks")
        try:
            self.network: nn.Module = networks.make_network(family, model)
        except KeyError as error:
            raise UserError("hosting.no_network", family=family, modality=modality) from error

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """Return what the network makes of its inputs."""
        return self.network(*inputs, **named)

    def state_dict(self, *arguments: Any, **named: Any) -> Any:
        """Return the weights by the names that they have in a checkpoint."""
        return self.network.state_dict(*arguments, **named)

    def load_state_dict(self, *arguments: Any, **named: Any) -> Any:
        """Take weights by the names that they have in a checkpoint."""
        return self.network.load_state_dict(*arguments, **named)

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        revision: str | None,
        cache_dir: str | Path | None,
        force_download: bool,
        local_files_only: bool,
        token: str | bool | None,
        map_location: str = "cpu",
        strict: bool = True,
        **described: Any,
    ) -> Pretrained:
        """Return the network with its weights, in however many files they are, once these have their checksums."""
        folder = Path(model_id)
        if not folder.is_dir():
            folder = Path(
                snapshot_download(
                    model_id,
                    revision=revision,
                    cache_dir=cache_dir,
                    force_download=force_download,
                    local_files_only=local_files_only,
                    token=token,
                )
            )
        made = cls(**described)
        made.load_state_dict(read_checkpoint(folder).weights(), strict=strict)
        return made.to(map_location).eval()
