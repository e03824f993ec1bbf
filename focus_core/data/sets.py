"""The data sets to fetch, by name: their files, mirrors and digests."""

from __future__ import annotations

from focus_core.data.file import DataFile, Digest

_MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_TEXT_SIZE = 100_000_000


def _mnist(name: str, size: int, sha256: str) -> DataFile:
    digest = Digest(size, "sha256", sha256)
    return DataFile(f"mnist/{name}", digest, tuple(mirror + name for mirror in _MNIST_MIRRORS))


def _text(name: str, algorithm: str, hexadecimal: str, zipped: int) -> DataFile:
    digest = Digest(_TEXT_SIZE, algorithm, hexadecimal)
    urls = tuple(f"{scheme}://mattmahoney.net/dc/{name}.zip" for scheme in ("https", "http"))
    return DataFile(name, digest, urls, zipped)


DATA_SETS: dict[str, tuple[DataFile, ...]] = {
    "mnist": (
        _mnist(
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        _mnist(
            "train-labels-idx1-ubyte.gz",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        _mnist(
            "t10k-images-idx3-ubyte.gz",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        _mnist(
            "t10k-labels-idx1-ubyte.gz",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
    "enwik8": (
        _text(
            "enwik8",
            "sha256",
            "2b49720ec4d78c3c9fabaee6e4179a5e997302b3a70029f30f2d582218c024a8",
            36_445_475,
        ),
    ),
    "text8": (_text("text8", "md5", "3bea1919949baf155f99411df5fada7e", 31_344_016),),
}
