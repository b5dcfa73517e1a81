"""Start here: the page that tells what garment a picture shows, why, and where it is wrong.

`python demo.py` puts the page up, then loads the trained network, or learns it while visitors watch.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

# Before gradio is imported: it reads this once, and the page must work without any internet.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr

from data.fashion_mnist import DEFAULT_DIRECTORY as DATA_DIRECTORY
from data.fashion_mnist import DataError, load_fashion_mnist
from model.cache import DEFAULT_DIRECTORY as MODELS_DIRECTORY
from model.learner import Learner
from model.recipes import DEFAULT_RECIPE, RECIPES
from tabs import classify, errors, learning, report_card

TITLE = "What a small network sees"
SENTENCE = (
    "Bring a picture of a garment. A small neural network, learnt right here from Fashion-MNIST, "
    "guesses what it is and shows which regions made the guess."
)
STYLE = Path(__file__).parent / "assets" / "page.css"
# Darker than Gradio's own where text would be too pale to read: 4.5 to 1 at least.
THEME = gr.themes.Default(primary_hue="teal", neutral_hue="slate", radius_size="lg").set(
    body_text_color_subdued="*neutral_500", color_accent="*primary_700", block_label_text_color="*neutral_600"
)
TABS = {"Classify": classify, "Errors": errors, "Report card": report_card}
LARGEST_FILE = "30mb"
# Files that visitors brought are deleted after an hour; looked for every ten minutes. In seconds.
DELETE_CACHE = (600, 3600)
WAITING_VISITORS = 64
SHARE_SECONDS = 20.0

log = logging.getLogger("demo")


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python demo.py", description="Start the page.")
    parser.add_argument("--share", action="store_true", help="also ask Gradio for a public link")
    parser.add_argument("--host", help="address to listen on (default: GRADIO_SERVER_NAME or 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port (default: GRADIO_SERVER_PORT or the first free from 7860 on)")
    parser.add_argument("--recipe", choices=RECIPES, default=DEFAULT_RECIPE, help="what to learn, and how")
    parser.add_argument("--data", type=Path, default=DATA_DIRECTORY, help="folder with Fashion-MNIST, IDX or CSV")
    parser.add_argument("--models", type=Path, default=MODELS_DIRECTORY, help="where trained models lie")
    parser.add_argument("--auth", type=split_credentials, metavar="USER:PASSWORD", help="ask visitors for these")
    return parser.parse_args(arguments)


def split_credentials(text: str) -> tuple[str, str]:
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise argparse.ArgumentTypeError("expected USER:PASSWORD")
    return user, password


def build_page(learner: Learner) -> gr.Blocks:
    """Put the page together from its tabs."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=DELETE_CACHE) as page:
        gr.HTML(f"<header><h1>{TITLE}</h1><p>{SENTENCE}</p></header>", elem_id="header")
        generation = learning.build_strip(learner)
        with gr.Tabs():
            for title, tab in TABS.items():
                with gr.Tab(title):
                    tab.build_tab(learner, generation)
    return page.queue(max_size=WAITING_VISITORS)


def launch_page(page: gr.Blocks, options: argparse.Namespace) -> None:
    """Open the page on this machine; returns when it answers."""
    page.launch(
        server_name=options.host,
        server_port=options.port,
        auth=options.auth,
        share=False,
        prevent_thread_lock=True,
        show_error=False,
        max_file_size=LARGEST_FILE,
        footer_links=["api", "settings"],
        run_history=False,
        ssr_mode=False,
        # Gradio does not ask MCP clients for the password.
        mcp_server=options.auth is None,
        theme=THEME,
        css_paths=STYLE,
        quiet=True,
    )
    print(f"The page is up: {page.local_url}", flush=True)


def share_page(page: gr.Blocks) -> None:
    """Ask Gradio for a public link in the background; the local page goes on whatever comes of it."""
    words = "Gradio's share server does not answer yet; the local page goes on without a public link."
    impatience = threading.Timer(SHARE_SECONDS, print, [words])
    impatience.daemon = True
    impatience.start()
    threading.Thread(target=_open_tunnel, args=[page, impatience], name="share", daemon=True).start()


def _open_tunnel(page: gr.Blocks, impatience: threading.Timer) -> None:
    # What `launch(share=True)` does, but there a server that never answers would hold everything up.
    from gradio.networking import setup_tunnel

    try:
        url = setup_tunnel(page.server_name, page.server_port, page.share_token, None, None)
        print(f"Public link, for up to a week: {url.replace('http://', 'https://')}", flush=True)
    except Exception as error:  # whatever went wrong out there, the visitor at this machine keeps the page
        log.info("sharing failed", exc_info=error)
        print(f"No public link: {error} The local page goes on: {page.local_url}", flush=True)
    finally:
        impatience.cancel()


def main(arguments: list[str] | None = None) -> int:
    """Start the page and stay until Ctrl-C."""
    options = parse_options(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        dataset = load_fashion_mnist(options.data)
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    learner = Learner(RECIPES[options.recipe], dataset, options.models)
    page = build_page(learner)
    try:
        launch_page(page, options)
    except OSError as error:  # the address is taken or not this machine's
        print(f"{error} Choose another one with --port or --host.", file=sys.stderr)
        return 2
    learner.start()
    # A service manager's stop ends the page as Ctrl-C does: the last snapshot is kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.share or os.environ.get("GRADIO_SHARE", "").lower() == "true":
        share_page(page)
    page.block_thread()
    learner.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
