"""Take the README's screenshots of the page: `python -m assets.take_screenshots`.

Starts the page from the cached model and looks at it with a headless Chromium.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.server import Server

DIRECTORY = Path(__file__).parent / "screenshots"
WINDOW = {"width": 1180, "height": 860}


def pick_example(page: Page, number: int) -> None:
    page.locator("#examples .thumbnail-item").nth(number).click()
    page.locator("#overlay img").wait_for()
    page.wait_for_timeout(1500)


def take_all(page: Page) -> None:
    """Photograph each tab with something in it."""
    pick_example(page, 13)
    page.mouse.move(0, 0)
    page.screenshot(path=DIRECTORY / "classify.png")
    page.get_by_role("tab", name="Errors").click()
    page.locator("#errors .thumbnail-item").nth(2).click()
    page.locator("#error-truth img").wait_for()
    page.wait_for_timeout(1000)
    page.screenshot(path=DIRECTORY / "errors.png")
    page.get_by_role("tab", name="Report card").click()
    page.locator("#confusion td").first.wait_for()
    page.wait_for_timeout(1000)
    page.screenshot(path=DIRECTORY / "report_card.png")


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        print("No chromium on this machine; install Debian's package `chromium`.", file=sys.stderr)
        return 2
    DIRECTORY.mkdir(exist_ok=True)
    server = Server(Path(tempfile.mkdtemp()) / "page.log")
    try:
        server.wait_until_up()
        server.wait_until_ready()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport=WINDOW)
            page.goto(server.url)
            take_all(page)
            browser.close()
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
