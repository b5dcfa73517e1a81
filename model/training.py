"""How a network learns: one loop for every recipe, in TensorFlow's graph, reporting as it goes."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from data.fashion_mnist import LABELS, FashionMNIST
from model.cache import FORMAT, CacheError, Checkpoint
from model.distortions import cover_images, shift_images
from model.networks import build_network, choose_training_dtype, compile_inference
from model.optimizers import Muon
from model.recipes import Recipe

# The split never follows the run's seed: validation figures of different runs stay comparable.
SPLIT_SEED = 0
# One call into the graph runs this share of an epoch: long enough that Python costs nothing, short enough for a
# progress bar that moves and a Ctrl-C that is heard.
CHUNKS_PER_EPOCH = 12
# Between epochs this many validation images give the accuracy so far.
INTERIM_VALIDATION_IMAGES = 1000
EVALUATION_BATCH = 500

OPTIMIZERS: dict[str, Callable] = {"muon": Muon, "adam": keras.optimizers.Adam}


@dataclass(frozen=True)
class Progress:
    """How far learning has come.

    Attributes
    ----------
    share : float
        0..1 of all steps.
    seconds_left : float or None
        None until it can be told.
    history : list of dict
        One an epoch: `epoch`, `seconds`, `train_loss`, `train_accuracy`, `validation_loss`,
        `validation_accuracy`. Training figures are of the augmented images, with label smoothing.
    """

    share: float
    seconds_left: float | None
    history: list[dict]


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Linear rise to the peak, then linear fall to zero (Smith 2018, arXiv:1803.09820)."""

    def __init__(self, peak: float, warmup_steps: float, total_steps: int):
        self.peak, self.warmup_steps, self.total_steps = peak, max(1.0, warmup_steps), total_steps

    def __call__(self, step):
        step = tf.cast(step, tf.float32) + 1.0
        rise = step / self.warmup_steps
        fall = (self.total_steps + 1.0 - step) / (self.total_steps + 1.0 - self.warmup_steps)
        return self.peak * tf.clip_by_value(tf.minimum(rise, fall), 0.0, 1.0)


def choose_strategy() -> tf.distribute.Strategy:
    """Several GPUs learn together, each from its part of a batch; one GPU, or the CPU, is TensorFlow's own choice."""
    several = len(tf.config.list_physical_devices("GPU")) > 1
    return tf.distribute.MirroredStrategy() if several else tf.distribute.get_strategy()


def split_images(recipe: Recipe, dataset: FashionMNIST) -> tuple[np.ndarray, np.ndarray]:
    """Give the indices to learn from and those to validate on, both (N,) int64.

    A recipe that validates on less learns from the rest of the common validation images too, so what one recipe
    validates on no recipe learns from.
    """
    train, validation = dataset.split_train(SPLIT_SEED)
    count = recipe.validation_images
    return (train, validation) if count is None else (np.concatenate([train, validation[count:]]), validation[:count])


class Trainer:
    """A network, its optimizer and its data, ready to learn one epoch after the other."""

    def __init__(self, recipe: Recipe, dataset: FashionMNIST, seed: int = 0):
        self.recipe, self.dataset, self.seed = recipe, dataset, seed
        self.train_indices, self.validation_indices = split_images(recipe, dataset)
        self._strategy = choose_strategy()
        replicas = self._strategy.num_replicas_in_sync
        self.batch_size = min(recipe.batch_size, len(self.train_indices)) // replicas * replicas
        dtype = choose_training_dtype() if recipe.low_precision else "float32"
        with self._strategy.scope():
            self.network = build_network(recipe.network, seed, dtype)
            self.optimizer = OPTIMIZERS[recipe.optimizer](self._make_schedule())
            self.optimizer.build(self.network.trainable_variables)
        self.answer = compile_inference(self.network, mirror=recipe.flip)
        self._loss = keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=recipe.label_smoothing, reduction=None
        )
        # Of each training image, when last learnt from.
        self._losses = np.zeros(len(dataset.train_images), np.float32)
        self._images = tf.constant(dataset.train_images)
        self._labels = tf.constant(dataset.train_labels, tf.int32)
        self.epochs_done, self.train_seconds, self.history = 0, 0.0, []
        self.validation_logits = None  # of the whole validation split, known after the last epoch

    def _count_steps(self, epoch: int) -> int:
        is_hard = epoch >= self.recipe.epochs - self.recipe.hard_epochs
        share = self.recipe.hard_share if is_hard else 1.0
        return max(1, int(share * len(self.train_indices)) // self.batch_size)

    def _count_steps_before(self, epoch: int) -> int:
        return sum(self._count_steps(earlier) for earlier in range(epoch))

    def compute_share(self, epoch_share: float = 0.0) -> float:
        """Give the share of all steps that is done, 0..1, with `epoch_share` of the epoch under way."""
        steps = self._count_steps_before(self.epochs_done)
        if epoch_share:
            steps += epoch_share * self._count_steps(self.epochs_done)
        return steps / self._count_steps_before(self.recipe.epochs)

    def _make_schedule(self):
        if self.recipe.warmup_share is None:
            return self.recipe.peak_learning_rate
        total_steps = self._count_steps_before(self.recipe.epochs)
        return OneCycle(self.recipe.peak_learning_rate, self.recipe.warmup_share * total_steps, total_steps)

    def run_epoch(self) -> Iterator[float]:
        """Learn one epoch, yielding the share of it that is done after each chunk.

        Closing the generator early leaves `epochs_done` as it was; the epoch then begins again.
        """
        started = time.perf_counter()
        steps = self._count_steps(self.epochs_done)
        batches = self._choose_images(steps * self.batch_size).reshape(steps, self.batch_size)
        mirrored = self._choose_mirrored()[batches]
        seeds = np.random.default_rng([self.seed, self.epochs_done, 1]).integers(2**31, size=(steps, 2), dtype=np.int32)
        right = 0.0
        for chunk in np.array_split(np.arange(steps), min(CHUNKS_PER_EPOCH, steps)):
            losses, hits = self._run_steps(batches[chunk], mirrored[chunk], seeds[chunk])
            self._losses[batches[chunk]] = losses.numpy()
            right += hits.numpy()
            yield (chunk[-1] + 1) / steps
        self.epochs_done += 1
        self.train_seconds += time.perf_counter() - started
        self._record_epoch(self._losses[batches].mean(), right / batches.size)

    def _choose_images(self, count: int) -> np.ndarray:
        """Choose this epoch's images in a new order: the `count` of highest loss, or any when all but a batch fit."""
        generator = np.random.default_rng([self.seed, self.epochs_done])
        shuffled = generator.permutation(self.train_indices).astype(np.int32)
        if len(shuffled) - count < self.batch_size:
            return shuffled[:count]
        hardest = np.argsort(-self._losses[shuffled], kind="stable")[:count]
        return shuffled[np.sort(hardest)]

    def _choose_mirrored(self) -> np.ndarray:
        """Choose the images to mirror: a random half in the first epoch, then each one in turn (airbench)."""
        images = len(self.dataset.train_images)
        if not self.recipe.flip:
            return np.zeros(images, bool)
        first_half = np.random.default_rng(self.seed).random(images) < 0.5
        return first_half ^ bool(self.epochs_done % 2)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None], tf.bool),
            tf.TensorSpec([None, 2], tf.int32),
        ]
    )
    def _run_steps(self, batches, mirrored, seeds):
        """Run as many steps as `batches` has rows; give each image's loss and the count of right answers."""
        steps, correct = tf.shape(batches)[0], tf.constant(0.0)
        losses = tf.TensorArray(tf.float32, steps, element_shape=[None])
        for step in tf.range(steps):
            replies = self._strategy.run(self._learn_batch, (batches[step], mirrored[step], seeds[step]))
            replica_losses, replica_hits = (self._strategy.experimental_local_results(reply) for reply in replies)
            losses = losses.write(step, tf.concat(replica_losses, axis=0))
            correct += tf.add_n(replica_hits)
        return losses.stack(), correct

    def _learn_batch(self, batch, mirrored, seed):
        """Learn this replica's part of a batch: (B,) indices, (B,) flags -> (B / replicas,) losses, count of hits."""
        replica = tf.distribute.get_replica_context()
        number, replicas = replica.replica_id_in_sync_group, self._strategy.num_replicas_in_sync
        batch, mirrored = (tf.reshape(part, (replicas, -1))[number] for part in (batch, mirrored))
        seed = tf.stack([seed[0], tf.bitwise.bitwise_xor(seed[1], number)])
        images = self._distort(tf.gather(self._images, batch), mirrored, seed)
        labels = tf.gather(self._labels, batch)  # (B,)
        with tf.GradientTape() as tape:
            logits = self.network(images, training=True)  # (B, 10)
            loss = self._loss(tf.one_hot(labels, len(LABELS)), logits)  # (B,)
            # The optimizer adds up the replicas' gradients.
            mean_loss = tf.reduce_mean(loss) / replicas
        gradients = tape.gradient(mean_loss, self.network.trainable_variables)
        self.optimizer.apply(gradients, self.network.trainable_variables)
        hits = tf.argmax(logits, 1, output_type=tf.int32) == labels
        return loss, tf.reduce_sum(tf.cast(hits, tf.float32))

    def _distort(self, images, mirrored, seed):
        """Give training images as the recipe wants them: (B, 28, 28, 1) -> (B, 28, 28, 1)."""
        images = tf.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
        if self.recipe.shift_px:
            images = shift_images(images, self.recipe.shift_px, seed)
        if self.recipe.cover_share:
            images = cover_images(images, self.recipe.cover_share, seed + 1)
        return images

    def _record_epoch(self, train_loss: float, train_accuracy: float) -> None:
        is_last = self.epochs_done == self.recipe.epochs
        subset = self.validation_indices[: None if is_last else INTERIM_VALIDATION_IMAGES]
        logits = compute_logits(self.answer, self.dataset.train_images[subset])
        self.validation_logits = logits if is_last else None
        labels = self.dataset.train_labels[subset]
        loss = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
        self.history.append(
            {
                "epoch": self.epochs_done,
                "seconds": round(self.train_seconds, 2),
                "train_loss": float(train_loss),
                "train_accuracy": float(train_accuracy),
                "validation_loss": float(np.mean(loss)),
                "validation_accuracy": float(np.mean(logits.argmax(1) == labels)),
            }
        )

    def take_snapshot(self) -> Checkpoint:
        """Give everything that is needed to continue from here."""
        card = {
            "format": FORMAT,
            "recipe": self.recipe.name,
            "recipe_fingerprint": self.recipe.compute_fingerprint(),
            "data_fingerprint": self.dataset.fingerprint,
            "seed": self.seed,
            "epochs_done": self.epochs_done,
            "train_seconds": self.train_seconds,
            "history": list(self.history),
            "metrics": {},
            "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
        }
        return Checkpoint(card, self.network.get_weights(), self._read_state())

    def _read_state(self) -> list[np.ndarray]:
        """Give what the next epoch needs besides the weights: the optimizer's variables and the images' losses."""
        return [*(variable.numpy() for variable in self.optimizer.variables), self._losses.copy()]

    def restore(self, snapshot: Checkpoint) -> None:
        """Continue from a snapshot.

        Raises
        ------
        CacheError
            When it does not fit this network, optimizer or seed.
        """
        if snapshot.card["seed"] != self.seed:
            raise CacheError(f"was learnt with seed {snapshot.card['seed']}")
        set_weights(self.network, snapshot.weights)
        if [a.shape for a in snapshot.optimizer_state] != [a.shape for a in self._read_state()]:
            raise CacheError("holds an optimizer state that does not fit")
        *optimizer_state, self._losses = snapshot.optimizer_state
        for variable, array in zip(self.optimizer.variables, optimizer_state, strict=True):
            variable.assign(array)
        self.epochs_done = snapshot.card["epochs_done"]
        self.train_seconds = snapshot.card["train_seconds"]
        self.history = list(snapshot.card["history"])


def set_weights(network: keras.Model, weights: list[np.ndarray]) -> None:
    """Put weights into a network.

    Raises
    ------
    CacheError
        When their shapes are not the network's.
    """
    if [array.shape for array in weights] != [tuple(v.shape) for v in network.weights]:
        raise CacheError("holds weights that do not fit the network")
    network.set_weights(weights)


def compute_logits(answer: Callable, images: np.ndarray) -> np.ndarray:
    """Run a network over many images.

    Parameters
    ----------
    answer : callable
        From `model.networks.compile_inference`.
    images : (N, 28, 28, 1) float32, 0..1

    Returns
    -------
    (N, 10) float32 logits
    """
    starts = range(0, len(images), EVALUATION_BATCH)
    return np.concatenate([answer(images[i : i + EVALUATION_BATCH]).numpy() for i in starts])
