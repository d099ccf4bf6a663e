"""Files of news are read as they are meant, or refused in one sentence that says what is wrong."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.text.data.articles import Article, Articles, data_hash, read_articles, read_source
from genai_demo.text.tokens.special_tokens import THUCNEWS
from tests.helpers.hub import ask_hub, check_refusals, write_data_set

NEWS = [Article("Oil price rises Crude rose on Monday.", "business"), Article("City win Two goals.", "sports")]
CSV = 'label,title,description\n3,Oil price rises,Crude rose on Monday.\nSports,"City win","Two goals."\n'
JSONL = (
    '{"text": "Oil price rises Crude rose on Monday.", "label": "business"}\n\n'
    '{"title": "City win", "description": "Two goals.", "label": 2}\n'
)


def written(folder: Path, name: str, content: str | bytes) -> Path:
    file = folder / name
    raw = content.encode() if isinstance(content, str) else content
    file.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return file


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.csv", CSV.replace("\n", "\r\n")),
        ("a.csv", "\ufeff" + CSV),
        ("A.CSV", CSV),
        ("a.csv.gz", CSV),
        ("a.csv", 'Title, Description ,LABEL\nOil price rises,Crude rose on Monday.,3\nCity win,"Two\ngoals.",2\n'),
        ("a.csv", "text,label\nOil price rises Crude rose on Monday.,3\nCity win Two goals.,2\n"),
        ("a.jsonl", JSONL),
        ("a.jsonl", JSONL.replace("\n", "\r\n")),
        ("a.jsonl.gz", JSONL),
    ],
)
def test_labelled_files(name: str, content: str, tmp_path: Path) -> None:
    articles = read_articles(str(written(tmp_path, name, content)))
    assert [Article(article.text, article.topic) for article in articles] == NEWS


def test_text_files_are_parted_by_blank_lines(tmp_path: Path) -> None:
    content = "\nFirst article,\nsecond line.\n\n\n \t\nSecond article.\r\n\r\nThird.\n"
    for name in ("a.txt", "a.txt.gz"):
        articles = read_articles(str(written(tmp_path, name, content)))
        assert articles == [Article("First article,\nsecond line."), Article("Second article."), Article("Third.")]


def test_a_few_empty_lines_among_hundreds_part_nothing(tmp_path: Path) -> None:
    # As the tweets of TweetEval (cardiffnlp/tweeteval, datasets/hate): 9,000 lines, of which 7 are empty.
    lines = [f"Oil rose by {number} cents." for number in range(120)]
    content = "\n".join([*lines[:50], "", *lines[50:]])
    assert [one.text for one in read_articles(str(written(tmp_path, "a.txt", content)))] == lines


def test_csv_is_cleaned_and_json_is_not(tmp_path: Path) -> None:
    text = "Bob #39;s  #36;5 &lt;b&gt;deal&lt;/b&gt;"
    (cleaned,) = read_articles(str(written(tmp_path, "a.csv", f"label,text\n1,{text}\n")))
    assert cleaned.text == "Bob's $5 deal"
    (kept,) = read_articles(str(written(tmp_path, "a.jsonl", json.dumps({"text": text}))))
    assert kept.text == text


def test_news_in_json_is_one_paragraph(tmp_path: Path) -> None:
    rows = [{"text": "One\n\n two.", "label": 1}, {"text": "One\n\n two."}]
    articles = read_articles(str(written(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)))))
    assert articles == [Article("One two.", "world"), Article("One\n\n two.")]


@pytest.mark.parametrize(
    ("label", "topic"),
    [
        (1, "world"),
        (2, "sports"),
        ("3", "business"),
        (4, "scitech"),
        (" World ", "world"),
        ("Sci/Tech", "scitech"),
        ("sci tech", "scitech"),
        ("any", "any"),
        ("", "any"),
        (None, "any"),
    ],
)
def test_labels(label: object, topic: str, tmp_path: Path) -> None:
    file = written(tmp_path, "a.jsonl", json.dumps({"text": "A text.", "label": label}))
    assert read_articles(str(file)) == [Article("A text.", topic)]


def test_line_separators_inside_json_do_not_part_lines(tmp_path: Path) -> None:
    content = json.dumps({"text": "one\u2028two\u0085three"}, ensure_ascii=False) + '\n{"text": "next"}'
    assert len(read_articles(str(written(tmp_path, "a.jsonl", content)))) == 2


def test_half_a_character_in_json_does_no_harm(tmp_path: Path) -> None:
    (article,) = read_articles(str(written(tmp_path, "a.jsonl", '{"text": "smile \\ud83d and more"}')))
    assert article.text.startswith("smile ") and article.text.endswith(" and more")
    assert len(data_hash([article])) == 12


def test_description_that_is_missing_falls_back_to_the_text(tmp_path: Path) -> None:
    content = '{"title": "A title", "description": null, "text": "The text."}'
    assert read_articles(str(written(tmp_path, "a.jsonl", content))) == [Article("The text.")]


def test_empty_articles_are_left_out(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", "label,text\n1,\n2,   \n3,Here.\n")
    assert read_articles(str(file)) == [Article("Here.", "business")]


def test_a_cell_may_be_longer_than_the_library_allows(tmp_path: Path) -> None:
    text = "word " * 40_000
    for name, content in (("a.csv", f"label,text\n1,{text}\n"), ("a.tsv", f"label\ttext\n1\t{text}\n")):
        (article,) = read_articles(str(written(tmp_path, name, content)))
        assert article == Article(text.strip(), "world")


def parquet(file: Path, columns: dict[str, Any], names: list[str] | None = None) -> str:
    """Write a Parquet file, with what the hub notes down of its classes if these have names."""
    table = pa.table(columns)
    if names is not None:
        told = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(told)})
    pq.write_table(table, file)
    return str(file)


@pytest.mark.parametrize(
    ("labels", "names", "topics"),
    [
        ([3, 1], None, ["business", "world"]),
        ([2, 0], None, ["business", "world"]),
        ([2.0, None], None, ["sports", "any"]),
        (["Sports", "tech"], None, ["sports", "scitech"]),
        ([0, 1], ["Sci/Tech", "Business"], ["scitech", "business"]),
        ([0, -1], ["Sci/Tech", "Business"], ["scitech", "any"]),
    ],
)
def test_parquet(labels: list[Any], names: list[str] | None, topics: list[str], tmp_path: Path) -> None:
    texts = ["Oil #39;s up  #36;5.", "City win."]
    found = read_articles(parquet(tmp_path / "a.parquet", {"text": texts, "label": labels}, names))
    assert found == [Article("Oil's up $5.", topics[0]), Article("City win.", topics[1])]


def test_parquet_with_rows_that_say_nothing(tmp_path: Path) -> None:
    found = read_source(parquet(tmp_path / "a.parquet", {"title": ["City win", None], "body": ["Two goals.", None]}))
    assert found.articles == [Article("City win Two goals.", title="City win")]
    assert [reason.key for reason in found.left_out] == ["text.empty_article"]
    refused(parquet(tmp_path / "b.parquet", {"price": [1]}), "text.csv_columns", "b.parquet", "price")
    refused(parquet(tmp_path / "c.parquet", {"text": [1]}), "text.json_fields", "c.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "d.parquet").write_bytes(whole[:8] + bytes(40) + whole[48:])
    with pytest.raises(UserError) as refusal:
        read_articles(str(tmp_path / "d.parquet"))
    assert refusal.value.key in ("text.bad_parquet", "text.no_articles")


def test_sources_are_put_together_with_what_was_left_out(tmp_path: Path) -> None:
    first = read_source(str(written(tmp_path, "a.csv", "label,text\nweather,Rain.\n1,\n")))
    second = read_source(str(written(tmp_path, "b.csv", "label,text\nweather,Snow.\nfood,Soup.\n")))
    both = first + second
    assert [article.text for article in both.articles] == ["Rain.", "Snow.", "Soup."]
    assert (len(both.left_out), both.unknown) == (1, {"weather": 2, "food": 1})
    (remark,) = both.remarks()
    for language in LANGUAGES:
        assert "3" in remark.in_language(language) and "weather, food" in remark.in_language(language)


def refused(source: str, key: str, *parts: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_articles(source)
    assert refusal.value.key == key
    for language in LANGUAGES:
        sentence = refusal.value.in_language(language)
        assert all(part in sentence for part in parts), sentence
        assert "\n" not in sentence


BAD: list[tuple[str, str | bytes, str, str]] = [
    ("binary.csv", b"label,text\n1,\x00\x01\x02", "text.binary", "binary.csv"),
    ("picture.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "text.binary", "picture.txt"),
    ("utf16.txt", "A text.".encode("utf-16-le"), "text.binary", "utf16.txt"),
    ("cut16.txt", "A text.".encode("utf-16")[:-1], "engine.not_utf8", "cut16.txt"),
    ("latin.csv", "label,text\n1,Öl\n".encode("latin-1"), "engine.not_utf8", "latin.csv"),
    ("empty.csv", b"", "text.empty_file", "empty.csv"),
    ("blank.jsonl", b" \n\n", "text.empty_file", "blank.jsonl"),
    ("empty.txt.gz", b"", "text.empty_file", "empty.txt.gz"),
    ("headless.csv", '"Oil","Crude rose.","3"\n', "text.csv_columns", "Oil, Crude rose., 3"),
    ("half.csv", "label,price\n1,2\n", "text.csv_columns", "label, price"),
    ("header.csv", "label,title,description\n", "text.no_articles", "header.csv"),
    ("ragged.csv", "label,text\n1,One.\n2,Two, and more.\n3\n", "text.csv_row", "3"),
    ("short.csv", "label,text\n1\n", "text.csv_row", "2"),
    ("open.csv", 'label,text\n1,"never closed\n2,"more\n3,more\n', "data.bad_csv", "open.csv"),
    ("quote.csv", 'label,text\n1,"closed" early\n', "data.bad_csv", "2"),
    ("broken.jsonl", '{"text": "One."}\n\n{"text": \n{\n', "text.bad_json", "3"),
    ("deep.jsonl", "[" * 100_000, "text.bad_json", "1"),
    ("list.jsonl", '{"text": "One."}\n["Two."]\n[]\n', "text.json_fields", "2"),
    ("fields.jsonl", '{"price": "One."}\n', "text.json_fields", "1"),
    ("array.json", '[{"text": "One."}, "Two.", 3]', "text.json_fields", "2"),
    ("open.json", '[{"text": "One."},\n{"text": ', "text.bad_json", "2"),
    ("null.jsonl", '{"title": null}\n', "text.no_articles", "null.jsonl"),
    ("number.jsonl", '{"text": 5}\n', "text.json_fields", "1"),
    ("words.parquet", b"PAR1 and some words", "text.bad_parquet", "words.parquet"),
    ("a.parquet.gz", b"", "text.unknown_format", "a.parquet.gz"),
    ("report.pdf", b"%PDF-1.4", "text.unknown_format", "report.pdf"),
    ("noending", "text", "text.unknown_format", "noending"),
]


@pytest.mark.parametrize(("name", "content", "key", "part"), BAD, ids=[f"{row[0]}" for row in BAD])
def test_bad_file(name: str, content: str | bytes, key: str, part: str, tmp_path: Path) -> None:
    refused(str(written(tmp_path, name, content)), key, name, part)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-9],
        lambda content: b"not gzip at all",
        lambda content: content[:12] + bytes([content[12] ^ 0xFF, content[13] ^ 0xFF]) + content[14:],
        lambda content: content[:-6] + bytes([content[-6] ^ 1]) + content[-5:],
    ],
    ids=["cut", "no gzip", "stream", "checksum"],
)
def test_broken_gzip(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv.gz", CSV * 20)
    file.write_bytes(damage(file.read_bytes()))
    refused(str(file), "text.bad_gzip", "a.csv.gz")


def test_missing_file(tmp_path: Path) -> None:
    for name in ("none.csv", "none.jsonl.gz", "deep/er/none.txt"):
        refused(str(tmp_path / name), "engine.no_file", name)
    for name in ("none.csv", "none.jsonl.gz", "NONE.TXT", "None.Csv.GZ"):
        refused(f"data/{name}", "engine.no_file", name)


def test_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    refused(str(tmp_path / "a.csv"), "engine.no_file", "a.csv")
    refused(str(tmp_path), "text.unknown_format", tmp_path.name)


def test_too_large_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genai_demo.text.data.tables._LARGEST_FILE", 100)
    refused(str(written(tmp_path, "a.txt.gz", "word " * 100)), "text.file_too_large", "a.txt.gz")
    assert read_articles(str(written(tmp_path, "b.txt", "word " * 20)))


@given(st.lists(st.tuples(st.text(min_size=1), st.sampled_from(["any", "world"])), min_size=1, max_size=5))
def test_hash_stands_for_the_articles_in_their_order(rows: list[tuple[str, str]]) -> None:
    articles = [Article(text, topic) for text, topic in rows]
    assert data_hash(articles) == data_hash(list(articles))
    assert data_hash(articles) != data_hash([*articles, Article("one more")])
    assert data_hash(articles) != data_hash([Article(articles[0].text + "x", articles[0].topic), *articles[1:]])
    assert data_hash(articles) != data_hash([Article(articles[0].text, "sports"), *articles[1:]])
    if articles != articles[::-1]:
        assert data_hash(articles) != data_hash(articles[::-1])


READ_HUB = """
import json, sys
from dataclasses import asdict
from genai_demo.errors import UserError
from genai_demo.text.data.articles import read_articles

for name, split in json.loads(sys.argv[1]):
    try:
        print(json.dumps([asdict(article) for article in read_articles(name, split)]))
    except UserError as error:
        print(json.dumps({"key": error.key, "sentence": str(error)}))
"""


def test_hub(tmp_path: Path, root: Path) -> None:
    good, columns, damaged = (tmp_path / name for name in ("good", "columns", "damaged"))
    write_data_set(
        good,
        {
            "train": [("Oil #39;s up  #36;5 (Reuters) Reuters - Crude\\rose.", 2), ("City win Two goals.", 1)],
            "test": [("Vote Talks went on.", 0), ("Chip Faster than ever.", 3)],
        },
    )
    write_data_set(columns, {"train": [("x", 0)], "test": [("x", 0)]}, text="prose")
    write_data_set(damaged, {"train": [("x", 0)], "test": [("x", 0)]})
    file = next((damaged / "data").glob("train-*"))
    file.write_bytes(file.read_bytes()[:100])
    names = {"fancyzhx/ag_news": good, "some/columns": columns, "some/damaged": damaged}
    asked = [
        ("fancyzhx/ag_news", "train"),
        ("fancyzhx/ag_news", "test"),
        ("fancyzhx/ag_news", "dev"),
        ("some/columns", "train"),
        ("some/damaged", "train"),
        ("some/unknown", "train"),
    ]
    answers = ask_hub(READ_HUB, asked, names, tmp_path / "home", root)
    train, test, *refusals = answers
    assert train == [
        {"text": "Oil's up $5 (Reuters) Reuters - Crude rose.", "topic": "business", "title": ""},
        {"text": "City win Two goals.", "topic": "sports", "title": ""},
    ]
    assert test == [
        {"text": "Vote Talks went on.", "topic": "world", "title": ""},
        {"text": "Chip Faster than ever.", "topic": "scitech", "title": ""},
    ]
    keys = ["text.no_hub_data", "text.hub_columns", "text.no_hub_data", "text.no_hub_data"]
    check_refusals(asked[2:], refusals, keys)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", json.dumps({"text": "Oil  falls\nCrude fell\nto $40.", "label": "Business"})),
        ("b.jsonl", json.dumps({"title": "Oil falls", "description": "Crude fell to $40.", "label": 3})),
        ("c.csv", "label,title,description\n3,Oil falls,Crude fell to $40.\n"),
    ],
)
def test_a_headline_that_is_known_is_kept_apart(tmp_path: Path, name: str, content: str) -> None:
    (article,) = read_articles(str(written(tmp_path, name, content)))
    assert article == Article("Oil falls Crude fell to $40.", "business", "Oil falls")
    assert article.lines() == "\nOil falls\nCrude fell to $40."


@pytest.mark.parametrize(
    "row",
    [
        {"text": "\nCrude fell.\n", "label": ""},
        {"text": "Crude fell."},
        {"title": "", "description": "Crude fell."},
        {"title": "Crude fell.", "description": " "},
    ],
)
def test_one_line_alone_is_no_headline(tmp_path: Path, row: dict[str, str]) -> None:
    assert read_articles(str(written(tmp_path, "a.jsonl", json.dumps(row)))) == [Article("Crude fell.")]


def test_the_same_articles_are_held_out_in_whatever_order_they_come() -> None:
    articles = [Article(f"The team won match number {number}.", "sports") for number in range(40)]
    learnt, held_out = Articles(articles).parted(0.1)
    assert len(held_out.articles) == 4 and len(learnt.articles) == 36
    assert learnt.articles == [article for article in articles if article not in held_out.articles]
    _, again = Articles(articles[::-1]).parted(0.1)
    assert again.articles == held_out.articles[::-1]
    assert len(Articles(articles[:2]).parted(0.01)[1].articles) == 1


def test_labels_stand_for_the_topics_of_a_collection(tmp_path: Path) -> None:
    rows = [
        {"text": f"标题{number}", "label": label} for number, label in enumerate(["体育", "房产", "games", "1", "国际"])
    ]
    file = str(written(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows))))
    found = read_source(file, topics=THUCNEWS)
    assert [article.topic for article in found.articles] == ["sports", "property", "games", "any", "politics"]
    assert found.unknown == {"1": 1}
    assert [article.topic for article in read_articles(file)] == ["sports", "any", "any", "world", "world"]
