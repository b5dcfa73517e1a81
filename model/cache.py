"""The cache of trained networks: one file a recipe, written atomically, never trusted.

A checkpoint is a NumPy archive without pickles: the weights in the network's order, the logits on the test set,
and a card (JSON) that says which recipe and data they came from. While learning goes on, the newest snapshot lies
beside it and also holds the optimizer's state, so that a killed run can continue.
"""

import json
import os
import tempfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from model.recipes import Recipe
from model.specialists import Specialist

DEFAULT_DIRECTORY = Path(__file__).parent / "cache"
# Raised when the layout of the file changes, so that an older file is set aside instead of misread.
FORMAT = 1


class CacheError(Exception):
    """A checkpoint that cannot be used; the message says why."""


@dataclass(frozen=True)
class Checkpoint:
    """What is known of a network at one moment.

    Attributes
    ----------
    card : dict
        JSON-able: `format`, `recipe`, `recipe_fingerprint`, `data_fingerprint`, `seed`, `epochs_done`,
        `train_seconds`, `history` (one dict an epoch), `metrics` (empty until evaluated), `versions`.
    weights : list of arrays
        In the order of `network.get_weights()`.
    optimizer_state : list of arrays
        In the order of `optimizer.variables`; empty once learning is done.
    test_logits : (N, 10) float32
        For the test set; (0, 10) until evaluated.
    """

    card: dict
    weights: list[np.ndarray]
    optimizer_state: list[np.ndarray] = field(default_factory=list)
    test_logits: np.ndarray = field(default_factory=lambda: np.empty((0, 10), np.float32))

    @property
    def metrics(self) -> dict:
        return self.card["metrics"]


def locate_checkpoint(directory: str | Path, recipe: Recipe | Specialist) -> Path:
    """Give the path of a recipe's, or a specialist's, finished checkpoint."""
    return Path(directory) / f"{recipe.name}.npz"


def locate_snapshot(directory: str | Path, recipe: Recipe) -> Path:
    """Give the path of a recipe's newest snapshot, there only while it is being learnt."""
    return Path(directory) / f"{recipe.name}.learning.npz"


def save_archive(path: Path, card: dict, arrays: dict[str, np.ndarray], compress: bool = False) -> None:
    """Write a JSON-able card and arrays so that a kill at any moment leaves the old file or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save = np.savez_compressed if compress else np.savez
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            save(file, card=np.frombuffer(json.dumps(card).encode(), np.uint8), **arrays)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def load_archive(path: Path, *names: str) -> tuple[dict, dict[str, np.ndarray]]:
    """Read what `save_archive` wrote: the card and the arrays by name.

    Raises
    ------
    CacheError
        When the file is unreadable, its card is no dictionary, or one of the arrays of these names is missing.
    FileNotFoundError
        When there is none.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = dict(archive)
        card = json.loads(arrays.pop("card").tobytes())
    except FileNotFoundError:
        raise
    except Exception as error:  # damaged archives make NumPy and zipfile raise a dozen kinds, down to TokenError
        raise CacheError(f"cannot be read ({type(error).__name__}: {error})") from error
    if not isinstance(card, dict):
        raise CacheError("has a card that is no dictionary")
    missing = [name for name in names if name not in arrays]
    if missing:
        raise CacheError(f"lacks {missing[0]!r}")
    return card, arrays


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; see `save_archive`."""
    arrays = {f"weight_{n:03}": array for n, array in enumerate(checkpoint.weights)}
    arrays |= {f"optimizer_{n:03}": array for n, array in enumerate(checkpoint.optimizer_state)}
    save_archive(path, checkpoint.card, arrays | {"test_logits": checkpoint.test_logits})


def load_checkpoint(
    path: Path, recipe: Recipe | Specialist, data_fingerprint: str | None = None, finished: bool = True
) -> Checkpoint:
    """Read a checkpoint and make sure that it is of this recipe and, if told which, of this data.

    Parameters
    ----------
    finished : bool
        True refuses a snapshot.

    Raises
    ------
    CacheError
        When the file is unreadable, of another format, recipe or data set.
    FileNotFoundError
        When there is none.
    """
    card, arrays = load_archive(path, "test_logits")
    _check_card(card, recipe, data_fingerprint)
    if finished and not card["metrics"]:
        raise CacheError("is a snapshot, not a finished network")
    weights, optimizer_state = (
        [arrays[name] for name in sorted(arrays) if name.startswith(prefix)] for prefix in ("weight_", "optimizer_")
    )
    return Checkpoint(card, weights, optimizer_state, arrays["test_logits"])


def _check_card(card: dict, recipe: Recipe | Specialist, data_fingerprint: str | None) -> None:
    if card.get("format") != FORMAT:
        raise CacheError(f"was written in another format than {FORMAT}")
    if card.get("recipe_fingerprint") != recipe.compute_fingerprint():
        raise CacheError("is of another recipe")
    if data_fingerprint not in (None, card.get("data_fingerprint")):
        raise CacheError("was learnt from another data set")
    missing = [key for key in ("seed", "epochs_done", "train_seconds", "history", "metrics") if key not in card]
    if missing:
        raise CacheError(f"lacks {missing[0]!r} on its card")


def set_aside(path: Path) -> Path:
    """Rename a file that cannot be used, so that nothing is lost, and give its new path."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    aside = path.with_name(f"{path.name}.aside-{stamp}")
    os.replace(path, aside)
    return aside
