"""Any marks over any text come out nested, with every character once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quotewire.web.marking import Close, Mark, Open, Paragraph, marked_paragraphs


@st.composite
def texts_with_marks(draw: st.DrawFn) -> tuple[str, list[Mark]]:
    text = draw(st.text(st.characters() | st.just("\n"), max_size=60))
    places = st.integers(0, 70)
    marks = []
    for number in range(draw(st.integers(0, 8))):
        start, end = sorted((draw(places), draw(places)))
        key = draw(st.sampled_from(["a", "b", f"own{number}"]))
        marks.append(Mark(start, end, draw(st.integers(0, 3)), key))
    return text, marks


def plain(paragraphs: list[Paragraph]) -> str:
    return "\n".join("".join(p for p in paragraph.pieces if isinstance(p, str)) for paragraph in paragraphs)


def covered(paragraphs: list[Paragraph]) -> dict[int, set[Mark]]:
    """Which marks are open over each place of the text; fails where pieces do not nest."""
    marks: dict[int, set[Mark]] = {}
    for paragraph in paragraphs:
        place, stack = paragraph.start, list[Mark]()
        for piece in paragraph.pieces:
            if isinstance(piece, Open):
                stack.append(piece.mark)
            elif isinstance(piece, Close):
                assert stack.pop() is piece.mark
            else:
                assert piece
                for offset in range(len(piece)):
                    marks[place + offset] = set(stack)
                place += len(piece)
        assert not stack
    return marks


@given(texts_with_marks())
def test_the_text_stays_whole(given_text: tuple[str, list[Mark]]) -> None:
    text, marks = given_text
    paragraphs = marked_paragraphs(text, marks)
    assert plain(paragraphs) == text
    assert [text[: p.start].count("\n") for p in paragraphs] == list(range(len(paragraphs)))


@given(texts_with_marks())
def test_each_mark_covers_its_characters_and_no_other(given_text: tuple[str, list[Mark]]) -> None:
    text, marks = given_text
    over = covered(marked_paragraphs(text, marks))
    for place, character in enumerate(text):
        if character != "\n":
            assert over[place] == {mark for mark in marks if mark.start <= place < mark.end}


@given(texts_with_marks())
def test_lower_layers_enclose_higher_ones(given_text: tuple[str, list[Mark]]) -> None:
    for paragraph in marked_paragraphs(*given_text):
        layers: list[int] = []
        for piece in paragraph.pieces:
            if isinstance(piece, Open):
                assert not layers or layers[-1] <= piece.mark.layer
                layers.append(piece.mark.layer)
            elif isinstance(piece, Close):
                layers.pop()


@given(texts_with_marks())
def test_each_key_has_one_first_and_one_last_piece(given_text: tuple[str, list[Mark]]) -> None:
    pieces = [piece for paragraph in marked_paragraphs(*given_text) for piece in paragraph.pieces]
    opened = [piece for piece in pieces if isinstance(piece, Open)]
    closed = [piece for piece in pieces if isinstance(piece, Close)]
    keys = {piece.mark.key for piece in opened}
    assert sorted(piece.mark.key for piece in opened if piece.first) == sorted(keys)
    assert sorted(piece.mark.key for piece in closed if piece.last) == sorted(keys)
    for key in keys:
        assert next(piece.first for piece in opened if piece.mark.key == key)
        assert [piece.last for piece in closed if piece.mark.key == key][-1]


def test_marks_that_cross_are_cut() -> None:
    quote, entity = Mark(0, 5, 0, "q1"), Mark(3, 8, 1, "e1")
    (paragraph,) = marked_paragraphs("abcdefgh", [entity, quote])
    assert paragraph.pieces == (
        Open(quote, first=True),
        "abc",
        Open(entity, first=True),
        "de",
        Close(entity, last=False),
        Close(quote, last=True),
        Open(entity, first=False),
        "fgh",
        Close(entity, last=True),
    )


def test_a_long_text_with_many_marks_is_quick() -> None:
    text = "One short line of text.\n" * 2_000
    marks = [Mark(start, start + 900, start % 3, f"m{start}") for start in range(0, len(text), 100)]
    assert plain(marked_paragraphs(text, marks)) == text
