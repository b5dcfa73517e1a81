"""Where the network is wrong: the misclassified test images, chosen and put in order."""

import numpy as np

from data.fashion_mnist import LABELS

# The three that networks and people mix up most: all of them cover the upper body.
HARD_LABELS = ("Shirt", "T-shirt/top", "Pullover")
ORDERS = {
    "surest": "surest mistakes first",
    "unsure": "closest calls first",
    "index": "in the test set's order",
}


def list_errors(
    probabilities: np.ndarray,
    labels: np.ndarray,
    truth: list[str] | tuple[str, ...] = HARD_LABELS,
    predicted: list[str] | tuple[str, ...] = HARD_LABELS,
    order: str = "surest",
    limit: int | None = None,
) -> list[dict]:
    """List misclassified images.

    Parameters
    ----------
    probabilities : (N, 10) float
    labels : (N,) int, 0..9
        The truth.
    truth, predicted : lists of labels
        Only errors from these classes to those.
    order : str
        Key of `ORDERS`.
    limit : int, optional
        At most so many.

    Returns
    -------
    list of dict
        `index` (into the images), `truth`, `predicted`, `probability` (of the wrong guess).

    Raises
    ------
    ValueError
        For an unknown label or order, or a negative limit.
    """
    for name in (*truth, *predicted):
        if name not in LABELS:
            raise ValueError(f"unknown label {name!r}: choose from {', '.join(LABELS)}")
    if order not in ORDERS:
        raise ValueError(f"unknown order {order!r}: choose from {', '.join(ORDERS)}")
    if limit is not None and limit < 0:
        raise ValueError(f"limit is {limit}; it must be 0 or more")
    guesses = probabilities.argmax(axis=1)
    from_truth = np.isin(labels, [LABELS.index(name) for name in truth])
    to_predicted = np.isin(guesses, [LABELS.index(name) for name in predicted])
    indices = np.flatnonzero((guesses != labels) & from_truth & to_predicted)
    confidences = probabilities[indices, guesses[indices]]
    if order != "index":
        indices = indices[np.argsort(-confidences if order == "surest" else confidences, kind="stable")]
    return [
        {
            "index": int(n),
            "truth": LABELS[labels[n]],
            "predicted": LABELS[guesses[n]],
            "probability": float(probabilities[n, guesses[n]]),
        }
        for n in indices[:limit]
    ]
