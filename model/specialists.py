"""The table of specialists: networks that go on learning from a recipe's, each for some kinds of uploads.

Fashion-MNIST's own images are answered by the recipe's network as it is. What visitors bring looks otherwise, even well
prepared; a small network cannot learn both without losing a point or two on Fashion-MNIST, two networks can. This
module knows nothing of TensorFlow.
"""

import hashlib
import json
from dataclasses import asdict, dataclass

from model.recipes import DEFAULT_RECIPE, RECIPES

# Raised when `model.augmentation` or `model.outliers` render otherwise, so that older caches are learnt anew.
RENDERING = 1


@dataclass(frozen=True)
class Specialist:
    """What a network learns on top of a recipe's.

    Attributes
    ----------
    name : str
        Also of its file in the cache.
    recipe : str
        Key into `RECIPES`: the network whose weights it starts from, and with which it answers.
    weights : dict of float
        By the kinds that it answers for, keys of `data.preparation.KINDS`: its share of the logits, 0..1; the rest is
        the recipe's.
    style : str
        Key into `model.augmentation.STYLES`: how its images are rendered.
    images, outliers : int
        Most images to render of garments, and of things that are none of the ten.
    passes : int
        How often each rendered image is learnt from, mirrored or not.
    plain_share, outlier_share : float
        Of each batch: Fashion-MNIST's own images, so that they are not forgotten, and outliers.
    batch_size, peak_learning_rate, warmup_share, label_smoothing
        See `model.recipes.Recipe`.
    """

    name: str
    recipe: str
    weights: dict[str, float]
    style: str
    images: int
    outliers: int
    passes: int
    plain_share: float
    outlier_share: float
    batch_size: int = 256
    peak_learning_rate: float = 0.04
    warmup_share: float = 0.1
    label_smoothing: float = 0.1

    def compute_fingerprint(self) -> str:
        """Hash every setting that changes what is learnt, the recipe's too."""
        settings = asdict(self) | {"recipe": RECIPES[self.recipe].compute_fingerprint(), "rendering": RENDERING}
        del settings["name"]
        return hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=16).hexdigest()


SPECIALISTS = (
    Specialist(
        name="startup-drawings",
        recipe=DEFAULT_RECIPE,
        weights={"drawing": 0.85},
        style="drawings",
        images=48_000,
        outliers=12_000,
        passes=3,
        plain_share=0.1,
        outlier_share=0.15,
    ),
    Specialist(
        name="startup-pictures",
        recipe=DEFAULT_RECIPE,
        # Fashion-MNIST was itself made from pictures on plain backgrounds: there its own network has as much say.
        weights={"photo": 0.8, "plain": 0.5},
        style="pictures",
        images=48_000,
        outliers=12_000,
        passes=4,
        plain_share=0.18,
        outlier_share=0.12,
        peak_learning_rate=0.05,
    ),
)


def list_specialists(recipe_name: str) -> list[Specialist]:
    """Give the specialists of a recipe, in the order in which they learn."""
    return [specialist for specialist in SPECIALISTS if specialist.recipe == recipe_name]
