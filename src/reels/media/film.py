"""One film: look -> frames -> H.264 in MP4, and its poster.

The encoder is libx264 from PyAV's wheel. PyAV is BSD-3; the libx264 it carries is GPL-2.0-or-later, so `av` stays in
the optional extra `media` and nothing outside the drawing imports it.
"""

import os
from collections.abc import Iterator
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
    pictures = (_painted(canvas, painter, phase) for phase in steps(frames))
    _encode(path, pictures, form)


def draw_poster(path: Path, reel_id: str, hint: str, form: FilmFormat = FULL_SIZE) -> None:
    """Write the reel's poster, a progressive JPEG, to `path`: the first frame, so that playing starts with no jump."""
    still(reel_id, hint, form).save(path, "JPEG", quality=form.poster_quality, progressive=True, optimize=True)


def still(reel_id: str, hint: str, form: FilmFormat = FULL_SIZE, phase: float = 0.0) -> Image.Image:
    """One frame of the film as a picture; phase in [0, 1)."""
    canvas, painter, _ = _painter(reel_id, hint, form)
    return Image.fromarray(np.ascontiguousarray(_painted(canvas, painter, phase).transpose(1, 2, 0)))


def _painter(reel_id: str, hint: str, form: FilmFormat) -> tuple[Canvas, Painter, int]:
    look = look_of(hint, reel_id)
    rng = np.random.default_rng(look.seed)
    seconds = rng.uniform(form.shortest_sec, form.longest_sec)
    canvas = Canvas(form.width, form.height)
    return canvas, MOTIFS[look.motif](Scene(canvas, look.palette, rng)), max(2, round(seconds * form.frames_per_sec))


def _painted(canvas: Canvas, painter: Painter, phase: float) -> NDArray[np.uint8]:
    painter(phase)
    return canvas.to_bytes()


def _encode(path: Path, pictures: Iterator[NDArray[np.uint8]], form: FilmFormat) -> None:
    """H.264 High, yuv420p, BT.709, no B-frames (they would shift the start of the loop), index in front."""
    with av.open(os.fspath(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=form.frames_per_sec)
        stream.width, stream.height, stream.pix_fmt = form.width, form.height, "yuv420p"
        codec = stream.codec_context
        codec.thread_count = 1
        codec.time_base = Fraction(1, form.frames_per_sec)
        codec.colorspace = codec.color_primaries = codec.color_trc = BT709
        rate = form.largest_bytes_per_sec * 8 // 1000
        # mbtree would spend the bits on the first frames: the loop then jumps from a soft picture back to a sharp one.
        stream.options = {
            "preset": "veryfast",
            "crf": str(form.quality),
            "x264-params": f"bframes=0:mbtree=0:aq-mode=3:keyint=240:scenecut=0:vbv-maxrate={rate}:vbv-bufsize={rate}",
        }
        rgb = av.VideoFrame(form.width, form.height, "gbrp")
        planes = [_plane(rgb, index) for index in (2, 0, 1)]
        reformatter = VideoReformatter()
        for number, picture in enumerate(pictures):
            for plane, channel in zip(planes, picture, strict=True):
                plane[:] = channel
            frame = reformatter.reformat(rgb, format="yuv420p", dst_colorspace=Colorspace.ITU709)
            frame.pts, frame.time_base = number, codec.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _plane(frame: av.VideoFrame, index: int) -> NDArray[np.uint8]:
    """A writable view of one plane of the frame, uint8[height, width]."""
    plane = frame.planes[index]
    rows: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width]
