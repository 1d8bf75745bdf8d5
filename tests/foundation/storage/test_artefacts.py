"""Artefacts come back bit for bit, or not at all."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foundation.contracts import ArtefactRef, QuantContext, content_hash
from foundation.kernel import NEW_YORK, ArtefactError, Contract, WorldError
from foundation.storage import ArcticPanelStore, ArtefactStore
from foundation.timeseries import Int32Array, Panel

AS_OF = datetime(2018, 12, 28, 16, 0, tzinfo=NEW_YORK)


def panel_of(values: np.ndarray, layers: tuple[str, ...] = ()) -> Panel:
    first = date(2018, 1, 2)
    return Panel(
        sessions=tuple(first + timedelta(days=i) for i in range(values.shape[0])),
        symbols=tuple(f"S{i}" for i in range(values.shape[1])),
        fields=tuple(f"f|{i}" for i in range(values.shape[2])),
        layers=layers,
        values=values,
    )


def context_of(panel: Panel) -> QuantContext:
    return QuantContext(as_of=AS_OF, produced_at=AS_OF, values=panel, models=())


def some_panel(seed: int = 0) -> Panel:
    values = np.random.default_rng(seed).normal(size=(7, 3, 2))
    values[0, 0, 0] = np.nan
    return panel_of(values)


@pytest.fixture
def store(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "store", panels=ArcticPanelStore(f"mem://{tmp_path.name}"))


@pytest.fixture
def disk_store(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "store")


def test_the_reference_is_the_content_hash_of_the_contract(store: ArtefactStore) -> None:
    context = context_of(some_panel())
    ref = store.put(context)
    assert ref == ArtefactRef(contract="QuantContext", content_hash=content_hash(context))
    assert store.has(ref)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=arrays(
        np.float64,
        (4, 2, 3),
        elements=st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True),
    )
)
def test_floats_come_back_to_the_last_bit(store: ArtefactStore, values: np.ndarray) -> None:
    values = np.where(np.isnan(values), np.nan, values) + 0.0
    key = store.panels.put_panel(panel_of(values))
    assert store.panels.get_panel(key).values.tobytes() == values.tobytes()


def test_panels_with_layers_and_empty_panels_keep_labels_and_shape(
    disk_store: ArtefactStore,
) -> None:
    layered = panel_of(np.random.default_rng(1).normal(size=(5, 2, 3, 4)), tuple("abcd"))
    no_fields = panel_of(np.empty((5, 2, 0)))
    no_sessions = panel_of(np.empty((0, 2, 3)))
    for panel in (layered, no_fields, no_sessions):
        ref = disk_store.put(context_of(panel))
        again = disk_store.get(ref.content_hash, QuantContext).values
        assert again == panel
        assert again.values.shape == panel.values.shape


class Grid(Contract):
    values: Int32Array


def test_integer_arrays_are_kept_beside_the_document(store: ArtefactStore) -> None:
    values = np.arange(12, dtype=np.int32).reshape(3, 4)
    ref = store.put(Grid(as_of=AS_OF, produced_at=AS_OF, values=values))
    assert len(list((store.root / "arrays").glob("*.npy"))) == 1
    again = store.get(ref.content_hash, Grid).values
    np.testing.assert_array_equal(again, values)
    assert again.dtype == np.int32


def test_a_second_put_of_equal_content_writes_nothing(store: ArtefactStore) -> None:
    ref = store.put(context_of(some_panel()))
    document = next((store.root / "contracts").rglob("*.json"))
    before = document.stat().st_mtime_ns
    assert store.put(context_of(some_panel())) == ref
    assert document.stat().st_mtime_ns == before


def test_a_missing_artefact_is_an_error_that_names_the_remedy(store: ArtefactStore) -> None:
    with pytest.raises(ArtefactError, match=r"not in the store.*Remedy: run `story run`"):
        store.get("0" * 64, QuantContext)


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\xfe", None])
def test_a_damaged_document_is_never_returned(store: ArtefactStore, damage: bytes | None) -> None:
    ref = store.put(context_of(some_panel()))
    document = next((store.root / "contracts").rglob("*.json"))
    content = document.read_bytes()
    document.write_bytes(content[:-3] if damage is None else damage)
    with pytest.raises(ArtefactError, match="Remedy"):
        store.get(ref.content_hash, QuantContext)


def test_a_damaged_panel_is_found_and_can_be_written_anew(store: ArtefactStore) -> None:
    good = context_of(some_panel())
    ref = store.put(good)
    library = store.panels._open()  # type: ignore[attr-defined]
    key = good.values.content_hash()
    frame = library.read(key).data.copy()
    frame.iloc[3, 1] += 1e-12
    library.write(key, frame, metadata=library.read(key).metadata)
    with pytest.raises(ArtefactError, match="does not match its content hash"):
        store.get(ref.content_hash, QuantContext)
    store.discard(ref)
    assert not store.has(ref)
    assert store.put(good) == ref
    assert store.get(ref.content_hash, QuantContext) == good


def test_a_damaged_array_is_found_and_can_be_written_anew(store: ArtefactStore) -> None:
    key = store.put_array(np.arange(6, dtype=np.int32))
    path = store.root / "arrays" / f"{key}.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ArtefactError, match="content hash"):
        store.get_array(key)


def test_what_a_step_made_is_remembered_and_forgotten(store: ArtefactStore) -> None:
    ref = ArtefactRef(contract="QuantContext", content_hash="a" * 64)
    assert store.recall("quant", "k") is None
    store.remember("quant", "k", ref)
    assert store.recall("quant", "k") == ref
    store.forget("quant", "k")
    assert store.recall("quant", "k") is None


def test_a_torn_index_entry_is_an_error_not_an_absence(store: ArtefactStore) -> None:
    store.remember("quant", "k", ArtefactRef(contract="QuantContext", content_hash="a" * 64))
    (store.root / "steps" / "quant" / "k.json").write_text('{"contr')
    with pytest.raises(ArtefactError, match="index entry"):
        store.recall("quant", "k")


def test_a_file_where_the_store_should_be_is_the_worlds_fault(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("in the way")
    store = ArtefactStore(tmp_path / "store", panels=ArcticPanelStore(f"mem://{tmp_path.name}"))
    with pytest.raises(WorldError, match="must be writable"):
        store.put(context_of(some_panel()))


READER = """
import sys
from pathlib import Path
from foundation.contracts import QuantContext
from foundation.storage import ArtefactStore
store = ArtefactStore(Path(sys.argv[1]))
for line in sys.stdin:
    context = store.get(line.strip(), QuantContext)
    print(context.values.content_hash(), flush=True)
"""


def test_another_process_reads_what_this_one_writes_meanwhile(
    disk_store: ArtefactStore,
) -> None:
    first = context_of(some_panel(1))
    refs = [disk_store.put(first)]
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(disk_store.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        for seed in (1, 2, 3):
            context = context_of(some_panel(seed))
            refs.append(disk_store.put(context))
            reader.stdin.write(refs[-1].content_hash + "\n")
            reader.stdin.flush()
            assert reader.stdout.readline().strip() == context.values.content_hash()
        reader.stdin.close()
        assert reader.wait(timeout=30) == 0


def test_two_stores_on_one_folder_share_the_panel_handle(disk_store: ArtefactStore) -> None:
    ref = disk_store.put(context_of(some_panel()))
    twin = ArtefactStore(disk_store.root)
    assert twin.get(ref.content_hash, QuantContext).values == some_panel()
