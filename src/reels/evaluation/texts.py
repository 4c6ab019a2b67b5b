"""The words of a catalogue as sparse vectors, and as sentence vectors kept on disk.

TF-IDF over cleaned words, pairs of neighbouring words and whole tags, and the creator as one more word where known:

    weight = (1 + log tf) * (1 + log((1 + n) / (1 + df))), rows of unit length (Salton, Buckley 1988)
"""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import xxhash
from scipy import sparse

from reels.core.types import Floats, Reel
from reels.evaluation.log import Catalogue
from reels.learning.embedders import Embedder
from reels.learning.preprocessing import clean

MIN_REELS = 2
MAX_SHARE = 0.2
"""A word of fewer reels or of a larger share of all says nothing about which reels are alike."""
BATCH = 256


@dataclass(frozen=True, slots=True)
class Texts:
    """Cleaned texts and their vectors; n rows as the catalogue."""

    cleaned: tuple[str, ...]
    tfidf: sparse.csr_matrix
    """float32[n, words], unit rows, zero where there are no words."""
    has_titles: bool
    cache: Path | None = field(default=None, compare=False)

    def embedded(self, embedder: Embedder) -> Floats:
        """float32[n, dim] of the texts. Computed once a catalogue and space where there is a `cache` directory."""
        digest = xxhash.xxh3_64_hexdigest("\x1f".join((embedder.space, *self.cleaned)).encode())
        path = self.cache / f"{embedder.space}-{digest}.npy" if self.cache else None
        if path is not None and path.is_file():
            kept: Floats = np.load(path, allow_pickle=False)
            return kept
        distinct = sorted(set(self.cleaned), key=lambda text: (len(text), text))
        blocks = [embedder.embed(distinct[start : start + BATCH]) for start in range(0, len(distinct), BATCH)]
        place = {text: i for i, text in enumerate(distinct)}
        vectors: Floats = np.concatenate(blocks)[[place[text] for text in self.cleaned]]
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(".draft.npy")
            np.save(draft, vectors, allow_pickle=False)
            draft.replace(path)
        return vectors


def texts_of(catalogue: Catalogue, cache: Path | None = None) -> Texts:
    """The texts of a catalogue; sentence vectors are kept in `cache`."""
    cleaned = [clean(reel.title, reel.tags) for reel in catalogue.reels]
    words = [_words(reel, one.title, one.tags) for reel, one in zip(catalogue.reels, cleaned, strict=True)]
    has_titles = any(one.title for one in cleaned)
    return Texts(tuple(one.text for one in cleaned), tfidf(words), has_titles, cache)


def tfidf(documents: list[list[str]]) -> sparse.csr_matrix:
    """float32[n, words]"""
    n = len(documents)
    counted = [Counter(words) for words in documents]
    df = Counter(word for words in counted for word in words)
    kept = sorted(word for word, count in df.items() if MIN_REELS <= count <= max(MIN_REELS, MAX_SHARE * n))
    column = {word: i for i, word in enumerate(kept)}
    indptr, indices, data = [0], [], []
    for words in counted:
        for word, count in sorted(words.items()):
            if word in column:
                indices.append(column[word])
                data.append((1 + np.log(count)) * (1 + np.log((1 + n) / (1 + df[word]))))
        indptr.append(len(indices))
    shape = (n, len(kept))
    matrix = sparse.csr_matrix((np.array(data, np.float32), np.array(indices, np.int32), indptr), shape=shape)
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1.0 / np.maximum(norms, 1e-9)) @ matrix, dtype=np.float32)


def _words(reel: Reel, title: str, tags: tuple[str, ...]) -> list[str]:
    single = [word for text in (title, *tags) for word in text.split()]
    pairs = [f"{one} {two}" for text in (title, *tags) for one, two in pairwise(text.split())]
    whole = [f"#{tag}" for tag in tags]
    creator = [f"@{reel.creator_id}"] if reel.creator_id else []
    return single + pairs + whole + creator
