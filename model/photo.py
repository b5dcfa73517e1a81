"""The photo reader: ImageNet's EfficientNet-Lite0 with a head that tells the ten garments from each other and the rest.

It sees a picture in colour at 224×224, three times and mirrored. What was learnt here (see `model.photo_training`) is
the head alone, one linear layer, small enough to lie in the repository; the backbone's weights come in a package.
"""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.fashion_mnist import LABELS
from data.preparation import Prepared
from data.views import SIDE_PX, View, take_garment_view, take_views
from data.wardrobe import OTHER
from model.cache import CacheError, load_archive, save_archive
from model.torch_weights import WeightsError

CLASSES = (*LABELS, OTHER)
BUILT_IN_HEAD = Path(__file__).parent / "photo_head.npz"
HEAD_NAME = "photo.npz"
# Raised when the layout of the file or the way to the features changes: an older head would misread its pictures.
FORMAT = 1

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Head:
    """What was learnt: a linear layer from the backbone's pooled features to `CLASSES`.

    Attributes
    ----------
    card : dict
        JSON-able: `format`, `temperature`, `garment_threshold` and what `model.photo_training` says of its origin.
    kernel : (1280, 11) float32
    bias : (11,) float32
    """

    card: dict
    kernel: np.ndarray
    bias: np.ndarray


def save_head(path: Path, head: Head) -> None:
    """Write a head, in half precision; see `model.cache.save_archive`."""
    save_archive(path, head.card, {"kernel": head.kernel.astype(np.float16), "bias": head.bias}, compress=True)


def load_head(path: Path) -> Head:
    """Read a head.

    Raises
    ------
    CacheError
        When the file is unreadable or of another format.
    FileNotFoundError
        When there is none.
    """
    card, arrays = load_archive(path, "kernel", "bias")
    if card.get("format") != FORMAT:
        raise CacheError(f"was written in another format than {FORMAT}")
    head = Head(card, arrays["kernel"].astype(np.float32), arrays["bias"].astype(np.float32))
    if head.bias.shape != (len(CLASSES),) or head.kernel.shape[1:] != head.bias.shape:
        raise CacheError("holds weights that do not fit")
    return head


def locate_head(models_directory: Path) -> Path:
    """Give the path of the head to use: one's own, where one was learnt, or the one in the repository."""
    own = Path(models_directory) / HEAD_NAME
    return own if own.exists() else BUILT_IN_HEAD


def load_photo_reader(models_directory: Path) -> "PhotoReader | None":
    """Load the photo reader, or say in the log why there is none: the small CNN then answers alone."""
    path = locate_head(models_directory)
    try:
        return PhotoReader(load_head(path))
    except FileNotFoundError:
        log.warning("No photo reader: nothing was learnt for it yet; the small CNN answers alone.")
    except CacheError as error:
        log.warning("No photo reader: %s %s; the small CNN answers alone.", path, error)
    except WeightsError as error:
        log.warning("No photo reader: %s; the small CNN answers alone.", error)
    return None


class PhotoReader:
    """Answers for prepared pictures, safe to use from several threads.

    Attributes
    ----------
    network : keras.Model
        (N, 224, 224, 3) float32 RGB 0..255 -> (N, 11) logits, in the order of `CLASSES`.
    upper_network : keras.Model
        Its last layers, (N, 7, 7, 320) -> (N, 11) logits; for explanations. Hold `lock` while using it.
    """

    def __init__(self, head: Head):
        import keras

        from model.backbone import LAST_STAGE, build_backbone, build_upper_network

        self.card = head.card
        self.lock = threading.RLock()
        self.network = build_backbone(len(CLASSES))
        self.network.get_layer("logits").set_weights([head.kernel, head.bias])
        self.upper_network = build_upper_network(self.network)
        lower_network = keras.Model(self.network.input, self.network.get_layer(LAST_STAGE).output)
        self._answer, self._look = compile_answer(self.network), compile_answer(lower_network)

    def warm_up(self) -> None:
        """Trace both functions on a blank picture."""
        blank = View(np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8), (0, 0, SIDE_PX, SIDE_PX))
        self.compute_logits([blank])
        self._look(blank.pixels[None].astype(np.float32))

    def classify(self, prepared: Prepared):
        """Answer for one picture: a `model.classifier.Prediction`, whose score is of the log odds of any garment."""
        return self.judge(self.compute_logits(take_views(prepared)))

    def compute_logits(self, views: list[View]) -> np.ndarray:
        """Give the mean logits over some views and their mirror images: (11,) float32."""
        images = stack_views(views)  # (2 V, 224, 224, 3)
        with self.lock:
            return self._answer(images).numpy().mean(axis=0)  # (2 V, 11) -> (11,)

    def judge(self, logits: np.ndarray):
        """Make a prediction of mean logits, (11,) float32."""
        from model.classifier import Prediction

        probabilities = soften(logits, self.card["temperature"])
        garment = float(probabilities[:-1].sum())
        score = float(np.log(garment / probabilities[-1])) - self.card["garment_threshold"]
        return Prediction(probabilities[:-1] / garment, score, score >= 0)

    def view_features(self, prepared: Prepared) -> tuple[np.ndarray, View]:
        """Give what `upper_network` is to be explained on, (7, 7, 320) float32, and the view that it is of."""
        view = take_garment_view(prepared)
        with self.lock:
            return self._look(view.pixels[None].astype(np.float32)).numpy()[0], view


def compile_answer(network):
    """Compile a network for any number of 224×224 pictures: one trace, safe to call from several threads."""
    import tensorflow as tf

    signature = [tf.TensorSpec([None, SIDE_PX, SIDE_PX, 3], tf.float32)]
    return tf.function(lambda images: network(images, training=False), input_signature=signature)


def stack_views(views: list[View]) -> np.ndarray:
    """Stack views and their mirror images for the network: (2 V, 224, 224, 3) float32."""
    images = np.stack([view.pixels for view in views]).astype(np.float32)
    return np.concatenate([images, images[:, :, ::-1]])


def soften(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities of logits at a temperature: (..., 11) -> (..., 11) float64, each above 0."""
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    # Far from 0 and 1, so that the odds of any garment stay finite.
    shares = np.maximum(exponentials / exponentials.sum(axis=-1, keepdims=True), 1e-12)
    return shares / shares.sum(axis=-1, keepdims=True)
