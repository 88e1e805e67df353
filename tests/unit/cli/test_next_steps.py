"""The end of the demo: commands that can be copied as printed."""

from pathlib import Path

from homebody.cli.demo import next_steps
from homebody.installation import Installation


def installation(checkout: Path | None) -> Installation:
    python = Path("/home/me/a b/.venv/bin/python")
    return Installation("0.1.0", "3.11.7", python, python.with_name("homebody"), checkout)


def test_a_checkout_names_its_own_files():
    """Build and install the extension, the server's path, and Neovim's two lines."""
    lines = [line.strip() for line in next_steps(installation(Path("/home/me/a b")))]
    assert {
        "make -C '/home/me/a b' vsix",
        "code --install-extension '/home/me/a b/dist/homebody-0.1.0.vsix'",
        '"homebody.server.command": "/home/me/a b/.venv/bin/homebody"',
        'vim.opt.runtimepath:append("/home/me/a b/clients/neovim")',
        'require("homebody").setup({ cmd = { "/home/me/a b/.venv/bin/homebody", "lsp" } })',
    } <= set(lines)


def test_an_installed_package_names_its_program():
    lines = [line.strip() for line in next_steps(installation(None))]
    assert "'/home/me/a b/.venv/bin/homebody' lsp" in lines
    assert not any("clients" in line for line in lines)
