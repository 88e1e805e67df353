"""Settings from all sources, including the client's options and configuration."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from homebody.lsp.peer import Peer
from homebody.workspace.uri import path_of

if TYPE_CHECKING:
    from homebody.settings import Settings
    from homebody.settings.watch import SettingsSource

logger = logging.getLogger(__name__)

_SECTION = "homebody"
ANSWER_SECONDS = 10.0
"""Time in which requests wait for the client's answer; then they end with ``LATE`` until it comes."""

LATE = "The editor has not answered the request for its settings yet, and they may exclude files."
_REFUSED = "The editor answered the request for its settings with an error, and they may exclude files."


@dataclass(frozen=True, slots=True)
class Pulled:
    """The client's settings: for the workspace, and for each folder if there are several.

    ``missing`` says why they are not known, as a sentence.
    """

    general: object = None
    folders: Mapping[Path, object] = field(default_factory=dict[Path, object])
    missing: str = ""


def folders_of(params: types.InitializeParams) -> list[types.WorkspaceFolder]:
    """List the workspace's folders; old clients send only one root."""
    if params.workspace_folders:
        return list(params.workspace_folders)
    if params.root_uri:
        return [types.WorkspaceFolder(uri=params.root_uri, name="")]
    return []


def paths_of(folders: Sequence[types.WorkspaceFolder]) -> list[Path]:
    """List the folders that are paths on this machine."""
    paths = (path_of(folder.uri) for folder in folders)
    return [path for path in paths if path is not None]


def read(peer: Peer, pushed: object, pulled: Pulled, before: "SettingsSource | None") -> "SettingsSource":
    """Read the settings of all sources; may block. ``pushed`` is what ``didChangeConfiguration`` has sent."""
    from homebody.settings.options import Problem
    from homebody.settings.watch import SettingsSource

    params = peer.initialize_params
    source = SettingsSource(
        paths_of(peer.folders),
        pulled.folders,
        before=before,
        initialization_options=params.initialization_options if params else None,
        configuration=pushed if pulled.general is None else pulled.general,
        flags=peer.flags,
    )
    if pulled.missing:
        missing = Problem("", pulled.missing, stops=True)
        source.loaded = replace(source.loaded, problems=(*source.loaded.problems, missing))
    return source


def models_of(settings: "Settings") -> tuple[object, ...]:
    """Return the settings that an open engine cannot change: its models, and whose prompts it reads."""
    uses = (settings, settings.completion, settings.next_edit, settings.chat)
    return (*(use.backend for use in uses), settings.embedded, settings.trusted_folders)


async def watch(peer: Peer) -> None:
    """Register for notifications of changed settings and files, if the client requires it."""
    workspace = peer.capabilities.workspace or types.WorkspaceClientCapabilities()
    settings = types.DidChangeConfigurationRegistrationOptions(section=_SECTION)
    files = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
    rows = (
        (workspace.did_change_configuration, types.WORKSPACE_DID_CHANGE_CONFIGURATION, settings),
        (workspace.did_change_watched_files, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, files),
    )
    wanted = [
        types.Registration(f"homebody-{method}", method, options)
        for client, method, options in rows
        if client is not None and client.dynamic_registration
    ]
    if not wanted:
        return
    with suppress(JsonRpcException):
        await peer.client_register_capability_async(types.RegistrationParams(wanted))


async def pull(peer: Peer) -> Pulled:
    """Request the client's settings, and wait for them without a time limit."""
    workspace = peer.capabilities.workspace
    if workspace is None or not workspace.configuration:
        return Pulled()
    folders = peer.folders if len(peer.folders) > 1 else []
    items = [types.ConfigurationItem(section=_SECTION)]
    items += [types.ConfigurationItem(section=_SECTION, scope_uri=folder.uri) for folder in folders]
    try:
        answer = await peer.workspace_configuration_async(types.ConfigurationParams(items))
    except Exception as error:  # noqa: BLE001 - whatever the client answers
        logger.warning("the client's settings are not known: %s", error)
        return Pulled(missing=_REFUSED)
    if not answer:
        return Pulled()
    paths = [paths_of([folder]) for folder in folders]
    own = {path[0]: value for path, value in zip(paths, answer[1:], strict=False) if path}
    return Pulled(answer[0], own)
