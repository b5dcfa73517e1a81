"""The table of recipes: which network, learnt how. A new recipe is one row.

This module knows nothing of TensorFlow, so that a menu or `--help` can list recipes at once.
"""

import hashlib
import json
from dataclasses import dataclass, fields

# Every network calls its last feature map before global pooling so: heatmaps are made there.
FEATURE_MAP = "feature_map"


@dataclass(frozen=True)
class Recipe:
    """How a network is made.

    Attributes
    ----------
    summary : str
        One line for people.
    network : str
        Key into `model.networks.NETWORKS`.
    epochs : int
        Passes over the training split.
    batch_size : int
        Images a step.
    optimizer : str
        Key into `model.training.OPTIMIZERS`.
    peak_learning_rate : float
        Highest learning rate.
    warmup_share : float or None
        Share of all steps in which the rate rises linearly to its peak; it falls linearly to zero over
        the rest (one-cycle schedule, Smith 2018, arXiv:1803.09820). None keeps it constant.
    low_precision : bool
        Convolutions in bfloat16 where the CPU multiplies it.
    label_smoothing : float
        Share of the target spread over all classes (Szegedy et al. 2016, arXiv:1512.00567).
    flip : bool
        Mirror each image left-right in every other epoch, and answer with the mean over an image and its mirror image.
    hard_epochs : int
        So many of the epochs, the last ones, learn only from the images that are still hard.
    hard_share : float
        Share of the training images in such an epoch: those whose loss was highest when last learnt from.
    shift_px : int
        Move training images by up to so many pixels.
    cover_share : float
        Share of the training images of which a rectangle is covered.
    validation_images : int or None
        Learn from all but so many of the 60,000; None holds the common fifth back.
    """

    name: str
    summary: str
    network: str
    epochs: int
    batch_size: int
    optimizer: str
    peak_learning_rate: float
    warmup_share: float | None = 0.1
    label_smoothing: float = 0.0
    flip: bool = False
    low_precision: bool = True
    hard_epochs: int = 0
    hard_share: float = 1.0
    shift_px: int = 0
    cover_share: float = 0.0
    validation_images: int | None = None

    def compute_fingerprint(self) -> str:
        """Hash every setting that changes what is learnt; the wording of name and summary does not."""
        # What is at its default is left out: a setting that is new to the table leaves older caches valid.
        settings = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("name", "summary") and getattr(self, field.name) != field.default
        }
        return hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=16).hexdigest()


def _make_classic(name: str, summary: str) -> Recipe:
    """A tutorial's recipe: Adam as Keras sets it, constant rate, no augmentation."""
    return Recipe(
        name,
        summary,
        network=name,
        epochs=50,
        batch_size=512,
        optimizer="adam",
        peak_learning_rate=1e-3,
        warmup_share=None,
        low_precision=False,
    )


DEFAULT_RECIPE = "startup"
RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="startup",
            summary="the default: learns in about two minutes on two CPU cores",
            network="compact",
            epochs=8,
            batch_size=256,
            optimizer="muon",
            peak_learning_rate=0.05,
            label_smoothing=0.1,
            flip=True,
            hard_epochs=6,
            hard_share=0.4,
        ),
        Recipe(
            name="best",
            summary="the most accurate: over an hour on two CPU cores, minutes on a GPU",
            network="residual",
            epochs=28,
            batch_size=256,
            optimizer="muon",
            peak_learning_rate=0.05,
            label_smoothing=0.1,
            flip=True,
            shift_px=2,
            cover_share=0.5,
            validation_images=3000,
        ),
        Recipe(
            name="tiny",
            summary="a few seconds on a small data set: to try the machinery, not to answer well",
            network="tiny",
            epochs=2,
            batch_size=64,
            optimizer="muon",
            peak_learning_rate=0.05,
        ),
        _make_classic("classic-32", "the tutorial's: one convolution of 32 filters, 50 epochs"),
        _make_classic("classic-64", "the tutorial's with 64 filters"),
        _make_classic("classic-64-dropout", "the tutorial's with 64 filters and dropout 0.3"),
        Recipe(
            name="dense",
            summary="no convolution: to show what it buys",
            network="dense",
            epochs=20,
            batch_size=512,
            optimizer="adam",
            peak_learning_rate=2e-3,
            label_smoothing=0.1,
            flip=True,
            low_precision=False,
        ),
    )
}
