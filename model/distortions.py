"""Random distortions of training images inside TensorFlow's graph: moved by a few pixels, partly covered."""

import tensorflow as tf

from data.fashion_mnist import SIDE_PX

# A covering rectangle's sides, in pixels: from hardly anything to a third of the image.
LEAST_COVER_PX, MOST_COVER_PX = 4, 16


def shift_images(images: tf.Tensor, most_px: int, seed: tf.Tensor) -> tf.Tensor:
    """Move each image by up to `most_px` whole pixels either way; black comes in.

    Parameters
    ----------
    images : (N, 28, 28, 1) float32
    most_px : int
    seed : (2,) int32
        The same seed gives the same moves.

    Returns
    -------
    (N, 28, 28, 1) float32
    """
    corners = tf.random.stateless_uniform((tf.shape(images)[0], 2), seed, 0, 2 * most_px + 1, tf.int32)
    padded = tf.pad(images, [[0, 0], [most_px, most_px], [most_px, most_px], [0, 0]])
    rows, columns = (corners[:, axis, None] + tf.range(SIDE_PX) for axis in (0, 1))  # (N, 28) each
    padded = tf.gather(padded, rows, axis=1, batch_dims=1)  # -> (N, 28, 28 + 2 most_px, 1)
    return tf.gather(padded, columns, axis=2, batch_dims=1)  # -> (N, 28, 28, 1)


def cover_images(images: tf.Tensor, share: float, seed: tf.Tensor) -> tf.Tensor:
    """Cover a random rectangle of a share of the images with one random grey, so that no single part decides.

    Source: Zhong et al. 2017, Random Erasing Data Augmentation, arXiv:1708.04896 (one grey instead of noise).

    Parameters
    ----------
    images : (N, 28, 28, 1) float32, 0..1
    share : float
        Of the images, 0..1.
    seed : (2,) int32

    Returns
    -------
    (N, 28, 28, 1) float32, 0..1
    """
    draws = tf.random.stateless_uniform((tf.shape(images)[0], 6), seed)  # 0..1
    sides = LEAST_COVER_PX + draws[:, :2] * (MOST_COVER_PX - LEAST_COVER_PX)  # (N, 2)
    corners = draws[:, 2:4] * (SIDE_PX - sides)
    places = tf.range(SIDE_PX, dtype=tf.float32)
    inside = (places >= corners[..., None]) & (places < (corners + sides)[..., None])  # (N, 2, 28)
    covered = inside[:, 0, :, None] & inside[:, 1, None, :] & (draws[:, 4] < share)[:, None, None]  # (N, 28, 28)
    return tf.where(covered[..., None], draws[:, 5][:, None, None, None], images)
