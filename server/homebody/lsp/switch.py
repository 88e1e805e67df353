"""Whether completion is on: the settings, and the user's toggles since they were loaded.

In: settings as loaded, and toggles. Out: settings with the toggles applied.
"""

from dataclasses import dataclass, field

import msgspec

from homebody.settings import Settings


@dataclass(slots=True)
class Switch:
    """The toggles of one server, applied to the settings as they were loaded."""

    loaded: Settings = field(default_factory=Settings)
    _everything: bool | None = None
    _languages: dict[str, bool] = field(default_factory=dict[str, bool])

    @property
    def settings(self) -> Settings:
        """Return the settings with the toggles applied."""
        completion = self.loaded.completion
        enabled = completion.enabled if self._everything is None else self._everything
        return msgspec.structs.replace(
            self.loaded,
            completion=msgspec.structs.replace(
                completion, enabled=enabled, languages={**completion.languages, **self._languages}
            ),
        )

    def turn(self, language_id: str | None, *, enabled: bool | None) -> bool:
        """Turn completion on or off (without ``enabled``: invert it), for one language or for all.

        Returns the new state.
        """
        before = self.settings.completion
        if language_id is None:
            self._everything = not before.enabled if enabled is None else enabled
            return self._everything
        now = not before.is_on(language_id) if enabled is None else enabled
        self._languages[language_id] = now
        return self.settings.completion.is_on(language_id)

    def suggests(self, language_id: str, *, invoked: bool) -> bool:
        """Whether ghost text is wanted; an explicit request gets it also with a manual ``trigger``."""
        completion = self.settings.completion
        return completion.is_on(language_id) and (invoked or completion.trigger == "automatic")

    def fills_menu(self, language_id: str, *, has_ghost_text: bool) -> bool:
        """Whether the completion menu gets suggestions too."""
        completion = self.settings.completion
        wanted = completion.menu == "always" or (completion.menu == "auto" and not has_ghost_text)
        return wanted and completion.is_on(language_id)
