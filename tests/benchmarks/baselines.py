"""What scikit-learn reaches on Fashion-MNIST without convolution, on the same split as the recipes."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from data.fashion_mnist import FashionMNIST

SPLIT_SEED = 0


@dataclass(frozen=True)
class Baseline:
    """A classifier, and how many training images it is given (all of them: None) because more take too long."""

    title: str
    build: Callable
    images: int | None = None


BASELINES = {
    "logistic-regression": Baseline(
        "Logistic regression", lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=60))
    ),
    "rbf-svm": Baseline("SVM, RBF kernel, 50 principal components", lambda: make_pipeline(PCA(50), SVC(C=10)), 20_000),
    "boosted-trees": Baseline(
        "Gradient-boosted trees, 50 principal components",
        lambda: make_pipeline(PCA(50), HistGradientBoostingClassifier(max_iter=80, random_state=0)),
        20_000,
    ),
}


def measure_baseline(name: str, dataset: FashionMNIST) -> dict:
    """Fit a baseline on the training split, and evaluate it.

    Returns
    -------
    dict
        `train_accuracy`, `validation_accuracy`, `test_accuracy` (0..1), `images`, `total_seconds`.
    """
    baseline = BASELINES[name]
    train, validation = dataset.split_train(SPLIT_SEED)
    train = train[: baseline.images]
    pixels = dataset.train_images.reshape(len(dataset.train_images), -1)
    started = time.monotonic()
    classifier = baseline.build().fit(pixels[train], dataset.train_labels[train])

    def score(images: np.ndarray, labels: np.ndarray) -> float:
        return float(np.mean(classifier.predict(images) == labels))

    scores = {
        "validation_accuracy": score(pixels[validation], dataset.train_labels[validation]),
        "test_accuracy": score(dataset.test_images.reshape(len(dataset.test_images), -1), dataset.test_labels),
    }
    total_seconds = time.monotonic() - started
    sample = train[:5000]
    return scores | {
        "train_accuracy": score(pixels[sample], dataset.train_labels[sample]),
        "images": len(train),
        "total_seconds": total_seconds,
    }
