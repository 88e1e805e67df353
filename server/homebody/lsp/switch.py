"""Whether to complete here: the settings, and what the user turned on or off since.

In: settings as loaded, and toggles. Out: settings as they count now.
"""

from dataclasses import dataclass, field

import msgspec

from homebody.settings import Settings


@dataclass(slots=True)
class Switch:
    """Toggles of one server's life, over the settings as they were loaded."""

    loaded: Settings = field(default_factory=Settings)
    _everything: bool | None = None
    _languages: dict[str, bool] = field(default_factory=dict[str, bool])

    @property
    def settings(self) -> Settings:
        """Return the settings as they count now."""
        completion = self.loaded.completion
        enabled = completion.enabled if self._everything is None else self._everything
        return msgspec.structs.replace(
            self.loaded,
            completion=msgspec.structs.replace(
                completion, enabled=enabled, languages={**completion.languages, **self._languages}
            ),
        )

    def turn(self, language_id: str | None, *, enabled: bool | None) -> bool:
        """Turn on or off, without ``enabled`` the other way round; for one language or for all.

        Returns what it is now.
        """
        before = self.settings.completion
        if language_id is None:
            self._everything = not before.enabled if enabled is None else enabled
            return self._everything
        now = not before.is_on(language_id) if enabled is None else enabled
        self._languages[language_id] = now
        return self.settings.completion.is_on(language_id)

    def suggests(self, language_id: str, *, invoked: bool) -> bool:
        """Whether ghost text is wanted; asked by key it comes also where ``trigger`` is manual."""
        completion = self.settings.completion
        return completion.is_on(language_id) and (invoked or completion.trigger == "automatic")

    def fills_menu(self, language_id: str, *, has_ghost_text: bool) -> bool:
        """Whether the completion menu gets suggestions too."""
        completion = self.settings.completion
        wanted = completion.menu == "always" or (completion.menu == "auto" and not has_ghost_text)
        return wanted and completion.is_on(language_id)
