"""`dslc generate MODEL --prompt TEXT`: the prompt and what a net trained on a text goes on with."""

from __future__ import annotations

from pathlib import Path

import click

from dslc.cli.options import backend_option, threads_option


@click.command("generate")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--prompt", required=True, help="The text to go on from.")
@click.option("--length", type=click.IntRange(1), default=200, show_default=True, help="Tokens to add.")
@click.option(
    "--temperature", type=click.FloatRange(0), default=1.0, show_default=True,
    help="Below 1 the probable is preferred; 0 takes the most probable.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Another text.")
@backend_option
@threads_option
def command(
    *, model: Path, prompt: str, length: int, temperature: float, seed: int, backend: str, threads: int | None
) -> None:
    """Go on from a prompt with MODEL, a `.dslm` file or a run's folder that was trained on a text."""
    from dslc.cli.saved_model import opened

    loaded = opened(model, backend, threads)
    text = loaded.generate(prompt, length, temperature=temperature, seed=seed)
    click.echo(text)
