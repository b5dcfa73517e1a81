"""Learn on two devices that share this machine's CPU, as on two GPUs; prints what came out. For `test_training`."""

import dataclasses
import json
from unittest import mock

import numpy as np
import tensorflow as tf


def main() -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    from data.fashion_mnist import FashionMNIST, load_fashion_mnist
    from model import training
    from model.recipes import RECIPES

    whole = load_fashion_mnist()
    dataset = FashionMNIST(
        whole.train_images[:4000], whole.train_labels[:4000], whole.test_images[:10], whole.test_labels[:10], "few"
    )
    recipe = dataclasses.replace(RECIPES["tiny"], epochs=4, flip=True, shift_px=1, cover_share=0.2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    alone = training.Trainer(recipe, dataset)
    with mock.patch.object(training, "choose_strategy", lambda: strategy):
        together = training.Trainer(recipe, dataset)
    for trainer in (alone, together):
        for _ in range(recipe.epochs):
            for _ in trainer.run_epoch():
                pass
    copies = [strategy.experimental_local_results(v.value) for v in together.network.trainable_variables]
    print(
        json.dumps(
            {
                "replicas": strategy.num_replicas_in_sync,
                "alone": alone.history[-1]["validation_accuracy"],
                "together": together.history[-1]["validation_accuracy"],
                "weights_differ": max(float(np.abs(a.numpy() - b.numpy()).max()) for a, b in copies),
            }
        )
    )


if __name__ == "__main__":
    main()
