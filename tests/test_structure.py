"""The shape of the code: who imports whom, what is public, how large a module may be."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import index
import qa
import ui

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("index", "qa", "ui")  # each may import those before it
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

# Third-party package → the modules and folders that may import it.
OWNERS = {
    "faiss": ("index/vectors.py",),
    "tantivy": ("index/lexical.py",),
    "apsw": ("index/store.py", "index/sqlite_file.py", "ui/history.py"),
    "langchain_text_splitters": ("index/chunker.py",),
    "sentencex": ("index/sentences.py",),
    "sentence_transformers": ("index/embedder.py",),
    "transformers": ("qa/reader_model.py", "qa/training/"),
    "openvino": ("index/inference/graphs.py",),
    "sklearn": ("qa/training/",),
    "matplotlib": ("qa/evaluation/plots.py",),
    "gradio": ("ui/offline.py",),
}
HEAVY = (
    "torch",
    "transformers",
    "sentence_transformers",
    "faiss",
    "gradio",
    "openvino",
    "sklearn",
    "langchain_text_splitters",
    "langchain_core",
)

LONGEST = 300  # lines of a module
LONGER = {  # and those that may be longer, each with its reason
    "index/library.py": "one class: the verbs of an index",
    "index/store.py": "one class: the statements on the store",
}

PUBLIC = {
    "index": [
        "Article",
        "ArticleIndex",
        "ArticleInfo",
        "BackupReport",
        "BuildReport",
        "CheckReport",
        "Chunking",
        "Embedder",
        "FootnoteError",
        "IndexInfo",
        "Notice",
        "Passage",
        "PassageIndex",
        "Progress",
        "Stage",
        "build_index",
        "export_index",
        "import_index",
        "open_index",
        "rebuild_index",
        "repair_index",
    ],
    "qa": [
        "Alternative",
        "Answer",
        "Assistant",
        "Citation",
        "ClosestPassage",
        "Hit",
        "Outcome",
        "Span",
        "answer",
    ],
    "ui": ["build_page", "serve"],
}


def test_every_package_is_shipped() -> None:
    """pyproject.toml names each package of the tree, so that what is installed is whole."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = set(named["tool"]["setuptools"]["packages"])
    found = {path.parent for path in MODULES if path.name == "__init__.py"}
    assert shipped == {".".join(path.relative_to(ROOT).parts) for path in found} | {"seeds"}


def name(path: Path) -> str:
    """Return a module's path from the root."""
    return path.relative_to(ROOT).as_posix()


def imports(source: str) -> set[str]:
    """Return the full names of the modules that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add(str(node.module))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found.update(str(a.value) for a in node.args if isinstance(a, ast.Constant))
    return found


def imported(path: Path) -> set[str]:
    """Return the first parts of the names of what a module imports."""
    return {module.split(".")[0] for module in imports(path.read_text(encoding="utf-8"))}


def test_imports_are_seen() -> None:
    """Imports are seen at the top, inside functions, and by name."""
    source = """
import one.two, three as four
def f():
    from five.six import seven
    importlib.import_module("eight")
"""
    assert imports(source) == {"one.two", "three", "five.six", "eight"}


def test_modules_are_found() -> None:
    """The walk reaches every package, at any depth."""
    assert {"index/store.py", "index/formats/pdf.py", "qa/reader.py", "ui/cli.py"} <= set(
        map(name, MODULES)
    )


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_go_one_way(path: Path) -> None:
    """The page imports the answering side, which imports the index; never the other way."""
    package = name(path).split("/")[0]
    above = set(PACKAGES[PACKAGES.index(package) + 1 :])
    assert imported(path) & (above | {"tests"}) == set()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_libraries_have_one_place(path: Path) -> None:
    """A library that could be replaced is imported in one place alone."""
    strangers = {
        library
        for library in imported(path) & set(OWNERS)
        if not name(path).startswith(OWNERS[library])
    }
    assert strangers == set()


@pytest.mark.parametrize(("library", "owners"), OWNERS.items(), ids=OWNERS)
def test_owners_import_their_library(library: str, owners: tuple[str, ...]) -> None:
    """Each place that a library is allowed in is there, and one of them imports it."""
    assert all((ROOT / owner).exists() for owner in owners)
    assert any(library in imported(path) for path in MODULES if name(path).startswith(owners))


def test_no_module_is_named_after_nothing() -> None:
    """A module is named after what it does."""
    vague = {"utils", "util", "helpers", "helper", "misc", "common", "base", "tools"}
    assert [name(path) for path in MODULES if path.stem in vague] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names(package: str) -> None:
    """The public names are these, sorted, and `from package import *` gives them."""
    module = {"index": index, "qa": qa, "ui": ui}[package]
    assert module.__all__ == PUBLIC[package] == sorted(PUBLIC[package])
    if package != "ui":  # its two names load Gradio
        assert all(hasattr(module, name) for name in module.__all__)


def test_importing_loads_no_model_library() -> None:
    """Importing the packages loads none of the heavy libraries."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import index, qa, ui, ui.cli;"
        "print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, check=True
    )
    loaded = {line.split(".")[0] for line in done.stdout.split()}
    assert {"index", "qa", "ui", "numpy"} <= loaded
    assert loaded & set(HEAVY) == set()


def test_the_parsing_process_is_small() -> None:
    """The process that parses files loads no part of the index, and no library before it is due."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import index.worker;"
        "print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    ours = {module for module in loaded if module.startswith("index.")}
    assert {module for module in ours if not module.startswith("index.formats")} == {
        "index.articles",
        "index.errors",
        "index.values",
        "index.worker",
    }
    assert {module.split(".")[0] for module in loaded} <= {"index", "__main__"} | set(
        sys.stdlib_module_names
    )


def test_modules_are_short() -> None:
    """A module has at most 300 lines; those that are longer are listed with a reason."""
    lines = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {module for module, count in lines.items() if count > LONGEST} == set(LONGER)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_say_what_they_are(path: Path) -> None:
    """Every module that holds anything begins with a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not tree.body or ast.get_docstring(tree)
