"""Reading ahead before the user types, with a real llama.cpp."""

from support.editor import start_client
from support.recording_proxy import RecordingProxy
from support.until import until

_LINES = "".join(f"value_{number} = {number}\n" for number in range(60))


async def test_a_place_focused_before_the_model_is_loaded_is_read_afterwards(host, environ, tmp_path):
    with RecordingProxy(host.url, host.key) as proxy:
        backend = {"kind": "llama.cpp", "url": proxy.url, "apiKey": host.key}
        async with start_client(options={"backend": backend}, environ=environ) as client:
            document = client.open(tmp_path / "values.py", _LINES)
            focus = {"textDocument": {"uri": document.uri}, "position": {"line": 60, "character": 0}}
            client.notify("textDocument/didFocus", focus)
            await until(lambda: any(body["n_predict"] == 0 for body in proxy.bodies("/completion")))
