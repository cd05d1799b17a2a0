"""What a line of a list shows of an answer: words, and none of the signs of Markdown."""

import pytest

from parlour.kit.tastes import taste

TABLE = (
    "Our plans:\n\n| Plan | Price |\n|:-----|------:|\n| **Gold** | 5 € |\n| Blue | 3 € |\n\nAsk!"
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Just words, and no signs.", "Just words, and no signs."),
        (TABLE, "Our plans: Plan · Price Gold · 5 € Blue · 3 € Ask!"),
        ("Plan | Price\n--- | ---\nGold | 5", "Plan · Price Gold · 5"),
        # One whose lines were put together before.
        (" ".join(TABLE.split()), "Our plans: · Plan · Price · Gold · 5 € · Blue · 3 € · Ask!"),
        # No table: a pipe of a shell, a choice.
        ("Type `ls | wc -l` or yes|no", "Type ls | wc -l or yes|no"),
        ("# Plans\n\n- **Gold**\n- [x] done\n  * *Blue*\n> said", "Plans Gold done Blue said"),
        ("1. Open it\n2. Press", "1. Open it 2. Press"),
        ("```sh\nls -l\n```\nThat lists.", "ls -l That lists."),
        ("Above\n\n---\n\nbelow\n=====", "Above below"),
        (
            'It is so [1] [2, 3]. See [the page](https://a.example/x "t").',
            "It is so. See the page.",
        ),
        ("![A chart](https://a.example/x.png) shows", "A chart shows"),
        ("See [a page that was cut](https://a.exa", "See a page that was cut"),
        ("Look at <https://a.example/x>", "Look at https://a.example/x"),
        ("5 * 3 = 15, 2*3, a_b_c, __init__ and _so_", "5 * 3 = 15, 2*3, a_b_c, init and so"),
        ("5 > 3 and C# 8 - so", "5 > 3 and C# 8 - so"),
        (r"A \*star\* costs 3 \| 4", "A *star* costs 3 | 4"),
        ("~~old~~ **new** ***both***", "old new both"),
        ("一 **二** 三\n\n* 四", "一 二 三 四"),
        ("", ""),
    ],
)
def test_a_line_of_words(text: str, line: str) -> None:
    assert taste(text) == line


def test_signs_without_end_take_no_time_that_matters() -> None:
    """A text made to hurt is gone through in as many steps as it is long, more or less."""
    for sign in ("[", "*", "_", "|-", "> ", "`", "\\", "![", "<https://", "- ", "|"):
        assert len(taste(sign * 2_000)) <= 2_000 * len(sign)
