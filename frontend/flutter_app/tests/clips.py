"""Small H.264 loops and posters for the tests: a moving blob on a coloured ground."""

import colorsys
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT, FRAMES, RATE = 270, 480, 48, 24


def write_clip(path: Path, hue: float) -> None:
    """Write a two second loop to `path` and its first frame beside it as `.jpg`."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    ground = np.array(colorsys.hsv_to_rgb(hue, 0.65, 0.28)) * 255
    light = np.array(colorsys.hsv_to_rgb((hue + 0.08) % 1, 0.55, 0.95)) * 255
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "27"}
        for index in range(FRAMES):
            angle = 2 * np.pi * index / FRAMES
            x, y = WIDTH * (0.5 + 0.25 * np.cos(angle)), HEIGHT * (0.42 + 0.16 * np.sin(angle))
            near = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 80.0**2))[..., None]
            pixels = (ground * (1 - near) + light * near).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            if index == 0:
                frame.to_image().save(path.with_suffix(".jpg"), quality=80)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def make_clips(folder: Path, count: int = 8) -> list[Path]:
    """Make `count` clips in `folder` (kept when already there); returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"clip{index}.mp4" for index in range(count)]
    for index, path in enumerate(paths):
        if not path.with_suffix(".jpg").exists():
            write_clip(path, index / count)
    return paths
