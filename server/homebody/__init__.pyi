from homebody.engine import Engine as Engine
from homebody.engine import open_engine as open_engine
from homebody.errors import HomebodyError as HomebodyError
from homebody.features.ask import Reply as Reply
from homebody.features.ask import ask as ask
from homebody.features.attachments import attach as attach
from homebody.features.complete import Completion as Completion
from homebody.features.complete import complete as complete
from homebody.features.explain import Explanation as Explanation
from homebody.features.explain import explain as explain
from homebody.features.refactor import Refactoring as Refactoring
from homebody.features.refactor import refactor as refactor
from homebody.headless.select import SourceFile as SourceFile
from homebody.headless.select import read_source as read_source
from homebody.text import Document as Document
from homebody.text import Span as Span
from homebody.text import TextEdit as TextEdit
from homebody.text import apply_edits as apply_edits

__version__: str
