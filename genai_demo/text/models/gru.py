"""GRU language model: reads a topic and the words so far, and predicts the next token.

Departures from a textbook GRU model: input and output embeddings are tied through a projection (Press and Wolf
2017); the outputs of all layers are added up and normalised (RMSNorm); dropout masks are the same
at every position of a row (Gal and Ghahramani 2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.fields import Later, OneOf, Within
from genai_demo.engine.nn.int8 import Int8Linear
from genai_demo.engine.nn.sizes import Depth, Dropout, Width
from genai_demo.text.models.loss import cross_entropy
from genai_demo.text.tokens.special_tokens import AG_NEWS, PAD, TOPIC_SETS


@dataclass(frozen=True)
class GruConfig:
    """Sizes of the network."""

    vocabulary: Annotated[int, Within(1, 10**6)]
    embedding: Width = 256
    hidden: Width = 640
    layers: Depth = 2
    dropout: Dropout = 0.1
    """share of units dropped between layers"""
    embedding_dropout: Dropout = 0.0
    """share of embedding units dropped, the same at every position of a row"""
    topics: Annotated[str, OneOf(tuple(TOPIC_SETS)), Later] = AG_NEWS.name
    """what its topic tokens stand for"""


DEBUG = {"embedding": 16, "hidden": 24, "layers": 2}
"""sizes at which tests train the network in a second"""


class GruModel(nn.Module):
    """Predicts each next token from those before it."""

    def __init__(self, config: GruConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.embedding)
        inputs = [config.embedding] + [config.hidden] * (config.layers - 1)
        self.layers = nn.ModuleList(nn.GRU(size, config.hidden, batch_first=True) for size in inputs)
        self.norms = nn.ModuleList(nn.RMSNorm(config.hidden) for _ in inputs)
        self.project = nn.Linear(config.hidden, config.embedding, bias=False)
        self._init_weights()

    def _init_weights(self) -> None:
        # Logits start near zero: the projection makes small vectors of the normalised sum.
        nn.init.normal_(self.embedding.weight, std=self.config.embedding**-0.5)
        nn.init.normal_(self.project.weight, std=0.5 * self.config.hidden**-0.5)
        for layer in self.layers:
            for name, weight in layer.named_parameters():
                if "weight_hh" in name:
                    for gate in weight.chunk(3):
                        nn.init.orthogonal_(gate)
                elif "weight_ih" in name:
                    nn.init.xavier_uniform_(weight)
                else:
                    nn.init.zeros_(weight)

    def forward(self, ids: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read tokens.

        Args:
            ids: (B, T) ids.
            state: (layers, B, hidden) from a former call; None starts afresh.

        Returns:
            vectors (B, T, embedding), whose products with the embedding are the next token's logits, and the state
            after the last token.
        """
        return self.read(self.embedding(ids), state)

    def read(
        self, embedded: Tensor, state: Tensor | None = None, outputs: list[Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Read tokens as `forward`, by their vectors.

        Args:
            embedded: (B, T, embedding), the tokens' vectors.
            state: as in `forward`.
            outputs: a list to which what each layer says of every token, (B, T, hidden), is added.
        """
        x = _locked_dropout(embedded, self.config.embedding_dropout, self.training)  # (B, T, E)
        total: Tensor | float = 0.0
        states = []
        for index, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            y, last = layer(x, None if state is None else state[index : index + 1])  # (B, T, H), (1, B, H)
            states.append(last)
            if outputs is not None:
                outputs.append(y)
            total = total + y
            x = _locked_dropout(norm(total), self.config.dropout, self.training)
        return self.project(x), torch.cat(states)

    def logits(self, vectors: Tensor) -> Tensor:
        """Return the logits (..., V) of vectors (..., embedding)."""
        return F.linear(vectors, self.embedding.weight)

    def loss(self, rows: Tensor) -> dict[str, Tensor]:
        """Return the mean cross-entropy in nats of every token after the first of `rows` (B, T).

        Returns:
            the mean as "loss", and the number of tokens as "weight".
        """
        vectors, _ = self(rows[:, :-1])
        targets = rows[:, 1:]
        seen = targets != PAD  # (B, T - 1)
        loss = cross_entropy(vectors[seen], self.embedding.weight, targets[seen])
        return {"loss": loss, "weight": seen.sum()}


def _locked_dropout(x: Tensor, share: float, training: bool) -> Tensor:
    if not training or share == 0:
        return x
    mask = torch.empty(x.shape[0], 1, x.shape[2], device=x.device, dtype=x.dtype)  # (B, 1, C)
    return x * mask.bernoulli_(1 - share).div_(1 - share)


class Int8Gru:
    """The network as it writes, a token at a time, on the CPU: weights and activations are of eight bits.

    A row's numbers are the same whatever rows are beside it: sums of products are exact (`Int8Linear`), and everything
    else is computed in single precision, element by element or row by row.

    Args:
        model: the network, on any device.
        fast: which path its products take, see `Int8Linear`.
    """

    def __init__(self, model: GruModel, fast: bool | None = None) -> None:
        self._embedding = model.embedding.weight.detach().float().cpu().numpy()  # (V, E)
        self._hidden = model.config.hidden
        self._layers: list[tuple[Int8Linear, Int8Linear, np.ndarray]] = []
        for layer, norm in zip(model.layers, model.norms, strict=True):
            assert isinstance(layer, nn.GRU) and isinstance(norm, nn.RMSNorm)
            (inputs, recurrent, input_bias, recurrent_bias), *_ = layer.all_weights
            weight = norm.weight.detach().float().cpu().numpy()  # (H,)
            self._layers.append(
                (Int8Linear(inputs, input_bias, fast), Int8Linear(recurrent, recurrent_bias, fast), weight)
            )
        self._project = Int8Linear(model.project.weight, None, fast)
        self._logits = Int8Linear(model.embedding.weight, None, fast)
        self.start = np.zeros((1, model.config.layers, model.config.hidden), np.float32)
        """the state (1, layers, hidden) before the first token"""

    def __call__(self, ids: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read a token of each row.

        Args:
            ids: (B,) ids.
            state: float32 (B, layers, hidden), as it was after the token before.

        Returns:
            the next token's logits, float32 (B, V), and the state after this one.
        """
        x, width = self._embedding[ids], self._hidden  # (B, E)
        after, total = np.empty_like(state), np.zeros_like(state[:, 0])
        for index, (inputs, recurrent, weight) in enumerate(self._layers):
            before = state[:, index]  # (B, H)
            # The gates reset, update and new, each (B, H), as `torch.nn.GRU` defines them.
            of_input, of_state = inputs(x), recurrent(before)  # (B, 3 H)
            gates = _sigmoid(of_input[:, : 2 * width] + of_state[:, : 2 * width])  # (B, 2 H)
            new = np.tanh(of_input[:, 2 * width :] + gates[:, :width] * of_state[:, 2 * width :])
            after[:, index] = new + gates[:, width:] * (before - new)
            total = total + after[:, index]
            mean_square = np.square(total).mean(-1, keepdims=True)  # (B, 1)
            x = total / np.sqrt(mean_square + np.finfo(np.float32).eps) * weight  # (B, H), as `torch.nn.RMSNorm`
        return self._logits(self._project(x)), after


def _sigmoid(x: np.ndarray) -> np.ndarray:
    # By the hyperbolic tangent, which cannot overflow.
    sigmoid: np.ndarray = 0.5 + 0.5 * np.tanh(0.5 * x)
    return sigmoid
