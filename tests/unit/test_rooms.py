"""Rooms: a room imports to its right only, and each foreign library has one room."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIM = ROOT / "sim"

ROOMS = [
    ("__main__",),
    ("cli",),
    ("__init__",),
    ("api",),
    ("results",),
    ("views",),
    ("validation",),
    ("experiment",),
    ("store",),
    ("measures",),
    ("engines",),
    ("record",),
    ("topology",),
    ("vendor",),
    ("scenario",),
    ("policies", "distributions"),
    ("luck", "durations"),
    ("units", "errors", "words"),
]
"""From left to right; rooms of one group know nothing of each other."""

FORBIDDEN = {("views", "engines"), ("views", "api"), ("views", "results")}
"""Views read stored runs, never an engine."""

LIBRARIES = {
    "simpy": ("engines/simpy_engine/clock.py",),
    "pydantic": ("scenario/",),
    "pydantic_core": ("scenario/",),
    "ruamel": ("scenario/",),
    "pandas": ("views/",),
    "matplotlib": ("views/",),
    "jinja2": ("views/",),
    "click": ("cli/",),
    "rich": ("cli/",),
    "scipy": ("experiment/", "validation/", "distributions.py"),
    "numba": ("engines/compiled/",),
    "psutil": ("engines/room.py",),
    "numpy": (
        "luck.py",
        "record/",
        "engines/compiled/",
        "measures/",
        "store/",
        "experiment/",
        "validation/",
        "views/",
    ),
}
"""Where a foreign library may be imported; any other library nowhere."""

HEAVY = ("pandas", "matplotlib", "jinja2", "scipy", "rich")
"""Imported inside the functions that need them."""


def imports(file):
    """(module, line, inside a function, for type checkers only) of every import of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            whole = node.module == "sim"
            names = [f"sim.{alias.name}" for alias in node.names] if whole else [node.module]
        else:
            continue
        above, lazy, typing = parents[node], False, False
        while not isinstance(above, ast.Module):
            lazy |= isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef)
            typing |= isinstance(above, ast.If) and "TYPE_CHECKING" in ast.unparse(above.test)
            above = parents[above]
        yield from ((name, node.lineno, lazy, typing) for name in names)


EVERY = [(file.relative_to(SIM), *found) for file in sorted(SIM.rglob("*.py")) for found in imports(file)]


def room_of(path):
    return Path(path.parts[0]).stem


def rank(room):
    return next(i for i, group in enumerate(ROOMS) if room in group)


def test_the_table_names_every_room():
    there = {room_of(file.relative_to(SIM)) for file in SIM.rglob("*.py")}
    assert {room for group in ROOMS for room in group} == there


def test_a_room_imports_to_its_right_only():
    wrong = []
    for file, module, line, _, _ in EVERY:
        if module.split(".")[0] != "sim":
            continue
        here, there = room_of(file), [*module.split("."), "__init__"][1]
        if here != there and (rank(here) >= rank(there) or (here, there) in FORBIDDEN):
            wrong.append(f"sim/{file}:{line}: {here} imports {there}")
    assert wrong == []


def test_each_foreign_library_has_its_room():
    wrong = []
    for file, module, line, _, typing in EVERY:
        library = module.split(".")[0]
        if library == "sim" or library in sys.stdlib_module_names or typing:
            continue
        if not file.as_posix().startswith(LIBRARIES.get(library, ())):
            wrong.append(f"sim/{file}:{line}: {library}")
    assert wrong == []


def test_every_library_of_the_table_is_used():
    assert {module.split(".")[0] for _, module, *_ in EVERY} >= LIBRARIES.keys()


def test_heavy_libraries_are_imported_where_they_are_needed():
    wrong = [
        f"sim/{file}:{line}: {module}"
        for file, module, line, lazy, typing in EVERY
        if module.split(".")[0] in HEAVY and not (lazy or typing)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("first", "absent"),
    [
        ("import sim", ("numpy", "pydantic", "click", "simpy", *HEAVY)),
        ("from sim.cli import main", ("numpy", "pydantic", "ruamel", "simpy", *HEAVY)),
        ("from sim import load", ("simpy", "click", *HEAVY)),
        ("import sim.policies.breaker, sim.policies.plugins", ("pydantic", "simpy", *HEAVY)),
        ("import sim.scenario.load", ("numpy", "simpy", *HEAVY)),
    ],
)
def test_an_import_loads_no_more_than_it_needs(first, absent):
    code = f"{first}\nimport sys\nprint([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_walk_sees_what_it_should(tmp_path):
    """The tests above cannot pass for want of imports."""
    file = tmp_path / "room.py"
    file.write_text(
        "from typing import TYPE_CHECKING\nimport numpy as np\nfrom sim import luck\n"
        "if TYPE_CHECKING:\n    import pandas\ndef f():\n    from sim.views.frames import frame\n"
    )
    assert list(imports(file)) == [
        ("typing", 1, False, False),
        ("numpy", 2, False, False),
        ("sim.luck", 3, False, False),
        ("pandas", 5, False, True),
        ("sim.views.frames", 7, True, False),
    ]
    assert len(EVERY) > 300
