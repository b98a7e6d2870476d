"""Commands that build the site and show it on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from publish.paths import BUILD, SITE


@click.group()
def site() -> None:
    """Build the course site, serve it on this machine."""


@site.command()
@click.option("--out", type=click.Path(path_type=Path), default=SITE, help="Folder to build.  [_build/site]")
@click.option("--url", default="", help="The site's own address.  [html.baseurl of _config.yml]")
def build(out: Path, url: str) -> None:
    """Build both books, JupyterLite, the browser runtime and the assets into one folder."""
    from publish.site import build_site  # Sphinx takes a second to import

    if url and not url.startswith(("https://", "http://")):
        raise click.BadParameter(f"{url!r} is no address such as https://example.org/course")
    click.echo(f"site: {build_site(out, url)}")


@site.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=BUILD / "instructor",
    help="Folder to build.  [_build/instructor]",
)
def instructor(out: Path) -> None:
    """Build the instructor's notes with model answers; never publish that folder."""
    from publish.instructor import build_instructor

    built = build_instructor(out)
    click.echo(f"instructor's notes: {built / 'index.html'}   (keep them from trainees)")


@site.command()
@click.argument("folder", type=click.Path(path_type=Path), default=SITE)
@click.option("--port", default=8000, show_default=True, help="A free one is taken if it is in use.")
def serve(folder: Path, port: int) -> None:
    """Serve the built site to this machine alone."""
    from publish.serve import serve as run

    run(folder, port)


commands = [site]
