"""Installed packages as workspaces: measures the effect of other files of a project on a completion.

Each package is copied to a separate folder and indexed. The completed file is removed from the copy
meanwhile, like a new file that is not saved yet, so that the index does not contain the answer.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from homebody.engine import Engine, open_engine
from homebody.session.session import Session
from measure.holes import Hole, Region, choose_regions
from measure.line_answers import READING_SPEED, LineAnswer, SteadySpeed, ask_ours, settings_for
from measure.model import Model
from measure.sources import python_files, site_packages

WORKSPACES = (
    "_pytest", "click", "filelock", "hatchling", "httpcore", "httpx", "jinja2", "markdown_it", "packaging",
    "pydantic", "pygls", "rich", "tomlkit", "typer",
)  # fmt: skip
"""Installed packages whose files use each other a lot."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answers at one hole without and with the rest of the workspace."""

    hole: Hole
    without: LineAnswer
    with_it: LineAnswer


def choose_workspace_regions(count: int, seed: int) -> list[Region]:
    """Choose regions in files of the packages."""
    roots = [site_packages() / name for name in WORKSPACES]
    return choose_regions(python_files([root for root in roots if root.is_dir()]), count, seed)


async def compare(model: Model, region: Region) -> list[Comparison]:
    """Request an answer at every hole of a region, without the workspace and with it."""
    package = next(name for name in WORKSPACES if name in region.path.parts)
    root = site_packages() / package
    async with _engine(model, None) as engine:
        without = await _ask(engine, region)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "workspace", package)
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        path = copy / region.path.relative_to(root)
        path.unlink()
        os.environ["HOMEBODY_CACHE_DIR"] = str(Path(folder, "cache"))
        holes = tuple(replace(hole, path=path) for hole in region.holes)
        async with _engine(model, copy.parent) as engine:
            with_it = await _ask(engine, replace(region, path=path, holes=holes))
    return [Comparison(*made) for made in zip(region.holes, without, with_it, strict=True)]


@asynccontextmanager
async def _engine(model: Model, folder: Path | None) -> AsyncGenerator[Engine]:
    settings = settings_for(model, snippets=folder is not None)
    async with open_engine(settings, folders=[folder] if folder else []) as engine:
        engine.completion.speed = SteadySpeed(prompt=READING_SPEED)
        if engine.index is not None:
            engine.index.start()
            await engine.index.settled()
        yield engine


async def _ask(engine: Engine, region: Region) -> Sequence[LineAnswer]:
    async with aclosing(Session(engine)) as session:
        return [await ask_ours(engine, session, region, hole) for hole in region.holes]
