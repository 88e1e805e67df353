"""Settings from all sources, the client's among them: ``initializationOptions``, ``workspace/configuration``.

In: the client's answers. Out: resolved ``Settings``, and sentences about what is wrong.
``settings`` has the notifications after which they are read again.
"""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from homebody.lsp.outgoing import ResponseError
from homebody.lsp.peer import Peer

if TYPE_CHECKING:
    from homebody.settings import Settings
    from homebody.settings.options import Problem

_SECTION = "homebody"
# The server starts without the client's answer after this time.
_ANSWER_SECONDS = 2.0
# Bytes of a file name on the file systems in use.
_LONGEST_NAME = 255


def folders_of(params: types.InitializeParams) -> list[types.WorkspaceFolder]:
    """List the workspace's folders; old clients name one root only."""
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
    """Whether the system could have a folder of this name."""
    try:
        return all(len(os.fsencode(part)) <= _LONGEST_NAME for part in path.parts)
    except UnicodeEncodeError:
        return False


async def resolve(peer: Peer, pushed: object) -> tuple["Settings", "list[Problem]"]:
    """Merge all sources. ``pushed`` is what ``didChangeConfiguration`` carried, if anything."""
    configuration = await _pulled(peer)
    if configuration is None:
        configuration = pushed
    params = peer.initialize_params
    folders = paths_of(peer.folders)

    def load() -> "tuple[Settings, list[Problem]]":
        from homebody.settings.load import load_settings

        return load_settings(
            workspace=folders[0] if folders else None,
            user_file=peer.user_file,
            initialization_options=params.initialization_options if params else None,
            configuration=configuration,
            flags=peer.flags,
        )

    return await asyncio.to_thread(load)


async def watch(peer: Peer) -> None:
    """Register for notifications of changed settings and files, where the client needs that."""
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
        async with asyncio.timeout(_ANSWER_SECONDS):
            await peer.request(types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams(wanted))
    except (TimeoutError, ResponseError):
        return


async def _pulled(peer: Peer) -> object:
    workspace = peer.capabilities.workspace
    if workspace is None or not workspace.configuration:
        return None
    items = [types.ConfigurationItem(section=_SECTION)]
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            answer = await peer.request(types.WORKSPACE_CONFIGURATION, types.ConfigurationParams(items))
    except (TimeoutError, ResponseError):
        return None
    return answer[0] if answer else None
