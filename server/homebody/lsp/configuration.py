"""Settings from all sources, including the client's options and configuration.

In: the client's answers. Out: resolved ``Settings``, and problems as sentences.
``settings`` has the notifications after which they are read again.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from homebody.lsp.peer import Peer

if TYPE_CHECKING:
    from homebody.settings import CompletionSettings, Settings
    from homebody.settings.options import Problem

_SECTION = "homebody"
ANSWER_SECONDS = 2.0
"""The server starts without the client's answer after this time."""
# Maximum length of a file name, in bytes, on common file systems.
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Pulled:
    """The client's settings: for the workspace, and for each folder if there are several.

    ``is_late`` if the client has not answered yet.
    """

    general: object = None
    folders: Mapping[Path, object] = field(default_factory=dict[Path, object])
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings of the workspace, and of completion in each folder of a workspace with several."""

    settings: "Settings"
    folders: "Mapping[Path, CompletionSettings]"
    problems: "Sequence[Problem]"


def folders_of(params: types.InitializeParams) -> list[types.WorkspaceFolder]:
    """List the workspace's folders; old clients send only one root."""
    if params.workspace_folders:
        return list(params.workspace_folders)
    if params.root_uri:
        return [types.WorkspaceFolder(uri=params.root_uri, name="")]
    if params.root_path:
        with suppress(UnicodeEncodeError):
            return [types.WorkspaceFolder(uri=Path(params.root_path).absolute().as_uri(), name="")]
    return []


def paths_of(folders: Sequence[types.WorkspaceFolder]) -> list[Path]:
    """List the folders that are paths on this machine."""
    from homebody.workspace.uri import path_of

    paths = (path_of(folder.uri) for folder in folders)
    return [path for path in paths if path is not None and _can_exist(path)]


def _can_exist(path: Path) -> bool:
    """Whether the system allows a folder of this name."""
    try:
        return all(len(os.fsencode(part)) <= _LONGEST_NAME for part in path.parts)
    except UnicodeEncodeError:
        return False


async def resolve(peer: Peer, pushed: object, pulled: Pulled) -> Resolved:
    """Merge all sources. ``pushed`` is the content of ``didChangeConfiguration``, if any.

    The first folder's ``.homebody.toml`` applies to the whole workspace; each folder's own settings apply to
    completion in it, except for the model and its layout, because all folders use one model.
    """
    params = peer.initialize_params
    folders = paths_of(peer.folders)

    def load(folder: Path | None, configuration: object) -> "tuple[Settings, list[Problem]]":
        from homebody.settings.load import load_settings

        return load_settings(
            workspace=folder,
            user_file=peer.user_file,
            initialization_options=params.initialization_options if params else None,
            configuration=pushed if configuration is None else configuration,
            flags=peer.flags,
        )

    def load_all() -> Resolved:
        settings, problems = load(folders[0] if folders else None, pulled.general)
        of_folders: dict[Path, CompletionSettings] = {}
        for folder in folders if len(folders) > 1 else ():
            loaded, more = load(folder, pulled.folders.get(folder, pulled.general))
            of_folders[folder] = _with_model_of(settings.completion, loaded.completion)
            problems += more
        return Resolved(settings, of_folders, problems)

    return await asyncio.to_thread(load_all)


def _with_model_of(whole: "CompletionSettings", own: "CompletionSettings") -> "CompletionSettings":
    import msgspec

    return msgspec.structs.replace(own, backend=whole.backend, fim=whole.fim)


def models_of(settings: "Settings") -> tuple[object, ...]:
    """Return the settings that an open engine cannot change."""
    return settings.backend, settings.completion.backend, settings.chat.backend, settings.embedded


async def watch(peer: Peer) -> None:
    """Register for notifications of changed settings and files, if the client requires it."""
    workspace = peer.capabilities.workspace
    wanted: list[types.Registration] = []
    if (
        workspace
        and workspace.did_change_configuration
        and (workspace.did_change_configuration.dynamic_registration)
    ):
        options = types.DidChangeConfigurationRegistrationOptions(section=_SECTION)
        method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
        wanted.append(types.Registration("homebody-settings", method, options))
    if (
        workspace
        and workspace.did_change_watched_files
        and (workspace.did_change_watched_files.dynamic_registration)
    ):
        every_file = types.FileSystemWatcher(glob_pattern="**/*")
        watched = types.DidChangeWatchedFilesRegistrationOptions(watchers=[every_file])
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        wanted.append(types.Registration("homebody-files", method, watched))
    if not wanted:
        return
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await peer.client_register_capability_async(types.RegistrationParams(wanted))
    except (TimeoutError, JsonRpcException):
        return


async def pull(peer: Peer, seconds: float | None = ANSWER_SECONDS) -> Pulled:
    """Request the client's settings, and wait for them for at most ``seconds``."""
    workspace = peer.capabilities.workspace
    if workspace is None or not workspace.configuration:
        return Pulled()
    folders = peer.folders if len(peer.folders) > 1 else []
    items = [types.ConfigurationItem(section=_SECTION)]
    items += [types.ConfigurationItem(section=_SECTION, scope_uri=folder.uri) for folder in folders]
    try:
        async with asyncio.timeout(seconds):
            answer = await peer.workspace_configuration_async(types.ConfigurationParams(items))
    except TimeoutError:
        return Pulled(is_late=True)
    except JsonRpcException:
        return Pulled()
    if not answer:
        return Pulled()
    paths = [paths_of([folder]) for folder in folders]
    own = {path[0]: value for path, value in zip(paths, answer[1:], strict=False) if path}
    return Pulled(answer[0], own)
