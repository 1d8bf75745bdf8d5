"""What all tests share: the repository's root, the shared data, a quiet hypothesis."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Tests share their machine, and threads that spin while they wait are many times slower there.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/golden from the code as it stands; read the difference first",
    )


@pytest.fixture(scope="session")
def repository_root() -> Path:
    """The folder that holds pyproject.toml."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data(repository_root: Path) -> Path:
    """The folder of real data beside the repository; the test is skipped where there is none."""
    folder = Path(os.environ.get("STORY_SHARED_DATA", repository_root / ".." / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}: set STORY_SHARED_DATA to a folder that has it")
    return folder


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten instead of compared."""
    return bool(request.config.getoption("--update-golden"))
