"""Tensors from a file that PyTorch saved, read without PyTorch and without trusting the file.

The format is PyTorch's older one (before 1.6): pickles of a magic number, a version and the machine's sizes, then the
pickled tensors, each a view of a named storage, then the names of the storages and their bytes one after the other.
A pickle can name any function of any module to be called; here it may name only what makes up tensors.
"""

import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001
STORAGE_TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class WeightsError(Exception):
    """A file of weights that is not what it should be; the message says why."""


@dataclass(frozen=True)
class _View:
    """A tensor before its storage has been read."""

    key: str
    dtype: np.dtype
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _TensorUnpickler(pickle.Unpickler):
    """Builds ordered dictionaries of tensors, numbers and text, and nothing else."""

    ADMITTED = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, shape, strides, *_: _View(
            *storage, offset, tuple(shape), tuple(strides)
        ),
        **{("torch", name): dtype for name, dtype in STORAGE_TYPES.items()},
    }

    def find_class(self, module, name):
        if (module, name) not in self.ADMITTED:
            raise WeightsError(f"asks for {module}.{name}, which no tensor needs")
        return self.ADMITTED[module, name]

    def persistent_load(self, pid):
        kind, dtype, key, _location, _size, view = pid
        if kind != "storage" or view is not None:
            raise WeightsError(f"refers to a {kind!r}, not to a plain storage")
        return key, dtype


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Read every tensor of a state dictionary.

    Parameters
    ----------
    path : Path
        Written by `torch.save` before PyTorch 1.6, or later with `_use_new_zipfile_serialization=False`.

    Returns
    -------
    dict of str to array
        float32 or int64, in the file's order.

    Raises
    ------
    WeightsError
        When the file is no such file, is cut short, or asks for anything but tensors.
    OSError
        When it cannot be opened.
    """
    with path.open("rb") as file:
        try:
            return _read_legacy(file)
        except (pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise WeightsError(f"cannot be read ({type(error).__name__}: {error})") from error


def _read_legacy(file: BinaryIO) -> dict[str, np.ndarray]:
    if _unpickle(file) != MAGIC_NUMBER or _unpickle(file) != PROTOCOL_VERSION:
        raise WeightsError("is not in PyTorch's older format")
    if not _unpickle(file)["little_endian"]:
        raise WeightsError("was written on a big-endian machine")
    views = _unpickle(file)
    if not isinstance(views, dict) or not all(isinstance(view, _View) for view in views.values()):
        raise WeightsError("holds something else than tensors")
    dtypes = {view.key: view.dtype for view in views.values()}
    storages = {key: _read_storage(file, dtypes[key]) for key in _unpickle(file)}
    return {name: _take_view(storages[view.key], view) for name, view in views.items()}


def _unpickle(file: BinaryIO):
    return _TensorUnpickler(file).load()


def _read_storage(file: BinaryIO, dtype: np.dtype) -> np.ndarray:
    count = int(np.frombuffer(file.read(8), "<i8")[0])
    content = file.read(count * dtype.itemsize)
    if count < 0 or len(content) != count * dtype.itemsize:
        raise WeightsError("ends too early")
    return np.frombuffer(content, dtype)


def _take_view(storage: np.ndarray, view: _View) -> np.ndarray:
    """Copy a tensor out of its storage; one that would reach beyond it is refused."""
    last = view.offset + sum((side - 1) * stride for side, stride in zip(view.shape, view.strides, strict=True))
    if view.offset < 0 or min(view.strides, default=0) < 0 or min(view.shape, default=1) < 1 or last >= len(storage):
        raise WeightsError("holds a tensor that reaches beyond its storage")
    strides = [stride * storage.itemsize for stride in view.strides]
    return np.lib.stride_tricks.as_strided(storage[view.offset :], view.shape, strides, writeable=False).copy()
