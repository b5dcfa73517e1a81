"""The networks: functional Keras models from (28, 28, 1) pixels to 10 logits.

They end in logits, not in softmax, so that heatmaps need no modifier and no gradient saturates; and they are
functional, because tf-keras-vis cannot read a `Sequential` that was loaded. Each names its last feature map
before global pooling `FEATURE_MAP`.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from data.fashion_mnist import LABELS, SIDE_PX
from model.recipes import FEATURE_MAP


def build_network(name: str, seed: int = 0) -> keras.Model:
    """Build an untrained network.

    Parameters
    ----------
    name : str
        Key into `NETWORKS`.
    seed : int
        Seeds the initial weights.

    Returns
    -------
    keras.Model
        (N, 28, 28, 1) float32 0..1 -> (N, 10) float32 logits, in the order of `data.fashion_mnist.LABELS`.
    """
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((SIDE_PX, SIDE_PX, 1), name="pixels")
    features = layers.Activation("linear", name=FEATURE_MAP)(NETWORKS[name](inputs))
    pooled = layers.GlobalAveragePooling2D()(features)  # (N, H, W, C) -> (N, C)
    logits = layers.Dense(len(LABELS), name="logits")(pooled)  # (N, C) -> (N, 10)
    return keras.Model(inputs, logits, name=name)


def compile_inference(network: keras.Model) -> Callable[[np.ndarray], tf.Tensor]:
    """Compile a network's answer: one trace for any number of images, safe to call from several threads.

    `network.predict` costs 100 ms a call, and is not safe there.
    """
    signature = tf.TensorSpec([None, *network.input_shape[1:]], tf.float32)
    return tf.function(lambda images: network(images, training=False), input_signature=[signature])


def _convolve(tensor, filters: int, kernel: int = 3, stride: int = 1):
    tensor = layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False)(tensor)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(tensor)


def _add_residual(tensor, filters: int):
    branch = layers.ReLU()(_convolve(tensor, filters))
    return layers.ReLU()(layers.Add()([tensor, _convolve(branch, filters)]))


def _make_residual_features(inputs):
    """Cheap 5×5 stem at stride 2, then a 14×14 and a 7×7 stage with one residual block each."""
    tensor = layers.ReLU()(_convolve(inputs, 32, kernel=5, stride=2))  # (N, 28, 28, 1) -> (N, 14, 14, 32)
    tensor = layers.ReLU()(_convolve(tensor, 64))  # -> (N, 14, 14, 64)
    tensor = layers.MaxPooling2D()(tensor)  # -> (N, 7, 7, 64)
    tensor = layers.ReLU()(_convolve(tensor, 160))  # -> (N, 7, 7, 160)
    return _add_residual(tensor, 160)


def _make_tiny_features(inputs):
    tensor = layers.ReLU()(_convolve(inputs, 8, stride=2))  # (N, 28, 28, 1) -> (N, 14, 14, 8)
    return layers.ReLU()(_convolve(tensor, 16))  # -> (N, 14, 14, 16)


NETWORKS = {"residual": _make_residual_features, "tiny": _make_tiny_features}
