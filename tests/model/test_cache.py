"""The cache is written whole or not at all, and a file that cannot be used is set aside, not trusted."""

import hashlib
import json
import os

import numpy as np
import pytest

from model import cache
from model.cache import CacheError, Checkpoint, load_checkpoint, locate_checkpoint, save_checkpoint, set_aside
from model.learner import Learner, load_or_set_aside
from model.recipes import RECIPES

TINY = RECIPES["tiny"]


def rewrite_card(path, **changes):
    """Save the checkpoint anew with another card."""
    checkpoint = load_checkpoint(path, TINY)
    card = {key: value for key, value in (checkpoint.card | changes).items() if value is not None}
    save_checkpoint(path, Checkpoint(card, checkpoint.weights, test_logits=checkpoint.test_logits))


@pytest.fixture
def path(tiny_models, tmp_path):
    """A copy of a good checkpoint, to be damaged."""
    copy = locate_checkpoint(tmp_path, TINY)
    copy.write_bytes(locate_checkpoint(tiny_models, TINY).read_bytes())
    return copy


def test_what_is_saved_is_loaded(path, small_dataset):
    checkpoint = load_checkpoint(path, TINY, small_dataset.fingerprint)
    assert checkpoint.card["recipe"] == "tiny"
    assert checkpoint.card["versions"].keys() == {"tensorflow", "keras"}
    assert len(checkpoint.card["history"]) == TINY.epochs
    assert checkpoint.test_logits.shape == (500, 10)
    assert 0 < checkpoint.metrics["test"]["accuracy"] < 1


def write_pickle(path):
    """An archive whose array is a pickle: loading it would run code."""
    np.savez(path, card=np.array([{"format": 1}], dtype=object), allow_pickle=True)


FAULTS = {
    "empty": (lambda path: path.write_bytes(b""), "cannot be read"),
    "noise": (lambda path: path.write_bytes(os.urandom(5000)), "cannot be read"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:-3000]), "cannot be read"),
    "flipped bytes": (
        lambda path: path.write_bytes(path.read_bytes()[:1000] + b"\xff" * 500 + path.read_bytes()[1500:]),
        "cannot be read",
    ),
    "pickle": (write_pickle, "cannot be read"),
    "no card": (lambda path: np.savez(path, weight_000=np.zeros(3)), "cannot be read"),
    "other format": (lambda path: rewrite_card(path, format=0), "another format"),
    "other recipe": (lambda path: rewrite_card(path, recipe_fingerprint="x"), "another recipe"),
    "other data": (lambda path: rewrite_card(path, data_fingerprint="x"), "another data set"),
    "snapshot": (lambda path: rewrite_card(path, metrics={}), "is a snapshot"),
    "an array": (lambda path: np.save(path.open("wb"), np.zeros(3)), "cannot be read"),
    "no history": (lambda path: rewrite_card(path, history=None), "lacks 'history'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_cannot_be_used_is_set_aside_with_a_message(fault, path, small_dataset, caplog):
    damage, message = FAULTS[fault]
    damage(path)
    damaged = path.read_bytes()
    assert load_or_set_aside(path, TINY, small_dataset) is None
    assert message in caplog.text
    assert not path.exists()
    (aside,) = path.parent.glob("tiny.npz.aside-*")
    assert aside.read_bytes() == damaged


def test_any_damage_is_noticed_or_harmless(path):
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        start = generator.integers(len(whole) - 40)
        damaged[start : start + 20] = generator.bytes(20)
        path.write_bytes(damaged)
        try:
            checkpoint = load_checkpoint(path, TINY)
        except CacheError:
            continue
        assert checkpoint.card["recipe"]


def test_a_setting_at_its_default_leaves_older_caches_valid():
    settings = {"network": "tiny", "epochs": 2, "batch_size": 64, "optimizer": "muon", "peak_learning_rate": 0.05}
    expected = hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=16).hexdigest()
    assert TINY.compute_fingerprint() == expected


def test_weights_of_another_shape_are_set_aside_and_learnt_anew(path, small_dataset, caplog):
    checkpoint = load_checkpoint(path, TINY)
    wrong = [*checkpoint.weights[:-1], np.zeros(7, np.float32)]
    save_checkpoint(path, Checkpoint(checkpoint.card, wrong, test_logits=checkpoint.test_logits))
    learner = Learner(TINY, small_dataset, path.parent)
    learner.start()
    learner._thread.join(120)
    assert "do not fit the network" in caplog.text
    assert learner.state == "ready"
    assert learner.checkpoint.weights[-1].shape == (10,)
    assert list(path.parent.glob("tiny.npz.aside-*"))


def test_a_kill_while_writing_leaves_the_old_file(path, monkeypatch):
    before = path.read_bytes()

    def fail(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(cache.os, "fsync", fail)
    with pytest.raises(KeyboardInterrupt):
        rewrite_card(path, seed=99)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_set_aside_never_overwrites(path):
    first = path.read_bytes()
    aside = set_aside(path)
    path.write_bytes(b"second")
    assert set_aside(path) != aside
    assert aside.read_bytes() == first


def test_the_card_is_plain_json(path):
    with np.load(path, allow_pickle=False) as archive:
        assert json.loads(archive["card"].tobytes())["recipe"] == "tiny"


def test_a_changed_recipe_has_another_fingerprint_and_a_reworded_one_the_same():
    from dataclasses import replace

    assert replace(TINY, epochs=3).compute_fingerprint() != TINY.compute_fingerprint()
    assert replace(TINY, summary="other words").compute_fingerprint() == TINY.compute_fingerprint()


def test_a_missing_file_is_no_fault(tmp_path, small_dataset):
    assert load_or_set_aside(tmp_path / "none.npz", TINY, small_dataset) is None
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "none.npz", TINY)
