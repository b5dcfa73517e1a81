"""How a specialist learns: from images made to look like uploads, and from things that are none of the ten."""

import time
from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from data.fashion_mnist import LABELS, FashionMNIST
from model.cache import FORMAT, Checkpoint
from model.evaluation import evaluate_specialist
from model.networks import build_network, build_specialist, choose_training_dtype, compile_inference
from model.optimizers import Muon
from model.outliers import choose_sources
from model.recipes import RECIPES
from model.rendering import GARMENTS, OUTLIERS, render_in_processes
from model.specialists import Specialist
from model.training import SPLIT_SEED, OneCycle, compute_logits, set_weights

OTHER = len(LABELS)  # the eleventh logit: none of the ten
STEPS_A_CALL = 12
VALIDATION_IMAGES = 3000
# Of all the work, rendering is about this share; for a bar that moves evenly.
RENDERING_SHARE = 0.4


def add_other_logit(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Give a recipe's weights an eleventh logit: the mean of the ten."""
    *before, kernel, bias = weights
    kernel = np.concatenate([kernel, kernel.mean(axis=1, keepdims=True)], axis=1)  # (F, 10) -> (F, 11)
    return [*before, kernel, np.append(bias, bias.mean()).astype(np.float32)]


class SpecialistTrainer:
    """A specialist's network, its optimizer and the images rendered for it."""

    def __init__(self, specialist: Specialist, start: Checkpoint, dataset: FashionMNIST, seed: int = 0):
        self.specialist, self.start, self.dataset, self.seed = specialist, start, dataset, seed
        self.generator = np.random.default_rng(seed)
        train, validation = dataset.split_train(SPLIT_SEED)
        self._train, self._validation = train, validation[:VALIDATION_IMAGES]
        self.network = build_specialist(RECIPES[specialist.recipe].network, choose_training_dtype())
        set_weights(self.network, add_other_logit(start.weights))
        self._loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=specialist.label_smoothing)
        self._chosen = self.generator.permutation(train)[: specialist.images]
        count = len(self._chosen)
        batch_size = min(specialist.batch_size, count)
        self.outlier_count = round(batch_size * specialist.outlier_share)
        self.plain_count = round(batch_size * specialist.plain_share)
        self.garment_count = batch_size - self.outlier_count - self.plain_count
        self.steps = max(1, specialist.passes * count // self.garment_count)
        rate = OneCycle(specialist.peak_learning_rate, specialist.warmup_share * self.steps, self.steps)
        self.optimizer = Muon(rate)
        self.optimizer.build(self.network.trainable_variables)

    def learn(self) -> Iterator[float]:
        """Render and learn, yielding the share of the work that is done."""
        for share in self._render_all():
            yield share * RENDERING_SHARE
        done = 0
        while done < self.steps:
            steps = min(STEPS_A_CALL, self.steps - done)
            self._run_steps(*self._choose_batches(done, steps))
            done += steps
            yield RENDERING_SHARE + (1 - RENDERING_SHARE) * done / self.steps

    def _render_all(self) -> Iterator[float]:
        rendered = {GARMENTS: [], OUTLIERS: []}
        chosen = choose_sources(self.dataset.train_labels[self._train], self.specialist.outliers, self.generator)
        outlier_sources = self._train[chosen]
        total = len(self._chosen) + len(outlier_sources)
        for subject, indices in ((GARMENTS, self._chosen), (OUTLIERS, outlier_sources)):
            for images in self._render(subject, indices, purpose=0):
                rendered[subject].append(images)
                yield sum(len(part) for parts in rendered.values() for part in parts) / total
        self._garments, self._outliers = (np.concatenate(parts) for parts in rendered.values())
        passes = -(-self.steps * self.garment_count // len(self._chosen))
        self._order = np.concatenate([self.generator.permutation(len(self._chosen)) for _ in range(passes)])

    def _render(self, subject: str, indices: np.ndarray, purpose: int) -> Iterator[np.ndarray]:
        images, labels = self._take(indices), self.dataset.train_labels[indices]
        return render_in_processes(subject, self.specialist.style, images, labels, [self.seed, purpose])

    def _take(self, indices: np.ndarray) -> np.ndarray:
        return np.rint(255 * self.dataset.train_images[indices]).astype(np.uint8)

    def _choose_batches(self, first: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the images, (S, B, 28, 28, 1) uint8, and labels, (S, B) int32, of the next steps."""
        rows = self._order[first * self.garment_count : (first + steps) * self.garment_count].reshape(steps, -1)
        plain = self._train[self.generator.integers(len(self._train), size=(steps, self.plain_count))]
        others = self.generator.integers(len(self._outliers), size=(steps, self.outlier_count))
        images = np.concatenate([self._garments[rows], self._take(plain), self._outliers[others]], axis=1)
        train_labels = self.dataset.train_labels
        labels = [train_labels[self._chosen[rows]], train_labels[plain], np.full_like(others, OTHER)]
        mirrored = self.generator.random(images.shape[:2]) < 0.5
        images[mirrored] = images[mirrored][:, :, ::-1]
        return images, np.concatenate(labels, axis=1).astype(np.int32)

    @tf.function(
        input_signature=[tf.TensorSpec([None, None, 28, 28, 1], tf.uint8), tf.TensorSpec([None, None], tf.int32)]
    )
    def _run_steps(self, images, labels):
        for step in tf.range(tf.shape(labels)[0]):
            with tf.GradientTape() as tape:
                logits = self.network(tf.cast(images[step], tf.float32) / 255, training=True)  # (B, 11)
                loss = self._loss(tf.one_hot(labels[step], OTHER + 1), logits)
            gradients = tape.gradient(loss, self.network.trainable_variables)
            self.optimizer.apply(gradients, self.network.trainable_variables)

    def evaluate(self) -> dict:
        """Calibrate on rendered validation images: see `model.evaluation.evaluate_specialist`."""
        recipe = RECIPES[self.specialist.recipe]
        network = build_network(recipe.network)
        set_weights(network, self.start.weights)
        answer_start = compile_inference(network, mirror=recipe.flip)
        answer = compile_inference(self.network, mirror=True)
        labels = self.dataset.train_labels[self._validation]
        garments = self._render_validation(GARMENTS)
        return evaluate_specialist(
            compute_logits(answer_start, garments),
            compute_logits(answer, garments),
            labels,
            compute_logits(answer, self._render_validation(OUTLIERS)),
            self.specialist.weights,
        )

    def _render_validation(self, subject: str) -> np.ndarray:
        rendered = np.concatenate(list(self._render(subject, self._validation, purpose=1)))
        return rendered.astype(np.float32) / 255

    def make_checkpoint(self, started: float) -> Checkpoint:
        """Give the finished specialist; `started` is of `time.monotonic`."""
        metrics = self.evaluate()
        card = {
            "format": FORMAT,
            "recipe": self.specialist.name,
            "recipe_fingerprint": self.specialist.compute_fingerprint(),
            "data_fingerprint": self.dataset.fingerprint,
            "seed": self.seed,
            "epochs_done": self.specialist.passes,
            "train_seconds": time.monotonic() - started,
            "history": [],
            "metrics": metrics | {"parameters": int(self.network.count_params())},
            "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
        }
        return Checkpoint(card, self.network.get_weights())


def train_specialist(
    specialist: Specialist,
    start: Checkpoint,
    dataset: FashionMNIST,
    seed: int,
    on_share: Callable[[float], None],
    should_stop: Callable[[], bool],
) -> Checkpoint | None:
    """Learn a specialist from its recipe's checkpoint; None when stopped early."""
    started = time.monotonic()
    trainer = SpecialistTrainer(specialist, start, dataset, seed)
    for share in trainer.learn():
        on_share(share)
        if should_stop():
            return None
    return trainer.make_checkpoint(started)
