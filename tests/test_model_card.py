"""The photo reader's card says what its file says."""

import re
from pathlib import Path

from model.photo import BUILT_IN_HEAD, load_head

CARD = (Path(BUILT_IN_HEAD).parent / "PHOTO_READER.md").read_text()


def test_the_table_is_that_of_the_file():
    head = load_head(BUILT_IN_HEAD)
    validation = head.card["validation"]
    rows = {name: (one["count"], one["top1"]) for name, one in validation["per_class"].items()}
    rows["mean of the classes"] = sum(count for count, _ in rows.values()), validation["macro_top1"]
    expected = [f"| {name} | {count:,} | {share:.0%} |" for name, (count, share) in rows.items()]
    assert re.findall(r"^\| .+ \| [\d,]+ \| \d+% \|$", CARD, re.MULTILINE) == expected
    assert f"an AUROC of {validation['garment_auroc']:.3f}" in CARD
    assert f"{head.kernel.size + head.bias.size:,} numbers" in CARD
