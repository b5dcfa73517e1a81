"""What several tests need: the data set, a small copy of it, and a network that has learnt a little."""

import os
from pathlib import Path

import numpy as np
import pytest

from data.fashion_mnist import CSV_NAMES, CSV_PIXEL_COLUMNS, FashionMNIST, load_fashion_mnist

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(scope="session")
def dataset() -> FashionMNIST:
    """The real Fashion-MNIST."""
    return load_fashion_mnist()


@pytest.fixture(scope="session")
def small_dataset(dataset) -> FashionMNIST:
    """The first 1,500 training and 500 test images."""
    return FashionMNIST(
        dataset.train_images[:1500],
        dataset.train_labels[:1500],
        dataset.test_images[:500],
        dataset.test_labels[:500],
        "small",
    )


def write_csv(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Write images as Kaggle's table: label, pixel1 … pixel784."""
    pixels = np.round(images.reshape(len(images), -1) * 255).astype(int)
    table = np.column_stack([labels, pixels])
    np.savetxt(path, table, "%d", ",", header=",".join(["label", *CSV_PIXEL_COLUMNS]), comments="")


@pytest.fixture(scope="session")
def csv_directory(small_dataset, tmp_path_factory) -> Path:
    """The small data set as Kaggle's two files."""
    directory = tmp_path_factory.mktemp("kaggle")
    write_csv(directory / CSV_NAMES["train"], small_dataset.train_images, small_dataset.train_labels)
    write_csv(directory / CSV_NAMES["test"], small_dataset.test_images, small_dataset.test_labels)
    return directory


@pytest.fixture(scope="session")
def tiny_models(small_dataset, tmp_path_factory) -> Path:
    """A models folder with the recipe `tiny`, learnt from the small data set."""
    from model.learner import learn_recipe
    from model.recipes import RECIPES

    directory = tmp_path_factory.mktemp("models")
    learn_recipe(RECIPES["tiny"], small_dataset, directory)
    return directory


@pytest.fixture
def tiny_checkpoint(tiny_models):
    from model.cache import load_checkpoint, locate_checkpoint
    from model.recipes import RECIPES

    return load_checkpoint(locate_checkpoint(tiny_models, RECIPES["tiny"]), RECIPES["tiny"])


@pytest.fixture
def tiny_classifier(tiny_checkpoint):
    from model.classifier import Classifier

    return Classifier.from_checkpoint(tiny_checkpoint)
