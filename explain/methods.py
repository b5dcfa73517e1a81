"""Which regions made the guess: explanation methods, all on the last feature map of a network that ends in logits.

A new method is one function and one row of `METHODS`. The functions import tf-keras-vis themselves, so that a menu can
be made from the table before TensorFlow is there.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# Score-CAM asks the network once a channel; of more channels than these only those that vary most over the image are
# taken, as in Faster-Score-CAM.
MOST_MASKS = 128


@dataclass(frozen=True)
class Method:
    """One row of the menu.

    Attributes
    ----------
    title : str
        The method's name in the field.
    source : str
        The paper.
    compute : callable
        `compute(network, images, score, layer) -> (1, H, W) float`, not normalised, where `images` is
        (1, H, W, C) float32, `score` maps (N, 10) logits to (N,), and `layer` names the feature map.
    """

    title: str
    source: str
    compute: Callable


def _compute_gradcam(network, images, score, layer):
    from tf_keras_vis.gradcam import Gradcam

    return _call_visualizer(Gradcam, network, images, score, layer)


def _compute_gradcam_plus_plus(network, images, score, layer):
    import tensorflow
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus

    def score_without_overflow(logits):
        # The method takes exp(score), infinite from a logit of 89 on. Taking the score's own value off it changes no
        # gradient, and scales the map by a constant that normalising removes.
        values = score(logits)
        return values - tensorflow.stop_gradient(values)

    return _call_visualizer(GradcamPlusPlus, network, images, score_without_overflow, layer)


def _compute_layercam(network, images, score, layer):
    from tf_keras_vis.layercam import Layercam

    return _call_visualizer(Layercam, network, images, score, layer)


def _compute_scorecam(network, images, score, layer):
    from tf_keras_vis.scorecam import Scorecam

    channels = network.get_layer(layer).output.shape[-1]
    return _call_visualizer(Scorecam, network, images, score, layer, max_N=min(channels, MOST_MASKS))


def _call_visualizer(visualizer, network, images, score, layer, **options):
    return visualizer(network, clone=False)(
        score, images, penultimate_layer=layer, seek_penultimate_conv_layer=False, normalize_cam=False, **options
    )


METHODS = {
    "gradcam": Method("Grad-CAM", "Selvaraju et al. 2017, arXiv:1610.02391", _compute_gradcam),
    "gradcam++": Method("Grad-CAM++", "Chattopadhay et al. 2018, arXiv:1710.11063", _compute_gradcam_plus_plus),
    "layercam": Method("LayerCAM", "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943", _compute_layercam),
    "scorecam": Method("Score-CAM", "Wang et al. 2020, arXiv:1910.01279", _compute_scorecam),
}
DEFAULT_METHOD = "gradcam"


def explain_image(
    network, image: np.ndarray, label: int, versus: int | None = None, method: str = DEFAULT_METHOD, *, layer: str
) -> np.ndarray:
    """Compute where a network saw evidence for a class.

    Parameters
    ----------
    network : keras.Model
        Functional, (N, H, W, C) -> (N, 10) logits.
    image : (H, W, C) float32
    label : int
        The class to explain.
    versus : int, optional
        Explain what speaks for `label` rather than for this class: the score is the difference of their logits.
    method : str
        Key of `METHODS`.
    layer : str
        Name of the network's last feature map.

    Returns
    -------
    (H, W) float32, 0..1
        The highest value is 1; all zero when there is no evidence for the class.

    Raises
    ------
    ValueError
        When the method is unknown, or `label` and `versus` are the same class.
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}: choose from {', '.join(METHODS)}")
    if label == versus:
        raise ValueError("a class cannot be explained against itself: choose two different ones")

    def score(logits):  # (N, 10) -> (N,)
        return logits[:, label] if versus is None else logits[:, label] - logits[:, versus]

    heatmap = METHODS[method].compute(network, np.asarray(image, np.float32)[None], score, layer)[0]
    return normalise_heatmap(np.asarray(heatmap))


def normalise_heatmap(heatmap: np.ndarray) -> np.ndarray:
    """Drop negative evidence and scale the highest value to 1; a map without evidence stays zero.

    Raises
    ------
    FloatingPointError
        When a value is not finite: that is a bug of a method, not a picture without evidence.
    """
    if not np.isfinite(heatmap).all():
        raise FloatingPointError("the heatmap holds NaN or infinity")
    positive = np.clip(heatmap, 0, None).astype(np.float32)
    highest = positive.max()
    return positive / highest if highest > 0 else positive
