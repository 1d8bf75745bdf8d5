"""What code a step runs, as a hash: part of the key under which its output is stored.

The hash covers the source files of the step's package and of every project module that these
reach by import (found in the text, so that nothing heavy is imported), and the versions of
the libraries they import. A hand-raised version number alone would be forgotten; hashing the
whole repository would retrain a model because a web page changed. An edited comment does
repeat its step, but later steps are keyed by content hashes: where the output comes out the
same, they are reused.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from foundation.kernel import hash_bytes, hash_text

_FROM = re.compile(r"^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#;]+)", re.M)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([\w., \t]+)", re.M)
_NAME = re.compile(r"(\w+)(?:\s+as\s+\w+)?")


@lru_cache(maxsize=128)
def code_version(*names: str) -> str:
    """Return the hash of the named packages (whole) or modules, and of all they rest on.

    Parameters
    ----------
    *names : str
        Dotted names of packages or modules of this project.
    """
    own = {name.partition(".")[0] for name in names} | {"foundation"}
    pending = [path for name in names for path in _files_of(name)]
    seen: dict[Path, bytes] = {}
    libraries: set[str] = set()
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen[path] = path.read_bytes()
        if path.suffix != ".py":
            continue
        for module in _imported(seen[path].decode(), _package_of(path)):
            if module.partition(".")[0] in own:
                pending.extend(_chain(module))
            else:
                libraries.add(module.partition(".")[0])
    parts = [
        part
        for path in sorted(seen, key=_relative)
        for part in (_relative(path).encode(), seen[path])
    ]
    return hash_text(hash_bytes(*parts), *_versions(libraries - set(sys.stdlib_module_names)))


def _root(top: str) -> Path:
    spec = find_spec(top)
    if spec is None:
        raise ModuleNotFoundError(f"no package {top!r}")
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    assert spec.origin is not None
    return Path(spec.origin).resolve()


def _locate(name: str) -> Path | None:
    """Return the file or folder of a dotted name, without importing it."""
    top, *rest = name.split(".")
    path = _root(top)
    for part in rest:
        path = path / part
    if path.is_dir() or path.is_file():
        return path
    module = path.with_suffix(".py") if path.suffix == "" else path
    return module if module.is_file() else None


def _files_of(name: str) -> list[Path]:
    path = _locate(name)
    if path is None:
        raise ModuleNotFoundError(f"no module {name!r}")
    if path.is_file():
        return [path]
    return [p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts]


def _chain(module: str) -> list[Path]:
    """Return the files that importing a module runs: it and the ``__init__`` of its parents."""
    found: list[Path] = []
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        path = _locate(".".join(parts[:count]))
        if path is None:
            break
        path = path / "__init__.py" if path.is_dir() else path
        if path.is_file():
            found.append(path)
    return found


def _imported(text: str, package: str) -> set[str]:
    modules: set[str] = set()
    for source, names in _FROM.findall(text):
        base = _absolute(source, package)
        modules.add(base)
        modules |= {f"{base}.{name}" for name in _NAME.findall(names)}
    for names in _IMPORT.findall(text):
        modules |= {name.split()[0] for name in names.split(",") if name.strip()}
    return modules


def _absolute(source: str, package: str) -> str:
    dots = len(source) - len(source.lstrip("."))
    if not dots:
        return source
    parents = package.split(".")
    kept = parents[: len(parents) - dots + 1]
    return ".".join([*kept, *filter(None, [source.lstrip(".")])])


def _package_of(path: Path) -> str:
    """Return the dotted package that a source file belongs to."""
    parts: list[str] = []
    folder = path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts)


def _relative(path: Path) -> str:
    package = _package_of(path)
    return f"{package}/{path.name}" if package else "/".join(path.parts[-3:])


@lru_cache(maxsize=1)
def _distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


def _versions(libraries: set[str]) -> list[str]:
    known = _distributions()
    return sorted(
        f"{dist}=={metadata.version(dist)}"
        for name in libraries
        for dist in set(known.get(name, []))
    )
