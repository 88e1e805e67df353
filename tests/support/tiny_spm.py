"""A tiny model whose SentencePiece vocabulary, like Mistral's, puts a blank before a text.

Its answers are meaningless; only its tokenizer is used.
"""

import string
from pathlib import Path

import gguf
import numpy as np

_BLANK = "\N{LOWER ONE EIGHTH BLOCK}"
_WIDTH = 512
_HEAD = 32


def write_tiny_spm(path: Path) -> Path:
    """Write the model and return its path; its prompts need a BOS."""
    special = [
        ("<unk>", gguf.TokenType.UNKNOWN),
        ("<s>", gguf.TokenType.CONTROL),
        ("</s>", gguf.TokenType.CONTROL),
    ]
    byte_tokens = [(f"<0x{byte:02X}>", gguf.TokenType.BYTE) for byte in range(256)]
    letters = [(piece, gguf.TokenType.NORMAL) for c in string.ascii_letters for piece in (c, _BLANK + c)]
    tokens = [*special, *byte_tokens, (_BLANK, gguf.TokenType.NORMAL), *letters]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny-spm")
    writer.add_context_length(1024)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_HEAD)
    writer.add_head_count(_WIDTH // _HEAD)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_HEAD)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _ in tokens])
    # Longer pieces win.
    writer.add_token_scores([float(len(text)) for text, _ in tokens])
    writer.add_token_types([int(kind) for _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(value=True)
    writer.add_add_space_prefix(value=True)
    shapes = {
        "token_embd.weight": (len(tokens), _WIDTH),
        "output.weight": (len(tokens), _WIDTH),
        "output_norm.weight": (_WIDTH,),
        "blk.0.attn_norm.weight": (_WIDTH,),
        "blk.0.ffn_norm.weight": (_WIDTH,),
        "blk.0.attn_q.weight": (_WIDTH, _WIDTH),
        "blk.0.attn_k.weight": (_HEAD, _WIDTH),
        "blk.0.attn_v.weight": (_HEAD, _WIDTH),
        "blk.0.attn_output.weight": (_WIDTH, _WIDTH),
        "blk.0.ffn_gate.weight": (_HEAD, _WIDTH),
        "blk.0.ffn_up.weight": (_HEAD, _WIDTH),
        "blk.0.ffn_down.weight": (_WIDTH, _HEAD),
    }
    for name, shape in shapes.items():
        writer.add_tensor(name, np.ones(shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
