"""``textDocument/didShowCompletion`` and ``didPartiallyAcceptCompletion``: reports on suggestions.

In: the client's reports. Out: counts in ``offers``. What checks arguments is imported at the first report, so
that ``initialize`` is answered sooner.
"""

from homebody.lsp.server import Server


def did_show_completion(server: Server, params: object) -> None:
    """Count a suggestion that the user saw."""
    from homebody.lsp import arguments

    shown = arguments.read(params, arguments.DidShowCompletion)
    if shown is not None and (audit := server.service.audit) is not None:
        server.service.offers.show(shown.item.id, audit)


def did_partially_accept_completion(server: Server, params: object) -> None:
    """Count a suggestion that was accepted in part."""
    from homebody.lsp import arguments

    taken = arguments.read(params, arguments.DidPartiallyAcceptCompletion)
    if taken is not None and taken.accepted_length > 0 and (audit := server.service.audit) is not None:
        server.service.offers.accept_part(taken.item.id, taken.accepted_length, audit)
