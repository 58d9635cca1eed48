"""`get` and `set`: what a camera is set to, under one kind of name for both vendors.

A Sony camera has properties (`iso`). An OAK has values of its streams (`CAM_A.contrast`,
`CAM_A.focus.lens_position`, `CAM_A.fps`) and of its lights (`ir.dot_projector`).
"""

from typing import Annotated

import typer

from lensbus_deploy.commands.options import CameraId, Json, Token, Url, examples, reach
from lensbus_deploy.remote import oak_values, sony_properties
from lensbus_deploy.remote.registry import check_ready, find
from lensbus_deploy.remote.values import value_of
from lensbus_deploy.terminal import show, show_json, show_table, tell


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        "get",
        epilog=examples(
            "lensbus get D10F60149B0C",
            "lensbus get D10F60149B0C iso",
            "lensbus get 14442C10D13EABCE00 CAM_A.exposure_time",
            "lensbus get 14442C10D13EABCE00 --json",
        ),
    )(get)
    app.command(
        "set",
        epilog=examples(
            'lensbus set D10F60149B0C iso "ISO 400"',
            "lensbus set 14442C10D13EABCE00 CAM_A.contrast 2",
            "lensbus set 14442C10D13EABCE00 CAM_A.focus.auto_focus_mode OFF",
            "lensbus set 14442C10D13EABCE00 ir.dot_projector 0.5",
        ),
    )(set_)


def get(
    camera: CameraId,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="All, if none is named.", show_default=False),
    ] = None,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show what a camera is set to, and what else it could be set to now."""
    system = reach(url, token)
    found = check_ready(find(system, camera))
    vendor = sony_properties if found.vendor == "sony" else oak_values
    if name is None:
        values = vendor.read_all(system, found.id)
        if as_json:
            show_json([value.document() for value in values])
        else:
            show_table(("name", "value", "", "choices"), (value.row() for value in values))
        return
    value = vendor.read(system, found.id, name)
    if as_json:
        show_json(value.document())
    else:
        show(value.shown)
        if value.choices:
            show(f"choices: {', '.join(value.choices)}")
        if not value.writable:
            show("cannot be set now")


def set_(
    camera: CameraId,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="As `lensbus get` lists it.", show_default=False)
    ],
    value: Annotated[
        str,
        typer.Argument(
            metavar="VALUE", help="As `lensbus get` shows it, or a number.", show_default=False
        ),
    ],
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Set one value of a camera, and show what it is set to then."""
    system = reach(url, token)
    found = check_ready(find(system, camera))
    vendor = sony_properties if found.vendor == "sony" else oak_values
    now = vendor.write(system, found.id, name, value)
    if found.vendor == "oak" and now.value != value_of(value):
        tell(f"{value} is kept and goes unused as long as an automatic sets {name} itself")
    if as_json:
        show_json(now.document())
    else:
        show(f"{now.name} is {now.shown}")
