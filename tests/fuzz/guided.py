"""Coverage-guided fuzzing of one parser by atheris: `python -m tests.fuzz.guided NAME DIRECTORY --runs 20000`.

DIRECTORY keeps the corpus, which begins with the parser's examples. Ends with 0 and libFuzzer's count of executions, or
with another status and, in DIRECTORY, the input that broke the parser.
"""

import argparse
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["reels", "jwt", "tests.fuzz"], enable_loader_override=False):
    from tests.fuzz.parsers import PARSERS

LONGEST = 4096


def main() -> None:
    """Does not return: libFuzzer ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=PARSERS)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--runs", type=int, default=-1, help="executions; -1: until the time is up")
    parser.add_argument("--seconds", type=int, default=0, help="0: no limit")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    corpus = asked.directory / "corpus"
    begin(asked.name, corpus)
    options = [
        f"-runs={asked.runs}", f"-max_total_time={asked.seconds}", f"-seed={asked.seed}", f"-max_len={LONGEST}",
        "-timeout=30", "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={asked.directory}/",
        *words_of(asked.name, asked.directory),
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], PARSERS[asked.name].feed)
    atheris.Fuzz()


def begin(name: str, corpus: Path) -> None:
    """Write the examples where libFuzzer looks."""
    corpus.mkdir(parents=True, exist_ok=True)
    for number, example in enumerate(PARSERS[name].examples):
        (corpus / f"example-{number}").write_bytes(example)


def words_of(name: str, directory: Path) -> list[str]:
    """The option that names the parser's words, where it has some."""
    path = directory / f"{name}.dict"
    quoted = ["".join(f"\\x{byte:02x}" for byte in word) for word in PARSERS[name].words]
    path.write_text("".join(f'"{word}"\n' for word in quoted), encoding="ascii")
    return [f"-dict={path}"] if quoted else []


if __name__ == "__main__":
    main()
