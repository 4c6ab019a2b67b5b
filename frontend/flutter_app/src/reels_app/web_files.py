"""The app's web files, ready to serve: patched for this address, compressed once, named by content.

Everything but the start page lives under a path that carries the hash of its content, so a
browser may keep it for a year; the start page is always asked for.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import brotli  # type: ignore[import-untyped]
from flet_web import get_package_web_dir

HERE = Path(__file__).parent
SHELL = HERE / "web"
LEFT_OUT = ("pyodide", "icons", "experimental_webparagraph", "NOTICES")
"""Never asked for in server mode: Python runs here, not in the browser."""

LEFT_OUT_START = ("wimp", "skwasm_heavy")
LEFT_OUT_ENDINGS = (".symbols", ".map")
COMPRESSED_ENDINGS = {".js", ".mjs", ".wasm", ".json", ".otf", ".ttf", ".bin", ".html", ".frag", ""}
BROTLI_QUALITY = 6
"""On main.dart.wasm: quality 9 takes five times as long and saves 1.5%."""

mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("application/wasm", ".wasm")


@dataclass(frozen=True, slots=True)
class WebFiles:
    """A prepared folder: `root` with `.br` and `.gz` beside what compresses, and its `tag`."""

    root: Path
    tag: str

    @property
    def base(self) -> str:
        """The path the files are served under."""
        return f"/v/{self.tag}/"

    def index(self, title: str) -> str:
        """The start page."""
        page = (SHELL / "index.html").read_text(encoding="utf-8")
        return page.replace("{{base}}", self.base).replace("{{title}}", title)


def prepare(cache: Path) -> WebFiles:
    """Make the folder in `cache`, or take the one made before for the same content."""
    tag = content_tag()
    root = cache / f"web-{tag}"
    if not (root / ".ready").exists():
        shutil.rmtree(root, ignore_errors=True)
        copy_files(root)
        compress_all(root)
        (root / ".ready").touch()
    return WebFiles(root, tag)


def content_tag() -> str:
    """A short hash of what is served: Flet's version and our own files."""
    digest = hashlib.sha256(f"{version('flet-web')} {LEFT_OUT} {BROTLI_QUALITY}".encode())
    for path in sorted(p for folder in (SHELL, HERE / "fonts") for p in folder.rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def copy_files(root: Path) -> None:
    """Copy Flet's web client without what this app never loads, and our icons and fonts."""
    source = Path(get_package_web_dir())

    def left_out(_: str, names: list[str]) -> set[str]:
        return {
            name
            for name in names
            if name in LEFT_OUT or name.startswith(LEFT_OUT_START) or name.endswith(LEFT_OUT_ENDINGS)
        }

    shutil.copytree(source, root, ignore=left_out)
    shutil.copytree(HERE / "fonts", root / "assets" / "fonts", dirs_exist_ok=True)
    name_fonts(root / "assets" / "FontManifest.json")
    for path in SHELL.iterdir():
        if path.name != "index.html":
            shutil.copy(path, root / path.name)
    (root / "index.html").unlink()


def name_fonts(manifest: Path) -> None:
    """Tell the engine of our fonts, and of the one it would else fetch from outside."""
    fonts = json.loads(manifest.read_text(encoding="utf-8"))
    fonts.append({"family": "Roboto", "fonts": [{"asset": "fonts/roboto.woff2"}]})
    weights = [
        {"asset": f"fonts/inter-{name}.woff2", "weight": weight}
        for name, weight in (("regular", 400), ("semibold", 600))
    ]
    fonts.append({"family": "Inter", "fonts": weights})
    manifest.write_text(json.dumps(fonts), encoding="utf-8")


def compress_all(root: Path) -> None:
    """Write `.br` and `.gz` beside every file that gets smaller by it."""
    paths = [p for p in root.rglob("*") if p.is_file() and p.suffix in COMPRESSED_ENDINGS]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(compress, paths))


def compress(path: Path) -> None:
    """Write the compressed forms of one file."""
    data = path.read_bytes()
    for ending, packed in (
        (".br", brotli.compress(data, quality=BROTLI_QUALITY)),
        (".gz", gzip.compress(data, 6, mtime=0)),
    ):
        if len(packed) < len(data) * 0.95:
            path.with_name(path.name + ending).write_bytes(packed)


def fallback_font(web: WebFiles, wanted: str) -> str | None:
    """Where the font we carry for what the engine asks for lies (`notosansarabic/v28/....woff2`), if we have it.

    The engine asks for some families in pieces; ours are whole, so every piece has the one address.
    """
    family = re.sub(r"[^a-z]", "", wanted.split("/")[0])
    path = f"assets/fonts/{family}.woff2"
    return web.base + path if (web.root / path).exists() else None
