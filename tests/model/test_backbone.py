"""The backbone: each stage against plain NumPy, its layout against the published one, its file against foreign ones."""

import numpy as np
import pytest

from model import backbone
from model.backbone import BATCH_NORM_EPSILON, FEATURES, SIDE_PX, STAGES, list_layers, read_imagenet_weights
from model.recipes import FEATURE_MAP
from model.torch_weights import WeightsError

pytestmark = pytest.mark.skipif(not backbone.is_available(), reason="the package with the weights is not installed")


@pytest.fixture(scope="module")
def network():
    return backbone.build_backbone()


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(0).uniform(0, 255, (SIDE_PX, SIDE_PX, 3)).astype(np.float32)


# The same network in NumPy, from the file's own tensors: nothing folded, channels first, padded by hand ----------


def pad_same(image, kernel, stride):
    """TensorFlow's "same": what is left over of the padding goes to the bottom and the right."""
    pads = []
    for side in image.shape[1:]:
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        pads.append((total // 2, total - total // 2))
    return np.pad(image, [(0, 0), *pads])


def convolve(image, kernel, stride):
    """(C, H, W) by (out, in, k, k), or by (C, 1, k, k) channel by channel."""
    size = kernel.shape[-1]
    height, width = (-(-side // stride) for side in image.shape[1:])
    padded, result = pad_same(image, size, stride), 0
    for row in range(size):
        for column in range(size):
            part = padded[:, row : row + stride * height : stride, column : column + stride * width : stride]
            weights = kernel[:, :, row, column]
            is_depthwise = kernel.shape[1] == 1 and len(image) > 1
            result = result + (part * weights[:, :, None] if is_depthwise else np.tensordot(weights, part, 1))
    return result


def normalise(image, tensors, name):
    mean, variance = tensors[f"{name}.running_mean"], tensors[f"{name}.running_var"]
    gamma, beta = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
    values = (image - mean[:, None, None]) / np.sqrt(variance + BATCH_NORM_EPSILON)[:, None, None]
    return gamma[:, None, None] * values + beta[:, None, None]


def run_block(image, tensors, name, stride):
    result = image
    if f"{name}._expand_conv.weight" in tensors:
        result = normalise(convolve(result, tensors[f"{name}._expand_conv.weight"], 1), tensors, f"{name}._bn0")
        result = np.clip(result, 0, 6)
    result = normalise(convolve(result, tensors[f"{name}._depthwise_conv.weight"], stride), tensors, f"{name}._bn1")
    result = convolve(np.clip(result, 0, 6), tensors[f"{name}._project_conv.weight"], 1)
    result = normalise(result, tensors, f"{name}._bn2")
    return result + image if result.shape == image.shape else result


def run_in_numpy(picture) -> list[np.ndarray]:
    """Outputs of the seven stages, the feature map, and the logits; (C, H, W) each but the last."""
    tensors = {name: tensor.astype(np.float64) for name, tensor in read_imagenet_weights().items()}
    image = (picture.astype(np.float64).transpose(2, 0, 1) - 127) / 128
    image = np.clip(normalise(convolve(image, tensors["_conv_stem.weight"], 2), tensors, "_bn0"), 0, 6)
    outputs, number = [], 0
    # Written out from the paper's table: blocks and stride of each stage.
    for blocks, stride in ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1)):
        for block in range(blocks):
            image = run_block(image, tensors, f"_blocks.{number}", stride if block == 0 else 1)
            number += 1
        outputs.append(image)
    image = np.clip(normalise(convolve(image, tensors["_conv_head.weight"], 1), tensors, "_bn1"), 0, 6)
    return [*outputs, image, tensors["_fc.weight"] @ image.mean((1, 2)) + tensors["_fc.bias"]]


def test_every_stage_agrees_with_numpy(network, picture):
    import keras

    names = [*(f"stage_{number}" for number in range(1, 8)), FEATURE_MAP]
    taps = keras.Model(network.input, [*(network.get_layer(name).output for name in names), network.output])
    *maps, logits = taps(picture[None], training=False)
    *expected_maps, expected_logits = run_in_numpy(picture)
    for name, found, expected in zip(names, maps, expected_maps, strict=True):
        found = found.numpy()[0].transpose(2, 0, 1)
        assert found.shape == expected.shape, name
        np.testing.assert_allclose(found, expected, atol=2e-4 * abs(expected).max(), err_msg=name)
    np.testing.assert_allclose(logits.numpy()[0], expected_logits, atol=1e-3)


def test_the_layout_is_the_published_one(network):
    assert network.output_shape == (None, 1000)
    assert network.get_layer(FEATURE_MAP).output.shape == (None, 7, 7, FEATURES)
    # 4,652,008 are published; 42,016 of them are two of each channel's four numbers, folded into one bias.
    channels = sum(len(read_imagenet_weights()[f"{norm}.weight"]) for _, norm in list_layers())
    assert network.count_params() == 4_652_008 - channels
    assert sum(stage.blocks for stage in STAGES) == 16


def test_every_tensor_of_the_file_is_used():
    used = {f"{convolution}.weight" for convolution, _ in list_layers()} | {"_fc.weight", "_fc.bias"}
    used |= {f"{n}.{part}" for _, n in list_layers() for part in ("weight", "bias", "running_mean", "running_var")}
    assert {name for name in read_imagenet_weights() if not name.endswith("num_batches_tracked")} == used


def test_another_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"not these")
    monkeypatch.setattr(backbone, "locate_weights", lambda: path)
    read_imagenet_weights.cache_clear()
    with pytest.raises(WeightsError, match="SHA-256"):
        backbone.build_backbone()
    monkeypatch.setattr(backbone, "locate_weights", lambda: None)
    with pytest.raises(WeightsError, match="not installed"):
        backbone.build_backbone()
    read_imagenet_weights.cache_clear()
