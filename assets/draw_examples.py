"""Draw the example drawings of the page: `python -m assets.draw_examples`.

Each is an outline on a 400×400 pad, corners in pixels, drawn with a round brush as a visitor would.
"""

from pathlib import Path

import cv2
import numpy as np

DIRECTORY = Path(__file__).parent / "drawings"
SIDE_PX, BRUSH_PX = 400, 12

# Strokes of each drawing. A closed outline ends where it began.
DRAWINGS = {
    "t-shirt": [
        [(140, 60), (60, 105), (25, 180), (85, 210), (110, 180), (108, 350), (292, 350), (290, 180)]
        + [(315, 210), (375, 180), (340, 105), (260, 60), (230, 85), (200, 92), (170, 85), (140, 60)],
    ],
    "trousers": [
        [(125, 30), (275, 30), (300, 370), (225, 370), (200, 140), (175, 370), (100, 370), (125, 30)],
        [(122, 62), (278, 62)],
    ],
    "dress": [
        [(155, 25), (160, 70), (150, 160), (85, 375), (315, 375), (250, 160), (240, 70), (245, 25)]
        + [(225, 60), (200, 72), (175, 60), (155, 25)],
        [(150, 160), (250, 160)],
    ],
    "bag": [
        [(50, 150), (350, 150), (370, 345), (30, 345), (50, 150)],
        [(120, 150), (130, 80), (170, 50), (230, 50), (270, 80), (280, 150)],
    ],
    "boot": [
        [(190, 40), (330, 40), (335, 345), (45, 345), (30, 310), (60, 270), (150, 240), (185, 200), (190, 40)],
        [(35, 315), (335, 315)],
    ],
}


def draw_strokes(strokes: list[list[tuple[int, int]]]) -> np.ndarray:
    """Draw black strokes on white: (400, 400) uint8."""
    pad = np.full((SIDE_PX, SIDE_PX), 255, np.uint8)
    for stroke in strokes:
        cv2.polylines(pad, [np.array(stroke, np.int32)], False, 0, BRUSH_PX, cv2.LINE_AA)
    return pad


def main() -> None:
    DIRECTORY.mkdir(exist_ok=True)
    for name, strokes in DRAWINGS.items():
        cv2.imwrite(str(DIRECTORY / f"{name}.png"), draw_strokes(strokes))


if __name__ == "__main__":
    main()
