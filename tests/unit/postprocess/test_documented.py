"""Parameters that a description documents are found in every style."""

import pytest

from homebody.postprocess.edit.documented import documented_parameters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Sum.\n\nArgs:\n    a (int): The a.\n        More: text.\n    *rest: B.\n\nReturns:\n    x: y",
            ["a", "rest"],
        ),
        (
            "Sum.\n\nParameters\n----------\na : int\n    The a.\nb, c\n    Others.\n\nReturns\n-------\nint",
            ["a", "b", "c"],
        ),
        ("Sum.\n\n:param int a: The a.\n:param b: The b.\n:returns: x", ["a", "b"]),
        (
            "Sum.\n@param {number} a - The a.\n@param {string} [b=1] x\n@param options.c y",
            ["a", "b", "options"],
        ),
        ("@param int $a The a.\n@param ?string|null $b The b.", ["a", "b"]),
        ("\\param[in] a The a.", ["a"]),
        ('<param name="a">The a.</param>', ["a"]),
        ("- Parameter a: The a.", ["a"]),
        ("Return the Parameters: of x.\nArgs are counted.", []),
    ],
)
def test_parameters_are_found(text, expected):
    """Google, NumPy, Sphinx, JSDoc, PHPDoc, Doxygen, C#, Swift; and a sentence without any."""
    assert expected == documented_parameters(text)
