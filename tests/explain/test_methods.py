"""Heatmaps: Grad-CAM against a network whose heatmap is known on paper, and a contract for every method."""

import keras
import numpy as np
import pytest
from keras import layers

from data.fashion_mnist import LABELS
from explain.methods import METHODS, explain_image, normalise_heatmap
from model.recipes import FEATURE_MAP


@pytest.fixture(scope="module")
def paper_network():
    """Two feature maps, the image and its negative, averaged and weighted.

    A₁ = x, A₂ = 1 - x; logit_c = Σ_k w_kc · mean(A_k). Grad-CAM's weights are α_kc = w_kc / (H·W), so that its map for
    class c is ReLU(w_1c · x + w_2c · (1 - x)) / (H·W), before it is scaled to 1.
    """
    inputs = keras.Input((6, 6, 1))
    features = layers.Conv2D(2, 1, name=FEATURE_MAP)(inputs)
    logits = layers.Dense(3, use_bias=False)(layers.GlobalAveragePooling2D()(features))
    network = keras.Model(inputs, logits)
    # Class 0 looks at the image, class 1 at its negative, class 2 is only ever spoken against.
    network.set_weights([np.array([[[[1.0, -1.0]]]]), np.array([0.0, 1.0]), np.array([[1.0, 0, -1], [0, 1.0, -1]])])
    return network


@pytest.fixture
def image():
    image = np.zeros((6, 6, 1), np.float32)
    image[1:3, 2:5] = 1
    image[4, 4] = 0.5
    return image


@pytest.mark.parametrize("method", ["gradcam", "layercam"])
def test_the_heatmap_known_on_paper(method, paper_network, image):
    # LayerCAM weights each place by its own gradient: the same here, where the gradient is the same everywhere.
    first = explain_image(paper_network, image, 0, method=method, layer=FEATURE_MAP)
    np.testing.assert_allclose(first, image[..., 0], atol=1e-6)
    second = explain_image(paper_network, image, 1, method=method, layer=FEATURE_MAP)
    np.testing.assert_allclose(second, 1 - image[..., 0], atol=1e-6)


def test_versus_explains_the_difference(paper_network, image):
    # w_0 - w_1 = (1, -1): ReLU(x - (1 - x)) = ReLU(2x - 1), which is 1 where x is 1 and 0 elsewhere.
    heatmap = explain_image(paper_network, image, 0, versus=1, layer=FEATURE_MAP)
    np.testing.assert_allclose(heatmap, (image[..., 0] == 1).astype(float), atol=1e-6)


def test_no_evidence_gives_zeros(paper_network, image):
    assert not explain_image(paper_network, image, 2, layer=FEATURE_MAP).any()


@pytest.mark.parametrize("method", METHODS)
def test_the_contract_of_a_method(method, tiny_classifier, small_dataset):
    for image in small_dataset.test_images[:3]:
        for label in (0, 7):
            heatmap = explain_image(tiny_classifier.network, image, label, method=method, layer=FEATURE_MAP)
            assert heatmap.shape == (28, 28)
            assert heatmap.dtype == np.float32
            assert np.isfinite(heatmap).all()
            assert heatmap.min() >= 0
            assert heatmap.max() in (0, pytest.approx(1))
            again = explain_image(tiny_classifier.network, image, label, method=method, layer=FEATURE_MAP)
            np.testing.assert_allclose(again, heatmap, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_large_logits_give_no_nan(method, tiny_classifier, small_dataset):
    network = tiny_classifier.network
    network.layers[-1].set_weights([1000 * weights for weights in network.layers[-1].get_weights()])
    logits = network(small_dataset.test_images[:1]).numpy()
    assert abs(logits).max() > 100
    heatmap = explain_image(
        network, small_dataset.test_images[0], int(logits.argmax()), method=method, layer=FEATURE_MAP
    )
    assert np.isfinite(heatmap).all() and heatmap.max() == pytest.approx(1)


@pytest.mark.parametrize("method", METHODS)
def test_another_class_has_another_heatmap(method, tiny_classifier, small_dataset):
    maps = [
        explain_image(tiny_classifier.network, small_dataset.test_images[0], label, method=method, layer=FEATURE_MAP)
        for label in range(len(LABELS))
    ]
    assert len({heatmap.tobytes() for heatmap in maps}) > 3


def test_what_cannot_be_explained_is_said(paper_network, image):
    with pytest.raises(ValueError, match="unknown method"):
        explain_image(paper_network, image, 0, method="x", layer=FEATURE_MAP)
    with pytest.raises(ValueError, match="against itself"):
        explain_image(paper_network, image, 1, versus=1, layer=FEATURE_MAP)
    with pytest.raises(FloatingPointError):
        normalise_heatmap(np.array([[np.nan, 1.0]]))
