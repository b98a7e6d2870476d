"""Makes the offline pack of a published edition: one zip with its files and a starter for each system.

The zip holds the edition as it was published, without the compressed copies that only web servers send.
Browsers run no labs from files, so a starter serves the folder to its own machine, with what is there:
PowerShell on Windows, Python or Perl on macOS and Linux. Their sources are in `publish/starters`.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from autograder.files import write
from publish import compress, hosting, manifest, minisign, root
from publish.audit import check
from publish.errors import PublishError
from publish.paths import ASSETS, ROOT

STARTERS = ROOT / "publish" / "starters"
SITE = "site"
README = "ĐỌC TRƯỚC - READ ME.txt"
THEN = (1980, 1, 1, 0, 0, 0)  # the time of every file: a pack depends on nothing but what is in it
# The same every time, since browsers keep a trainee's work by address and port; and none that others like.
FIRST_PORT, LAST_PORT = 18610, 18619
LONGEST = 180  # characters of a path: Windows takes 260 with the folder that somebody unpacks it into
COPIES = tuple(f".{form}" for form in compress.FORMS)  # what only web servers send
STORED = {".whl", ".zip", ".png", ".jpg", ".woff", ".woff2"}  # compressed already

# What a starter says, in the words of both languages: no quotes, no backslashes, no signs that a shell reads.
SAYS = {
    "ABOUT": "Khóa học {edition}, chạy không cần mạng. The course {edition}, without a network.",
    "RUNNING": """
  Khóa học đang chạy trên máy này, không cần mạng:
  The course runs on this machine, no network is needed:

      {address}

  Trình duyệt sẽ tự mở; nếu không, hãy chép địa chỉ trên vào trình duyệt.
  Your browser opens it; if it does not, copy the address into it.

  Để dừng: đóng cửa sổ này hoặc bấm Ctrl+C.
  To stop: close this window or press Ctrl+C.
""",
    "UNZIP": "Hãy giải nén toàn bộ tệp zip vào một thư mục rồi chạy lại từ thư mục đó.\n"
    "Unpack the whole zip file into a folder, then start it from that folder.",
    "NO_PORT": f"Các cổng {FIRST_PORT} đến {LAST_PORT} đều đang bận. Hãy khởi động lại máy rồi thử lại.\n"
    f"The ports {FIRST_PORT} to {LAST_PORT} are all in use. Restart the computer, then try again.",
    "NOTHING": "Máy này không có Python 3 và Perl. Hãy cài python3 rồi chạy lại.\n"
    "This machine has neither Python 3 nor Perl. Install python3, then start it again.",
    "LOCKED": "Máy này không cho PowerShell mở máy chủ nhỏ. Hãy nhờ bộ phận IT hoặc dùng máy khác.\n"
    "This machine keeps PowerShell from opening the small server. Ask your IT or use another machine.",
    "ENTER": "Bấm Enter để đóng. Press Enter to close.",
}


def pack(out: Path, file: Path, edition: str = "") -> str:
    """Make the pack of an edition.

    Parameters
    ----------
    out : Path
        The web root that the edition was published into.
    file : Path
        The zip to write; replaced if it is there.
    edition : str
        By default the newest; a draft if it is the only one.

    Returns
    -------
    str
        The edition's name.

    Raises
    ------
    PublishError
        If there is no such edition, or a file of it is not as it was published.
    """
    if file.resolve().is_relative_to(out.resolve()):
        raise PublishError(f"{file}: lies in the web root, which holds editions alone; name another place")
    listed = root.entries(out)
    if not listed:
        raise PublishError(f"{out}: holds no edition; publish one first: course publish --edition NAME {out}")
    final = [one for one in listed if not one["draft"]] or listed
    entry = next((one for one in listed if one["edition"] == edition), None) if edition else final[0]
    if entry is None:
        raise PublishError(
            f"--edition {edition}: is not there; there are {', '.join(x['edition'] for x in listed)}"
        )
    name = str(entry["edition"])
    found = check(str(out), name)
    if found.differences:
        raise PublishError(f"{out}: is not as it was published, so nothing is packed: {found.differences[0]}")
    parts = {**_starters(name), **_files(out, entry)}
    long = [path for path in parts if len(f"{_folder(name)}/{path}") > LONGEST]
    if long:
        raise PublishError(f"{long[0]}: is too long a path for Windows; rename it")
    write(file, _zip(_folder(name), parts))
    return name


def _folder(edition: str) -> str:
    return f"course-{edition}"


def _files(out: Path, entry: dict[str, Any]) -> dict[str, bytes]:
    """The edition with all that it shares, and a list in which it stands alone."""
    name = entry["edition"]
    content = (out / name / manifest.NAME).read_bytes()
    made = manifest.parse(content, name)
    wanted = [*(f"{name}/{path}" for path in made["files"]), *made["shared"]]
    files = {path: (out / path).read_bytes() for path in wanted if not path.endswith(COPIES)}
    files |= {f"{name}/{manifest.NAME}": content}
    signature = out / name / (manifest.NAME + minisign.SUFFIX)
    if signature.exists():
        files[f"{name}/{signature.name}"] = signature.read_bytes()
    for path in sorted((out / root.ISSUERS).rglob("*")):
        if path.is_file():
            files[path.relative_to(out).as_posix()] = path.read_bytes()
    newest = {"edition": name, "pages": root.pages(out / name)}
    document = {"format": root.FORMAT, "newest": newest, "editions": [entry], "pack": True}
    files[root.NAME] = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
    files["index.html"] = root.index([entry]).encode()
    for shown in ("editions.css", "logo.svg"):
        files[shown] = (ASSETS / shown).read_bytes()
    return {f"{SITE}/{path}": content for path, content in sorted(files.items())}


def _starters(edition: str) -> dict[str, bytes]:
    """The starters of the systems, and what to read first."""
    types = "\n".join(f"{end} {hosting.content_type('x' + end)}" for end in hosting.TYPES)
    fields = {name: text.replace("{edition}", edition) for name, text in SAYS.items()}
    fields |= {"TYPES": types, "START": f"{edition}/index.html", "EDITION": edition}
    fields |= {"FIRST": str(FIRST_PORT), "LAST": str(LAST_PORT)}

    def filled(name: str) -> str:
        text = (STARTERS / name).read_text("utf-8")
        return re.sub(r"@([A-Z_]+)@", lambda field: fields[field[1]], text)

    fields |= {"PYTHON": filled("serve.py").rstrip("\n"), "PERL": filled("serve.pl").rstrip("\n")}
    shell = filled("start.sh").encode()
    return {
        README: filled("read-me.txt").replace("\n", "\r\n").encode("utf-8-sig"),  # for Notepad, too
        "start-windows.cmd": filled("start.cmd").replace("\n", "\r\n").encode(),
        "start-macos.command": shell,
        "start-linux.sh": shell,
    }


def _zip(folder: str, parts: dict[str, bytes]) -> bytes:
    """The archive, the same bytes for the same parts."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        for path, content in parts.items():
            about = zipfile.ZipInfo(f"{folder}/{path}", THEN)
            about.create_system = 3  # Unix, on whatever it is made: it has the right to run a starter
            about.external_attr = (0o100755 if path.startswith("start-") else 0o100644) << 16
            packed = Path(path).suffix in STORED
            about.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            made.writestr(about, content, compresslevel=9)
    return archive.getvalue()
