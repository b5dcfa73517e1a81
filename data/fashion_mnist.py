"""Fashion-MNIST: 70,000 grey 28×28 pictures of garments in ten classes.

Read from the four published files (IDX, gzip) or from Kaggle's two CSV files, checked, and split.

Source: Xiao, Rasul, Vollgraf (2017), Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
Learning Algorithms, arXiv:1708.07747. MIT licence, Zalando SE.
"""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

LABELS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
T_SHIRT, TROUSER, PULLOVER, DRESS, COAT, SANDAL, SHIRT, SNEAKER, BAG, ANKLE_BOOT = LABELS
DEFAULT_DIRECTORY = Path(__file__).parent / "fashion_mnist"
SIDE_PX = 28
VALIDATION_SHARE = 0.2

# The MD5 sums that the authors publish in their README.
PUBLISHED_MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
IDX_PREFIXES = {"train": "train", "test": "t10k"}
CSV_NAMES = {"train": "fashion-mnist_train.csv", "test": "fashion-mnist_test.csv"}
CSV_PIXEL_COLUMNS = [f"pixel{n}" for n in range(1, SIDE_PX * SIDE_PX + 1)]
# IDX: two zero bytes, the element type (8: unsigned byte), the number of dimensions.
IDX_UNSIGNED_BYTE = 0x08


class DataError(ValueError):
    """A data set that cannot be used; the message names file, place and what was expected."""


@dataclass(frozen=True)
class FashionMNIST:
    """The data set in memory.

    Attributes
    ----------
    train_images, test_images : (N, 28, 28, 1) float32, 0..1, garment light on black
    train_labels, test_labels : (N,) int64, 0..9, index into `LABELS`
    fingerprint : str
        Hash of pixels and labels, the same whichever file format they came from.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    fingerprint: str

    def split_train(self, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Split the training images 80/20, each class in the same proportion.

        Parameters
        ----------
        seed : int
            The same seed gives the same split.

        Returns
        -------
        train_indices, validation_indices : (N,) int64
            Indices into `train_images`, without overlap, covering all of it.
        """
        generator = np.random.default_rng(seed)
        train_parts, validation_parts = [], []
        for label in np.unique(self.train_labels):
            members = generator.permutation(np.flatnonzero(self.train_labels == label))
            count = round(len(members) * VALIDATION_SHARE)
            validation_parts.append(members[:count])
            train_parts.append(members[count:])
        return (
            generator.permutation(np.concatenate(train_parts)),
            generator.permutation(np.concatenate(validation_parts)),
        )


def load_fashion_mnist(directory: str | Path = DEFAULT_DIRECTORY) -> FashionMNIST:
    """Read the data set from its four IDX files, or else from Kaggle's two CSV files.

    Parameters
    ----------
    directory : path
        Folder with `train-images-idx3-ubyte.gz` and its three companions, or with
        `fashion-mnist_train.csv` and `fashion-mnist_test.csv` (label, pixel1 … pixel784).

    Returns
    -------
    FashionMNIST

    Raises
    ------
    DataError
        When a file is missing, truncated, not the published one, lacks a column, or holds a value
        outside 0..255 or a label outside 0..9.
    """
    directory = Path(directory)
    read_part = _read_csv_part if _holds_csv(directory) else _read_idx_part
    train_pixels, train_labels = read_part(directory, "train")
    test_pixels, test_labels = read_part(directory, "test")
    fingerprint = hashlib.blake2b(digest_size=16)
    for array in (train_pixels, train_labels, test_pixels, test_labels):
        fingerprint.update(np.ascontiguousarray(array))
    return FashionMNIST(
        _scale_pixels(train_pixels),
        train_labels.astype(np.int64),
        _scale_pixels(test_pixels),
        test_labels.astype(np.int64),
        fingerprint.hexdigest(),
    )


def _scale_pixels(pixels: np.ndarray) -> np.ndarray:
    return (pixels.astype(np.float32) / np.float32(255))[..., None]  # (N, 28, 28) -> (N, 28, 28, 1)


def _holds_csv(directory: Path) -> bool:
    if not directory.is_dir():
        raise DataError(f"{directory}: no such folder; expected one with {_expected_files()}.")
    has_idx = any((directory / name).exists() for name in PUBLISHED_MD5)
    has_csv = any((directory / name).exists() for name in CSV_NAMES.values())
    if not (has_idx or has_csv):
        raise DataError(f"{directory}: holds no Fashion-MNIST; expected {_expected_files()}.")
    return has_csv and not has_idx


def _expected_files() -> str:
    return f"the files {', '.join(PUBLISHED_MD5)}, or {' and '.join(CSV_NAMES.values())}"


# The published files: IDX in gzip --------------------------------------------------------------


def _read_idx_part(directory: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    prefix = IDX_PREFIXES[part]
    pixels = _read_idx(directory / f"{prefix}-images-idx3-ubyte.gz", dimensions=3)
    labels_path = directory / f"{prefix}-labels-idx1-ubyte.gz"
    labels = _read_idx(labels_path, dimensions=1)
    if pixels.shape[1:] != (SIDE_PX, SIDE_PX):
        raise DataError(f"{prefix}-images in {directory}: pictures are {pixels.shape[1:]}, expected (28, 28).")
    if len(labels) != len(pixels):
        raise DataError(f"{labels_path}: {len(labels)} labels for {len(pixels)} images; expected one each.")
    _check_labels(labels, labels_path, "item")
    # Only now: the checks above say what is wrong, a checksum merely that something is.
    for kind in ("images-idx3", "labels-idx1"):
        _check_md5(directory / f"{prefix}-{kind}-ubyte.gz")
    return pixels, labels


def _read_idx(path: Path, dimensions: int) -> np.ndarray:
    if not path.exists():
        raise DataError(f"{path}: no such file; expected {_expected_files()}.")
    content = _read_gzip(path)
    expected_magic = bytes([0, 0, IDX_UNSIGNED_BYTE, dimensions])
    header_bytes = 4 + 4 * dimensions
    if content[:4] != expected_magic or len(content) < header_bytes:
        raise DataError(
            f"{path}, byte 0: starts with {content[:4].hex() or 'nothing'}; "
            f"expected {expected_magic.hex()}, an IDX file of unsigned bytes in {dimensions} dimension(s)."
        )
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", dimensions, offset=4))
    expected_bytes = header_bytes + int(np.prod(shape))
    if len(content) != expected_bytes:
        raise DataError(
            f"{path}: ends at byte {len(content)} when unpacked; its header promises {shape}, {expected_bytes} bytes."
        )
    return np.frombuffer(content, np.uint8, offset=header_bytes).reshape(shape)


def _read_gzip(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read()
    except EOFError as error:
        raise DataError(
            f"{path}: cut off at byte {path.stat().st_size}; expected a complete gzip file. Download it again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: not a readable gzip file ({error}); expected the published one.") from error


def _check_md5(path: Path) -> None:
    found = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    if found != PUBLISHED_MD5[path.name]:
        raise DataError(f"{path}: MD5 is {found}; expected {PUBLISHED_MD5[path.name]}, the published file.")


# Kaggle's tables -------------------------------------------------------------------------------


def _read_csv_part(directory: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    import pandas

    path = directory / CSV_NAMES[part]
    if not path.exists():
        raise DataError(f"{path}: no such file; expected {' and '.join(CSV_NAMES.values())}.")
    columns = ["label", *CSV_PIXEL_COLUMNS]
    try:
        header = set(pandas.read_csv(path, nrows=0).columns)
        missing = [name for name in columns if name not in header]
        if missing:
            raise DataError(f"{path}, line 1: no column {missing[0]!r}; expected label, pixel1 … pixel784.")
        table = pandas.read_csv(path)[columns]
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable CSV table ({error}); expected label, pixel1 … pixel784.") from error
    if table.empty:
        raise DataError(f"{path}: no rows; expected one a picture.")
    values = _as_whole_numbers(table, path)
    labels, pixels = values[:, 0], values[:, 1:]
    _check_labels(labels, path, "line", first=2)
    wrong = np.argwhere((pixels < 0) | (pixels > 255))
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            f"{path}, line {row + 2}, column {columns[column + 1]}: {pixels[row, column]}; expected a value in 0..255."
        )
    return pixels.astype(np.uint8).reshape(-1, SIDE_PX, SIDE_PX), labels.astype(np.uint8)


def _as_whole_numbers(table, path: Path) -> np.ndarray:
    """Give the table as (N, 785) int64, or name the first cell that is empty or no whole number."""
    import pandas

    for name in table.columns:
        numbers = pandas.to_numeric(table[name], errors="coerce")
        wrong = np.flatnonzero(~(numbers % 1 == 0).to_numpy(dtype=bool))  # NaN and inf are not == 0 either
        if len(wrong):
            row = wrong[0]
            raise DataError(
                f"{path}, line {row + 2}, column {name}: {table[name].iloc[row]!s}; expected a whole number. "
                "A line cut short reads as nan."
            )
    return table.to_numpy(dtype=np.int64)


def _check_labels(labels: np.ndarray, path: Path, unit: str, first: int = 0) -> None:
    wrong = np.flatnonzero((labels < 0) | (labels >= len(LABELS)))
    if len(wrong):
        place = wrong[0] + first
        raise DataError(f"{path}, {unit} {place}: label {labels[wrong[0]]}; expected one of 0..{len(LABELS) - 1}.")
