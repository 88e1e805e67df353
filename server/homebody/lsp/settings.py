"""Settings as the client gives them: ``initializationOptions``, ``workspace/configuration``.

In: the client's answers and notices. Out: resolved ``Settings`` and sentences about what is wrong.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path

from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.settings import Settings
    from homebody.settings.options import Problem

_SECTION = "homebody"
# A client that does not answer does not keep the server from starting.
_ANSWER_SECONDS = 2.0


def did_change_configuration(server: Server, params: types.DidChangeConfigurationParams) -> None:
    """``workspace/didChangeConfiguration``: read everything again."""
    server.start_task(server.service.reload(params.settings))


def did_change_workspace_folders(server: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """``workspace/didChangeWorkspaceFolders``: other prompts, another index."""
    removed = {folder.uri for folder in params.event.removed}
    kept = [folder for folder in server.folders if folder.uri not in removed]
    server.folders = [*kept, *params.event.added]
    server.start_task(server.service.reload(None))


def folders_of(params: types.InitializeParams) -> list[types.WorkspaceFolder]:
    """List the workspace's folders, however old the client's way to name them is."""
    if params.workspace_folders:
        return list(params.workspace_folders)
    if params.root_uri:
        return [types.WorkspaceFolder(uri=params.root_uri, name="")]
    if params.root_path:
        return [types.WorkspaceFolder(uri=Path(params.root_path).absolute().as_uri(), name="")]
    return []


def paths_of(folders: Sequence[types.WorkspaceFolder]) -> list[Path]:
    """List the folders that are on this machine's disk."""
    return [
        Path(path)
        for folder in folders
        if folder.uri.startswith("file:") and (path := to_fs_path(folder.uri))
    ]


async def resolve(server: Server, pushed: object) -> tuple["Settings", "list[Problem]"]:
    """Merge all sources. ``pushed`` is what ``didChangeConfiguration`` carried, if anything."""
    configuration = await _pulled(server)
    if configuration is None:
        configuration = pushed
    params = server.initialize_params
    folders = paths_of(server.folders)

    def load() -> "tuple[Settings, list[Problem]]":
        from homebody.settings.load import load_settings

        return load_settings(
            workspace=folders[0] if folders else None,
            user_file=server.user_file,
            initialization_options=params.initialization_options if params else None,
            configuration=configuration,
            flags=server.flags,
        )

    return await asyncio.to_thread(load)


async def watch(server: Server) -> None:
    """Ask for word of changed settings and files, where the client sends it only when asked."""
    workspace = server.capabilities.workspace
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
            await server.client_register_capability_async(types.RegistrationParams(wanted))
    except (TimeoutError, JsonRpcException):
        return


async def _pulled(server: Server) -> object:
    workspace = server.capabilities.workspace
    if workspace is None or not workspace.configuration:
        return None
    items = [types.ConfigurationItem(section=_SECTION)]
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            answer = await server.workspace_configuration_async(types.ConfigurationParams(items))
    except (TimeoutError, JsonRpcException):
        return None
    return answer[0] if answer else None
