"""What teachers and students alike do now and then."""

from __future__ import annotations

from urllib.parse import quote_plus

from dmsperf_tui.engine.vu import VirtualUser
from dmsperf_tui.systems.k12.client import api_get, api_post, check_response, signed_in
from dmsperf_tui.systems.k12.flows import pages

WORDS = ("fractions", "photosynthesis", "essay", "unit", "history", "quiz", "reading log", "homework")
SMALLEST_BYTES = 20_000
LARGEST_BYTES = 200_000
_BOUNDARY = "----dmsperf-tui-7d1f2c9ab64e4f"
_MULTIPART = (("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}"),)


@signed_in
async def search(vu: VirtualUser) -> None:
    """One full-text search."""
    query = quote_plus(vu.random.choice(WORDS))
    response = await api_get(vu, f"/search?q={query}", name="GET search", category="search")
    check_response(vu, response, "search")
    await pages.read_page(vu)


@signed_in
async def file_upload(vu: VirtualUser) -> None:
    """One file of 20 to 200 kB."""
    content = vu.random.randbytes(vu.random.randint(SMALLEST_BYTES, LARGEST_BYTES))
    response = await api_post(
        vu,
        "/files",
        name="POST files",
        category="upload",
        content=multipart(f"work-{vu.number}-{vu.iteration + 1}.pdf", content),
        headers=_MULTIPART,
    )
    check_response(vu, response, "upload", 201)
    await pages.read_page(vu)


def multipart(name: str, content: bytes) -> bytes:
    """A form with one file, in the field `file` (RFC 7578)."""
    head = (
        f"--{_BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/pdf\r\n\r\n"
    )
    return b"".join((head.encode(), content, f"\r\n--{_BOUNDARY}--\r\n".encode()))
