"""Files of weights: tensors are read bit by bit as written, anything else in them is refused, never run."""

import io
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from model.torch_weights import MAGIC_NUMBER, PROTOCOL_VERSION, WeightsError, read_tensors


class Named:
    """Pickles as a bare name of a module's, whether or not that module is there."""

    def __init__(self, name):
        self.name = name


class TensorStandIn:
    """Pickles as PyTorch pickles a tensor: a call to rebuild it from its storage, offset, shape and strides."""

    def __init__(self, key, offset, shape, strides):
        self.arguments = (key, offset, shape, strides)


class Writer(pickle._Pickler):
    """The Python pickler, as it lets names through that cannot be imported."""

    def persistent_id(self, value):
        return ("storage", Named("torch\nFloatStorage"), value[1], "cpu", 1, None) if is_storage(value) else None

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Named):
            self.write(b"c" + obj.name.encode() + b"\n")
        elif isinstance(obj, TensorStandIn):
            key, offset, shape, strides = obj.arguments
            self.save(Named("torch._utils\n_rebuild_tensor_v2"))
            self.save((("a storage", key), offset, shape, strides, False, OrderedDict()))
            self.write(b"R")
        else:
            super().save(obj, save_persistent_id)


def is_storage(value) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and value[0] == "a storage"


def write_file(path, tensors, storages: dict[str, np.ndarray], version=PROTOCOL_VERSION):
    with path.open("wb") as file:
        for part in (MAGIC_NUMBER, version, {"little_endian": True}):
            pickle.dump(part, file, 2)
        buffer = io.BytesIO()
        Writer(buffer, 2).dump(tensors)
        file.write(buffer.getvalue())
        pickle.dump(list(storages), file, 2)
        for values in storages.values():
            file.write(np.int64(len(values)).tobytes() + values.astype("<f4").tobytes())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.pth"


def test_tensors_come_back_as_they_were_written(path):
    values = np.arange(12, dtype=np.float32)
    tensors = OrderedDict(
        whole=TensorStandIn("a", 0, (3, 4), (4, 1)),
        turned=TensorStandIn("a", 0, (4, 3), (1, 4)),
        part=TensorStandIn("a", 5, (2,), (1,)),
        number=TensorStandIn("b", 0, (), ()),
    )
    write_file(path, tensors, {"a": values, "b": np.float32([7])})
    found = read_tensors(path)
    assert list(found) == list(tensors)
    np.testing.assert_array_equal(found["whole"], values.reshape(3, 4))
    np.testing.assert_array_equal(found["turned"], values.reshape(3, 4).T)
    np.testing.assert_array_equal(found["part"], [5, 6])
    assert found["number"] == 7


def test_a_file_that_wants_something_run_is_refused_and_nothing_runs(path, tmp_path):
    class Harm:
        def __reduce__(self):
            return open, (str(tmp_path / "harm"), "w")

    with path.open("wb") as file:
        for part in (MAGIC_NUMBER, PROTOCOL_VERSION, {"little_endian": True}, {"weight": Harm()}):
            pickle.dump(part, file, 2)
    with pytest.raises(WeightsError, match="open"):
        read_tensors(path)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    "tensor", [("a", 0, (13,), (1,)), ("a", -1, (2,), (1,)), ("a", 4, (2,), (-1,)), ("a", 0, (0,), (1,))]
)
def test_a_tensor_beyond_its_storage_is_refused(path, tensor):
    write_file(path, {"weight": TensorStandIn(*tensor)}, {"a": np.zeros(12)})
    with pytest.raises(WeightsError, match="beyond"):
        read_tensors(path)


def test_broken_files_are_refused_with_a_reason(path):
    write_file(path, {"weight": TensorStandIn("a", 0, (12,), (1,))}, {"a": np.zeros(12)})
    whole = path.read_bytes()
    for content in (b"", b"PK\x03\x04 a newer file", whole[:40], whole[:-1], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(WeightsError):
            read_tensors(path)
    write_file(path, {"weight": 3}, {})
    with pytest.raises(WeightsError, match="something else"):
        read_tensors(path)
    write_file(path, {}, {}, version=1)
    with pytest.raises(WeightsError, match="older format"):
        read_tensors(path)
