"""Readers: what takes a picture and says which garment it shows."""

from dataclasses import dataclass

from data.preparation import Prepared, prepare

# The names that commands and endpoints take. `auto` is the small CNN, the only reader so far.
READERS = ("auto", "cnn")


@dataclass(frozen=True)
class Reading:
    """One picture, prepared and answered.

    Attributes
    ----------
    prepared : data.preparation.Prepared
    prediction : model.classifier.Prediction
    reader : str
        Who answered: "cnn".
    """

    prepared: Prepared
    prediction: object  # its module needs TensorFlow
    reader: str = "cnn"

    def summarise(self) -> dict:
        """Give `kind`, `reader`, `top3` (list of label and probability) and `recognised`."""
        return {
            "kind": self.prepared.kind,
            "reader": self.reader,
            "top3": self.prediction.top3,
            "recognised": self.prediction.recognised,
        }


def read_picture(classifier, upload, **mends) -> Reading:
    """Prepare one upload and classify it.

    Parameters
    ----------
    classifier : model.classifier.Classifier
    upload
        Whatever `data.decoding.decode` takes: a path, bytes, an array, an image.
    **mends
        What `data.preparation.prepare` is told to do otherwise than it would.

    Raises
    ------
    data.decoding.PictureError
        When the upload cannot be used; its message is for the visitor.
    """
    prepared = prepare(upload, **mends)
    return Reading(prepared, classifier.classify(prepared.pixels[None], prepared.kind)[0])
