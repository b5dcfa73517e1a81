"""Labelled pictures of one's own to learn from: a folder with one subfolder a class."""

import csv
from dataclasses import dataclass
from pathlib import Path

from data.fashion_mnist import LABELS

OTHER = "other"
LABELS_FILE = "labels.csv"


class WardrobeError(ValueError):
    """A folder that cannot be learnt from; the message says what is missing."""


@dataclass(frozen=True)
class LabelledPicture:
    """One picture to learn from.

    Attributes
    ----------
    path : Path
    label : str
        One of `LABELS`, or `OTHER`.
    sender : str or None
        Who took it, where that is known: pictures of one sender are never parted between learning and validation.
    """

    path: Path
    label: str
    sender: str | None


def name_folder(label: str) -> str:
    """Give the name of a class's folder: `T-shirt/top` lies in `T-shirt_top`."""
    return label.replace("/", "_").replace(" ", "_")


def list_pictures(directory: Path) -> list[LabelledPicture]:
    """List a folder's pictures, by class and name.

    Parameters
    ----------
    directory : Path
        One subfolder a class, named as `name_folder` says, case aside; `other` for what is none of the ten. A
        `labels.csv` beside them may name the `sender` of each `file`.

    Raises
    ------
    WardrobeError
        When there is no such folder, a subfolder has another name, or fewer than two classes have a picture.
    """
    if not directory.is_dir():
        raise WardrobeError(f"{directory} is no folder.")
    labels = {name_folder(label).lower(): label for label in (*LABELS, OTHER)}
    folders = sorted(path for path in directory.iterdir() if path.is_dir() and not path.name.startswith("."))
    unknown = [folder.name for folder in folders if folder.name.lower() not in labels]
    if unknown:
        expected = ", ".join(name_folder(label) for label in (*LABELS, OTHER))
        raise WardrobeError(f"{directory} has folders that name no class: {', '.join(unknown)}. Expected: {expected}.")
    senders = read_senders(directory)
    pictures = [
        LabelledPicture(path, labels[folder.name.lower()], senders.get(path.relative_to(directory).as_posix()))
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    ]
    if len({picture.label for picture in pictures}) < 2:
        raise WardrobeError(f"{directory} needs pictures of two classes at least, one subfolder a class.")
    return pictures


def read_senders(directory: Path) -> dict[str, str]:
    """Give the sender of each file that `labels.csv` knows one of; empty without such a file or column.

    Raises
    ------
    WardrobeError
        When the file has no column `file`, or is no text.
    """
    path = directory / LABELS_FILE
    if not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise WardrobeError(f"{path} cannot be read: {error}.") from error
    if rows and "file" not in rows[0]:
        raise WardrobeError(f"{path} has no column `file`.")
    return {row["file"]: row["sender"] for row in rows if row.get("sender")}
