"""What the networks answer: probabilities, the top three, and whether it is any of the ten at all.

Fashion-MNIST's own images are answered by the recipe's network. Uploads are answered together with a specialist, as
soon as there is one for their kind.
"""

import threading
from dataclasses import dataclass

import keras
import numpy as np

from data.fashion_mnist import LABELS
from model.cache import CacheError, Checkpoint
from model.evaluation import blend_logits, compute_energies, compute_garment_scores, compute_probabilities
from model.networks import build_network, build_specialist, compile_inference
from model.recipes import RECIPES
from model.specialists import Specialist
from model.training import set_weights

TOP = 3


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture.

    Attributes
    ----------
    probabilities : (10,) float64, sums to 1, in the order of `LABELS`
    score : float
        How much the picture looks like any of the ten, and doubt begins below 0: the energy
        (`model.evaluation.compute_energies`), or a specialist's or the photo reader's log odds
        (`model.evaluation.compute_garment_scores`), less its threshold.
    recognised : bool
        False when the score is below 0: the picture looks like none of the ten.
    """

    probabilities: np.ndarray
    score: float
    recognised: bool

    @property
    def top3(self) -> list[tuple[str, float]]:
        """Label and probability of the three likeliest classes, likeliest first."""
        order = np.argsort(-self.probabilities, kind="stable")[:TOP]
        return [(LABELS[n], float(self.probabilities[n])) for n in order]

    @property
    def label(self) -> str:
        return self.top3[0][0]


class Expert:
    """A specialist's network, ready to answer together with its recipe's.

    Attributes
    ----------
    network : keras.Model
        (N, 28, 28, 1) float32 0..1 -> (N, 11) logits, the last one for none of the ten.
    """

    def __init__(self, specialist: Specialist, checkpoint: Checkpoint):
        """Raises CacheError when the checkpoint's weights do not fit, or what it must know is missing."""
        self.weights = specialist.weights
        self.network = build_specialist(RECIPES[specialist.recipe].network)
        set_weights(self.network, checkpoint.weights)
        try:
            kinds = checkpoint.metrics["kinds"]
            self.temperatures = {kind: float(kinds[kind]["temperature"]) for kind in self.weights}
            self.score_threshold = float(checkpoint.metrics["score_threshold"])
        except (KeyError, TypeError, ValueError) as error:
            raise CacheError(f"holds no usable {error}") from error
        self.answer = compile_inference(self.network, mirror=True)


class Classifier:
    """Networks that answer, safe to use from several threads while better weights are put in.

    Attributes
    ----------
    network : keras.Model
        (N, 28, 28, 1) float32 0..1 -> (N, 10) logits; for explanations. Hold `lock` while using it.
    mirror : bool
        Answer with the mean over an image and its mirror image.
    temperature, energy_threshold : float
        From the validation set; before they are known, 1 and minus infinity (everything is recognised).
    experts : dict of Expert
        By the kind of upload that they answer for, a key of `data.preparation.KINDS`.
    """

    def __init__(self, network: keras.Model, mirror: bool):
        self.network = network
        self.temperature, self.energy_threshold = 1.0, -np.inf
        self.experts: dict[str, Expert] = {}
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

    def add_specialist(self, specialist: Specialist, checkpoint: Checkpoint) -> None:
        """Let a specialist answer for its kinds from now on, after a first call that no visitor has to wait for.

        Raises
        ------
        CacheError
            When its weights do not fit its network.
        """
        expert = Expert(specialist, checkpoint)
        expert.answer(np.zeros((1, *self.network.input_shape[1:]), np.float32))
        with self.lock:
            self.experts |= dict.fromkeys(specialist.weights, expert)

    def choose_network(self, kind: str | None = None) -> keras.Model:
        """Give the network that has most say on this kind of upload; for explanations. Hold `lock` while using it."""
        expert = self.experts.get(kind)
        return expert.network if expert and expert.weights[kind] >= 0.5 else self.network

    def classify(self, images: np.ndarray, kind: str | None = None) -> list[Prediction]:
        """Answer for prepared pictures.

        Parameters
        ----------
        images : (N, 28, 28, 1) float32, 0..1, garment light on black
        kind : str, optional
            What they all were before, a key of `data.preparation.KINDS`; by default the data set's own.

        Returns
        -------
        list of Prediction, one an image
        """
        with self.lock:
            expert = self.experts.get(kind)
            logits = self._answer(images).numpy()  # (N, 28, 28, 1) -> (N, 10)
            special = expert.answer(images).numpy() if expert else None  # -> (N, 11)
        if expert is None:
            return _make_predictions(logits, self.temperature, compute_energies(logits), self.energy_threshold)
        logits = blend_logits(logits, special, expert.weights[kind])
        scores = compute_garment_scores(special)
        return _make_predictions(logits, expert.temperatures[kind], scores, expert.score_threshold)


def _make_predictions(logits, temperature: float, scores: np.ndarray, threshold: float) -> list[Prediction]:
    probabilities = compute_probabilities(logits, temperature)
    return [
        Prediction(row, float(score - threshold), bool(score >= threshold))
        for row, score in zip(probabilities, scores, strict=True)
    ]
