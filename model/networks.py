"""The networks: functional Keras models from (28, 28, 1) pixels to 10 logits.

They end in logits, not in softmax, so that heatmaps need no modifier and no gradient saturates; and they are
functional, because tf-keras-vis cannot read a `Sequential` that was loaded. Each names its last feature map before
global pooling `FEATURE_MAP`.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from data.fashion_mnist import LABELS, SIDE_PX
from model.recipes import FEATURE_MAP

# Mean and standard deviation of the training images' pixels.
PIXEL_MEAN, PIXEL_SPREAD = 0.286, 0.353
# Up to this side of a feature map `SmallMapConv2D` is the faster one.
SMALL_MAP_PX = 7
# NVIDIA's GPUs multiply bfloat16 from this generation on (Ampere).
BFLOAT16_COMPUTE_CAPABILITY = (8, 0)


def build_network(name: str, seed: int = 0, dtype: str = "float32") -> keras.Model:
    """Build an untrained network.

    Parameters
    ----------
    name : str
        Key into `NETWORKS`.
    seed : int
        Seeds the initial weights.
    dtype : str
        Keras dtype policy of the convolutions; the weights and the logits are float32 whatever it is.

    Returns
    -------
    keras.Model
        (N, 28, 28, 1) float32 0..1 -> (N, 10) float32 logits, in the order of `data.fashion_mnist.LABELS`.
    """
    keras.utils.set_random_seed(seed)
    previous_policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        inputs = keras.Input((SIDE_PX, SIDE_PX, 1), name="pixels", dtype="float32")
        return keras.Model(inputs, NETWORKS[name](inputs), name=name)
    finally:
        keras.config.set_dtype_policy(previous_policy)


def build_specialist(name: str, dtype: str = "float32") -> keras.Model:
    """Build a network with an eleventh logit, for none of the ten: (N, 28, 28, 1) float32 0..1 -> (N, 11) float32."""
    network = build_network(name, dtype=dtype)
    pooled = network.layers[-1].input
    logits = layers.Dense(len(LABELS) + 1, kernel_initializer="zeros", dtype="float32", name="logits")(pooled)
    return keras.Model(network.input, logits, name=f"{name}-and-other")


def choose_training_dtype() -> str:
    """Give the dtype policy that this machine trains fastest with: bfloat16 only where the GPU or CPU multiplies it."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        has_bfloat16 = details.get("compute_capability", (0, 0)) >= BFLOAT16_COMPUTE_CAPABILITY
    else:
        cpu = Path("/proc/cpuinfo")
        has_bfloat16 = cpu.exists() and "avx512_bf16" in cpu.read_text()
    return "mixed_bfloat16" if has_bfloat16 else "float32"


def compile_inference(network: keras.Model, mirror: bool) -> Callable[[np.ndarray], tf.Tensor]:
    """Compile a network's answer: one trace for any number of images, safe to call from several threads.

    With `mirror` the logits are the mean over an image and its mirror image. `network.predict` costs 100 ms a call, and
    is not safe there.
    """
    signature = tf.TensorSpec([None, *network.input_shape[1:]], tf.float32)

    @tf.function(input_signature=[signature])
    def answer(images):
        if not mirror:
            return network(images, training=False)
        both = tf.concat([images, images[:, :, ::-1]], axis=0)  # (N, 28, 28, 1) -> (2 N, 28, 28, 1)
        logits = network(both, training=False)  # (2 N, 28, 28, 1) -> (2 N, 10)
        return tf.reduce_mean(tf.reshape(logits, (2, -1, logits.shape[-1])), axis=0)  # -> (N, 10)

    return answer


class FusedBatchNormalization(layers.BatchNormalization):
    """Batch normalisation in one kernel, without a scale (the next convolution has one).

    Keras 3 computes it as a chain of element-wise operations, in float32, which took five times as long on a CPU.
    """

    def __init__(self, **options):
        super().__init__(scale=False, momentum=0.95, epsilon=1e-3, **options)

    def call(self, inputs, training=None):
        mean, variance = self.moving_mean.value, self.moving_variance.value
        normalise = tf.compat.v1.nn.fused_batch_norm
        options = {"scale": tf.ones_like(mean), "offset": self.beta.value, "epsilon": self.epsilon}
        if not training:
            return normalise(inputs, mean=mean, variance=variance, is_training=False, **options)[0]
        outputs, batch_mean, batch_variance = normalise(inputs, **options)
        self.moving_mean.assign(mean + (1 - self.momentum) * (batch_mean - mean))
        self.moving_variance.assign(variance + (1 - self.momentum) * (batch_variance - variance))
        return outputs


class SmallMapConv2D(layers.Conv2D):
    """Convolution at stride 1 whose kernel gradient is itself computed as a convolution.

    On feature maps as small as 7×7 the library's own kernel gradient takes 1.2 to 1.4 times as long on a CPU.
    """

    def convolution_op(self, inputs, kernel):
        return _convolve_small_map(inputs, tf.convert_to_tensor(kernel))  # custom gradients take no variables


@tf.custom_gradient
def _convolve_small_map(inputs, kernel):
    def compute_gradients(upstream):
        options = {"strides": [1, 1, 1, 1], "padding": "SAME"}
        for_inputs = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=tf.shape(inputs), filter=kernel, out_backprop=upstream, **options
        )
        # Channels take the place of images, images that of channels, and the upstream gradient slides over the map.
        margins = [[0, 0], [kernel.shape[0] // 2] * 2, [kernel.shape[1] // 2] * 2, [0, 0]]
        maps = tf.transpose(inputs, (3, 1, 2, 0))  # (N, H, W, C) -> (C, H, W, N)
        window = tf.transpose(upstream, (1, 2, 0, 3))  # (N, H, W, F) -> (H, W, N, F)
        for_kernel = tf.nn.conv2d(maps, window, 1, margins)  # -> (C, 3, 3, F)
        return for_inputs, tf.transpose(for_kernel, (1, 2, 0, 3))  # -> (3, 3, C, F)

    return tf.nn.conv2d(inputs, kernel, 1, "SAME"), compute_gradients


def _scale_pixels(inputs):
    return layers.Rescaling(1 / PIXEL_SPREAD, -PIXEL_MEAN / PIXEL_SPREAD)(inputs)


def _normalise_convolution(tensor, filters: int, kernel: int = 3, stride: int = 1):
    is_small = stride == 1 and tensor.shape[1] <= SMALL_MAP_PX
    convolution = SmallMapConv2D if is_small else layers.Conv2D
    tensor = convolution(filters, kernel, stride, padding="same", use_bias=False, kernel_initializer="he_normal")(
        tensor
    )
    return FusedBatchNormalization()(tensor)


def _convolve(tensor, filters: int, kernel: int = 3, stride: int = 1):
    return layers.ReLU()(_normalise_convolution(tensor, filters, kernel, stride))


def _add_residual(tensor):
    """Two convolutions that learn what to add (He et al. 2015, arXiv:1512.03385)."""
    filters = tensor.shape[-1]
    return layers.ReLU()(layers.Add()([tensor, _normalise_convolution(_convolve(tensor, filters), filters)]))


def _mark_feature_map(tensor):
    return layers.Activation("linear", dtype="float32", name=FEATURE_MAP)(tensor)


def _pool_and_answer(features):
    """The mean tells how much of a feature there is, the maximum whether there is any."""
    features = _mark_feature_map(features)
    means = layers.GlobalAveragePooling2D(dtype="float32")(features)  # (N, H, W, C) -> (N, C)
    maxima = layers.GlobalMaxPooling2D(dtype="float32")(features)  # (N, H, W, C) -> (N, C)
    pooled = layers.Concatenate(dtype="float32")([means, maxima])  # -> (N, 2 C)
    return layers.Dense(len(LABELS), kernel_initializer="zeros", dtype="float32", name="logits")(pooled)  # -> (N, 10)


def _build_compact(inputs):
    """Cheap 5×5 stem at stride 2, one layer at 14×14, two wide ones at 7×7."""
    tensor = _convolve(_scale_pixels(inputs), 32, kernel=5, stride=2)  # (N, 28, 28, 1) -> (N, 14, 14, 32)
    tensor = _convolve(tensor, 48)  # -> (N, 14, 14, 48)
    tensor = layers.MaxPooling2D()(tensor)  # -> (N, 7, 7, 48)
    return _pool_and_answer(_convolve(_convolve(tensor, 128), 128))  # -> (N, 7, 7, 128) -> (N, 10)


def _build_residual(inputs):
    """Full resolution at the start, then a convolution and a residual block at each of 14×14 and 7×7."""
    tensor = _convolve(_convolve(_scale_pixels(inputs), 32), 64)  # (N, 28, 28, 1) -> (N, 28, 28, 64)
    tensor = _add_residual(_convolve(layers.MaxPooling2D()(tensor), 128))  # -> (N, 14, 14, 128)
    tensor = _add_residual(_convolve(layers.MaxPooling2D()(tensor), 256))  # -> (N, 7, 7, 256)
    return _pool_and_answer(tensor)  # -> (N, 10)


def _build_tiny(inputs):
    tensor = _convolve(_scale_pixels(inputs), 8, stride=2)  # (N, 28, 28, 1) -> (N, 14, 14, 8)
    return _pool_and_answer(_convolve(tensor, 16))  # -> (N, 14, 14, 16) -> (N, 10)


def _build_classic(inputs, filters: int, dropout: float):
    """The tutorial's network: one convolution, pooling, one dense layer."""
    tensor = layers.Conv2D(filters, 3, activation="relu")(inputs)  # (N, 28, 28, 1) -> (N, 26, 26, filters)
    tensor = layers.MaxPooling2D()(_mark_feature_map(tensor))  # -> (N, 13, 13, filters)
    tensor = layers.Dropout(dropout)(tensor) if dropout else tensor
    tensor = layers.Dense(32, activation="relu")(layers.Flatten()(tensor))  # -> (N, 32)
    return layers.Dense(len(LABELS), dtype="float32", name="logits")(tensor)  # -> (N, 10)


def _build_dense(inputs):
    """No convolution at all, to show what it buys. Its "feature map" is the picture itself."""
    tensor = layers.Flatten()(_mark_feature_map(_scale_pixels(inputs)))  # (N, 28, 28, 1) -> (N, 784)
    for units in (512, 256):
        tensor = layers.Dropout(0.2)(layers.Dense(units, activation="relu")(tensor))
    return layers.Dense(len(LABELS), dtype="float32", name="logits")(tensor)  # (N, 256) -> (N, 10)


NETWORKS = {
    "compact": _build_compact,
    "residual": _build_residual,
    "tiny": _build_tiny,
    "classic-32": partial(_build_classic, filters=32, dropout=0.0),
    "classic-64": partial(_build_classic, filters=64, dropout=0.0),
    "classic-64-dropout": partial(_build_classic, filters=64, dropout=0.3),
    "dense": _build_dense,
}
