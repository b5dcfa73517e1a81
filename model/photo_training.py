"""How the photo reader learns its head: `python -m model.train --recipe photo --pictures DIR`.

The head is a softmax regression on the backbone's features, held near what ImageNet's own classes know of garments
(`model.photo_prior`), so that a class with few pictures, or none, still has an answer. A class of which the folder has
no picture is left out of the pictures' loss: nothing there speaks against it. Enlarged images of Fashion-MNIST, in
which every garment occurs, take part with a smaller weight.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from data.fashion_mnist import LABELS, FashionMNIST
from data.wardrobe import OTHER, LabelledPicture, WardrobeError
from model.photo import CLASSES, FORMAT, HEAD_NAME, Head, save_head, soften
from model.photo_features import Lessons, gather_lessons
from model.photo_prior import build_prior

# Chosen by validation on held-out senders; each could be twice or half as large at less than a point of accuracy.
PRIOR_PULL = 0.07
STAND_IN_WEIGHT = 0.3
# A class counts as its pictures to this power: at 0 like any other, at 1 by its number.
COUNT_POWER = 0.1
ROUNDS = 70
FOLDS = 4
# Added to each feature's standard deviation: one that hardly ever fires is not blown up.
SPREAD_FLOOR = 0.05
OTHER_INDEX = CLASSES.index(OTHER)
TEMPERATURES = np.geomspace(0.25, 4, 81)
# So many of the held-out garments are recognised as such.
RECOGNISED_SHARE = 0.95
# Stands for minus infinity in a softmax.
EXCLUDED = -30.0


def learn_photo_head(
    pictures: list[LabelledPicture],
    dataset: FashionMNIST,
    models_directory: Path,
    seed: int = 0,
    on_progress: Callable[[float], None] = lambda share: None,
) -> tuple[Head, Path]:
    """Learn a head, validate it on held-out senders, and keep it in the models' folder.

    Returns
    -------
    head : Head
    path : Path

    Raises
    ------
    WardrobeError
        When fewer than two classes have a picture that can be read.
    model.torch_weights.WeightsError
        When the backbone's weights are not there.
    """
    started = time.monotonic()
    lessons = gather_lessons(pictures, dataset, models_directory, seed, on_progress)
    if len(set(lessons.labels.tolist())) < 2:
        raise WardrobeError("Fewer than two classes have a picture that can be read.")
    head = fit_validated_head(lessons, seed)
    head.card.update(
        broken_files=lessons.broken,
        split="sender" if any(picture.sender for picture in pictures) else "picture",
        train_seconds=round(time.monotonic() - started, 2),
    )
    path = Path(models_directory) / HEAD_NAME
    save_head(path, head)
    return head, path


def fit_validated_head(lessons: Lessons, seed: int) -> Head:
    """Fit on everything; temperature, threshold and figures are of pictures whose sender was held out."""
    held_out = compute_held_out_logits(lessons, seed)
    temperature = find_temperature(held_out, lessons.labels)
    garment_odds = compute_garment_odds(soften(held_out, temperature))
    is_garment = lessons.labels != OTHER_INDEX
    kernel, bias = fit_head(lessons, np.arange(len(lessons.labels)))
    card = {
        "format": FORMAT,
        "seed": seed,
        "pictures": {name: int((lessons.labels == n).sum()) for n, name in enumerate(CLASSES)},
        "senders": len(set(lessons.senders.tolist())),
        "temperature": temperature,
        "garment_threshold": float(np.quantile(garment_odds[is_garment], 1 - RECOGNISED_SHARE)),
        "validation": score_held_out(held_out, lessons.labels, garment_odds),
    }
    return Head(card, kernel, bias)


def split_senders(senders: np.ndarray, seed: int) -> np.ndarray:
    """Deal senders to folds, the largest first and each to the smallest fold: (P,) str -> (P,) int."""
    names, counts = np.unique(senders, return_counts=True)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    sizes, fold_of = np.zeros(FOLDS, int), {}
    for place in shuffled[np.argsort(-counts[shuffled], kind="stable")]:
        fold_of[names[place]] = int(sizes.argmin())
        sizes[sizes.argmin()] += counts[place]
    return np.array([fold_of[sender] for sender in senders])


def compute_held_out_logits(lessons: Lessons, seed: int) -> np.ndarray:
    """Let each picture be answered by a head that saw no picture of its sender: (P, 11) float32."""
    folds = split_senders(lessons.senders, seed)
    logits = np.zeros((len(lessons.labels), len(CLASSES)), np.float32)
    for fold in np.unique(folds):
        rest = np.flatnonzero(folds != fold)
        kernel, bias = fit_head(lessons, rest) if len(rest) else (build_prior(), 0)
        logits[folds == fold] = lessons.features[folds == fold].mean(axis=1) @ kernel + bias
    return logits


def fit_head(lessons: Lessons, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit the head to the chosen pictures and to the stand-ins.

    Parameters
    ----------
    chosen : (M,) int, at least one

    Returns
    -------
    kernel : (1280, 11) float32
    bias : (11,) float32
    """
    views = lessons.features.shape[1] // 2  # mirror images say little that is new, and would double the work
    photos = lessons.features[chosen, :views].reshape(-1, lessons.features.shape[-1])  # (M V, 1280)
    labels = np.concatenate([np.repeat(lessons.labels[chosen], views), lessons.stand_in_labels])
    is_photo = np.arange(len(labels)) < len(photos)
    centre, spread = photos.mean(axis=0), photos.std(axis=0) + SPREAD_FLOOR
    inputs = (np.concatenate([photos, lessons.stand_ins]) - centre) / spread
    prior = spread[:, None] * build_prior()
    kernel, bias = minimise_loss(inputs, labels, weigh(labels, is_photo), exclude_unseen(labels, is_photo), prior)
    kernel = kernel / spread[:, None]
    return kernel, bias - centre @ kernel


def weigh(labels: np.ndarray, is_photo: np.ndarray) -> np.ndarray:
    """Weigh the examples: classes nearly alike however many pictures they have, stand-ins less: (N,) float32."""
    counts = np.bincount(labels[is_photo], minlength=len(CLASSES))
    weights = np.maximum(counts, 1)[labels].astype(np.float32) ** (COUNT_POWER - 1)
    weights[is_photo] /= weights[is_photo].sum()
    weights[~is_photo] = STAND_IN_WEIGHT / max(1, (~is_photo).sum())
    return weights / weights.sum()


def exclude_unseen(labels: np.ndarray, is_photo: np.ndarray) -> np.ndarray:
    """Take what has no picture out of the pictures' choice, and the other things out of the stand-ins': (N, 11)."""
    offsets = np.zeros((len(labels), len(CLASSES)), np.float32)
    unseen = np.bincount(labels[is_photo], minlength=len(CLASSES)) == 0
    offsets[np.ix_(is_photo, unseen)] = EXCLUDED
    offsets[~is_photo, OTHER_INDEX] = EXCLUDED
    return offsets


def minimise_loss(inputs, labels, weights, offsets, prior) -> tuple[np.ndarray, np.ndarray]:
    """Minimise weighted cross-entropy plus half `PRIOR_PULL` times the squared distance from the prior.

    Parameters
    ----------
    inputs : (N, D) float32
    labels : (N,) int
    weights : (N,) float32, sums to 1
    offsets : (N, K) float32, added to the logits
    prior : (D, K) float32

    Returns
    -------
    kernel : (D, K) float32
    bias : (K,) float32
    """
    from scipy.optimize import minimize

    size, targets = prior.size, np.eye(prior.shape[1], dtype=np.float32)[labels]

    def compute_loss(parameters):
        parameters = parameters.astype(np.float32)
        kernel, bias = parameters[:size].reshape(prior.shape), parameters[size:]
        shares = soften(inputs @ kernel + bias + offsets, 1.0).astype(np.float32)  # (N, K)
        errors, distance = (shares - targets) * weights[:, None], kernel - prior
        loss = PRIOR_PULL / 2 * (distance**2).sum() - weights @ np.log((shares * targets).sum(axis=1))
        slopes = inputs.T @ errors + PRIOR_PULL * distance
        return float(loss), np.concatenate([slopes.ravel(), errors.sum(axis=0)]).astype(float)

    start = np.concatenate([prior.ravel(), np.zeros(prior.shape[1], np.float32)])
    best = minimize(compute_loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS}).x.astype(np.float32)
    return best[:size].reshape(prior.shape), best[size:]


def find_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Find the temperature whose probabilities fit held-out pictures best (Guo et al. 2017, arXiv:1706.04599)."""
    places = np.arange(len(labels))
    losses = [-np.log(soften(logits, temperature)[places, labels]).mean() for temperature in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def compute_garment_odds(probabilities: np.ndarray) -> np.ndarray:
    """Log-odds of being any of the ten: (N, 11) -> (N,)."""
    other = probabilities[:, OTHER_INDEX]
    return np.log((1 - other) / other)


def score_held_out(logits: np.ndarray, labels: np.ndarray, garment_odds: np.ndarray) -> dict:
    """Figures of held-out pictures, of garments among the ten; `garment_auroc` is None without other things."""
    from sklearn.metrics import roc_auc_score

    is_garment = labels != OTHER_INDEX
    ranks = np.argsort(-logits[is_garment, : len(LABELS)], axis=1)
    hits = ranks[:, :3] == labels[is_garment, None]
    members = {name: labels[is_garment] == n for n, name in enumerate(LABELS) if (labels == n).any()}
    return {
        "accuracy": float(hits[:, 0].mean()),
        "macro_top1": float(np.mean([hits[rows, 0].mean() for rows in members.values()])),
        "macro_top3": float(np.mean([hits[rows].any(axis=1).mean() for rows in members.values()])),
        "per_class": {
            name: {"count": int(rows.sum()), "top1": float(hits[rows, 0].mean())} for name, rows in members.items()
        },
        "garment_auroc": float(roc_auc_score(is_garment, garment_odds)) if not is_garment.all() else None,
    }
