"""Which model suits a use."""

from homebody.backend.choose import AvailableModel, choose


def _candidate(model: str, size: int, *, loaded: bool = False) -> AvailableModel:
    return AvailableModel(model, loaded, fim=True, chat=True, size=size)


def test_the_largest_model_that_fits_is_chosen_or_one_that_is_loaded():
    models = [_candidate("small", 1), _candidate("middle", 5), _candidate("large", 9)]
    assert choose(models, "chat", most_bytes=6) == models[1]
    assert choose([_candidate("huge", 99, loaded=True)], "chat", most_bytes=6) is not None
