"""What ImageNet's own classes already know of the ten: where a class has few pictures, or none, this speaks for it."""

import numpy as np

from data.fashion_mnist import LABELS
from model.backbone import IMAGENET_CLASSES, read_imagenet_classes

# Numbers of ImageNet's classes (ILSVRC 2012), in the order of `LABELS`, then what is none of the ten.
IMAGENET_GARMENTS = (
    {610: "jersey, T-shirt"},
    {608: "jean"},
    {841: "sweatshirt", 474: "cardigan"},
    {578: "gown", 601: "hoopskirt", 689: "overskirt"},
    {869: "trench coat", 568: "fur coat", 617: "lab coat", 834: "suit", 501: "cloak"},
    {774: "sandal"},
    {697: "pajama", 617: "lab coat"},
    {770: "running shoe", 630: "loafer"},
    {748: "purse", 636: "mailbag", 414: "backpack"},
    {514: "cowboy boot"},
)
IMAGENET_OTHERS = {
    433: "bathing cap",
    434: "bath towel",
    439: "bearskin",
    452: "bonnet",
    515: "cowboy hat",
    518: "crash helmet",
    591: "handkerchief",
    655: "miniskirt",
    658: "mitten",
    721: "pillow",
    728: "plastic bag",
    750: "quilt",
    793: "shower cap",
    806: "sock",
    808: "sombrero",
    824: "stole",
    837: "sunglasses",
    842: "swimming trunks",
    906: "Windsor tie",
}


def build_prior() -> np.ndarray:
    """Make a linear head of ImageNet's: each class looks for the mean of its ImageNet classes.

    Returns
    -------
    (1280, 11) float32
        In the order of `LABELS`, then what is none of them; each row sums to 0.
    """
    choice = np.zeros((IMAGENET_CLASSES, len(LABELS) + 1), np.float32)
    for column, members in enumerate((*IMAGENET_GARMENTS, IMAGENET_OTHERS)):
        choice[list(members), column] = 1 / len(members)
    prior = read_imagenet_classes()[0] @ choice  # (1280, 1000) @ (1000, 11)
    return prior - prior.mean(axis=1, keepdims=True)
