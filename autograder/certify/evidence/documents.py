"""The files of a project's folder: what each is by its content, and what stays out.

Photographs stay out: people are on them, and cameras write place and time into them. A picture that shows no
person, such as a layout or a scanned letter, is taken if whoever takes the evidence in names it, and only
without what a camera writes. Inside documents, pictures are counted, and photographs of a camera refused.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.collect.kinds import is_junk
from autograder.errors import CourseError

MAX_FILES = 200
MAX_BYTES = 50_000_000  # a file
MAX_TOTAL = 200_000_000
MAX_INSIDE = 200_000_000  # bytes of a document, unpacked
PICTURES = {
    b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF8": "GIF", b"II*\0": "TIFF", b"MM\0*": "TIFF",
    b"BM": "BMP", b"\0\0\1\0": "icon", b"II+\0": "TIFF", b"FUJIFILM": "raw photograph", b"8BPS": "Photoshop",
    b"\xff\x0a": "JPEG XL", b"\0\0\0\x0cJXL ": "JPEG XL", b"\0\0\0\x0cjP  ": "JPEG 2000",
}  # fmt: skip
TEXTS = {".txt", ".md", ".csv", ".tsv", ".yml", ".yaml", ".json"}
OFFICE = {".docx": "word/", ".xlsx": "xl/", ".pptx": "ppt/", ".odt": "", ".ods": "", ".odp": ""}
PICTURE_ENDINGS = {
    *(".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".heic", ".heif", ".avif", ".svg"),
    *(".emf", ".wmf", ".jxl", ".dng", ".raw", ".cr2", ".nef", ".arw"),
}
ADVICE = "photographs stay out; if it shows no person, give --picture with its name"


@dataclass(frozen=True)
class Document:
    """A file of the folder: its path in it, SHA-256, size, and how many pictures it is or holds."""

    path: str
    sha256: str
    size: int
    pictures: int


def read(folder: Path, allowed: Collection[str] = ()) -> list[Document]:
    """Look at every file of a folder, by path; CourseError names the first that is not taken, and the fix.

    `allowed` are paths of pictures that show no person.
    """
    found = []
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise CourseError(f"{path}: over {MAX_BYTES // 1_000_000} MB; leave it out or make it smaller")
        content = path.read_bytes()
        found.append(
            Document(name, hashlib.sha256(content).hexdigest(), size, _look(path, name, content, allowed))
        )
    if sum(one.size for one in found) > MAX_TOTAL:
        raise CourseError(f"{folder}: over {MAX_TOTAL // 1_000_000} MB in all; leave out what proves nothing")
    for name in allowed:
        if name not in {one.path for one in found}:
            raise CourseError(f"--picture {name}: there is no such file in {folder}")
    return found


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise CourseError(f"{folder}: is no folder; name the one with the project's files")
    count = 0
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_symlink():
            raise CourseError(f"{path}: is a link; put the file itself there")
        if is_junk(parts) or path.is_dir():
            continue
        if not path.is_file():
            raise CourseError(f"{path}: is no file; remove it")
        if not path.name.isprintable():
            raise CourseError(f"{folder}: {path.name!r}: has characters that do not show; rename it")
        count += 1
        if count > MAX_FILES:
            raise CourseError(f"{folder}: over {MAX_FILES} files; keep to those that prove something")
        yield path


def _look(path: Path, name: str, content: bytes, allowed: Collection[str]) -> int:
    """How many pictures a file is or holds; CourseError if it is not taken."""
    ending = PurePosixPath(name).suffix.lower()
    kind = picture_kind(content)
    if kind or ending in PICTURE_ENDINGS:
        if name not in allowed:
            raise CourseError(f"{path}: is a picture ({kind or ending[1:]}); {ADVICE}")
        if kind not in ("JPEG", "PNG"):
            raise CourseError(f"{path}: is {kind or 'no picture that is known'}; save it as PNG")
        if has_camera_data(content):
            raise CourseError(f"{path}: holds what a camera wrote (EXIF, XMP); save it anew as PNG")
        return 1
    if content.startswith(b"%PDF-"):
        if has_photograph(content):
            raise CourseError(f"{path}: holds a photograph of a camera (EXIF); remove it from the document")
        return content.count(b"/DCTDecode") + content.count(b"/JPXDecode")
    if content.startswith(b"PK\3\4") and ending in OFFICE:
        return _look_inside(path, content, OFFICE[ending])
    if ending in TEXTS and _is_text(content):
        return 0
    taken = ", ".join(sorted(TEXTS | set(OFFICE) | {".pdf"}))
    raise CourseError(f"{path}: is not taken, or not what its name says; use {taken}; texts in UTF-8")


def _look_inside(path: Path, content: bytes, wanted: str) -> int:
    """How many pictures an office document holds; its parts are looked at one by one."""
    pictures = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > MAX_INSIDE:
                raise CourseError(f"{path}: is over {MAX_INSIDE // 1_000_000} MB inside; make it smaller")
            if not any(part.filename.startswith(wanted) for part in parts) or not _is_office(archive):
                raise CourseError(f"{path}: is not what its name says; save it anew with an office program")
            for part in parts:
                inside = archive.read(part)
                if PurePosixPath(part.filename).name.lower() == "vbaproject.bin":
                    raise CourseError(f"{path}: holds a macro; save it without")
                if picture_kind(inside) or PurePosixPath(part.filename).suffix.lower() in PICTURE_ENDINGS:
                    if has_camera_data(inside):
                        raise CourseError(
                            f"{path}: holds a photograph of a camera ({part.filename}); remove it"
                        )
                    pictures += 1
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise CourseError(f"{path}: cannot be opened ({error}); save it anew, without a password") from None
    return pictures


def _is_office(archive: zipfile.ZipFile) -> bool:
    names = set(archive.namelist())
    return "[Content_Types].xml" in names or {"mimetype", "META-INF/manifest.xml"} <= names


def picture_kind(content: bytes) -> str:
    """What kind of picture the bytes are, by how they begin; empty if none."""
    for start, kind in PICTURES.items():
        if content.startswith(start):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WebP"
    if content[4:8] == b"ftyp" and content[8:12] in (
        *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis", b"crx "),
    ):
        return "HEIF"
    head = content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")) and b"<svg" in head:
        return "SVG"
    return ""


def has_camera_data(content: bytes) -> bool:
    """Whether a picture holds what a camera writes: EXIF or XMP, or is of a format that only cameras make."""
    kind = picture_kind(content)
    if kind in ("HEIF", "raw photograph"):
        return True
    if kind == "JPEG":
        return any(marker == 0xE1 for marker in _segments(content))
    if kind == "PNG":
        return b"eXIf" in content or b"XML:com.adobe.xmp" in content or b"Raw profile type exif" in content
    if kind == "WebP":
        return b"EXIF" in content[:64] or b"EXIF" in content[-2_000_000:]
    return kind == "TIFF" and b"Exif" in content


def has_photograph(content: bytes) -> bool:
    """Whether a file has a photograph with EXIF somewhere in it, as it lies in a PDF."""
    at = content.find(b"\xff\xd8\xff")
    while at >= 0:
        if b"Exif\0\0" in content[at : at + 64] or any(
            x == 0xE1 for x in _segments(content[at : at + 70_000])
        ):
            return True
        at = content.find(b"\xff\xd8\xff", at + 3)
    return False


def _segments(content: bytes) -> Iterator[int]:
    """The markers of a JPEG before its picture begins; EXIF and XMP are 0xE1."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != 0xDA:
        yield content[at + 1]
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return "\0" not in text and not text.lstrip().lower().startswith(
        ("<!doctype", "<html", "<script", "<?xml")
    )
