"""The life of the model: no model, learning, ready; then its specialists for uploads go on learning.

`learn_recipe` is the whole way from a recipe to a cached checkpoint; the command line and the page both use it.
`Learner` runs it in a thread, so that the page is up at once and answers from the newest snapshot.
TensorFlow is imported inside the functions: importing this module is quick.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from data.fashion_mnist import FashionMNIST
from model.cache import (
    CacheError,
    Checkpoint,
    load_checkpoint,
    locate_checkpoint,
    locate_snapshot,
    save_checkpoint,
    set_aside,
)
from model.evaluation import compute_probabilities, write_report
from model.recipes import Recipe
from model.specialists import Specialist, list_specialists

NO_MODEL, LEARNING, READY, FAILED = "no model", "learning", "ready", "failed"
# While learning, the answering network gets newer weights this often.
REFRESH_SECONDS = 2.0

log = logging.getLogger(__name__)


def import_tensorflow() -> None:
    """Import TensorFlow with as little chatter as it allows."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow  # noqa: F401


def load_or_set_aside(
    path: Path, recipe: Recipe | Specialist, dataset: FashionMNIST, finished: bool = True
) -> Checkpoint | None:
    """Load a cached checkpoint; one that cannot be used is renamed and said so, never trusted."""
    try:
        return load_checkpoint(path, recipe, dataset.fingerprint, finished)
    except FileNotFoundError:
        return None
    except CacheError as error:
        reject_checkpoint(path, error)
        return None


def reject_checkpoint(path: Path, error: CacheError) -> None:
    """Rename a checkpoint that cannot be used, and say so."""
    log.warning("%s %s; set aside as %s, learning anew.", path, error, set_aside(path).name)


def learn_recipe(
    recipe: Recipe,
    dataset: FashionMNIST,
    models_directory: Path,
    seed: int = 0,
    on_progress: Callable = lambda progress: None,
    on_weights: Callable = lambda network: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Checkpoint | None:
    """Learn a recipe to its end, or go on from its snapshot, and cache the result.

    Parameters
    ----------
    on_progress : called with a `model.training.Progress` several times an epoch
    on_weights : called with the network when it has learnt some more
    should_stop : asked several times an epoch; True ends learning, the last snapshot stays

    Returns
    -------
    Checkpoint or None
        None when stopped early.
    """
    import_tensorflow()
    from model.training import Progress, Trainer

    started = time.monotonic()
    snapshot_path = locate_snapshot(models_directory, recipe)
    trainer = Trainer(recipe, dataset, seed)
    snapshot = load_or_set_aside(snapshot_path, recipe, dataset, finished=False)
    if snapshot:
        try:
            trainer.restore(snapshot)
            log.info("Going on after epoch %d of %d.", trainer.epochs_done, recipe.epochs)
        except CacheError as error:
            reject_checkpoint(snapshot_path, error)
            trainer = Trainer(recipe, dataset, seed)

    share_at_start = trainer.compute_share()
    on_progress(Progress(share_at_start, None, trainer.history))
    while trainer.epochs_done < recipe.epochs:
        for epoch_share in trainer.run_epoch():
            share = trainer.compute_share(epoch_share)
            seconds_left = (time.monotonic() - started) / (share - share_at_start) * (1 - share)
            on_progress(Progress(share, seconds_left, list(trainer.history)))
            on_weights(trainer.network)
            if should_stop():
                return None
        save_checkpoint(snapshot_path, trainer.take_snapshot())
    on_progress(Progress(1.0, 0.0, list(trainer.history)))
    checkpoint = _evaluate(trainer, started)
    save_checkpoint(locate_checkpoint(models_directory, recipe), checkpoint)
    snapshot_path.unlink(missing_ok=True)
    return checkpoint


def _evaluate(trainer, started: float) -> Checkpoint:
    from model.training import compute_logits

    dataset, validation = trainer.dataset, trainer.validation_indices
    validation_logits = trainer.validation_logits
    if validation_logits is None:  # stopped between the last epoch and here
        validation_logits = compute_logits(trainer.answer, dataset.train_images[validation])
    test_logits = compute_logits(trainer.answer, dataset.test_images)
    metrics = write_report(validation_logits, dataset.train_labels[validation], test_logits, dataset.test_labels)
    metrics["parameters"] = int(trainer.network.count_params())
    # All of it, compilation and evaluation too; of the last start, where learning was interrupted.
    metrics["total_seconds"] = time.monotonic() - started
    card = trainer.take_snapshot().card | {"metrics": metrics}
    return Checkpoint(card, trainer.network.get_weights(), test_logits=test_logits)


def learn_specialist(
    specialist: Specialist,
    start: Checkpoint,
    dataset: FashionMNIST,
    models_directory: Path,
    seed: int = 0,
    on_share: Callable[[float], None] = lambda share: None,
    should_stop: Callable[[], bool] = lambda: False,
    anew: bool = False,
) -> Checkpoint | None:
    """Learn a specialist, or take it from the cache, and cache it.

    Parameters
    ----------
    start : Checkpoint
        The finished one of its recipe.
    on_share : called with the share of the work that is done, 0..1
    should_stop : asked now and then; True ends learning, and nothing of it is kept
    anew : bool
        Learn it even when there is one in the cache.

    Returns
    -------
    Checkpoint or None
        None when stopped early.
    """
    import_tensorflow()
    from model.specialist_training import train_specialist

    path = locate_checkpoint(models_directory, specialist)
    checkpoint = None if anew else load_or_set_aside(path, specialist, dataset)
    if checkpoint is None:
        checkpoint = train_specialist(specialist, start, dataset, seed, on_share, should_stop)
        if checkpoint:
            save_checkpoint(path, checkpoint)
    return checkpoint


class Learner:
    """Brings a recipe to life in the background.

    Attributes
    ----------
    state : str
        `NO_MODEL`, `LEARNING`, `READY`, or `FAILED` when a bug ended learning (it is in the log).
    classifier : Classifier or None
        Answers from the newest snapshot while learning.
    checkpoint : Checkpoint or None
        The finished one: known before TensorFlow is imported when it comes from the cache.
    photo_reader : PhotoReader or None
        The reader of colour photos, loaded once the network is ready; None before, and where it is missing.
    history : list of dict
        See `model.training.Progress`.
    uploads_progress : float or None
        How far the specialists for uploads are, 0..1; None when there is nothing more to learn.
    """

    def __init__(self, recipe: Recipe, dataset: FashionMNIST, models_directory: Path, seed: int = 0):
        self.recipe, self.dataset, self.models_directory, self.seed = recipe, dataset, models_directory, seed
        self.state, self.progress, self.seconds_left = NO_MODEL, 0.0, None
        self.classifier = self.photo_reader = None
        self.checkpoint = load_or_set_aside(locate_checkpoint(models_directory, recipe), recipe, dataset)
        self.history = self.checkpoint.card["history"] if self.checkpoint else []
        self.uploads_progress = 0.0 if list_specialists(recipe.name) else None
        self._refreshed = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="learner", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_seconds: float = 30.0) -> None:
        """Ask learning to end, keeping the last snapshot, and wait for it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def describe_status(self) -> dict:
        """Give `state`, `recipe`, `progress` (0..1) and `test_accuracy` (0..1, None until known)."""
        ready = self.state == READY
        return {
            "state": self.state,
            "recipe": self.recipe.name,
            "progress": 1.0 if ready else round(self.progress, 4),
            "test_accuracy": self.checkpoint.metrics["test"]["accuracy"] if self.checkpoint else None,
        }

    def compute_test_probabilities(self) -> np.ndarray:
        """Give the finished network's answers for the test set: (N, 10) float64. Needs no TensorFlow."""
        return compute_probabilities(self.checkpoint.test_logits, self.checkpoint.metrics["temperature"])

    def _run(self) -> None:
        try:
            self._load_or_learn()
        except Exception:
            # The page must say so instead of showing a bar that stands still; the bug itself goes to the log.
            self.state = FAILED
            raise
        if self.state == READY:
            try:
                self._load_photo_reader()
                self._learn_specialists()
            finally:  # a bug goes to the log; the recipe's network goes on answering
                self.uploads_progress = None

    def _load_or_learn(self) -> None:
        import_tensorflow()
        from model.classifier import Classifier

        if self.checkpoint:
            try:
                self._serve(Classifier.from_checkpoint(self.checkpoint))
                self.state = READY
                return
            except CacheError as error:
                reject_checkpoint(locate_checkpoint(self.models_directory, self.recipe), error)
                self.checkpoint, self.history = None, []
        self.state = LEARNING
        checkpoint = learn_recipe(
            self.recipe,
            self.dataset,
            self.models_directory,
            self.seed,
            on_progress=self._note_progress,
            on_weights=self._refresh_classifier,
            should_stop=self._stopping.is_set,
        )
        if checkpoint:
            self._serve(Classifier.from_checkpoint(checkpoint))
            self.checkpoint = checkpoint
            self.state = READY

    def _learn_specialists(self) -> None:
        specialists = list_specialists(self.recipe.name)
        for number, specialist in enumerate(specialists):

            def note_share(share: float, number: int = number) -> None:
                self.uploads_progress = (number + share) / len(specialists)

            if not self._add_specialist(specialist, note_share):
                return

    def _add_specialist(self, specialist: Specialist, note_share: Callable) -> bool:
        """Load or learn a specialist and let it answer; False when stopped early."""
        for anew in (False, True):
            checkpoint = learn_specialist(
                specialist,
                self.checkpoint,
                self.dataset,
                self.models_directory,
                self.seed,
                note_share,
                self._stopping.is_set,
                anew,
            )
            if checkpoint is None:
                return False
            try:
                self.classifier.add_specialist(specialist, checkpoint)
                return True
            except CacheError as error:
                reject_checkpoint(locate_checkpoint(self.models_directory, specialist), error)
        raise RuntimeError(f"{specialist.name}: what was just learnt does not fit its own network")

    def _load_photo_reader(self) -> None:
        """Let the photo reader answer, too, after first calls that no visitor has to wait for."""
        from model.photo import load_photo_reader

        photo_reader = load_photo_reader(self.models_directory)
        if photo_reader is not None:
            photo_reader.warm_up()
        self.photo_reader = photo_reader

    def _serve(self, classifier) -> None:
        """Let a classifier answer, after a first call that no visitor has to wait for."""
        classifier.classify(np.zeros((1, *self.dataset.test_images.shape[1:]), np.float32))
        self.classifier = classifier

    def _note_progress(self, progress) -> None:
        self.progress, self.seconds_left, self.history = progress.share, progress.seconds_left, progress.history

    def _refresh_classifier(self, network) -> None:
        from model.classifier import Classifier
        from model.networks import build_network

        if self.classifier is None:
            self._serve(Classifier(build_network(self.recipe.network), mirror=self.recipe.flip))
        elif time.monotonic() - self._refreshed < REFRESH_SECONDS:
            return
        self.classifier.update(network.get_weights())
        self._refreshed = time.monotonic()
