"""A projector of 100 kB that lets the model of ``tiny_gguf`` see, and a real llama.cpp that loads both.

In: the model's file. Out: an ``mmproj`` file as llama.cpp's ``mtmd`` wants it (the projector of Kimi-VL with
random weights). What the model sees is noise, and its answer does not depend on it: the script decides. The
way of a picture through the server and the number of its tokens are real.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gguf
import numpy as np

TILE = 32
"""Side of the square that the encoder takes, in pixels; a larger picture is cut into such tiles."""

_PATCH, _WIDTH, _HIDDEN, _MERGE = 8, 32, 64, 2

TILE_TOKENS = (TILE // _PATCH // _MERGE) ** 2
"""Tokens of one tile."""


def write_tiny_mmproj(path: Path, model: Path) -> Path:
    """Write the projector for ``model`` to ``path`` and return it."""
    width = int(gguf.GGUFReader(model).fields["llama.embedding_length"].contents())
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_clip_has_vision_encoder(value=True)
    writer.add_clip_projector_type("kimivl")
    writer.add_vision_projection_dim(width)
    writer.add_vision_image_size(TILE)
    writer.add_vision_preproc_image_size(4 * TILE)
    writer.add_vision_patch_size(_PATCH)
    writer.add_vision_embedding_length(_WIDTH)
    writer.add_vision_feed_forward_length(_HIDDEN)
    writer.add_vision_block_count(1)
    writer.add_vision_head_count(2)
    writer.add_vision_attention_layernorm_eps(1e-6)
    writer.add_vision_image_mean([0.5, 0.5, 0.5])
    writer.add_vision_image_std([0.5, 0.5, 0.5])
    writer.add_vision_projector_scale_factor(_MERGE)
    writer.add_vision_use_gelu(value=True)
    random = np.random.default_rng(29)
    shapes = {
        "v.patch_embd.weight": (_WIDTH, 3, _PATCH, _PATCH),
        "v.patch_embd.bias": (_WIDTH,),
        "v.position_embd.weight": ((TILE // _PATCH) ** 2, _WIDTH),
        "v.post_ln.weight": (_WIDTH,),
        "v.post_ln.bias": (_WIDTH,),
        "mm.input_norm.weight": (_WIDTH,),
        "mm.input_norm.bias": (_WIDTH,),
        "mm.1.weight": (_WIDTH * _MERGE**2, _WIDTH * _MERGE**2),
        "mm.1.bias": (_WIDTH * _MERGE**2,),
        "mm.2.weight": (width, _WIDTH * _MERGE**2),
        "mm.2.bias": (width,),
    }
    for name, rows, columns in (
        *((f"attn_{part}", _WIDTH, _WIDTH) for part in ("q", "k", "v", "out")),
        ("ffn_up", _HIDDEN, _WIDTH),
        ("ffn_down", _WIDTH, _HIDDEN),
    ):
        shapes[f"v.blk.0.{name}.weight"] = (rows, columns)
        shapes[f"v.blk.0.{name}.bias"] = (rows,)
    for name in ("ln1", "ln2"):
        shapes[f"v.blk.0.{name}.weight"] = shapes[f"v.blk.0.{name}.bias"] = (_WIDTH,)
    for name, shape in shapes.items():
        writer.add_tensor(name, random.standard_normal(shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@contextmanager
def running_vision_server(model: Path, projector: Path) -> Iterator[str]:
    """Run a llama-server with both files until the block ends; yields its address."""
    command = [sys.executable, __file__, str(model), str(projector)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def _serve(model: str, projector: str) -> None:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.model_alias = {"tiny-vision"}
    parameters.mmproj.path = projector
    parameters.port = 0
    parameters.n_ctx = 8192
    parameters.n_parallel = 2
    parameters.kv_unified = True
    parameters.fit_params = False
    parameters.endpoint_slots = True
    parameters.endpoint_metrics = True
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    time.sleep(600)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
