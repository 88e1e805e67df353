"""Commands to run after the demo, as they work in this installation."""

import json
from collections.abc import Iterator

from homebody.installation import Installation, shell


def next_steps(installation: Installation) -> Iterator[str]:
    """Return how to connect an editor, and how to get a better model."""
    program, checkout = str(installation.program), installation.checkout
    if checkout is None:
        yield "Your editor starts the language server with this command:"
        yield f"   {shell(program, 'lsp')}"
    else:
        vsix = checkout / "dist" / f"homebody-{installation.version}.vsix"
        yield "VS Code: build the extension, install it, and name the server in your settings.json:"
        yield f"   {shell('make', '-C', str(checkout), 'vsix')}"
        yield f"   {shell('code', '--install-extension', str(vsix))}"
        yield f'   "homebody.server.command": {json.dumps(program)}'
        yield "Neovim: two lines in your init.lua:"
        yield f"   vim.opt.runtimepath:append({json.dumps(str(checkout / 'clients' / 'neovim'))})"
        yield f'   require("homebody").setup({{ cmd = {{ {json.dumps(program)}, "lsp" }} }})'
        yield f"Another editor: {checkout / 'docs' / 'editors'}; the command is {shell(program, 'lsp')}"
    yield "A better model: this recommends one for your machine, and the command that installs it:"
    yield f"   {shell(program, 'models', 'recommend')}"
