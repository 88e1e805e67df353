"""Whether completion and next edits are on: the settings, and the user's toggles since they were loaded."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from homebody.settings import CompletionSettings, Settings
from homebody.text import Document
from homebody.workspace.uri import of_nearest_folder

Feature: TypeAlias = Literal["completion", "nextEdit"]

_BY_SETTINGS = "your config.toml, the folder's .homebody.toml or the editor's settings say so"


@dataclass(slots=True)
class Switch:
    """The toggles of one server, applied to the settings as they were loaded."""

    loaded: Settings = field(default_factory=Settings)
    _turned: dict[tuple[Feature, str | None], bool] = field(
        default_factory=dict[tuple["Feature", "str | None"], bool]
    )

    @property
    def settings(self) -> Settings:
        """Return the settings with the toggles applied."""
        next_edit = self.loaded.next_edit
        shown = next_edit.enabled
        if (is_on := self._turned.get(("nextEdit", None))) is not None:
            shown = "off" if not is_on else "full" if shown == "off" else shown
        languages = {**next_edit.languages, **self._languages("nextEdit")}
        return msgspec.structs.replace(
            self.loaded,
            completion=self._toggled(self.loaded.completion),
            next_edit=msgspec.structs.replace(next_edit, enabled=shown, languages=languages),
            folder_completion={
                folder: self._toggled(own) for folder, own in self.loaded.folder_completion.items()
            },
        )

    def turn(self, language_id: str | None, *, enabled: bool | None, feature: Feature = "completion") -> bool:
        """Turn a feature on or off (without ``enabled``: invert it), for one language or for all.

        Returns the new state.
        """
        now = not self._is_on(feature, language_id) if enabled is None else enabled
        self._turned[feature, language_id] = now
        return self._is_on(feature, language_id)

    def suggests(self, document: Document, *, invoked: bool) -> bool:
        """Whether to return ghost text; with a manual ``trigger``, only for explicit requests."""
        completion = self._of(document)
        return completion.is_on(document.language_id) and (invoked or completion.trigger == "automatic")

    def fills_menu(self, document: Document, *, has_ghost_text: bool) -> bool:
        """Whether to return suggestions for the completion menu too."""
        completion = self._of(document)
        wanted = completion.menu == "always" or (completion.menu == "auto" and not has_ghost_text)
        return wanted and completion.is_on(document.language_id)

    def paused(self, document: Document | None) -> str:
        """Return why there are no suggestions in a document, as a sentence; empty if there are some."""
        completion = self._of(document)
        if not completion.enabled:
            what, language_id = "Completion is off", None
        elif document is not None and not completion.is_on(document.language_id):
            what, language_id = f"Completion is off for {document.language_id}", document.language_id
        else:
            return ""
        return f"{what}." if ("completion", language_id) in self._turned else f"{what}: {_BY_SETTINGS}."

    def _is_on(self, feature: Feature, language_id: str | None) -> bool:
        settings = self.settings.completion if feature == "completion" else self.settings.next_edit
        return settings.enabled not in (False, "off") if language_id is None else settings.is_on(language_id)

    def _of(self, document: Document | None) -> CompletionSettings:
        """Return the settings of the document's folder, with the toggles applied."""
        own = None if document is None else of_nearest_folder(self.loaded.folder_completion, document.uri)
        return self._toggled(self.loaded.completion if own is None else own)

    def _toggled(self, completion: CompletionSettings) -> CompletionSettings:
        enabled = self._turned.get(("completion", None), completion.enabled)
        languages = {**completion.languages, **self._languages("completion")}
        return msgspec.structs.replace(completion, enabled=enabled, languages=languages)

    def _languages(self, feature: Feature) -> dict[str, bool]:
        """Languages that the user turned on or off."""
        turned = self._turned.items()
        return {language: on for (of, language), on in turned if of == feature and language is not None}
