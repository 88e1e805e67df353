"""``homebody.doctor``: the report of ``homebody doctor``, with the settings that the editor sent in force."""

from lsprotocol import types

from homebody.lsp import progress
from homebody.lsp.arguments import NoArguments, parse
from homebody.lsp.commands.common import Result
from homebody.lsp.server import Server


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Return the report as Markdown, and its parts as ``homebody doctor --json`` prints them."""
    parse(params.command, params.arguments, NoArguments)
    async with (
        server.service.using() as opened,
        progress.shown(server, "Checking servers and models", params.work_done_token),
    ):
        import msgspec

        from homebody.features.doctor import doctor, to_markdown

        resolved = server.service.engines.resolved
        problems = {problem.message: None for problem in resolved.problems} if resolved else {}
        origins = resolved.origins if resolved else None
        diagnosis = await doctor(opened.engine, problems=tuple(problems), origins=origins)
    return {"markdown": to_markdown(diagnosis), **msgspec.to_builtins(diagnosis)}
