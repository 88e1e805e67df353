"""What is shown of a definition: its signature, all of it, or an outline."""

import pytest

from homebody.syntax.chunk import shown
from homebody.syntax.scope import definitions
from homebody.syntax.tree import parse
from homebody.text import Document

PYTHON = '''\
@dataclass(frozen=True)
class Order(Base):
    """What was ordered.

    And more.
    """

    total: int
    RATES = {
        "DE": 19,
    }

    @property
    def size(self) -> int:
        def inner(): ...
        return 1

    async def add(
        self,
        line: Line,
    ) -> None:
        pass
'''
JAVA = """\
class Shop {
    public class Order<T> extends Base {
        private int total;

        /** Makes one. */
        public Order(int total)
        {
            this.total = total;
            check();
        }

        @Override
        public int add(int n) throws E {
            total += n;
            return total;
        }
    }
}
"""
RUST = "pub enum Big {\n" + "".join(f"    Variant{i}(i32),\n" for i in range(40)) + "}\n"
SQL = "CREATE TABLE big (\n" + ",\n".join(f"    col{i} INT" for i in range(16)) + "\n);\n"
RUBY = "class Order < Base\n" + "".join(f"  def m{i}(a)\n    a\n    b\n  end\n\n" for i in range(3)) + "end\n"


def show(language_id: str, text: str, name: str) -> tuple[str, int, int]:
    document = Document.create("file:///a", language_id, 0, text)
    tree = parse(document)
    found = definitions(document, tree)
    one = next(one for one in found if one.name == name)
    container = f"{one.container}.{name}".lstrip(".")
    members = [each for each in found if each.container == container]
    first, last, text = shown(document, tree.language, one, members)
    return text, first, last


@pytest.mark.parametrize(
    ("language_id", "text", "name", "lines", "expected"),
    [
        (
            *("python", PYTHON, "Order", (1, 1)),
            (
                "@dataclass(frozen=True)\nclass Order(Base):\n    total: int\n    RATES = {...}\n"
                "    @property\n    def size(self) -> int: ...\n"
                "    async def add(\n        self,\n        line: Line,\n    ) -> None: ..."
            ),
        ),
        (
            *("java", JAVA, "Order", (1, 1)),
            (
                "    public class Order<T> extends Base {\n        private int total\n"
                "        public Order(int total)\n        public int add(int n) throws E\n    }"
            ),
        ),
        ("ruby", RUBY, "Order", (0, 0), "class Order < Base\n  def m0(a)\n  def m1(a)\n  def m2(a)\nend"),
        ("sql", SQL, "big", (0, 0), SQL.rstrip("\n")),
        ("python", "class Order:\n" + '    """Doc."""\n' * 20, "Order", (0, 0), "class Order: ..."),
    ],
    ids=["python", "java", "ruby", "sql", "nothing inside"],
)
def test_a_long_type_is_shown_by_the_signatures_of_its_members(language_id, text, name, lines, expected):
    assert show(language_id, text, name) == (expected, *lines)


def test_an_outline_ends_where_it_would_be_too_long():
    """A mark says that there is more."""
    methods = "".join(f"    def use{i}(self): ...\n" for i in range(20))
    text, _, _ = show("python", f"class Order:\n{methods}{methods}", "Order")
    assert (len(text.splitlines()), text.splitlines()[-1]) == (26, "    ...")
    text, _, _ = show("rust", RUST, "Big")
    assert text.splitlines()[-3:] == ["    Variant23(i32),", "    // ...", "}"]
