"""Muon for convolutions: each step of a kernel is an orthogonal matrix, and its norm stays as it was.

Keras has a Muon of its own, for dense layers only.
"""

import keras
import numpy as np
import tensorflow as tf

# Newton-Schulz iteration of odd fifth order, which takes all singular values near 1 in few steps.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 3
MOMENTUM = 0.9
# Biases and the last layer learn by Adam, at this share of the kernels' learning rate.
ADAM_RATE_SHARE = 0.08
ADAM_BETAS = (0.9, 0.98)
EPSILON = 1e-7


def orthogonalise(gradient: tf.Tensor) -> tf.Tensor:
    """Give roughly the nearest matrix whose singular values are all 1.

    Parameters
    ----------
    gradient : (..., C) float32
        All axes but the last become the rows.

    Returns
    -------
    tf.Tensor
        Of the same shape and dtype.

    Source: Jordan et al. 2024, Muon, https://kellerjordan.github.io/posts/muon.
    """
    matrix = tf.reshape(gradient, (-1, gradient.shape[-1]))
    is_tall = matrix.shape[0] > matrix.shape[1]
    matrix = tf.transpose(matrix) if is_tall else matrix  # the product below is then the small one
    matrix /= tf.norm(matrix) + EPSILON
    linear, cubic, quintic = NEWTON_SCHULZ
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = tf.matmul(matrix, matrix, transpose_b=True)
        matrix = linear * matrix + tf.matmul(cubic * gram + quintic * tf.matmul(gram, gram), matrix)
    return tf.reshape(tf.transpose(matrix) if is_tall else matrix, gradient.shape)


class Muon(keras.optimizers.Optimizer):
    """Muon with Nesterov momentum on convolution kernels, Adam on everything else.

    The learning rate is relative: the share of a kernel's norm that a step moves, whatever its shape. Since batch
    normalisation makes the norm itself meaningless, it is kept constant.
    """

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum")
        self.velocities = self.add_optimizer_variables(variables, "velocity")

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        if len(variable.shape) == 4:
            self._update_kernel(gradient, variable, self.momentums[index], learning_rate)
        else:
            rate = learning_rate * ADAM_RATE_SHARE
            self._update_by_adam(gradient, variable, self.momentums[index], self.velocities[index], rate)

    def _update_kernel(self, gradient, kernel, momentum, rate):
        momentum.assign(MOMENTUM * momentum + gradient)
        direction = orthogonalise(MOMENTUM * momentum + gradient)
        norm = tf.norm(kernel)
        rank = min(kernel.shape[-1], int(np.prod(kernel.shape[:-1])))
        moved = kernel - rate * norm / np.sqrt(rank) * direction
        kernel.assign(moved * (norm / tf.norm(moved)))

    def _update_by_adam(self, gradient, variable, momentum, velocity, rate):
        first, second = ADAM_BETAS
        step = tf.cast(self.iterations + 1, tf.float32)
        momentum.assign(first * momentum + (1 - first) * gradient)
        velocity.assign(second * velocity + (1 - second) * gradient * gradient)
        corrected = momentum / (1 - first**step), velocity / (1 - second**step)
        variable.assign_sub(rate * corrected[0] / (tf.sqrt(corrected[1]) + EPSILON))
