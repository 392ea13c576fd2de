"""The reader of multipart bodies, byte by byte."""

from __future__ import annotations

import pytest

from dmsperf_tui.standin.k12.answers import RefusedError
from dmsperf_tui.standin.k12.multipart import Part, read_file, read_parts

HEAD = b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
TYPE = "multipart/form-data; boundary=b"


def test_parts_with_and_without_a_name() -> None:
    body = (
        b"--b\r\n" + HEAD + b"one\r\n--b\r\nContent-Disposition: form-data; name=note\r\n\r\ntwo\r\n--b--\r\n"
    )
    assert read_parts(b"b", body) == [Part("file", "a.txt", b"one"), Part("note", None, b"two")]


@pytest.mark.parametrize(
    "content",
    [b"", b"\r\n", b"\r\n--bb\r\n--bc--", b"\r\n--", b"\0\xff\r\n\r\n", b"\r\n--b x"],
)
def test_a_content_comes_back_as_it_was(content: bytes) -> None:
    body = b"--b\r\n" + HEAD + content + b"\r\n--b--\r\n"
    assert read_file(TYPE, body, "file").content == content


def test_a_part_without_headers_is_a_field_without_a_name() -> None:
    assert read_parts(b"b", b"--b\r\n\r\none\r\n--b--") == [Part("", None, b"one")]


def test_what_stands_around_the_parts_is_none() -> None:
    body = b"A preamble.\r\n--b\r\n" + HEAD + b"one\r\n--b--\r\nAn epilogue."
    assert read_file(TYPE, body, "file").content == b"one"


@pytest.mark.parametrize(
    "content_type",
    ['multipart/form-data; charset=utf-8; boundary="b"', "Multipart/Form-Data;boundary=b"],
)
def test_ways_to_name_the_boundary(content_type: str) -> None:
    assert read_file(content_type, b"--b\r\n" + HEAD + b"one\r\n--b--", "file").filename == "a.txt"


@pytest.mark.parametrize(
    ("given", "filename"),
    [
        (b'filename="a b.txt"', "a b.txt"),
        (b"filename=a.txt", "a.txt"),
        (b'FileName = "a.txt"', "a.txt"),
        (b'filename="a;name=b.txt"', "a;name=b.txt"),
        (b'filename="say \\"hi\\".txt"', 'say "hi".txt'),
        (b'filename="C:\\tmp\\a.txt"', "C:\\tmp\\a.txt"),
        ('filename="Übung.txt"'.encode(), "Übung.txt"),
        (b'filename="\xff.txt"', "\ufffd.txt"),
        (b'filename=""', ""),
        (b"filename*=utf-8''a.txt", None),
        (b'filename="a.txt', ""),
    ],
)
def test_ways_to_name_a_file(given: bytes, filename: str | None) -> None:
    [part] = read_parts(
        b"b", b"--b\r\nContent-Disposition: form-data; name=file; " + given + b"\r\n\r\n\r\n--b--"
    )
    assert (part.name, part.filename) == ("file", filename)


@pytest.mark.parametrize(
    ("content_type", "body", "message"),
    [
        ("", b"", "The body must be multipart/form-data."),
        ("multipart/mixed; boundary=b", b"--b--", "The body must be multipart/form-data."),
        ("multipart/form-data", b"--b--", "The Content-Type names no boundary."),
        ("multipart/form-data; boundary=", b"----", "The Content-Type names no boundary."),
        (f"multipart/form-data; boundary={'b' * 71}", b"", "The Content-Type names no boundary."),
        (TYPE, b"", "The body ends before its last boundary."),
        (TYPE, b"--b", "The body ends before its last boundary."),
        (TYPE, b"--b\r\n" + HEAD + b"one", "The body ends before its last boundary."),
        (TYPE, b"--b\r\n" + HEAD + b"one\r\n--b\r\n", "The body ends before its last boundary."),
        (TYPE, b"--b\r\nContent-Disposition: x\r\n--b--", "A part of the body has no end of its headers."),
        (
            TYPE,
            b"--b\r\nX: " + b"y" * 9000 + b"\r\n\r\n\r\n--b--",
            "A part of the body has no end of its headers.",
        ),
        (TYPE, b"--b--", "The body must hold one file in the field file; there is none."),
        (TYPE, b"--b\r\n\r\none\r\n--b--", "The body must hold one file in the field file; there is none."),
        (TYPE, b"--b\r\n\r\none\r\n" * 101 + b"--b--", "The body has more than 100 parts."),
    ],
)
def test_what_is_refused(content_type: str, body: bytes, message: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        read_file(content_type, body, "file")
    assert (refusal.value.answer.status, str(refusal.value)) == (422, message)
