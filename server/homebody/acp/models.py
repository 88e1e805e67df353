"""The model of a chat, which the user can choose in the client.

In: the available models, the user's choice. Out: ACP's config options.
"""

from homebody.acp.params import SetConfigOption
from homebody.acp.session import Session
from homebody.acp.wire import Json
from homebody.jsonrpc import INVALID_PARAMS, RpcError

_ID = "model"


def config_options(session: Session) -> list[Json]:
    """Return all config options of a chat; none until its models are known."""
    if not session.models:
        return []
    return [
        {
            "id": _ID,
            "name": "Model",
            "category": "model",
            "type": "select",
            "currentValue": (session.model or session.models[0]).name,
            "options": [{"value": one.name, "name": one.name} for one in session.models],
        }
    ]


def choose_option(session: Session, wanted: SetConfigOption) -> None:
    """Use another model, starting with the next turn.

    Raises
    ------
    RpcError
        There is no such option, or no such model.

    """
    if wanted.config_id != _ID:
        message = f"There is no option {wanted.config_id!r}; there is {_ID!r}."
        raise RpcError(INVALID_PARAMS, message)
    found = next((one for one in session.models if one.name == wanted.value), None)
    if found is None:
        names = ", ".join(repr(one.name) for one in session.models)
        message = f"There is no model {wanted.value!r}; there are {names or 'none yet'}."
        raise RpcError(INVALID_PARAMS, message)
    session.model = found
