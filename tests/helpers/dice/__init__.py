"""A fourth modality, as small as can be: dice that tend to go up by one. It lies in this folder only."""

from pathlib import Path

from genai_demo.catalogue import add_sentences

add_sentences(Path(__file__).parent / "catalogue")
