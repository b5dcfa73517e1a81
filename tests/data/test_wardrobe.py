"""A folder of one's own pictures: read as it lies there, or told clearly what is expected."""

import pytest

from data.fashion_mnist import LABELS
from data.wardrobe import OTHER, WardrobeError, list_pictures, name_folder


def fill(directory, *names):
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a picture")


def test_every_class_has_a_folder_name_that_a_file_system_takes():
    names = [name_folder(label) for label in (*LABELS, OTHER)]
    assert "T-shirt_top" in names and "Ankle_boot" in names
    assert not any("/" in name or " " in name for name in names)


def test_pictures_come_with_label_and_sender(tmp_path):
    fill(tmp_path, "T-shirt_top/a.jpg", "bag/b.png", "other/deep/c.jpg", "Coat/.hidden", ".git/config")
    (tmp_path / "labels.csv").write_text("file,class,sender\nT-shirt_top/a.jpg,T-shirt/top,7\nbag/b.png,Bag,\n")
    pictures = {one.path.name: one for one in list_pictures(tmp_path)}
    assert {name: one.label for name, one in pictures.items()} == {
        "a.jpg": "T-shirt/top",
        "b.png": "Bag",
        "c.jpg": "other",
    }
    assert [pictures[name].sender for name in ("a.jpg", "b.png", "c.jpg")] == ["7", None, None]


def test_what_cannot_be_learnt_from_is_said(tmp_path):
    with pytest.raises(WardrobeError, match="no folder"):
        list_pictures(tmp_path / "missing")
    with pytest.raises(WardrobeError, match="two classes"):
        list_pictures(tmp_path)
    fill(tmp_path, "Bag/a.jpg", "Hat/b.jpg")
    with pytest.raises(WardrobeError, match=r"Hat.*Expected: T-shirt_top.*other"):
        list_pictures(tmp_path)


def test_a_table_that_cannot_be_read_is_said(tmp_path):
    fill(tmp_path, "Bag/a.jpg", "Coat/b.jpg")
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(WardrobeError, match="cannot be read"):
        list_pictures(tmp_path)
    (tmp_path / "labels.csv").write_text("name,sender\na,1\n")
    with pytest.raises(WardrobeError, match="column `file`"):
        list_pictures(tmp_path)
