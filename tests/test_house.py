"""The rules of the house: who may import whom, what stays unloaded, and what every language has."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from string import Formatter

import pytest

from genai_demo.modalities import PACKAGES

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "genai_demo"
MODULES = sorted(PACKAGE.rglob("*.py"))
PROGRAM = [
    *MODULES,
    ROOT / "app.py",
    *sorted((ROOT / "benchmarks").rglob("*.py")),
    *sorted((ROOT / "docs").glob("*.py")),
]
MODALITIES = {package.removeprefix("genai_demo.") for package in PACKAGES}
GROUND = {"__init__", "errors", "settings", "catalogue"}
# What each room may use besides itself and the ground. What else lies beside the rooms (the command line) stands above
# them, as app.py does: it uses all, and none of them uses it but the page, which uses the list of modalities.
MAY_USE: dict[str, set[str]] = {
    "marks": set(),
    "engine": {"marks"},
    **{modality: {"engine", "marks"} for modality in MODALITIES},
    "ui": {"engine", "marks", "modalities", *MODALITIES},
    "hosting": {"engine", "modalities"},
}
# The rooms of a modality from the ground up: each may use those before it. `requests` and `results` are what its
# outside sees, so everything that works on them stands above.
FLOORS = (
    *("theory", "midi", "notation", "musicxml", "reading", "audio", "tokens"),
    *(
        "requests",
        "results",
        "models",
        "data",
        "sampling",
        "explaining",
        "training",
        "lessons",
        "evaluation",
        "inspection",
        "commands",
        "modality",
    ),
)
MOST_MODULES = 14
UPSTAIRS = {file.stem for file in PACKAGE.glob("*.py")} - GROUND
HEAVY = {"torch", "torchvision", "gradio", "accelerate", "datasets", "tokenizers", "transformers", "pandas"}
CODE_IN_DATA = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def imported(file: Path) -> set[str]:
    """Return every module that `file` imports, at any depth, by its full name."""
    package = file.relative_to(ROOT).parent.parts
    names: set[str] = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names.add(module)
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return names


def used(file: Path) -> set[str]:
    """Return the parts of the package that `file` imports, the ground left out."""
    parts = [name.split(".") for name in imported(file)]
    return {name[1] for name in parts if name[0] == "genai_demo" and len(name) > 1} & (MAY_USE.keys() | UPSTAIRS)


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_run_one_way(file: Path) -> None:
    room = file.relative_to(PACKAGE).with_suffix("").parts[0]
    if room not in UPSTAIRS:
        assert room in MAY_USE or room in GROUND, f"{room} has no place in the house"
        assert used(file) <= MAY_USE.get(room, set()) | ({room} & MAY_USE.keys())
    assert not {name for name in imported(file) if name.split(".")[0] in {"tests", "benchmarks", "app"}}


def edges() -> dict[str, set[str]]:
    """Return what each module imports of the program, by full names; a package stands for its `__init__`."""
    names = {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in MODULES}
    return {name: (imported(file) & names.keys()) - {name} for name, file in names.items()}


def test_a_modality_is_built_floor_by_floor() -> None:
    for module, others in edges().items():
        _, modality, *rest = [*module.split("."), "", ""]
        if modality not in MODALITIES or not rest[0]:
            continue
        assert rest[0] in FLOORS, f"{module} has no place in the house"
        for other in others:
            _, same, *above = [*other.split("."), "", ""]
            if same == modality and above[0]:
                assert FLOORS.index(above[0]) <= FLOORS.index(rest[0]), f"{module} uses {other}, which stands above it"


def test_a_tab_knows_its_own_modality_only() -> None:
    """What tabs have in common stands beside them: no tab uses another, and what is common names none."""
    for module, others in edges().items():
        _, room, *rest = [*module.split("."), "", ""]
        if room != "ui" or rest[0] == "page":
            continue
        for other in others:
            named = MODALITIES & set(other.split(".")[1:3])
            assert named <= {rest[0]}, f"{module} uses {other}"


SCRIPTS = sorted((PACKAGE / "ui").rglob("*.js"))


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_a_script_knows_the_page_but_no_other_widget(file: Path) -> None:
    """All that scripts share is `genaiDemo`, made by the page's own; the frame's hears of calls to the server."""
    script = file.read_text(encoding="utf-8")
    made = set(re.findall(r"(?:window|globalThis)\.(\w+)\s*=[^=]", script))
    assert made == {"page.js": {"genaiDemo"}, "frame.js": {"fetch"}}.get(file.name, set())
    assert set(re.findall(r"\bgenai[A-Z]\w*", script)) <= {"genaiDemo"}


def test_no_imports_run_in_a_circle() -> None:
    left = edges()
    while free := [module for module, others in left.items() if not others & left.keys()]:
        for module in free:
            del left[module]
    assert not left, f"in or above a circle: {', '.join(sorted(left))}"


def test_no_room_is_a_hall() -> None:
    for folder in {file.parent for file in MODULES}:
        modules = {file.name for file in folder.glob("*.py")} - {"__init__.py"}
        assert len(modules) <= MOST_MODULES, f"{folder.relative_to(ROOT)} holds {len(modules)} modules"


FOREIGN = re.compile(r"\b(?<!Hugging )(faces?|gender|music|piano|midi|news|articles?|musicxml|png)\b", re.IGNORECASE)


@pytest.mark.parametrize("file", sorted((PACKAGE / "engine").rglob("*.py")), ids=lambda file: file.stem)
def test_the_engine_knows_no_modality_and_none_of_their_files(file: Path) -> None:
    assert not FOREIGN.findall(file.read_text(encoding="utf-8"))


def test_imports_are_found_whatever_their_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    folder = tmp_path / "genai_demo" / "text"
    folder.mkdir(parents=True)
    file = folder / "sample.py"
    for line in (
        "import genai_demo.faces.data.reading",
        "from genai_demo import faces",
        "from ..faces import data",
        "def late():\n    from genai_demo.faces.data.reading import load",
    ):
        file.write_text(line)
        assert used(file) == {"faces"}
    file.write_text("from . import data\nfrom ..engine.ema import Ema")
    assert used(file) == {"text", "engine"}


@pytest.mark.parametrize(
    "arguments",
    [
        None,
        ["--help"],
        *([command, "--help"] for command in ("train", "generate", "evaluate", "export", "diagnose", "doctor")),
        *([command, "text", "--help"] for command in ("train", "generate", "evaluate", "export")),
    ],
    ids=lambda arguments: "import" if arguments is None else " ".join(arguments),
)
def test_help_loads_nothing_heavy(arguments: list[str] | None) -> None:
    code = """
import json, runpy, sys
arguments = json.loads(sys.argv[1])
if arguments is None:
    import genai_demo
else:
    sys.argv = ["genai_demo", *arguments]
    try:
        runpy.run_module("genai_demo", run_name="__main__")
    except SystemExit as end:
        assert end.code in (None, 0), end.code
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not loaded & HEAVY
    if arguments is not None:
        assert "usage" in done.stdout.lower()


@pytest.mark.parametrize("file", PROGRAM, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_code_hidden_in_data(file: Path) -> None:
    assert not {name.split(".")[0] for name in imported(file)} & CODE_IN_DATA
    assert not imported(file) & {"torch.load", "torch.save"}
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "torch":
            assert node.attr not in {"load", "save"}, f"line {node.lineno}: weights are kept as safetensors"
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant) and node.value.value is False, f"line {node.value.lineno}"


def test_the_door_is_small() -> None:
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) < 60


def read_catalogue(file: Path) -> dict[str, str]:
    def unique(pairs: list[tuple[str, str]]) -> dict[str, str]:
        assert len(dict(pairs)) == len(pairs), f"{file.name} has a key twice"
        return dict(pairs)

    return json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=unique)


def fields(sentence: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(sentence) if field is not None}


WRITTEN = ("en", "zh")
"""languages that have files; what is said in traditional characters follows from the other Chinese"""
CATALOGUES = sorted({file.name for language in WRITTEN for file in (PACKAGE / "catalogue" / language).glob("*")})


@pytest.mark.parametrize("name", CATALOGUES)
def test_languages_say_the_same(name: str) -> None:
    by_language = {language: read_catalogue(PACKAGE / "catalogue" / language / name) for language in WRITTEN}
    english = by_language.pop("en")
    for language, sentences in by_language.items():
        assert sentences.keys() == english.keys(), language
        for key, sentence in sentences.items():
            assert sentence.strip(), key
            assert fields(sentence) == fields(english[key]), key
            assert "" not in fields(sentence), f"{key}: fields have names"


def literal_messages() -> list[tuple[str, str, set[str] | None]]:
    """Return place, key and field names of each `UserError("key", ...)` and `message("key", ...)` in the program."""
    found: list[tuple[str, str, set[str] | None]] = []
    for file in PROGRAM:
        for node in ast.walk(tree(file)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id not in {"UserError", "message"} or not node.args:
                continue
            first = node.args[0]
            keys = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
            names = {keyword.arg for keyword in node.keywords}
            given = None if None in names else {name for name in names if name}
            place = f"{file.relative_to(ROOT)}:{node.lineno}"
            found += [(place, key.value, given) for key in keys if isinstance(key, ast.Constant)]
    return found


def test_every_message_has_its_sentence() -> None:
    english = {
        f"{file.stem}.{key}": sentence
        for file in (PACKAGE / "catalogue" / "en").glob("*.json")
        for key, sentence in read_catalogue(file).items()
    }
    messages = literal_messages()
    assert messages
    for place, key, given in messages:
        assert key in english, f"{place}: no sentence for {key}"
        if given is not None:
            assert fields(english[key]) <= given, f"{place}: {key} lacks {fields(english[key]) - given}"
