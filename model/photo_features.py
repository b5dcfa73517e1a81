"""From labelled pictures to what the photo reader's head learns from: the backbone's pooled features of their views.

The backbone is never changed, so that a picture's features are computed once and kept beside the trained models.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from data.decoding import PictureError
from data.fashion_mnist import LABELS, FashionMNIST
from data.preparation import prepare
from data.views import SIDE_PX, take_views
from data.wardrobe import LabelledPicture
from model.backbone import build_backbone
from model.cache import CacheError, load_archive, save_archive
from model.photo import CLASSES, FORMAT, compile_answer, stack_views

CACHE_NAME = "photo_features.npz"
STAND_INS_PER_CLASS = 40
STAND_IN_MARGIN_PX = 24
BATCH = 32

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lessons:
    """What there is to learn from.

    Attributes
    ----------
    features : (P, V, 1280) float32
        Of P pictures and their V views: first as they are, then their mirror images.
    labels : (P,) int, into `model.photo.CLASSES`
    senders : (P,) str
        Where the sender is unknown, each picture has its own.
    stand_ins : (Q, 1280) float32
        Of images of Fashion-MNIST, enlarged: every garment is among them, also those of which there is no photo.
    stand_in_labels : (Q,) int
    broken : int
        How many files were no pictures, and left out.
    """

    features: np.ndarray
    labels: np.ndarray
    senders: np.ndarray
    stand_ins: np.ndarray
    stand_in_labels: np.ndarray
    broken: int


def gather_lessons(
    pictures: list[LabelledPicture],
    dataset: FashionMNIST,
    models_directory: Path,
    seed: int,
    on_progress: Callable[[float], None],
) -> Lessons:
    """Compute the features of every picture that can be read; what cannot is named in the log.

    Parameters
    ----------
    on_progress : called with the share that is done, 0..1
    """
    cache_path = Path(models_directory) / CACHE_NAME
    cached = _load_cache(cache_path)
    embed = _compile_embedding()
    found, features = [], []
    known = len(cached)
    try:
        for number, picture in enumerate(pictures):
            key = _identify(picture.path)
            if key not in cached:
                try:
                    views = take_views(prepare(picture.path))
                except PictureError as error:
                    log.warning("%s is left out: %s", picture.path, error)
                    continue
                cached[key] = embed(stack_views(views)).numpy().astype(np.float16)
            found.append(picture)
            features.append(cached[key])
            on_progress((number + 1) / len(pictures))
    finally:
        if len(cached) > known:
            _save_cache(cache_path, cached)
    images, labels = choose_stand_ins(dataset, seed)
    parts = [embed(enlarge_garments(images[n : n + BATCH])).numpy() for n in range(0, len(images), BATCH)]
    return Lessons(
        features=np.array(features, np.float32),
        labels=np.array([CLASSES.index(picture.label) for picture in found], int),
        senders=np.array([picture.sender or f"unknown: {picture.path}" for picture in found]),
        stand_ins=np.concatenate(parts),
        stand_in_labels=labels,
        broken=len(pictures) - len(found),
    )


def _compile_embedding():
    import keras

    backbone = build_backbone()
    return compile_answer(keras.Model(backbone.input, backbone.get_layer("pooled").output))


def choose_stand_ins(dataset: FashionMNIST, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose the same number of training images of each class: (Q, 28, 28, 1) float32 and (Q,) int."""
    generator = np.random.default_rng(seed)
    chosen = np.concatenate(
        [
            generator.permutation(np.flatnonzero(dataset.train_labels == label))[:STAND_INS_PER_CLASS]
            for label in range(len(LABELS))
        ]
    )
    return dataset.train_images[chosen], dataset.train_labels[chosen].astype(int)


def enlarge_garments(images: np.ndarray) -> np.ndarray:
    """Enlarge images of Fashion-MNIST and turn them dark on white, as shop pictures were before it was made of them.

    Parameters
    ----------
    images : (N, 28, 28, 1) float32, 0..1

    Returns
    -------
    (N, 224, 224, 3) float32, 0..255
    """
    side_px = SIDE_PX - 2 * STAND_IN_MARGIN_PX
    large = [cv2.resize(one[..., 0], (side_px, side_px), interpolation=cv2.INTER_CUBIC) for one in images]
    margin = [(0, 0), (STAND_IN_MARGIN_PX,) * 2, (STAND_IN_MARGIN_PX,) * 2]
    tones = 255 * (1 - np.pad(np.clip(large, 0, 1), margin))  # (N, 224, 224)
    return np.repeat(tones[..., None], 3, axis=-1).astype(np.float32)


def _identify(path: Path) -> str:
    """Name a file by its content and by the way that its features are computed."""
    return hashlib.blake2b(path.read_bytes(), digest_size=16, person=f"photo{FORMAT}".encode()).hexdigest()


def _load_cache(path: Path) -> dict[str, np.ndarray]:
    """Read features computed earlier; a cache that cannot be read is computed anew."""
    try:
        card, arrays = load_archive(path, "features")
        return dict(zip(card["keys"], arrays["features"], strict=True))
    except FileNotFoundError:
        return {}
    except (CacheError, KeyError, ValueError) as error:
        log.warning("%s cannot be used (%s); its features are computed anew.", path, error)
        return {}


def _save_cache(path: Path, cached: dict[str, np.ndarray]) -> None:
    save_archive(path, {"keys": list(cached)}, {"features": np.array(list(cached.values()))})
