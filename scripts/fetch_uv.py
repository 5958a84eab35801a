"""Get uv from the package registry with nothing but Python's own library: for machines with neither venv nor pip.

Usage: python3 scripts/fetch_uv.py FOLDER. Runs on any Python from 3.7. UV_DEFAULT_INDEX or PIP_INDEX_URL says which
registry: no address stands in the project.
"""

import hashlib
import html
import io
import os
import platform
import re
import sys
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

TAGS = {
    ("Linux", "x86_64"): "manylinux.*_x86_64",
    ("Linux", "aarch64"): "manylinux.*_aarch64",
    ("Darwin", "x86_64"): "macosx.*_x86_64",
    ("Darwin", "arm64"): "macosx.*_arm64",
}


def wheel_address(index):
    """The address (with its hash as the fragment) of the newest wheel of uv for this machine."""
    tag = TAGS[platform.system(), platform.machine()]
    page_address = index.rstrip("/") + "/uv/"
    request = urllib.request.Request(page_address, headers={"Accept": "text/html"})
    page = urllib.request.urlopen(request, timeout=60).read().decode()
    links = [html.unescape(link) for link in re.findall(r'href="([^"]+)"', page)]
    wheels = []
    for link in links:
        found = re.search(r"/uv-(\d+)\.(\d+)\.(\d+)-py3-none-" + tag + r"\.whl#sha256=", link)
        if found:
            wheels.append((tuple(map(int, found.groups())), urllib.parse.urljoin(page_address, link)))
    return max(wheels)[1]


def main(folder):
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL")
    if not index:
        sys.exit("neither UV_DEFAULT_INDEX nor PIP_INDEX_URL says where the package registry is")
    address, _, digest = wheel_address(index).partition("#sha256=")
    wheel = urllib.request.urlopen(address, timeout=300).read()
    if hashlib.sha256(wheel).hexdigest() != digest:
        sys.exit("the downloaded uv is not the one the registry lists")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / "uv"
        target.write_bytes(archive.read(name))
        target.chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
