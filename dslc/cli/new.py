"""`dslc new NAME`: a folder with a model file that trains at once, its data beside it.

The folder is made where the command runs, by this name and no other; what is there already is never touched.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from dslc.cli.exits import say
from dslc.cli.options import format_option

NAME = re.compile(r"(?!.*\.$)\w[\w.-]{0,63}")
"""One folder's name: no separators, nothing that hides it or leads out of the working directory."""


@dataclass(frozen=True, slots=True)
class Template:
    """Its files in models/templates by the names that they get, and a file of models/data."""

    texts: Mapping[str, str]
    data: str


TEMPLATES: Mapping[str, Template] = {
    "classification": Template({"NAME.dsl": "classification.dsl"}, "penguins.csv"),
    "regression": Template({"NAME.dsl": "regression.dsl"}, "diabetes.csv"),
    "images": Template({"NAME.dsl": "images.dsl"}, "digits.npz"),
    "python": Template({"NAME.dsl": "python.dsl", "train.py": "train.py.template"}, "digits.npz"),
}


@click.command("new")
@click.argument("name")
@click.option(
    "--template",
    type=click.Choice(list(TEMPLATES)),
    metavar="TEMPLATE",
    default="classification",
    show_default=True,
    help="What to begin with.",
)
@format_option
def command(name: str, template: str, form: str) -> None:
    """Write the folder NAME with a model file that trains at once.

    \b
      classification  species of penguins: a table with text and gaps
      regression      progression of diabetes: a table of numbers
      images          handwritten digits of 8x8 pixels
      python          the digits, brought by a Python script

    Its data, small and real, lie beside it with their licence. What exists already is not overwritten.
    """
    if not NAME.fullmatch(name):
        raise click.UsageError(f"`{name}` is no name for a folder here: letters, digits, `_`, `-` and `.`, at most 64")
    contents = _contents(name, TEMPLATES[template])
    folder = Path(name)
    try:
        folder.mkdir()
    except FileExistsError:
        raise click.ClickException(f"`{name}` exists already; nothing was written") from None
    try:
        for place, content in contents.items():
            (folder / place).parent.mkdir(exist_ok=True)
            (folder / place).write_bytes(content)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    written = [str(folder / place) for place in contents]
    click.echo(json.dumps({"schema": 1, "folder": name, "files": written}) if form == "json" else "\n".join(written))
    say(f"next: {'python ' + name + '/train.py' if template == 'python' else f'dslc train {name}/{name}.dsl'}")


def _contents(name: str, template: Template) -> dict[str, bytes]:
    """Every file of the new folder."""
    models = files("dslc.models")
    texts = {
        place.replace("NAME", name): (models / "templates" / stored).read_text("utf-8").replace("NAME", name).encode()
        for place, stored in template.texts.items()
    }
    return texts | {
        f"data/{template.data}": (models / "data" / template.data).read_bytes(),
        "data/README.md": _licence(models, template.data).encode(),
    }


def _licence(models: Traversable, data: str) -> str:
    """The paragraph of models/data/README.md about the file: where it comes from, and its licence."""
    paragraphs = (models / "data" / "README.md").read_text("utf-8").split("\n\n")
    (told,) = (text for text in paragraphs if f"**{data}**" in text)
    return f"# {data}\n\n{told[told.index(f'**{data}**') :].rstrip()}\n"
