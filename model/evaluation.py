"""How good a trained network is, and how sure it may be: metrics, calibration, the threshold for "none of the ten"."""

import numpy as np

from data.fashion_mnist import LABELS

# Share of the validation images that may be called "none of the ten" by mistake. Uploads look stranger to the network
# than validation images do, so it is kept small.
UNRECOGNISED_SHARE = 0.005
# The same for specialists, whose validation images are rendered as uploads and hence as strange.
UNRECOGNISED_UPLOAD_SHARE = 0.05
CALIBRATION_BINS = 15


def compute_probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Softmax of logits over a temperature.

    Parameters
    ----------
    logits : (N, 10) float
    temperature : float
        Above 1 makes the answer less sure; it never changes which class is first.

    Returns
    -------
    (N, 10) float64, rows sum to 1
    """
    scaled = np.asarray(logits, np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def compute_energies(logits: np.ndarray) -> np.ndarray:
    """Log-sum-exp of the logits, high for what looks like the training data.

    Source: Liu et al. 2020, Energy-based Out-of-distribution Detection, arXiv:2010.03759 (its sign turned).

    Returns
    -------
    (N,) float64
    """
    logits = np.asarray(logits, np.float64)
    highest = logits.max(axis=1)
    return highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))


def blend_logits(logits: np.ndarray, specialist_logits: np.ndarray, weight: float) -> np.ndarray:
    """Answer with two networks: the mean of their logits for the ten classes, (N, 10).

    Parameters
    ----------
    logits : (N, 10) float
    specialist_logits : (N, 11) float
    weight : float
        The specialist's, 0..1.
    """
    return (1 - weight) * logits + weight * specialist_logits[:, : len(LABELS)]


def compute_garment_scores(specialist_logits: np.ndarray) -> np.ndarray:
    """Log odds that a picture shows any of the ten, by a specialist's own eleventh logit: (N, 11) -> (N,) float64."""
    return compute_energies(specialist_logits[:, : len(LABELS)]) - specialist_logits[:, len(LABELS)]


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Find the temperature that minimises the log loss (Guo et al. 2017, arXiv:1706.04599)."""
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def compute_log_loss(log_temperature: float) -> float:
        probabilities = compute_probabilities(logits, np.exp(log_temperature))
        return -np.log(np.clip(probabilities[rows, labels], 1e-12, None)).mean()

    return float(np.exp(minimize_scalar(compute_log_loss, bounds=(-3, 3), method="bounded").x))


def compute_calibration(probabilities: np.ndarray, labels: np.ndarray) -> tuple[list[dict], float]:
    """Compare confidence with accuracy in bins of equal width.

    Returns
    -------
    bins : list of dict
        `confidence`, `accuracy` (means, 0..1) and `count` of each bin that is not empty.
    error : float
        Expected calibration error, 0..1.
    """
    confidences = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    members = np.minimum((confidences * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    bins = [
        {
            "confidence": float(confidences[members == n].mean()),
            "accuracy": float(correct[members == n].mean()),
            "count": int((members == n).sum()),
        }
        for n in np.unique(members)
    ]
    error = sum(abs(b["confidence"] - b["accuracy"]) * b["count"] for b in bins) / len(labels)
    return bins, float(error)


def evaluate_logits(logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0) -> dict:
    """Compute the report card of one set of images.

    Parameters
    ----------
    logits : (N, 10) float
    labels : (N,) int, 0..9

    Returns
    -------
    dict
        `accuracy`, `macro_f1`, `log_loss`, `calibration` and `calibration_error`, `per_class` (one dict a label:
        `label`, `precision`, `recall`, `f1`, `count`), `confusion` (10 rows of 10 counts, truth by guess).
    """
    from sklearn import metrics

    classes = np.arange(len(LABELS))
    guesses = logits.argmax(axis=1)
    probabilities = compute_probabilities(logits, temperature)
    columns = metrics.precision_recall_fscore_support(labels, guesses, labels=classes, zero_division=0)
    bins, calibration_error = compute_calibration(probabilities, labels)
    return {
        "accuracy": float(metrics.accuracy_score(labels, guesses)),
        "macro_f1": float(np.mean(columns[2])),
        "log_loss": float(metrics.log_loss(labels, probabilities, labels=classes)),
        "calibration": bins,
        "calibration_error": calibration_error,
        "per_class": [
            {"label": label, "precision": float(p), "recall": float(r), "f1": float(f), "count": int(n)}
            for label, p, r, f, n in zip(LABELS, *columns, strict=True)
        ],
        "confusion": metrics.confusion_matrix(labels, guesses, labels=classes).tolist(),
    }


def write_report(
    validation_logits: np.ndarray, validation_labels: np.ndarray, test_logits: np.ndarray, test_labels: np.ndarray
) -> dict:
    """Calibrate on the validation images, and evaluate on the test images.

    Returns
    -------
    dict
        `test` (see `evaluate_logits`), `validation_accuracy`, `temperature`, `energy_threshold`.
    """
    temperature = fit_temperature(validation_logits, validation_labels)
    return {
        "test": evaluate_logits(test_logits, test_labels, temperature),
        "validation_accuracy": float((validation_logits.argmax(axis=1) == validation_labels).mean()),
        "temperature": temperature,
        "energy_threshold": float(np.quantile(compute_energies(validation_logits), UNRECOGNISED_SHARE)),
    }


def evaluate_specialist(
    garment_logits: np.ndarray,
    garment_specialist_logits: np.ndarray,
    labels: np.ndarray,
    outlier_specialist_logits: np.ndarray,
    weights: dict[str, float],
) -> dict:
    """Calibrate a specialist on rendered validation images.

    Parameters
    ----------
    garment_logits : (N, 10) float
        Of the network that it answers with.
    garment_specialist_logits, outlier_specialist_logits : (N, 11), (M, 11) float
        Of the specialist itself.
    labels : (N,) int, 0..9
    weights : dict of float
        By kind of upload; see `blend_logits`.

    Returns
    -------
    dict
        `kinds` (for each kind `validation_accuracy` and `temperature`), `score_threshold`, and `auroc` of garments
        against rendered outliers.
    """
    from sklearn.metrics import roc_auc_score

    kinds = {}
    for kind, weight in weights.items():
        logits = blend_logits(garment_logits, garment_specialist_logits, weight)
        accuracy = float((logits.argmax(axis=1) == labels).mean())
        kinds[kind] = {"validation_accuracy": accuracy, "temperature": fit_temperature(logits, labels)}
    scores, other_scores = map(compute_garment_scores, (garment_specialist_logits, outlier_specialist_logits))
    is_garment = np.arange(len(scores) + len(other_scores)) < len(scores)
    return {
        "kinds": kinds,
        "score_threshold": float(np.quantile(scores, UNRECOGNISED_UPLOAD_SHARE)),
        "auroc": float(roc_auc_score(is_garment, np.concatenate([scores, other_scores]))),
    }
