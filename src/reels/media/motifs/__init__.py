"""The motifs: what moves in a film. One a file: a function from a `Scene` to a `Painter`.

To add one: a new file here, a line in `MOTIFS`, and its name at a topic in `reels.media.looks`.
"""

from collections.abc import Callable

from reels.media.motifs.aurora import aurora
from reels.media.motifs.blobs import blobs
from reels.media.motifs.bokeh import bokeh
from reels.media.motifs.caustics import caustics
from reels.media.motifs.confetti import confetti
from reels.media.motifs.equaliser import equaliser
from reels.media.motifs.facets import facets
from reels.media.motifs.grid import grid
from reels.media.motifs.headlights import headlights
from reels.media.motifs.meadow import meadow
from reels.media.motifs.network import network
from reels.media.motifs.papercut import papercut
from reels.media.motifs.petals import petals
from reels.media.motifs.pitch import pitch
from reels.media.motifs.ridges import ridges
from reels.media.motifs.ripples import ripples
from reels.media.motifs.silk import silk
from reels.media.motifs.skyline import skyline
from reels.media.motifs.stars import stars
from reels.media.motifs.steam import steam
from reels.media.motifs.threads import threads
from reels.media.motifs.waves import waves
from reels.media.scene import Painter, Scene

Motif = Callable[[Scene], Painter]

MOTIFS: dict[str, Motif] = {
    motif.__name__: motif
    for motif in (
        aurora, blobs, bokeh, caustics, confetti, equaliser, facets, grid, headlights, meadow, network,
        papercut, petals, pitch, ridges, ripples, silk, skyline, stars, steam, threads, waves,
    )
}  # fmt: skip
