"""Makes `reels_app/fonts` from Debian's font packages: only what a title needs, as WOFF2.

    apt-get install fonts-inter fonts-noto-core fonts-noto-color-emoji fonts-droid-fallback fonts-nanum
    python frontend/flutter_app/tools/make_fonts.py

The names are those the Flutter engine asks for, without digits and dashes. Emoji are drawn at 48 pixels in 48 colours:
a seventh of the package's size, and sharp at the size of a title.
"""

import io
import sys
from collections.abc import Iterable
from pathlib import Path

from fontTools import merge, subset
from fontTools.ttLib import TTFont
from PIL import Image

FONTS = Path("/usr/share/fonts")
NOTO = FONTS / "truetype" / "noto"
OUT = Path(__file__).resolve().parents[1] / "src" / "reels_app" / "fonts"
EMOJI_PIXELS, EMOJI_COLOURS = 48, 48

LATIN = [(0x20, 0x24F), (0x2B0, 0x32F), (0x2010, 0x2044), (0x20A0, 0x20BF), (0x2122, 0x2122), (0x2190, 0x2193)]
EUROPE = [*LATIN, (0x250, 0x2AF), (0x330, 0x52F), (0x1E00, 0x1FFF), (0x2045, 0x206F), (0x2100, 0x21FF)]
JOINERS = [(0x200C, 0x200D), (0x25CC, 0x25CC), (0x964, 0x965)]
DEVANAGARI = [(0x900, 0x97F), (0x1CD0, 0x1CFF), (0xA8E0, 0xA8FF), (0x20B9, 0x20B9), *JOINERS]
ARABIC = [(0x20, 0x7E), (0x600, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF), *JOINERS]
OTHERS = {
    "Bengali": (0x980, 0x9FF), "Gujarati": (0xA80, 0xAFF), "Gurmukhi": (0xA00, 0xA7F), "Hebrew": (0x590, 0x5FF),
    "Kannada": (0xC80, 0xCFF), "Malayalam": (0xD00, 0xD7F), "Tamil": (0xB80, 0xBFF), "Telugu": (0xC00, 0xC7F),
    "Thai": (0xE00, 0xE7F),
}  # fmt: skip
EMOJI = [
    (0x203C, 0x203C), (0x2049, 0x2049), (0x2190, 0x21FF), (0x2300, 0x23FF), (0x25A0, 0x27BF), (0x2B00, 0x2BFF),
    (0x3030, 0x303D), (0x1F300, 0x1F3FA), (0x1F400, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F7E0, 0x1F7EB),
    (0x1F900, 0x1F9FF), (0x1FA70, 0x1FAFF), (0x200D, 0x200D), (0xFE0F, 0xFE0F),
]  # fmt: skip


def points(blocks: Iterable[tuple[int, int]]) -> list[int]:
    """All code points of the blocks."""
    return [point for first, last in blocks for point in range(first, last + 1)]


def japanese() -> list[int]:
    """Kana, full-width forms and the kanji of JIS level 1, which are the first rows of EUC-JP."""
    rows = (bytes([row, cell]) for row in range(0xB0, 0xD0) for cell in range(0xA1, 0xFF))
    kanji = [ord(text) for text in (row.decode("euc_jp", "ignore") for row in rows) if text]
    return kanji + points([(0x3000, 0x30FF), (0x31F0, 0x31FF), (0xFF00, 0xFFEF)])


def korean() -> list[int]:
    """The syllables of KS X 1001, which is what Korean is written with day by day, and the single letters."""
    rows = (bytes([row, cell]) for row in range(0xB0, 0xC9) for cell in range(0xA1, 0xFF))
    syllables = [ord(text) for text in (row.decode("euc_kr", "ignore") for row in rows) if text]
    return syllables + points([(0x3131, 0x3163), (0x3000, 0x3015)])


def cut(source: Path, wanted: Iterable[int], drop: tuple[str, ...] = ()) -> TTFont:
    """The font with the wanted characters only."""
    options = subset.Options()
    options.hinting, options.layout_features, options.name_IDs = False, ["*"], ["*"]
    options.drop_tables += drop
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    return font


def rename(font: TTFont, name: str) -> None:
    """Give a font another name: a changed one may not bear the name its makers reserved."""
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16, 18, 21):
            record.string = name.replace(" ", "") if record.nameID == 6 else name


def keep(font: TTFont, name: str) -> None:
    """Write one WOFF2."""
    font.flavor = "woff2"
    font.save(OUT / f"{name}.woff2")
    sys.stdout.write(f"{name}: {(OUT / f'{name}.woff2').stat().st_size // 1024} KB\n")


def shrink_pictures(font: TTFont) -> None:
    """Draw the colour bitmaps of an emoji font smaller, and its measures with them."""
    for strike, glyphs in zip(font["CBLC"].strikes, font["CBDT"].strikeData, strict=True):
        table = strike.bitmapSizeTable
        factor = EMOJI_PIXELS / 136
        table.ppemX, table.ppemY = round(table.ppemX * factor), round(table.ppemY * factor)
        for line in (table.hori, table.vert):
            for name in ("ascender", "descender", "widthMax"):
                setattr(line, name, round(getattr(line, name) * factor))
        for glyph in glyphs.values():
            shrink_picture(glyph, factor)


def shrink_picture(glyph: object, factor: float) -> None:
    """One bitmap and its metrics."""
    glyph.ensureDecompiled()  # type: ignore[attr-defined]
    picture = Image.open(io.BytesIO(glyph.imageData)).convert("RGBA")  # type: ignore[attr-defined]
    size = (round(picture.width * factor), round(picture.height * factor))
    small = picture.resize(size, Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    few = small.quantize(EMOJI_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(packed, "PNG", optimize=True)
    glyph.imageData = packed.getvalue()  # type: ignore[attr-defined]
    metrics = glyph.metrics  # type: ignore[attr-defined]
    metrics.width, metrics.height = size
    for name in ("BearingX", "BearingY", "Advance"):
        setattr(metrics, name, round(getattr(metrics, name) * factor))


def merged(*parts: TTFont) -> TTFont:
    """Several fonts as one."""
    files = []
    for part in parts:
        held = io.BytesIO()
        part.save(held)
        held.seek(0)
        files.append(held)
    return merge.Merger().merge(files)


def main() -> None:
    """Make them all."""
    for weight in ("Regular", "SemiBold"):
        keep(cut(FONTS / "opentype" / "inter" / f"Inter-{weight}.otf", points(LATIN)), f"inter-{weight.lower()}")
    europe = cut(NOTO / "NotoSans-Regular.ttf", points(EUROPE))
    keep(merged(europe, cut(NOTO / "NotoSansDevanagari-Regular.ttf", points(DEVANAGARI))), "notosans")
    keep(cut(NOTO / "NotoSansArabic-Regular.ttf", points(ARABIC)), "notosansarabic")
    for script, block in OTHERS.items():
        wanted = points([block, *JOINERS])
        keep(cut(NOTO / f"NotoSans{script}-Regular.ttf", wanted), f"notosans{script.lower()}")
    keep(cut(FONTS / "truetype" / "droid" / "DroidSansFallbackFull.ttf", japanese()), "notosansjp")
    hangul = cut(FONTS / "truetype" / "nanum" / "NanumGothic.ttf", korean())
    rename(hangul, "Reels Hangul")
    keep(hangul, "notosanskr")
    emoji = cut(NOTO / "NotoColorEmoji.ttf", points(EMOJI), ("GSUB", "vhea", "vmtx"))
    shrink_pictures(emoji)
    keep(emoji, "notocoloremoji")


if __name__ == "__main__":
    main()
