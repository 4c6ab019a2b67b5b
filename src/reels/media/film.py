"""One film: look -> frames -> H.264 in MP4, and its poster.

The encoder is libx264 from PyAV's wheel. PyAV is BSD-3; the libx264 it carries is GPL-2.0-or-later, so `av` stays in
the optional extra `media` and nothing outside the drawing imports it.
"""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter
from numpy.typing import NDArray
from PIL import Image

from reels.media.canvas import Canvas, steps
from reels.media.form import FilmFormat
from reels.media.looks import look_of
from reels.media.motifs import MOTIFS
from reels.media.scene import Painter, Scene

FULL_SIZE = FilmFormat()

BT709 = 1
"""ITU-T H.273 code for primaries, transfer and matrix: said in the stream, so that all players show the same."""


def draw_film(path: Path, reel_id: str, hint: str, form: FilmFormat = FULL_SIZE) -> None:
    """Write the reel's film to `path` (overwritten). The same arguments give the same bytes with the same libraries."""
    canvas, painter, frames = _painter(reel_id, hint, form)
    with _Encoder(path, form) as encoder:
        for phase in steps(frames):
            painter(phase)
            encoder.add(canvas)


def draw_poster(path: Path, reel_id: str, hint: str, form: FilmFormat = FULL_SIZE) -> None:
    """Write the reel's poster, a progressive JPEG, to `path`: the first frame, so that playing starts with no jump."""
    still(reel_id, hint, form).save(path, "JPEG", quality=form.poster_quality, progressive=True, optimize=True)


def still(reel_id: str, hint: str, form: FilmFormat = FULL_SIZE, phase: float = 0.0) -> Image.Image:
    """One frame of the film as a picture; phase in [0, 1)."""
    canvas, painter, _ = _painter(reel_id, hint, form)
    painter(phase)
    return Image.fromarray(np.ascontiguousarray(canvas.to_bytes().transpose(1, 2, 0)))


def _painter(reel_id: str, hint: str, form: FilmFormat) -> tuple[Canvas, Painter, int]:
    look = look_of(hint, reel_id)
    rng = np.random.default_rng(look.seed)
    seconds = rng.uniform(form.shortest_sec, form.longest_sec)
    canvas = Canvas(form.width, form.height)
    return canvas, MOTIFS[look.motif](Scene(canvas, look.palette, rng)), max(2, round(seconds * form.frames_per_sec))


class _Encoder:
    """H.264 High, yuv420p, BT.709, no B-frames (they would shift the start of the loop), index in front."""

    def __init__(self, path: Path, form: FilmFormat) -> None:
        self._container = av.open(os.fspath(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=form.frames_per_sec)
        self._stream.width, self._stream.height, self._stream.pix_fmt = form.width, form.height, "yuv420p"
        codec = self._stream.codec_context
        codec.thread_count = 1
        codec.time_base = Fraction(1, form.frames_per_sec)
        codec.colorspace = codec.color_primaries = codec.color_trc = BT709
        rate = form.largest_bytes_per_sec * 8 // 1000
        # mbtree would spend the bits on the first frames: the loop then jumps from a soft picture back to a sharp one.
        self._stream.options = {
            "preset": "veryfast",
            "crf": str(form.quality),
            "x264-params": f"bframes=0:mbtree=0:aq-mode=3:keyint=240:scenecut=0:vbv-maxrate={rate}:vbv-bufsize={rate}",
        }
        self._rgb = av.VideoFrame(form.width, form.height, "gbrp")
        self._planes = [_plane(self._rgb, index) for index in (2, 0, 1)]
        self._reformatter = VideoReformatter()
        self._number = 0

    def add(self, canvas: Canvas) -> None:
        """The canvas as the next frame."""
        canvas.print_to(self._planes)
        frame = self._reformatter.reformat(self._rgb, format="yuv420p", dst_colorspace=Colorspace.ITU709)
        frame.pts, frame.time_base = self._number, self._stream.codec_context.time_base
        self._number += 1
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> "_Encoder":
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed is None:
            self._container.mux(self._stream.encode(None))
        self._container.close()


def _plane(frame: av.VideoFrame, index: int) -> NDArray[np.uint8]:
    """A writable view of one plane of the frame, uint8[height, width]."""
    plane = frame.planes[index]
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width]
