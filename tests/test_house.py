"""The house's rules: arrows between rooms point one way, and importing starts nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ["data", "model", "explain", "tabs", "demo"]
SOURCES = [*ROOT.glob("*.py"), *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in SOURCES if path.stem != "__init__"]


def list_imports(path: Path) -> set[str]:
    """Top-level names of everything a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_rooms_to_its_left(path):
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    allowed = ROOMS[: ROOMS.index(room) + 1]
    assert {name for name in list_imports(path) if name in ROOMS} <= set(allowed)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_gradio_and_tf_keras_vis_each_live_in_one_place(path):
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    imports = list_imports(path)
    assert "gradio" not in imports or room in ("tabs", "demo")
    assert "tf_keras_vis" not in imports or room == "explain"


def run_python(code: str, folder: Path) -> str:
    environment = {
        "PYTHONPATH": str(ROOT),
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_the_page_is_built_without_tensorflow(tmp_path):
    code = "import demo, sys; print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    assert run_python(code, tmp_path).split() == ["False", "False"]


def test_importing_any_module_writes_no_file_and_starts_no_thread(tmp_path):
    def snapshot():
        return {path: path.stat().st_mtime_ns for path in ROOT.rglob("*") if ".git" not in path.parts}

    before = snapshot()
    code = f"""
import importlib, threading
for name in {sorted(MODULES)!r}:
    importlib.import_module(name)
print([thread.name for thread in threading.enumerate() if "learner" in thread.name])
"""
    assert run_python(code, tmp_path).strip() == "[]"
    after = snapshot()
    assert {path for path in after if before.get(path) != after[path] and "__pycache__" not in path.parts} == set()


def test_class_names_stand_in_one_place():
    holders = [path for path in SOURCES if '"Ankle boot"' in path.read_text()]
    assert [path.name for path in holders] == ["fashion_mnist.py"]
