"""Byte-level BPE with control tokens that no text can spell.

The BPE knows only bytes and merges; the control ids come before its own, so text such as "<mask>" is
encoded as the plain characters it is, and every Unicode text comes back unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer as _Bpe
from tokenizers import decoders, models, pre_tokenizers, trainers

from genai_demo.engine.files import write_text
from genai_demo.errors import UserError
from genai_demo.text.tokens.special_tokens import CONTROLS

FILE = "tokenizer.json"


class Tokenizer:
    """Text to ids and back, without loss.

    Args:
        bpe: a byte-level BPE without special tokens.
    """

    def __init__(self, bpe: _Bpe) -> None:
        self._bpe = bpe
        self.size = bpe.get_vocab_size() + CONTROLS
        """number of ids, the control tokens among them"""
        pieces = (bpe.id_to_token(index) or "" for index in range(bpe.get_vocab_size()))
        table = {symbol: byte for byte, symbol in _byte_symbols().items()}
        self._bytes = [b""] * CONTROLS + [bytes(table[symbol] for symbol in piece) for piece in pieces]

    @classmethod
    def train(cls, texts: Iterable[str], size: int) -> Tokenizer:
        """Learn the merges from `texts`.

        Args:
            size: number of ids wanted, the control tokens and the 256 bytes among them.
        """
        bpe = _Bpe(models.BPE())
        bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        bpe.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size - CONTROLS,
            show_progress=False,
            special_tokens=[],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        )
        bpe.train_from_iterator(texts, trainer)
        return cls(bpe)

    @classmethod
    def read(cls, file: Path) -> Tokenizer:
        """Read a tokenizer.

        Raises:
            UserError: the file is missing or damaged.
        """
        if not file.is_file():
            raise UserError("engine.missing", file=file)
        try:
            return cls(_Bpe.from_file(str(file)))
        except Exception as error:  # the library raises bare Exception for a file it cannot read
            raise UserError("engine.damaged", file=file, reason=error) from error

    def write(self, file: Path) -> None:
        """Write the tokenizer as JSON."""
        write_text(file, self._bpe.to_str(pretty=True))

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`; none of them is a control token."""
        return [index + CONTROLS for index in self._bpe.encode(text).ids]

    def encode_all(self, texts: list[str]) -> list[list[int]]:
        """Return the ids of many texts, in parallel."""
        return [[index + CONTROLS for index in encoding.ids] for encoding in self._bpe.encode_batch_fast(texts)]

    def bytes_of(self, index: int) -> bytes:
        """Return the UTF-8 bytes that one id stands for; a control token stands for none."""
        return self._bytes[index]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids`; control tokens are left out, bytes that are not UTF-8 become U+FFFD."""
        return b"".join(self._bytes[index] for index in ids).decode("utf-8", errors="replace")


def _byte_symbols() -> dict[int, str]:
    """Return the printable symbol by which byte-level BPE writes each byte (Radford et al. 2019, section 2.2)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    symbols = {byte: chr(byte) for byte in printable}
    rest = (byte for byte in range(256) if byte not in symbols)
    return symbols | {byte: chr(256 + index) for index, byte in enumerate(rest)}
