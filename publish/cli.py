"""Commands that build the site, show it on this machine, and publish editions of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from publish.errors import PublishError
from publish.parts import one_build
from publish.paths import BUILD, SITE

PASSPHRASE = "COURSE_PUBLISHER_PASSPHRASE"


@click.group()
def site() -> None:
    """Build the course site, serve it on this machine."""


@site.command()
@click.option("--out", type=click.Path(path_type=Path), default=SITE, help="Folder to build.  [_build/site]")
@click.option("--url", default="", help="The site's own address.  [html.baseurl of _config.yml]")
@one_build()
def build(out: Path, url: str) -> None:
    """Build both books, JupyterLite, the browser runtime and the assets into one folder, to look at."""
    from publish.site import build_site  # Sphinx takes a second to import

    if url and not url.startswith(("https://", "http://")):
        raise click.BadParameter(f"{url!r} is no address such as https://example.org/course")
    click.echo(f"site: {build_site(out, address=url)}")


@site.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=BUILD / "instructor",
    help="Folder to build.  [_build/instructor]",
)
@one_build()
def instructor(out: Path) -> None:
    """Build the instructor's notes with model answers; never publish that folder."""
    from publish.instructor import build_instructor

    built = build_instructor(out)
    click.echo(f"instructor's notes: {built / 'index.html'}   (keep them from trainees)")


@site.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=BUILD / "books", help="Folder to build.  [_build/books]"
)
@click.option("--edition", default="", metavar="NAME", help="Edition to name on the cover.")
@one_build()
def books(out: Path, edition: str) -> None:
    """Build the book of each language as a PDF of A4 pages to print, and as an ePub to read on a telephone.

    The PDF needs the library Pango: `make system` brings it on Debian and Ubuntu, on macOS
    `brew install pango`.
    """
    from autograder.assignments import EDITION, edition_named
    from publish.paper.books import build_books

    if edition:
        edition_named(edition, "--edition")
    built = build_books(out, edition or EDITION)
    click.echo(f"books: {', '.join(str(path) for path in sorted(built.iterdir()))}")


@site.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--port", default=8000, show_default=True, help="A free one is taken if it is in use.")
@click.option("--watch", "watching", is_flag=True, help="Build the site, and whatever changes at once.")
def serve(folder: Path | None, port: int, watching: bool) -> None:
    """Serve FOLDER to this machine alone: the built site, or published editions.  [_build/site]

    With --watch a change of a page is seen in seconds, as the browser loads the page again by itself.
    """
    if watching:
        if folder:
            raise PublishError("--watch: serves what it builds; leave out the folder")
        from publish.watch import watch

        watch(port)
    else:
        from publish.serve import serve as run

        run(folder or SITE, port)


@site.command()
@click.argument("path", type=click.Path(path_type=Path))
def key(path: Path) -> None:
    """Make the key that signs editions: PATH.key to keep, PATH.pub to give to those who check.

    The key is encrypted with a passphrase of at least 12 characters: from the environment variable
    COURSE_PUBLISHER_PASSPHRASE, else asked for. Both files are in the format of the program minisign.
    """
    from publish import minisign

    made = minisign.new_key(path, _passphrase(confirm=True))
    click.echo(f"{path}.key: keep it and its passphrase apart, with a copy; sign with --sign {path}.key")
    click.echo(f"{path}.pub: give it to those who check, or this line of it: {made.text}")


@click.command()
@click.argument("out", type=click.Path(path_type=Path), required=False)
@click.option("--edition", default="", metavar="NAME", help="Name of the edition, such as 2026-central-1.")
@click.option("--draft", is_flag=True, help="Publish one that may still be replaced.")
@click.option("--books", is_flag=True, help="Add the book of each language as PDF and ePub, with links.")
@click.option(
    "--sign", type=click.Path(path_type=Path), metavar="KEY", help="Sign with this key (course site key)."
)
@click.option("--check", "where", default="", metavar="WHERE", help="Check a copy in a folder or on the web.")
@click.option("--key", "public", default="", metavar="PUBLIC", help="With --check: the publisher's key.")
def publish(
    out: Path | None, edition: str, draft: bool, books: bool, sign: Path | None, where: str, public: str
) -> None:
    """Publish an edition into the web root OUT, beside those there already; or check a deployed copy.

    \b
    course publish --edition 2026-central-1 OUT
    course publish --check https://course.example/ --key PUBLIC

    The exercises carry the edition's name: make the class's folder for it (course cohort new --edition NAME).
    A published edition is never changed. Checking ends with exit code 1 if the copy differs.
    """
    if where:
        if out or draft or books or sign:
            raise PublishError("--check: goes with --edition and --key alone")
        _check(where, edition, public)
        return
    if public:
        raise PublishError("--key: goes with --check; to sign, name the secret key with --sign")
    if not edition or out is None:
        raise PublishError("name the edition and the folder: course publish --edition 2026-central-1 OUT")
    from publish import editions, minisign

    signer = minisign.unlock(sign, _passphrase()) if sign else None
    with one_build():
        said = editions.publish(edition, out, draft=draft, signer=signer, books=books)
    editions.announce(said, edition, out, signer)


@click.command()
@click.argument("out", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--edition", default="", metavar="NAME", help="Which edition of OUT.  [the newest]")
def pack(out: Path, file: Path, edition: str) -> None:
    """Pack an edition published into OUT as one zip that runs without a network.

    \b
    course pack OUT FILE.zip

    Whoever unpacks it opens one file, for Windows, macOS or Linux, and has the whole course in the browser:
    nothing is installed, no administrator is asked. The same edition gives the same bytes.
    """
    from publish.pack import pack as make

    name, size = make(out, file, edition), file.stat().st_size / 1e6
    click.echo(f"{file}: edition {name}, {size:.1f} MB; unpack it anywhere and open its start-… file")


def _check(where: str, edition: str, public: str) -> None:
    from publish import audit, minisign

    found = audit.check(where, edition, minisign.public_key(public) if public else None)
    for line in found.differences:
        click.echo(line)
    for line in found.untold:
        click.echo(f"not told: {line}")
    click.echo(
        f"{found.checked} files, {found.size / 1e6:.1f} MB checked: "
        + (f"{len(found.differences)} differences" if found.differences else "all as published")
    )
    if found.differences:
        sys.exit(1)


def _passphrase(confirm: bool = False) -> str:
    given = os.environ.get(PASSPHRASE)
    if given is None:
        given = str(click.prompt("Passphrase of the key", hide_input=True, confirmation_prompt=confirm))
    return given


commands = [site, publish, pack]
