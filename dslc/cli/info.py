"""`dslc info`: what dslc finds on this machine, to be pasted into a report of a fault."""

from __future__ import annotations

import json

import click

from dslc.cli.options import format_option


@click.command("info")
@format_option
def command(form: str) -> None:
    """Print versions, processor, backends, the cache of compiled objects, and which extras are installed.

    A backend that cannot be used says why. Nothing is compiled.
    """
    from dslc.cli.machine import found

    machine = found()
    click.echo(json.dumps(machine.to_record()) if form == "json" else machine.to_text())
