"""The whole page in a real browser, from no model to a trained one: what a visitor sees and what clients get.

One server learns the recipe `startup` on the real data; the tests follow its life in the order of this file.
"""

import json
import os
import shutil
import urllib.request

import cv2
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from data.fashion_mnist import LABELS
from tests.server import ROOT, Server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDTHS = {"desktop": 1280, "phone": 390}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def server(models, tmp_path_factory):
    """The page, started without a cached model."""
    server = Server(tmp_path_factory.mktemp("log") / "page.log", "--models", str(models))
    server.wait_until_up()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    if not CHROMIUM:
        assert os.environ.get("CI") != "true", "CI needs chromium"
        pytest.skip("no chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(server, browser):
    """The page in a browser window; a script error fails the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60_000)
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(server.url)
    page.locator("#examples .thumbnail-item").first.wait_for()
    yield page
    page.close()
    assert problems == []


@pytest.fixture(scope="module")
def client(server):
    return Client(server.url, verbose=False)


def draw_t_shirt(page):
    """Draw the outline of a T-shirt on the pad with the mouse."""
    page.get_by_role("tab", name="Draw").click()
    page.locator("#drawing button[aria-label='Brush Size']").wait_for()  # there once the brush is in hand
    box = page.locator("#drawing canvas").first.bounding_box()
    size = min(box["width"], box["height"]) * 0.3
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    corners = [(-0.35, -0.9), (-0.9, -0.5), (-1, -0.1), (-0.6, 0), (-0.55, 0.9)]
    outline = [*corners, *((-x, y) for x, y in reversed(corners)), corners[0]]
    points = [(middle[0] + x * size, middle[1] + y * size) for x, y in outline]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=6)
    page.mouse.up()


def read_answer(page) -> list[tuple[str, float]]:
    """Wait for three guesses and the heatmap, and read them."""
    page.locator("#result .bars li").nth(2).wait_for()
    page.locator("#overlay img").wait_for()
    rows = page.locator("#result .bars li").all()
    return [
        (row.locator(".bar-name").inner_text(), float(row.locator(".bar-value").inner_text().rstrip("%")))
        for row in rows
    ]


def pick_example(page, number: int) -> list[tuple[str, float]]:
    """Click an example, wait until its own answer has replaced the last one, and read that."""
    overlay = page.locator("#overlay img")
    before = overlay.get_attribute("src") if overlay.count() else None
    page.locator("#examples .thumbnail-item").nth(number).click()
    page.wait_for_function("before => (document.querySelector('#overlay img')?.src ?? before) !== before", arg=before)
    return read_answer(page)


# While learning --------------------------------------------------------------------------------


def test_learning_is_shown_and_already_answers(server, page):
    assert server.fetch_status()["state"] in ("no model", "learning")
    page.get_by_text("The network is learning").wait_for()
    page.get_by_role("progressbar", name="Learning").wait_for()
    assert len(pick_example(page, 1)) == 3
    assert page.get_by_text("From a network that is still learning").is_visible()
    page.locator("#strip .chart").wait_for(timeout=300_000)  # the curve, after the first epoch


def test_tabs_say_that_they_wait_while_learning(server, page):
    if server.fetch_status()["state"] == "ready":
        pytest.fail("learning was over before it could be looked at")
    page.get_by_role("tab", name="Errors").click()
    assert page.get_by_text("The errors are gathered when learning is done").is_visible()
    page.get_by_role("tab", name="Report card").click()
    assert page.get_by_text("The report card is written when learning is done").is_visible()
    assert page.get_by_text("Class distribution").is_visible()


def test_errors_cannot_be_asked_for_yet(server, client):
    if server.fetch_status()["state"] == "ready":
        pytest.fail("learning was over before it could be asked")
    with pytest.raises(AppError, match="still learning"):
        client.predict(api_name="/errors")


# Ready -----------------------------------------------------------------------------------------


def test_an_open_page_notices_that_learning_is_done(server, page):
    pick_example(page, 8)
    status = server.wait_until_ready()
    assert status["test_accuracy"] >= 0.91
    assert status["progress"] == 1
    page.get_by_text("It goes on learning to read uploads better").wait_for()
    page.locator("#result .badge").wait_for(state="detached")
    assert read_answer(page)[0][0] == "Bag"


def test_each_example_from_the_test_set_is_answered(page):
    right = 0
    for number, label in enumerate(LABELS):
        right += pick_example(page, number)[0][0] == label
    assert right >= 7


def test_a_drawn_t_shirt_gets_three_labels_and_a_heatmap(page):
    draw_t_shirt(page)
    guesses = read_answer(page)
    assert "T-shirt/top" in [label for label, _ in guesses]  # which is first is for the benchmark of uploads to say
    shares = [share for _, share in guesses]
    assert shares == sorted(shares, reverse=True)
    assert page.locator("#steps .thumbnail-item").count() == 3
    page.locator("#clear").click()
    page.get_by_text("What is it?").wait_for()
    assert not page.locator("#overlay img").is_visible()


def test_an_uploaded_file_is_answered_and_a_bad_one_explained(page, tmp_path, dataset):
    pixels = np.round(dataset.test_images[1, ..., 0] * 255).astype(np.uint8)
    good, bad = tmp_path / "pullover.png", tmp_path / "words.png"
    Image.fromarray(pixels).save(good)
    bad.write_text("this is no picture")
    chooser = page.locator("#picture input[type=file]")
    chooser.set_input_files(good)
    assert read_answer(page)[0][0] == "Pullover"
    page.locator("#clear").click()
    page.get_by_text("What is it?").wait_for()
    chooser.set_input_files(bad)
    page.get_by_text("This picture cannot be used").wait_for()
    assert page.get_by_text("not a picture that can be read").is_visible()


def draw_shop_picture(path) -> None:
    """A red T-shirt on a white ground, as a shop shows it."""
    picture = np.full((600, 500, 3), 255, np.uint8)
    corners = [(170, 90), (60, 160), (30, 260), (110, 290), (140, 230), (140, 520)]
    outline = np.array([*corners, *((500 - x, y) for x, y in reversed(corners))], np.int32)
    cv2.fillPoly(picture, [outline], (190, 40, 50))
    noise = np.random.default_rng(0).normal(0, 4, picture.shape)
    Image.fromarray(np.clip(picture + noise, 0, 255).astype(np.uint8)).save(path)


def test_a_shop_picture_is_read_by_both_readers(page, client, tmp_path):
    path = tmp_path / "shop.png"
    draw_shop_picture(path)
    page.locator("#picture input[type=file]").set_input_files(path)
    assert read_answer(page)[0][0] == "T-shirt/top"
    assert page.locator("#result").get_by_text("The small CNN and the photo reader answer together").is_visible()
    for reader in ("cnn", "photo"):
        assert page.locator(f"#opinion-{reader} .bars li").count() == 3
        page.locator(f"#seen-{reader} img").wait_for()
    assert page.locator("#reader input").count() == 3
    answer = client.predict(handle_file(path), api_name="/classify")
    assert (answer["kind"], answer["reader"], answer["recognised"]) == ("plain", "photo", True)
    assert "red" in answer["colours"][0]["name"]


def test_the_evidence_for_another_guess_has_another_heatmap(page):
    pick_example(page, 6)
    before = page.locator("#overlay img").get_attribute("src")
    page.locator("#rank").get_by_text("second guess").click()
    page.wait_for_function("before => document.querySelector('#overlay img')?.src !== before", arg=before)


def test_a_picture_can_be_mended_and_that_be_taken_back(page):
    first = pick_example(page, 9)
    page.locator("#mends").get_by_text("Mend the picture").click()
    overlay = page.locator("#overlay img")
    before = overlay.get_attribute("src")
    page.get_by_label("Swap light and dark").check()
    page.wait_for_function("before => document.querySelector('#overlay img')?.src !== before", arg=before)
    assert read_answer(page) != first
    before = overlay.get_attribute("src")
    page.get_by_role("button", name="Take it all back").click()
    page.wait_for_function("before => document.querySelector('#overlay img')?.src !== before", arg=before)
    assert read_answer(page) == first


def test_an_error_opens_with_evidence_for_guess_and_truth(page):
    page.get_by_role("tab", name="Errors").click()
    page.locator("#errors .thumbnail-item").first.wait_for()
    caption = page.locator("#errors .caption-label").first.inner_text()
    truth, guess = caption.split(" taken for ")[0], caption.split(" taken for ")[1].split(",")[0]
    assert {truth, guess} <= {"Shirt", "T-shirt/top", "Pullover"}
    page.locator("#errors .thumbnail-item").first.click()
    page.get_by_role("heading", name=f"{truth}, taken for {guess}").wait_for()
    page.locator("#error-guess img").wait_for()
    page.locator("#error-truth img").wait_for()


def test_the_report_card_shows_the_reported_accuracy(server, page):
    page.get_by_role("tab", name="Report card").click()
    accuracy = server.fetch_status()["test_accuracy"]
    page.locator("#headline").get_by_text(f"{100 * accuracy:.2f}%").first.wait_for()
    assert page.locator("#confusion td.right").count() == len(LABELS)
    assert page.locator("#classes tbody tr").count() == len(LABELS)
    for curve in ("#accuracy-curve", "#loss-curve"):
        assert page.locator(f"{curve} polyline").count() == 2
    assert page.locator("#samples .thumbnail-item").count() == 30


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_tab_is_wider_than_the_window(width, theme, server, browser):
    page = browser.new_page(viewport={"width": WIDTHS[width], "height": 850}, color_scheme=theme)
    page.goto(server.url)
    pick_example(page, 2)
    for tab in ("Classify", "Errors", "Report card"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
    assert page.evaluate("document.body.classList.contains('dark')") == (theme == "dark")
    page.close()


def test_the_page_works_by_keyboard(page):
    page.locator("#examples .thumbnail-item").nth(1).focus()
    page.keyboard.press("Enter")
    assert read_answer(page)[0][0] == "Trouser"
    page.get_by_role("tab", name="Errors").focus()
    page.keyboard.press("Enter")
    page.locator("#errors .thumbnail-item").first.wait_for()


# Endpoints -------------------------------------------------------------------------------------


def test_the_endpoints_are_documented(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {"/classify", "/explain", "/errors", "/status"}
    names = {path: [argument["parameter_name"] for argument in info["parameters"]] for path, info in endpoints.items()}
    assert names == {
        "/classify": ["image"],
        "/explain": ["image", "label", "versus", "method"],
        "/errors": ["truth", "predicted", "order", "limit"],
        "/status": [],
    }
    assert all(info["description"] for info in endpoints.values())


def test_a_hundred_test_images_come_out_as_reported(server, client, dataset, tmp_path):
    indices = np.random.default_rng(0).choice(10_000, 100, replace=False)
    right = 0
    for index in indices:
        path = tmp_path / f"{index}.png"
        Image.fromarray(np.round(dataset.test_images[index, ..., 0] * 255).astype(np.uint8)).save(path)
        answer = client.predict(handle_file(path), api_name="/classify")
        assert answer["kind"] == "fashion_mnist" and answer["reader"] == "cnn" and answer["state"] == "ready"
        assert isinstance(answer["recognised"], bool) and len(answer["top3"]) == 3
        right += answer["top3"][0]["label"] == LABELS[dataset.test_labels[index]]
    accuracy = server.fetch_status()["test_accuracy"]
    noise = 3 * (accuracy * (1 - accuracy) / 100) ** 0.5
    assert abs(right / 100 - accuracy) < noise


def test_explain_gives_a_heatmap_and_a_picture(client):
    drawing = handle_file(ROOT / "assets" / "drawings" / "dress.png")
    first = client.predict(drawing, api_name="/classify")["top3"][0]["label"]
    answer, overlay = client.predict(drawing, api_name="/explain")
    assert (answer["label"], answer["method"]) == (first, "gradcam")
    heatmap = np.array(answer["heatmap"])
    assert heatmap.shape == (28, 28) and heatmap.min() >= 0 and heatmap.max() == pytest.approx(1)
    assert Image.open(overlay).format == "PNG"
    versus, _ = client.predict(drawing, label="Dress", versus="Coat", method="layercam", api_name="/explain")
    assert (versus["label"], versus["method"]) == ("Dress", "layercam")
    assert not np.allclose(versus["heatmap"], heatmap)
    with pytest.raises(AppError, match="choose two different"):
        client.predict(drawing, label="Dress", versus="Dress", api_name="/explain")


def test_errors_are_misclassified_test_images(server, client, dataset):
    errors = client.predict(api_name="/errors")
    assert 0 < len(errors) <= 40
    for error in errors:
        assert LABELS[dataset.test_labels[error["index"]]] == error["truth"] != error["predicted"]
    every = client.predict(truth=list(LABELS), predicted=list(LABELS), order="index", limit=10_000, api_name="/errors")
    assert len(every) == round(10_000 * (1 - server.fetch_status()["test_accuracy"]))
    assert [error["index"] for error in every] == sorted(error["index"] for error in every)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n broken"], ids=["empty", "text", "broken"])
def test_a_file_that_is_no_picture_gets_a_sentence(content, client, tmp_path):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(AppError) as caught:
        client.predict(handle_file(path), api_name="/classify")
    assert str(caught.value).endswith(".") and "Traceback" not in str(caught.value)


def post_raw(url: str, endpoint: str, data: list) -> str:
    """Call an endpoint as a hand-made request does; give the event stream."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/gradio_api/call/{endpoint}", json.dumps({"data": data}).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{url}/gradio_api/call/{endpoint}/{event}", timeout=60) as stream:
        return stream.read().decode()


@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}], ids=["bare", "as a file"])
@pytest.mark.parametrize("endpoint", ["classify", "explain"])
def test_no_file_of_the_host_can_be_looked_at(endpoint, meta, server, tmp_path):
    secret = tmp_path / "secret.png"
    Image.fromarray(np.arange(4096, dtype=np.uint8).reshape(64, 64)).save(secret)
    more = [None, None, "gradcam"] if endpoint == "explain" else []
    answer = post_raw(server.url, endpoint, [{"path": str(secret)} | meta, *more])
    assert "event: error" in answer and "top3" not in answer and "heatmap" not in answer


def test_a_wrong_filter_is_told(client):
    for wrong in ({"truth": "Shirt"}, {"order": "x"}, {"limit": -1}):
        with pytest.raises((AppError, ValueError)) as caught:
            client.predict(**wrong, api_name="/errors")
        assert "Traceback" not in str(caught.value)


def test_nothing_went_wrong_in_the_log(server):
    # Gradio logs what it refuses itself (a path of the host, a choice that is not on the list) as a traceback.
    tracebacks = [part for part in server.log.split("Traceback")[1:] if "gradio.exceptions" not in part]
    assert tracebacks == []


# The second start ------------------------------------------------------------------------------


def test_the_second_start_answers_from_the_cache(server, models, dataset, tmp_path):
    accuracy = server.fetch_status()["test_accuracy"]
    # Not an upload: what is learnt for those may have come further in one of the two.
    Image.fromarray(np.rint(255 * dataset.test_images[0, ..., 0]).astype(np.uint8)).save(tmp_path / "boot.png")
    boot = handle_file(tmp_path / "boot.png")
    first_answer = Client(server.url, verbose=False).predict(boot, api_name="/classify")
    assert server.stop() == 0
    second = Server(tmp_path / "second.log", "--models", str(models))
    try:
        second.wait_until_up()
        status = second.wait_until_ready(120)
        assert status["test_accuracy"] == accuracy
        answer = Client(second.url, verbose=False).predict(boot, api_name="/classify")
        assert answer["state"] == "ready"
        assert [guess["label"] for guess in answer["top3"]] == [guess["label"] for guess in first_answer["top3"]]
    finally:
        assert second.stop() == 0
