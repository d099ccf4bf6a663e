"""Tokens that no text can spell, and the topics that some of them stand for; imports no tokenizer."""

from __future__ import annotations

TOPICS = ("any", "world", "sports", "business", "scitech")
"""Topics in the order of AG News' labels 1 to 4, after "any"."""

PAD, END, MASK = 0, 1, 2
TOPIC_TOKENS = {topic: 3 + index for index, topic in enumerate(TOPICS)}
BACKGROUND = 3 + len(TOPICS)
"""stands where the topic stands, for texts that are not news"""
CONTROLS = BACKGROUND + 1
"""number of control tokens; ids from here on are text"""
