"""Readers: what takes a picture and says which garment it shows, and who of them answers.

A new reader is one row of `READERS` and one case of `choose_reader`.
"""

from dataclasses import dataclass, replace

import numpy as np

from data.preparation import Prepared, prepare

# The names that commands and endpoints take, with what people call them.
READERS = {"auto": "whoever suits the picture", "cnn": "the small CNN", "photo": "the photo reader"}
# Kinds that the photo reader knows; all others look like what the small CNN learnt from, or like nothing in ImageNet.
PHOTO_KINDS = ("photo", "plain")
# How much the small CNN's opinion counts beside the photo reader's: a power of its probabilities, none of which counts
# as less than the floor. Chosen by group of uploads: on a plain background, where Fashion-MNIST itself comes from and
# emoji are found too, both count alike.
CNN_POWERS, CNN_FLOOR = {"photo": 0.3, "plain": 1.0}, 0.02


class ReaderMissingError(Exception):
    """A reader was asked for by name that is not there."""


@dataclass(frozen=True)
class Reading:
    """One picture, prepared and answered.

    Attributes
    ----------
    prepared : data.preparation.Prepared
    prediction : model.classifier.Prediction
        The answer.
    reader : str
        Whose answer it is: "cnn", "photo", or "mix" of both.
    reason : str
        One sentence on who answers, and why.
    opinions : dict of str to model.classifier.Prediction
        What each reader that was asked says on its own: "cnn", "photo".
    """

    prepared: Prepared
    prediction: object  # its module needs TensorFlow
    reader: str = "cnn"
    reason: str = ""
    opinions: dict | None = None

    def summarise(self) -> dict:
        """Give `kind`, `reader` ("cnn" or "photo": who has most say), `top3` and `recognised`."""
        return {
            "kind": self.prepared.kind,
            "reader": "cnn" if self.reader == "cnn" else "photo",
            "top3": self.prediction.top3,
            "recognised": self.prediction.recognised,
        }


def read_picture(classifier, upload, photo_reader=None, reader: str = "auto", **mends) -> Reading:
    """Prepare one upload and classify it.

    Parameters
    ----------
    classifier : model.classifier.Classifier
    upload
        Whatever `data.decoding.decode` takes: a path, bytes, an array, an image.
    photo_reader : model.photo.PhotoReader, optional
        Without it `auto` is the small CNN.
    reader : str
        A key of `READERS`.
    **mends
        What `data.preparation.prepare` is told to do otherwise than it would.

    Raises
    ------
    data.decoding.PictureError
        When the upload cannot be used; its message is for the visitor.
    ReaderMissingError
        When the photo reader is asked for by name and there is none.
    """
    if reader == "photo" and photo_reader is None:
        raise ReaderMissingError("The photo reader is not there (yet): choose another reader.")
    prepared = prepare(upload, **mends)
    opinions = {"cnn": classifier.classify(prepared.pixels[None], prepared.kind)[0]}
    if photo_reader is not None and (reader == "photo" or prepared.kind in PHOTO_KINDS):
        opinions["photo"] = photo_reader.classify(prepared)
    chosen, reason = choose_reader(prepared.kind, reader, photo_reader is not None)
    prediction = mix_opinions(prepared.kind, **opinions) if chosen == "mix" else opinions[chosen]
    return Reading(prepared, prediction, chosen, reason, opinions)


def choose_reader(kind: str, reader: str, has_photo_reader: bool) -> tuple[str, str]:
    """Choose who answers, "cnn", "photo" or "mix", and say why in one sentence."""
    if reader != "auto":
        return reader, f"{READERS[reader].replace('the', 'The', 1)} answers, as you chose."
    if kind not in PHOTO_KINDS:
        return "cnn", "The small CNN answers: the photo reader learnt from photos only."
    if not has_photo_reader:
        return "cnn", "The small CNN answers alone: there is no photo reader here."
    if CNN_POWERS[kind] < 1:
        return "mix", "The photo reader answers, with a little of the small CNN's opinion."
    return "mix", "The small CNN and the photo reader answer together."


def mix_opinions(kind: str, cnn, photo):
    """Let the small CNN's opinion count beside the photo reader's, on a key of `PHOTO_KINDS`.

    With p the photo reader's probabilities and q the small CNN's, the answer is p (q + floor)^power, scaled to 1: a
    product of experts in which the weaker one cannot veto. Whether it is any of the ten, the photo reader says.
    """
    mixed = photo.probabilities * (cnn.probabilities + CNN_FLOOR) ** CNN_POWERS[kind]
    return replace(photo, probabilities=np.asarray(mixed / mixed.sum()))
