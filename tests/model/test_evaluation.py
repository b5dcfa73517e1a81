"""Metrics against scikit-learn, calibration against cases known on paper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from data.fashion_mnist import LABELS
from model.errors import HARD_LABELS, ORDERS, list_errors
from model.evaluation import (
    UNRECOGNISED_UPLOAD_SHARE,
    blend_logits,
    compute_calibration,
    compute_energies,
    compute_garment_scores,
    compute_probabilities,
    evaluate_logits,
    evaluate_specialist,
    fit_temperature,
)


@pytest.fixture
def answers():
    """Logits that are right about two times in three, and the truth."""
    generator = np.random.default_rng(7)
    labels = generator.integers(0, 10, 600)
    logits = generator.normal(size=(600, 10))
    logits[np.arange(600), labels] += 2
    return logits.astype(np.float32), labels


def test_the_report_agrees_with_scikit_learn(answers):
    logits, labels = answers
    report = evaluate_logits(logits, labels)
    expected = metrics.classification_report(labels, logits.argmax(1), target_names=LABELS, output_dict=True)
    assert report["accuracy"] == pytest.approx(expected["accuracy"])
    assert report["macro_f1"] == pytest.approx(expected["macro avg"]["f1-score"])
    for row in report["per_class"]:
        assert row["precision"] == pytest.approx(expected[row["label"]]["precision"])
        assert row["recall"] == pytest.approx(expected[row["label"]]["recall"])
        assert row["f1"] == pytest.approx(expected[row["label"]]["f1-score"])
        assert row["count"] == expected[row["label"]]["support"]
    assert np.trace(report["confusion"]) / 600 == pytest.approx(report["accuracy"])
    assert np.sum(report["confusion"], axis=1).tolist() == np.bincount(labels).tolist()


@given(hnp.arrays(np.float32, (4, 10), elements=st.floats(-1e4, 1e4, width=32)), st.floats(0.05, 20))
def test_probabilities_are_finite_ordered_as_the_logits_and_sum_to_one(logits, temperature):
    probabilities = compute_probabilities(logits, temperature)
    assert np.isfinite(probabilities).all() and (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(probabilities[np.arange(4), logits.argmax(1)], probabilities.max(axis=1))
    assert np.isfinite(compute_energies(logits)).all()


def test_the_energy_of_equal_logits_is_known():
    assert compute_energies(np.full((1, 10), 3.0)) == pytest.approx(3 + np.log(10))


def test_the_temperature_of_logits_that_are_too_sure_is_found(answers):
    logits, labels = answers
    fitting = fit_temperature(logits, labels)
    assert fit_temperature(logits * 4, labels) == pytest.approx(4 * fitting, rel=1e-2)


def test_calibration_of_a_forecaster_known_on_paper():
    # Ten answers at 80% of which eight are right, ten at 60% of which three are: (10·0 + 10·0.3) / 20.
    probabilities = np.zeros((20, 10))
    probabilities[:10, 0], probabilities[:10, 1] = 0.8, 0.2
    probabilities[10:, 0], probabilities[10:, 1] = 0.6, 0.4
    labels = np.array([0] * 8 + [1] * 2 + [0] * 3 + [1] * 7)
    bins, error = compute_calibration(probabilities, labels)
    assert error == pytest.approx(0.15)
    assert [b["count"] for b in bins] == [10, 10]


def test_errors_are_those_of_the_chosen_classes_in_order(answers):
    logits, labels = answers
    probabilities = compute_probabilities(logits)
    guesses = probabilities.argmax(axis=1)
    hard = [LABELS.index(name) for name in HARD_LABELS]
    expected = {n for n in range(600) if guesses[n] != labels[n] and guesses[n] in hard and labels[n] in hard}
    for order in ORDERS:
        errors = list_errors(probabilities, labels, order=order)
        assert {error["index"] for error in errors} == expected
        keys = [{"surest": -e["probability"], "unsure": e["probability"], "index": e["index"]}[order] for e in errors]
        assert keys == sorted(keys)
    for error in errors:
        assert error["truth"] == LABELS[labels[error["index"]]]
        assert error["predicted"] == LABELS[guesses[error["index"]]]
        assert error["probability"] == pytest.approx(probabilities[error["index"]].max())
    assert list_errors(probabilities, labels, limit=3) == list_errors(probabilities, labels)[:3]
    assert list_errors(probabilities, labels, truth=[]) == []


@pytest.mark.parametrize("wrong", [{"truth": ["Hat"]}, {"predicted": ["shirt"]}, {"order": "x"}, {"limit": -1}])
def test_a_wrong_filter_is_refused_with_what_it_may_be(wrong, answers):
    logits, labels = answers
    with pytest.raises(ValueError, match=r"choose from|must be"):
        list_errors(compute_probabilities(logits), labels, **wrong)


def test_two_networks_answer_with_the_mean_of_their_logits():
    generator = np.random.default_rng(0)
    logits, special = generator.normal(size=(5, 10)), generator.normal(size=(5, 11))
    np.testing.assert_allclose(blend_logits(logits, special, 0.0), logits)
    np.testing.assert_allclose(blend_logits(logits, special, 1.0), special[:, :10])
    np.testing.assert_allclose(blend_logits(logits, special, 0.5), (logits + special[:, :10]) / 2)


def test_the_score_is_the_log_odds_of_any_of_the_ten():
    special = np.random.default_rng(0).normal(size=(5, 11))
    shares = compute_probabilities(special)
    np.testing.assert_allclose(compute_garment_scores(special), np.log((1 - shares[:, 10]) / shares[:, 10]))


def test_a_specialist_is_calibrated_for_each_of_its_kinds():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, 400)
    garments = 3 * np.eye(11)[labels] + generator.normal(size=(400, 11))
    outliers = 3 * np.eye(11)[[10] * 300] + generator.normal(size=(300, 11))
    report = evaluate_specialist(garments[:, :10] / 2, garments, labels, outliers, {"photo": 0.8, "plain": 0.5})
    assert set(report["kinds"]) == {"photo", "plain"}
    assert report["kinds"]["photo"]["temperature"] > report["kinds"]["plain"]["temperature"] > 0
    assert report["auroc"] > 0.9
    scores = compute_garment_scores(garments)
    assert np.mean(scores < report["score_threshold"]) == pytest.approx(UNRECOGNISED_UPLOAD_SHARE, abs=0.01)
