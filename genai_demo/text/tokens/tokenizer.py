"""Byte-level BPE with control tokens that no text can spell.

The BPE knows only bytes and merges; the control ids come before its own, so text such as "<mask>" is
encoded as the plain characters it is, and every Unicode text comes back unchanged.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as _Bpe

from genai_demo.engine.files import write_text
from genai_demo.errors import UserError
from genai_demo.text.tokens.special_tokens import AG_NEWS, TopicSet

FILE = "tokenizer.json"
_WORDS = Regex(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
"""what no token reaches beyond, as in the byte-level step that encodes (Radford et al. 2019, section 2.2)"""
_SEEN = 2
"""times that a character of several bytes has to be seen before it is a token of its own"""


class Tokenizer:
    """Text to ids and back, without loss.

    Args:
        bpe: a byte-level BPE without special tokens.
        topics: what its control tokens stand for.
    """

    def __init__(self, bpe: _Bpe, topics: TopicSet = AG_NEWS) -> None:
        self._bpe, self.topics = bpe, topics
        self.size = bpe.get_vocab_size() + topics.controls
        """number of ids, the control tokens among them"""
        pieces = (bpe.id_to_token(index) or "" for index in range(bpe.get_vocab_size()))
        table = {symbol: byte for byte, symbol in _byte_symbols().items()}
        self._bytes = [b""] * topics.controls + [bytes(table[symbol] for symbol in piece) for piece in pieces]

    @classmethod
    def train(cls, texts: Iterable[str], size: int, topics: TopicSet = AG_NEWS) -> Tokenizer:
        """Learn the merges from `texts`: first those that make characters of bytes, then those that make words of them.

        So every token is a run of whole characters, or a part of a single one that is rare.

        Args:
            texts: what is to be encoded.
            size: number of ids wanted, the control tokens and the 256 bytes among them.
            topics: what its control tokens stand for.
        """
        texts = list(texts)
        room = max(0, size - topics.controls - 256)
        merges = _character_merges(texts, room)
        vocabulary = {symbol: index for index, symbol in enumerate(sorted(_byte_symbols().values()))}
        for first, second in merges:
            vocabulary.setdefault(first + second, len(vocabulary))
        alphabet = [one for one in sorted(set().union(*texts)) if _symbols(one) in vocabulary]
        for first, second in _word_merges(texts, alphabet, room - len(merges)):
            merges.append((_symbols(first), _symbols(second)))
            vocabulary.setdefault(_symbols(first + second), len(vocabulary))
        bpe = _Bpe(models.BPE(vocab=vocabulary, merges=merges))
        bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        bpe.decoder = decoders.ByteLevel()
        return cls(bpe, topics)

    @classmethod
    def read(cls, file: Path, topics: TopicSet = AG_NEWS) -> Tokenizer:
        """Read a tokenizer whose control tokens stand for `topics`.

        Raises:
            UserError: the file is missing or damaged.
        """
        if not file.is_file():
            raise UserError("engine.missing", file=file)
        try:
            return cls(_Bpe.from_file(str(file)), topics)
        except Exception as error:  # the library raises bare Exception for a file it cannot read
            raise UserError("engine.damaged", file=file, reason=error) from error

    def write(self, file: Path) -> None:
        """Write the tokenizer as JSON."""
        write_text(file, self._bpe.to_str(pretty=True))

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`; none of them is a control token."""
        return [index + self.topics.controls for index in self._bpe.encode(text).ids]

    def encode_all(self, texts: list[str]) -> list[list[int]]:
        """Return the ids of many texts, in parallel."""
        controls = self.topics.controls
        return [[index + controls for index in encoding.ids] for encoding in self._bpe.encode_batch_fast(texts)]

    def bytes_of(self, index: int) -> bytes:
        """Return the UTF-8 bytes that one id stands for; a control token stands for none."""
        return self._bytes[index]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids`; control tokens are left out, bytes that are not UTF-8 become U+FFFD."""
        return b"".join(self._bytes[index] for index in ids).decode("utf-8", errors="replace")


@cache
def _byte_symbols() -> dict[int, str]:
    """Return the printable symbol by which byte-level BPE writes each byte (Radford et al. 2019, section 2.2)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    symbols = {byte: chr(byte) for byte in printable}
    rest = (byte for byte in range(256) if byte not in symbols)
    return symbols | {byte: chr(256 + index) for index, byte in enumerate(rest)}


def _symbols(text: str) -> str:
    """Return the printable symbols of the bytes of `text`."""
    symbols = _byte_symbols()
    return "".join(symbols[byte] for byte in text.encode(errors="replace"))


def _character_merges(texts: Sequence[str], most: int) -> list[tuple[str, str]]:
    """Return at most `most` merges that make whole characters of several bytes, the commonest ones first."""
    counted = Counter(character for text in texts for character in text if not character.isascii())
    merges: dict[tuple[str, str], None] = {}
    for character, seen in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        symbols = _symbols(character)
        needed = [(symbols[:end], symbols[end]) for end in range(1, len(symbols))]
        if seen < _SEEN or len(merges.keys() | needed) > most:
            break
        merges |= dict.fromkeys(needed)
    return list(merges)


def _word_merges(texts: Sequence[str], alphabet: Sequence[str], most: int) -> list[tuple[str, str]]:
    """Return at most `most` merges of characters in `alphabet`, those first that shorten `texts` most."""
    bpe = _Bpe(models.BPE())
    # The space goes by its symbol, so that merges that are worth the same come in the order of the symbols.
    space = _symbols(" ")
    spaces = pre_tokenizers.Metaspace(replacement=space, prepend_scheme="never", split=False)
    bpe.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(_WORDS, "isolated"), spaces])
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + most,
        show_progress=False,
        special_tokens=[],
        initial_alphabet=[character.replace(" ", space) for character in alphabet],
        limit_alphabet=len(alphabet),
    )
    bpe.train_from_iterator(texts, trainer)
    merges = json.loads(bpe.to_str())["model"]["merges"]
    return [(first.replace(space, " "), second.replace(space, " ")) for first, second in merges]
