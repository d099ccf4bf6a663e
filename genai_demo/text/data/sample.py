"""News that never happened: short articles with headlines, put together by a grammar.

Names of people, places, clubs and firms are put together anew for each article, so that what is held out says nothing
word for word that is learnt from. Imports no torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from genai_demo.engine.data.sample import item_random
from genai_demo.text.tokens.special_tokens import AG_NEWS

COUNT = 3000
"""articles if no number is given"""
HELD_OUT_EVERY = 16
"""one article in so many is held out"""

_WORDS = {
    "first": "Ada Amara Anton Bea Carla Dario Elena Emil Farah Goran Hana Ines Ivo Jana Kenji Lea Luis Mira Nadia Noor "
    "Oskar Paula Ravi Rosa Samir Selma Tariq Tove Vera Yusuf",
    "last": "Adeyemi Alder Arslan Bergmann Castell Dube Ekström Farkas Ferro Galvan Haddad Ito Jansen Kaya Kovac Lund "
    "Marsh Mbeki Moreau Nakata Novak Okafor Olsen Petrov Quist Rahman Rossi Sato Silva Tanaka Varga Weiss Yilmaz Zola",
    "_start": "Ash Birch Bright Clear Cold East Elm Fair Fern Grey Green Hazel High Kings Lake Long Maple New North "
    "Oak Port Red River Silver South Stone Thorn West White Winter",
    "_end": "borough bridge brook bury dale field ford gate ham haven hill hurst land ley mouth port stead ton vale "
    "view water wick wood worth",
    "mascot": "Anchors Badgers Comets Cranes Falcons Foxes Giants Herons Lions Mariners Miners Otters Pilots Rangers "
    "Ravens Rovers Sharks Storks Tigers Wolves",
    "trade": "Airlines Bank Foods Freight Hotels Insurance Mills Motors Paper Power Shipping Steel Stores Telecom "
    "Textiles Tools",
    "lab": "Academy College Institute Laboratory Observatory University",
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "many": "two three four five six seven eight nine ten eleven twelve",
    "season": "spring summer autumn winter",
}
_LISTS = {
    "office": "the mayor|the prime minister|the foreign minister|the governor|the president|the health minister|"
    "the chief negotiator|the interior minister",
    "trouble": "floods|a week of storms|a strike of ferry crews|a border dispute|a disputed vote|a power failure|"
    "a long drought|the fall of a bridge|the closing of the port",
    "deal": "a treaty on fishing|a plan for new schools|a ceasefire|a new constitution|a water agreement|"
    "a budget for the harbour|a law on housing|an exchange of prisoners",
    "crowd": "thousands of people|crowds of farmers|students and teachers|aid workers|dock workers|"
    "observers from abroad",
    "sport": "league|cup|championship|basketball final|hockey final|handball league|rugby cup",
    "feat": "a late header|a late penalty|two goals before the break|a save in extra time|"
    "a shot from midfield|a basket at the buzzer|a perfect free kick",
    "mood": "relieved|proud|disappointed|calm|tired but happy|surprised|furious",
    "injury": "a knee injury|a broken finger|a strained muscle|a bad cold|a suspension",
    "goods": "electric buses|cargo ships|wheat|solar panels|cheap flights|furniture|phones|coffee|insurance|newsprint",
    "cause": "higher fuel prices|a weak currency|strong demand abroad|a mild winter|cheaper steel|a change in tax law|"
    "slow sales at home|a recall of faulty parts",
    "verdict": "better than analysts had hoped|short of what analysts expected|in line with forecasts|"
    "the best in {many} years|the weakest since the merger",
    "device": "a battery|a telescope|a weather satellite|a small robot|a water filter|a new chip|a hearing aid|"
    "a search engine|a deep sea camera",
    "finding": "a distant planet with rain|a fossil of an early bird|bees that count|a cheap test for malaria|"
    "ice under a desert|a gene that slows ageing in mice|an error in star maps|ink made of moss",
    "use": "save a third of the power|work for {many} years without repair|reach {many} times as far|"
    "cost less than shoes|run on salt water|fit into a pocket",
    "doubt": "the sample was small|nobody else saw it|it is expensive|the data are old|it needs darkness",
}
_HEADLINES = {
    "world": "{town} waits for news after {trouble}|Talks on {deal} open in {town}|{office} of {land} visits {town}|"
    "{land} and {land2} agree on {deal}|{crowd} march in {town}",
    "sports": "{team} beat {rival} {goals}|{last} leads {team} past {rival}|{team} lose {last} to {injury}|"
    "{rival} stumble in {town}|{team} win {sport} with {feat}",
    "business": "{company} to buy {company2}|{company} profit rises {percent} percent|"
    "{company} cuts {number} jobs in {town}|Shares of {company} fall on {cause}|{company2} bets on {goods}",
    "scitech": "{town} team finds {finding}|{device} may {use}|{lab} of {town} unveils {device}|"
    "{last} of {town} reports {finding}|Doubts about {finding}",
}
_LEADS = {
    "world": "{office} of {land}, {person}, spoke in {town} on {day} of {deal} with {land2}, {many} days "
    "after {trouble} in {town2}.|"
    "{crowd} met in {town} on {day}, where {person} of {land} called {deal} with {land2} a duty.|"
    "{office} of {land} flew to {town} on {day} after {trouble} drove {number} people of {town2} from home.|"
    "{land} and {land2} will sign {deal} in {town} on {day}, {person} of {town2} said.",
    "sports": "{person} decided the {sport} of {land} with {feat} on {day}: {team} beat {rival} {goals}.|"
    "{team} reached the {sport} in {land} on {day}, when {person} sent {rival} home with {feat}.|"
    "{rival} must do without {person}, out with {injury} since {day}, against {team} in the {sport} of {land}.|"
    "{goals} it stood in {town2} on {day}, where {feat} by {person} saved {team} from {rival}.",
    "business": "{company} of {town} earned {money} million dollars with {goods}, {percent} percent more, {verdict}.|"
    "{company} will buy {company2} for {money} million dollars, {person} said in {town} on {day}.|"
    "{company} of {town} cuts {number} jobs by {day}, and {person} blamed {cause}.|"
    "Shares of {company} lost {percent} percent on {day}, when {company2} of {town2} warned of {cause}.",
    "scitech": "{person} of {town} has found {finding}, the {lab} of {town2} said, and {many} others saw it.|"
    "{device} by {person} of the {lab} in {town} may {use}, {town2} learnt on {day}.|"
    "{finding}: so {person} of {town} told the {lab} of {town2} on {day}, {many} years on.|"
    "In {town} the {lab} showed {device} on {day}; it may {use}, said {person} of {town2}.",
}
_MORE = {
    "world": "{last}, in {town} for {many} months, spoke of hope for {town2}.|"
    "In {town2} {number} people still wait, said {person2} of {land}.|"
    "{person2}, a critic from {town2}, doubted {land2} and {deal}.|"
    "{land} may vote on it in {season}, {person2} said in {town}.",
    "sports": '"We are {mood}," coach {person2} of the {mascot} said in {town2}, {many} wins after {day2}.|'
    "{town} has won {many} times this {season}, and {last2} looked {mood}.|"
    "{person2} had missed {many} games for {town} with {injury}.|"
    "{number} people in {town2} saw {last2} leave, {mood}.",
    "business": "{goods} sold {percent2} percent better in {land}, said {person2} of {company2}.|"
    "{person2}, an analyst in {town2}, called {last}'s year {verdict}.|"
    "{town2}, where {number} people make {goods}, hopes for {land}.|"
    "{company2} of {town2} said nothing on {day2}, and gained {percent2} percent.",
    "scitech": '"It may {use}," said {last}, who tried {device} in {town2} for {many} years.|'
    "{person2} of {town2} warned {last}: {doubt}.|"
    "Next {season} {last2} of {town2} will try {device} on {number} volunteers.|"
    "In {land} {person2} had failed: {doubt}.",
}
_SLOT = re.compile(r"\{(\w+?)\}")


def sample_rows(count: int, held_out: bool) -> list[tuple[str, str, str]]:
    """Return topic, headline and story of each article of a sample of `count`, those held out or the others."""
    chosen = [number for number in range(count) if (number % HELD_OUT_EVERY == 0) == held_out]
    return [_article(item_random(number), AG_NEWS.known[number % 17 % len(AG_NEWS.known)]) for number in chosen]


def _article(random: np.random.Generator, topic: str) -> tuple[str, str, str]:
    """Return one article: its sentences speak of the same people, places and firms."""
    names: dict[str, str] = {}

    def fill(template: str) -> str:
        """Return a template with its slots filled; what is named once keeps its name."""

        def value(slot: re.Match[str]) -> str:
            name = slot[1]
            if name not in names:
                names[name] = fill(_draw(random, name.rstrip("2")))
            return names[name]

        return _SLOT.sub(value, template)

    fixed = {"person": "{first} {last}", "person2": "{first2} {last2}", "team": "{town} {mascot}"}
    fixed |= {"rival": "{town2} {mascot2}", "company": "{last} {trade}", "company2": "{last2} {trade2}"}

    def told(templates: str | Sequence[str]) -> str:
        template = _one_of(random, templates.split("|") if isinstance(templates, str) else templates)
        for slot, meaning in fixed.items():
            template = template.replace(f"{{{slot}}}", meaning)
        text = fill(template)
        return text[0].upper() + text[1:]

    headline, lead = told(_HEADLINES[topic]), told(_LEADS[topic])
    more = _MORE[topic].split("|")
    order = random.permutation(len(more))[: int(random.integers(1, 3))]
    return topic, headline, " ".join([lead, *(told([more[place]]) for place in order)])


def _draw(random: np.random.Generator, kind: str) -> str:
    """Return a word, or a template of some, for a kind of slot."""
    if kind in _LISTS:
        return _one_of(random, _LISTS[kind].split("|"))
    if kind in ("town", "land"):
        start, end = (_one_of(random, _WORDS[part].split()) for part in ("_start", "_end"))
        return start + ("ia" if kind == "land" else end)
    if kind == "goals":
        lost = int(random.integers(0, 4))
        return f"{lost + int(random.integers(1, 4))}-{lost}"
    if kind in ("number", "money", "percent"):
        most = {"number": 180, "money": 90, "percent": 30}[kind]
        return str(int(random.integers(2, most)) * (1 if kind == "percent" else 5))
    return _one_of(random, _WORDS[kind].split())


def _one_of(random: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(random.integers(len(choices)))]
