"""What a network answers: probabilities, the top three, and whether it is any of the ten at all."""

import threading
from dataclasses import dataclass

import keras
import numpy as np

from data.fashion_mnist import LABELS
from model.cache import Checkpoint
from model.evaluation import compute_energies, compute_probabilities
from model.networks import build_network, compile_inference
from model.recipes import RECIPES
from model.training import set_weights

TOP = 3


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture.

    Attributes
    ----------
    probabilities : (10,) float64, sums to 1, in the order of `LABELS`
    energy : float
        How much the picture looks like the training data; see `model.evaluation.compute_energies`.
    recognised : bool
        False when the energy is under the threshold: the picture looks like none of the ten.
    """

    probabilities: np.ndarray
    energy: float
    recognised: bool

    @property
    def top3(self) -> list[tuple[str, float]]:
        """Label and probability of the three likeliest classes, likeliest first."""
        order = np.argsort(-self.probabilities, kind="stable")[:TOP]
        return [(LABELS[n], float(self.probabilities[n])) for n in order]

    @property
    def label(self) -> str:
        return self.top3[0][0]


class Classifier:
    """A network that answers, safe to use from several threads while better weights are put in.

    Attributes
    ----------
    network : keras.Model
        (N, 28, 28, 1) float32 0..1 -> (N, 10) logits; for explanations. Hold `lock` while using it.
    mirror : bool
        Answer with the mean over an image and its mirror image.
    temperature, energy_threshold : float
        From the validation set; before they are known, 1 and minus infinity (everything is recognised).
    """

    def __init__(self, network: keras.Model, mirror: bool):
        self.network = network
        self.temperature, self.energy_threshold = 1.0, -np.inf
        self.lock = threading.RLock()
        self._answer = compile_inference(network, mirror)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "Classifier":
        """Build the classifier that a checkpoint holds.

        Raises
        ------
        CacheError
            When the weights do not fit the recipe's network.
        """
        recipe = RECIPES[checkpoint.card["recipe"]]
        network = build_network(recipe.network)
        set_weights(network, checkpoint.weights)
        classifier = cls(network, mirror=recipe.flip)
        classifier.calibrate(checkpoint.metrics)
        return classifier

    def calibrate(self, metrics: dict) -> None:
        """Take temperature and threshold from an evaluation; an empty one changes nothing."""
        self.temperature = metrics.get("temperature", self.temperature)
        self.energy_threshold = metrics.get("energy_threshold", self.energy_threshold)

    def update(self, weights: list[np.ndarray]) -> None:
        """Put newer weights in; nobody is answered from a mixture."""
        with self.lock:
            self.network.set_weights(weights)

    def classify(self, images: np.ndarray) -> list[Prediction]:
        """Answer for prepared pictures.

        Parameters
        ----------
        images : (N, 28, 28, 1) float32, 0..1, garment light on black

        Returns
        -------
        list of Prediction, one an image
        """
        with self.lock:
            logits = self._answer(images).numpy()  # (N, 28, 28, 1) -> (N, 10)
        probabilities = compute_probabilities(logits, self.temperature)
        energies = compute_energies(logits)
        return [
            Prediction(row, float(energy), bool(energy >= self.energy_threshold))
            for row, energy in zip(probabilities, energies, strict=True)
        ]
