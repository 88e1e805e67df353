"""The administrator's file limits a real command; the user's settings cannot widen it."""

import shlex
import shutil
import subprocess
from pathlib import Path

from support.forked import COMMAND
from support.llama_double import LlamaDouble
from support.needs import needs, needs_network_namespace


def test_a_forbidden_model_gets_no_code(tmp_path: Path, environ):
    etc = tmp_path / "etc"
    (etc / "homebody").mkdir(parents=True)
    for name in ("ld.so.cache", "passwd"):  # what Python needs of it
        shutil.copy(Path("/etc", name), etc)
    (etc / "homebody" / "config.toml").write_text('[backend]\nallowed_models = ["qwen*"]\n')
    config = Path(environ["HOMEBODY_CONFIG_DIR"], "config.toml")
    config.parent.mkdir(exist_ok=True)
    (tmp_path / "app.py").write_text("def add(a, b):\n    \n")
    with LlamaDouble() as server:
        allow = '[backend]\nkind = "llama.cpp"\nurl = "{}"\nallowed_models = ["*"]\n'
        config.write_text(allow.format(server.url))
        mount = f"mount --bind {shlex.quote(str(etc))} /etc"
        command = shlex.join([*COMMAND, "complete", "app.py:2:5"])
        unshare = [needs("unshare", "util-linux"), "--mount", *needs_network_namespace()[2:]]
        ran = subprocess.run(
            [*unshare, "sh", "-c", f"{mount} && exec {command}"],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    assert ran.returncode == 2, ran.stderr
    assert "allowed_models" in ran.stderr
    assert "(qwen*)" in ran.stderr
