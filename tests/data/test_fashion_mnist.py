"""Fashion-MNIST is read from both formats, and every fault names file, place and what was expected."""

import gzip
import shutil

import numpy as np
import pytest

from data.fashion_mnist import (
    CSV_NAMES,
    DEFAULT_DIRECTORY,
    LABELS,
    PUBLISHED_MD5,
    DataError,
    load_fashion_mnist,
)


def test_the_published_files_are_read(dataset):
    assert dataset.train_images.shape == (60_000, 28, 28, 1)
    assert dataset.test_images.shape == (10_000, 28, 28, 1)
    assert dataset.train_images.dtype == np.float32
    assert (dataset.train_images.min(), dataset.train_images.max()) == (0, 1)
    assert np.bincount(dataset.train_labels).tolist() == [6000] * len(LABELS)
    assert np.bincount(dataset.test_labels).tolist() == [1000] * len(LABELS)


def test_csv_gives_the_same_pixels_as_idx(small_dataset, csv_directory):
    read = load_fashion_mnist(csv_directory)
    np.testing.assert_array_equal(read.train_images, small_dataset.train_images)
    np.testing.assert_array_equal(read.test_labels, small_dataset.test_labels)


def test_the_split_is_stratified_seeded_and_complete(dataset):
    train, validation = dataset.split_train(seed=3)
    assert (len(train), len(validation)) == (48_000, 12_000)
    assert np.bincount(dataset.train_labels[validation]).tolist() == [1200] * 10
    assert len(np.union1d(train, validation)) == 60_000
    again = dataset.split_train(seed=3)
    np.testing.assert_array_equal(train, again[0])
    assert not np.array_equal(train, dataset.split_train(seed=4)[0])


@pytest.fixture
def idx_directory(tmp_path):
    for name in PUBLISHED_MD5:
        shutil.copy(DEFAULT_DIRECTORY / name, tmp_path)
    return tmp_path


LABELS_FILE = "t10k-labels-idx1-ubyte.gz"


def rewrite(path, change):
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes())), mtime=0))


IDX_FAULTS = {
    "missing": (lambda path: path.unlink(), "no such file"),
    "not gzip": (lambda path: path.write_bytes(b"hello"), "not a readable gzip file"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:-2000]), "cut off at byte 3148"),
    "cut before packing": (lambda path: rewrite(path, lambda raw: raw[:-10]), "ends at byte 9998"),
    "images instead": (
        lambda path: shutil.copy(DEFAULT_DIRECTORY / "t10k-images-idx3-ubyte.gz", path),
        "byte 0: starts with 00000803; expected 00000801",
    ),
    "label 11": (
        lambda path: rewrite(path, lambda raw: raw[:-1] + b"\x0b"),
        "item 9999: label 11; expected one of 0..9",
    ),
    "train labels": (
        lambda path: shutil.copy(DEFAULT_DIRECTORY / "train-labels-idx1-ubyte.gz", path),
        "60000 labels for 10000 images",
    ),
    "other labels": (
        lambda path: rewrite(path, lambda raw: raw[:8] + raw[:7:-1]),
        "expected bb300cfdad3c16e7a12a480ee83cd310, the published file",
    ),
}


@pytest.mark.parametrize("fault", IDX_FAULTS)
def test_an_idx_fault_names_the_file_and_the_place(fault, idx_directory):
    damage, message = IDX_FAULTS[fault]
    damage(idx_directory / LABELS_FILE)
    with pytest.raises(DataError) as caught:
        load_fashion_mnist(idx_directory)
    assert LABELS_FILE in str(caught.value)
    assert message in str(caught.value)


def replace_cell(text: str, line: int, column: int, value: str) -> str:
    lines = text.split("\n")
    cells = lines[line - 1].split(",")
    cells[column] = value
    lines[line - 1] = ",".join(cells)
    return "\n".join(lines)


CSV_FAULTS = {
    "missing": (None, "no such file"),
    "empty": (lambda text: "", "not a readable CSV table"),
    "no rows": (lambda text: text.split("\n")[0], "no rows"),
    "missing column": (lambda text: replace_cell(text, 1, 300, "other"), "line 1: no column 'pixel300'"),
    "value 256": (
        lambda text: replace_cell(text, 7, 12, "256"),
        "line 7, column pixel12: 256; expected a value in 0..255",
    ),
    "value -1": (lambda text: replace_cell(text, 2, 784, "-1"), "line 2, column pixel784: -1"),
    "word": (lambda text: replace_cell(text, 5, 3, "red"), "line 5, column pixel3: red; expected a whole number"),
    "fraction": (lambda text: replace_cell(text, 5, 3, "0.5"), "line 5, column pixel3: 0.5; expected a whole number"),
    "label 10": (lambda text: replace_cell(text, 9, 0, "10"), "line 9: label 10; expected one of 0..9"),
    "cut off": (lambda text: text[: text.rindex(",") - 200], "expected a whole number. A line cut short reads as nan"),
    "too long a line": (lambda text: replace_cell(text, 4, 784, "1,2"), "not a readable CSV table"),
}


@pytest.mark.parametrize("fault", CSV_FAULTS)
def test_a_csv_fault_names_the_file_and_the_place(fault, csv_directory, tmp_path):
    change, message = CSV_FAULTS[fault]
    name = CSV_NAMES["test"]
    shutil.copy(csv_directory / CSV_NAMES["train"], tmp_path)
    if change:
        (tmp_path / name).write_text(change((csv_directory / name).read_text()))
    with pytest.raises(DataError) as caught:
        load_fashion_mnist(tmp_path)
    assert name in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()], ids=["missing", "empty"])
def test_a_folder_without_data_says_what_is_expected(make, tmp_path):
    make(tmp_path / "there")
    with pytest.raises(DataError, match="train-images-idx3-ubyte.gz"):
        load_fashion_mnist(tmp_path / "there")
