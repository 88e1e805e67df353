"""Whether completion and next edits are on: the settings, and the user's toggles since they were loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
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
    loaded_folders: Mapping[Path, CompletionSettings] = field(default_factory=dict[Path, CompletionSettings])
    _turned: dict[tuple[Feature, str | None], bool] = field(
        default_factory=dict[tuple["Feature", "str | None"], bool]
    )

    @property
    def settings(self) -> Settings:
        """Return the settings with the toggles applied."""
        completion, next_edit = self._toggled(self.loaded.completion), self.loaded.next_edit
        languages = {**next_edit.languages, **self._languages("nextEdit")}
        shown = next_edit.enabled
        if (is_on := self._turned.get(("nextEdit", None))) is not None:
            shown = "off" if not is_on else "full" if shown == "off" else shown
        next_edit = msgspec.structs.replace(next_edit, enabled=shown, languages=languages)
        return msgspec.structs.replace(self.loaded, completion=completion, next_edit=next_edit)

    @property
    def folders(self) -> dict[Path, CompletionSettings]:
        """Return the settings of each folder with the toggles applied."""
        return {folder: self._toggled(completion) for folder, completion in self.loaded_folders.items()}

    def turn(self, language_id: str | None, *, enabled: bool | None, feature: Feature = "completion") -> bool:
        """Turn a feature on or off (without ``enabled``: invert it), for one language or for all.

        Returns the new state.
        """
        now = not self._is_on(feature, language_id) if enabled is None else enabled
        self._turned[feature, language_id] = now
        return self._is_on(feature, language_id)

    def _is_on(self, feature: Feature, language_id: str | None) -> bool:
        settings = self.settings
        if feature == "completion":
            completion = settings.completion
            return completion.enabled if language_id is None else completion.is_on(language_id)
        next_edit = settings.next_edit
        return next_edit.enabled != "off" if language_id is None else next_edit.is_on(language_id)

    def _languages(self, feature: Feature) -> dict[str, bool]:
        """Languages that the user turned on or off."""
        turned = self._turned.items()
        return {language: on for (of, language), on in turned if of == feature and language is not None}

    def suggests(self, document: Document, *, invoked: bool) -> bool:
        """Whether to return ghost text; with a manual ``trigger``, only for explicit requests."""
        completion = self._of(document)
        return completion.is_on(document.language_id) and (invoked or completion.trigger == "automatic")

    def paused(self, document: Document | None) -> str:
        """Return why there are no suggestions in a document, as a sentence; empty if there are some."""
        completion = self._toggled(self.loaded.completion) if document is None else self._of(document)
        language_id = "" if document is None else document.language_id
        if not completion.enabled:
            what, is_toggled = "Completion is off", ("completion", None) in self._turned
        elif language_id and not completion.is_on(language_id):
            what, is_toggled = (
                f"Completion is off for {language_id}",
                language_id in self._languages("completion"),
            )
        else:
            return ""
        return f"{what}." if is_toggled else f"{what}: {_BY_SETTINGS}."

    def fills_menu(self, document: Document, *, has_ghost_text: bool) -> bool:
        """Whether to return suggestions for the completion menu too."""
        completion = self._of(document)
        wanted = completion.menu == "always" or (completion.menu == "auto" and not has_ghost_text)
        return wanted and completion.is_on(document.language_id)

    def _of(self, document: Document) -> CompletionSettings:
        """Return the settings of the document's folder, with the toggles applied."""
        loaded = of_nearest_folder(self.loaded_folders, document.uri)
        return self._toggled(self.loaded.completion if loaded is None else loaded)

    def _toggled(self, completion: CompletionSettings) -> CompletionSettings:
        enabled = self._turned.get(("completion", None), completion.enabled)
        languages = {**completion.languages, **self._languages("completion")}
        return msgspec.structs.replace(completion, enabled=enabled, languages=languages)
