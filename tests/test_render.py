"""The page's HTML: what is shown is exactly the text, and nothing in it does anything."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from fakes_ui import FakeIndex, answered, cite, make_article
from hypothesis import given
from hypothesis import strategies as st

from index.errors import FootnoteError
from index.values import BuildReport, Notice, Progress, Stage
from qa.values import Alternative, Answer, ClosestPassage, Outcome
from ui import panel, places, render
from ui.jobs import Job, State

HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> ![x](http://evil.example/a.png)\n\n"
    "&amp; &lt;b&gt; **bold** _it_ `code` {{value}} ${1+1} $$x$$ www.evil.example \\ | # - 1.\n"
    "שלום \u202eright to left\u202c cafe\u0301 👩‍👩‍👧 🇩🇪 \ttab  two spaces"
)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=200)


class _Reader(HTMLParser):
    """Reads back what a browser would show, and which elements there are."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.marked: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._inside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._inside += tag == "mark"
        if tag == "mark":
            self.marked.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside -= tag == "mark"

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._inside:
            self.marked[-1] += data


def read(fragment: str) -> _Reader:
    reader = _Reader()
    reader.feed(fragment)
    reader.close()
    return reader


def shown(fragment: str) -> str:
    return "".join(read(fragment).text)


APOLLO = make_article(
    "Apollo 11",
    "Apollo 11 flew in 1969. The commander was Neil Armstrong. It came back.",
    date="1969-07-24",
)
OTHER = make_article("Moon landings", "In 1969 the commander Neil Armstrong landed there.")


@given(texts)
def test_exact_shows_the_same_characters(text: str) -> None:
    """What `exact` writes reads back as the text, and holds no markup of any language."""
    encoded = render.exact(text)
    assert html.unescape(encoded) == text or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text)
    assert not re.search(r"[<>\"'`*_{}\[\]()!$\\|~\n\t]", encoded)


def test_exact_keeps_hostile_text() -> None:
    """Script, Markdown, entities, templates and marks of direction come through as text."""
    reader = read(render.exact(HOSTILE))
    assert "".join(reader.text) == HOSTILE
    assert reader.tags == []


def test_exact_can_be_sent_whatever_the_text() -> None:
    """Half a character, which UTF-8 cannot hold, is written as an entity like markup is."""
    assert render.exact("a\ud83d😀\udfff") == "a&#55357;😀&#57343;"


def test_answer_is_marked_in_its_sentence() -> None:
    """The card shows the sentence word for word, with the answer marked and a numbered button."""
    answer = answered("Who was the commander?", cite(APOLLO, "Neil Armstrong"))
    card = render.answer_card(answer, 4)
    assert read(card).marked == ["Neil Armstrong"]
    assert "The commander was Neil Armstrong." in shown(card)
    assert re.search(r'<button class="cite" id="c4-0"[^>]*>\[1\]</button>', card)
    assert "1969-07-24" in shown(card)


@pytest.mark.parametrize(
    ("confidence", "words"), [(0.95, "very likely"), (0.75, "likely"), (0.3, "unsure")]
)
def test_confidence_in_words_and_number(confidence: float, words: str) -> None:
    """Confidence stands in words, and as a number in the title."""
    card = render.answer_card(
        answered("?", cite(APOLLO, "Neil Armstrong"), confidence=confidence), 0
    )
    assert f'title="{confidence:.0%} probability of being right">{words}</span>' in card


def test_unsure_is_a_candidate() -> None:
    """An unsure answer begins with "Perhaps:" however high its number is."""
    answer = answered("?", cite(APOLLO, "Neil Armstrong"), outcome=Outcome.UNSURE, confidence=0.8)
    said = shown(render.answer_card(answer, 0))
    assert said.startswith("Perhaps: ")
    assert "unsure" in said


def test_citations_of_other_articles_are_labelled() -> None:
    """A second citation says whether another article agrees or the same one says it again."""
    first, second = cite(APOLLO, "Neil Armstrong"), cite(OTHER, "Neil Armstrong", rank=2)
    said = shown(render.answer_card(answered("?", first, second), 0))
    assert "Another article also says" in said
    assert "Moon landings" in said
    assert "Also there" in shown(render.answer_card(answered("?", first, first), 0))


def test_alternatives_are_folded_and_numbered_on() -> None:
    """Alternatives stand in a folded list; their buttons go on counting after the citations."""
    other = Alternative("1969", 0.2, (cite(OTHER, "1969"),))
    answer = answered("?", cite(APOLLO, "Neil Armstrong"), alternatives=[other])
    card = render.answer_card(answer, 0)
    folded = card[card.index("<details") : card.index("</details>")]
    assert 'id="c0-1"' in folded
    assert "Another article says In 1969 the commander" in shown(folded)
    assert read(folded).marked == ["1969"]
    assert [place.quote for place in places.places_of(answer)] == ["Neil Armstrong", "1969"]


def test_articles_that_differ_stand_openly() -> None:
    """A nearly as likely alternative of another article is shown with its date, not folded."""
    later = make_article("Later", "In 1970 it flew. In 1971 it fell.", date="1975-01-01")
    near = Alternative("1970", 0.8, (cite(later, "1970"),))
    same = Alternative("came back", 0.8, (cite(APOLLO, "came back"),))
    far = Alternative("1971", 0.3, (cite(later, "1971"),))
    card = render.answer_card(
        answered("?", cite(APOLLO, "1969"), alternatives=[same, near, far]), 0
    )
    open_part = card[: card.index("<details")] + card[card.index("</details>") :]
    assert read(open_part).marked == ["1969", "1970"]
    assert "Another article says In 1970 it flew." in shown(open_part)
    assert "1975-01-01" in shown(open_part)
    assert "2 other possible answers" in shown(card)
    assert re.findall(r'id="(c0-\d)"', card) == ["c0-0", "c0-2", "c0-1", "c0-3"]


def _not_found(text: str) -> Answer:
    article = make_article("Close", text)
    passage = ClosestPassage(article, 0, len(text), text, 1.0)
    return answered(
        "Where are the engines?", outcome=Outcome.NOT_FOUND, confidence=0.0, closest=[passage],
        interpreted="Where are the engines of Apollo?",
    )  # fmt: skip


def test_not_found_shows_the_closest_passages() -> None:
    """Nothing found is said plainly, with clickable passages, and what was searched for."""
    card = render.answer_card(_not_found("An engine is where the engines are."), 2)
    assert shown(card).startswith("Not in your articles.")
    assert read(card).marked == ["engine", "engines"]
    assert 'id="c2-0"' in card
    assert "Understood as: Where are the engines of Apollo?" in shown(card)


def test_a_word_is_marked_with_its_accents() -> None:
    """A mark never comes between a letter and its combining accent."""
    answer = answered("cafe", outcome=Outcome.NOT_FOUND)
    marked = render.marked_words("cafe\u0301 cafe", answer)
    assert read(marked).marked == ["cafe"]
    assert marked.startswith("cafe\u0301 <mark>")


def test_a_long_passage_is_cut_where_the_words_are() -> None:
    """An excerpt is short and holds the words of the question."""
    text = "nothing here " * 100 + "the engines stood there " + "nothing more " * 100
    cut = render.excerpt(text, "engines")
    assert "engines" in cut
    assert len(cut) <= render.LONGEST_EXCERPT + 4
    assert cut.startswith("… ")
    assert cut.endswith(" …")


def test_a_long_passage_without_spaces_is_cut_too() -> None:
    """A script that writes no spaces gets as long an excerpt."""
    assert len(render.excerpt("橋" * 2000, "engines")) == render.LONGEST_EXCERPT + 2


def test_a_long_sentence_is_cut_around_the_answer() -> None:
    """A sentence without an end does not flood the card."""
    article = make_article("Long", "word " * 2000 + "answer" + " word" * 2000)
    card = shown(render.answer_card(answered("?", cite(article, "answer")), 0))
    assert len(card) < 1000
    assert "answer" in card


@given(texts.filter(lambda t: bool(t.strip())))
def test_no_text_makes_elements_in_a_card(text: str) -> None:
    """Whatever an article says, the card has the same elements, on one line."""
    article = make_article(text, text)
    card = render.answer_card(answered(text, cite(article, text)), 0)
    plain = make_article("a", "a")
    assert read(card).tags == read(render.answer_card(answered("a", cite(plain, "a")), 0)).tags
    assert "\n" not in card


def test_messages_are_one_line_of_text() -> None:
    """Questions and problems are text too."""
    for message in (
        render.question_message(HOSTILE),
        render.problem_message(HOSTILE),
        render.working_message(HOSTILE),
    ):
        assert shown(message) == HOSTILE
        assert read(message).tags == ["div"]
        assert "\n" not in message


# The source panel


def _view(index: FakeIndex, quote: str = "Neil Armstrong") -> places.View:
    return places.look(places.places_of(answered("?", cite(APOLLO, quote)))[0], index)


def test_panel_shows_the_whole_text_and_marks_by_offset() -> None:
    """The panel holds the canonical text, unchanged, and the mark is the quote."""
    shown_panel = panel.source_panel(_view(FakeIndex([APOLLO])), n=0, count=2)
    start = shown_panel.index('class="fn-article"')
    body = read(shown_panel[shown_panel.index(">", start) + 1 :])
    assert "".join(body.text) == APOLLO.text
    assert body.marked == ["Neil Armstrong"]
    assert "verbatim ✓" in shown(shown_panel)
    assert 'data-go="c0-1"' in shown_panel
    assert shown_panel.count(" disabled>") == 1


def test_panel_marks_the_second_of_two_equal_words() -> None:
    """The place decides what is marked, not a search for the words."""
    article = make_article("Twice", "one two one two")
    place = places.Place(places.Kind.CITATION, article, 8, 11, "one", "one two", 8)
    text = panel.source_panel(places.look(place, FakeIndex([article])))
    assert "one two <span" in text


def test_panel_of_a_hostile_article_is_text() -> None:
    """Title, path, date and text of an article make no element and no attribute."""
    article = make_article(HOSTILE, HOSTILE, date="<i>", source='"><b onclick=x>')
    place = places.Place(places.Kind.CITATION, article, 0, 8, article.text[:8], article.text, 0)
    reader = read(panel.source_panel(places.look(place, FakeIndex([article]))))
    assert not {"script", "img", "i", "b"} & set(reader.tags)
    assert not any(name.startswith("on") for name, _ in reader.attributes)
    assert HOSTILE in "".join(reader.text)


def test_a_changed_article_says_so_and_marks_the_nearest_match() -> None:
    """When the article is another text now, no "verbatim" is shown."""
    changed = make_article("Apollo 11", "Now the commander was “Neil  ARMSTRONG” again.")
    view = _view(FakeIndex([changed]))
    assert view.standing is places.Standing.CHANGED
    assert changed.text[view.start : view.end] == "Neil  ARMSTRONG"
    said = shown(panel.source_panel(view))
    assert "This article has changed since. The nearest match is marked." in said
    assert "verbatim" not in said


def test_a_changed_article_without_a_match_marks_nothing() -> None:
    """Nothing is marked when nothing like the quote is left."""
    view = _view(FakeIndex([make_article("Apollo 11", "Something else.")]))
    text = panel.source_panel(view)
    assert read(text).marked == []
    assert "nothing in it matches" in shown(text)


def test_a_removed_article_is_shown_as_it_was_read() -> None:
    """The text that came with the answer is shown, and that it is gone."""
    view = _view(FakeIndex())
    text = panel.source_panel(view)
    assert read(text).marked == ["Neil Armstrong"]
    assert "no longer in your articles" in shown(text)


def test_an_article_without_a_place_is_shown_unmarked() -> None:
    """Opened from the list, an article has no mark and nothing to copy."""
    place = places.Place(places.Kind.LINK, APOLLO, 0, 0, "", "", 0)
    text = panel.source_panel(places.look(place, FakeIndex([APOLLO])))
    assert read(text).marked == []
    assert "data-copy" not in text


def test_copies_are_plain_data() -> None:
    """Text, Markdown and JSON carry quote, source and link; Markdown's signs are escaped."""
    article = make_article("A *title*", "He said *x* [y].", date="2020")
    place = places.places_of(answered("?", cite(article, "*x* [y]")))[0]
    assert panel.cited_as_text(place).startswith("“*x* [y]”\n— A *title*, 2020 (")
    markdown = panel.cited_as_markdown(place)
    assert markdown.startswith("> \\*x\\* \\[y\\]\n>\n> — A \\*title\\*, 2020 ")
    data = json.loads(panel.cited_as_json(place))
    assert (data["start"], data["end"], data["quote"]) == (8, 15, "*x* [y]")
    assert data["link"] == place.link


@given(texts, st.integers(0, 200))
def test_nearest_stays_inside(text: str, near: int) -> None:
    """A nearest match is a stretch of the text; the text itself is found whole."""
    span = places.nearest(text, text, near)
    if span is not None:
        assert 0 <= span[0] < span[1] <= len(text)
        assert places.nearest(text, "qqqq zzzz xxxx", near) is None or "q" in text.casefold()


def test_nearest_takes_the_closest_of_equal_matches() -> None:
    """Where the words stand more than once, the one nearest to the old place is taken."""
    assert places.nearest("a word, a word, a word", "word", 9) == (10, 14)


def test_links_lead_back() -> None:
    """A place's link opens the same place; a changed article is looked up by its quote."""
    place = places.places_of(answered("?", cite(APOLLO, "Neil Armstrong")))[0]
    query = _query(place.link)
    back = places.from_query(query, FakeIndex([APOLLO]))
    assert back is not None
    assert (back.start, back.end, back.quote) == (place.start, place.end, place.quote)
    changed = FakeIndex([make_article("Apollo 11", "There was Neil Armstrong.")])
    again = places.from_query(query, changed)
    assert again is not None
    view = places.look(again, changed)
    assert view.standing is places.Standing.CHANGED
    assert view.article.text[view.start : view.end] == "Neil Armstrong"


def _query(link: str) -> dict[str, str]:
    from urllib.parse import parse_qsl, urlsplit

    return dict(parse_qsl(urlsplit(link).query))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": "x"}, "names an article but no place"),
        ({"start": "9999999", "end": "99999999"}, "lies outside"),
        ({"start": "-5"}, "lies outside"),
        ({"article": "nowhere"}, "no article nowhere"),
    ],
)
def test_a_damaged_link_says_so(change: dict[str, str], said: str) -> None:
    """Each fault of an address is one sentence."""
    query = {**_query(places.places_of(answered("?", cite(APOLLO, "Neil")))[0].link), **change}
    with pytest.raises(FootnoteError, match=said):
        places.from_query(query, FakeIndex([APOLLO]))
    assert places.from_query({}, FakeIndex([APOLLO])) is None


# The list of articles and the change that goes on


def test_the_list_is_capped_and_says_so() -> None:
    """A list longer than the page bears is cut, with both numbers told."""
    infos = FakeIndex(make_article(f"T {n}", "x") for n in range(panel.LISTED + 5)).articles()
    text = panel.article_list(infos, len(infos))
    assert text.count("data-remove") == panel.LISTED
    assert f"{panel.LISTED} of {panel.LISTED + 5} articles shown" in shown(text)


def test_a_change_shows_its_progress_and_its_result() -> None:
    """Progress has numbers and the time left; the result names each skipped file with reason."""
    running = Job("Adding 2 files", progress=Progress(Stage.EMBED, 3, 12, "<a>"), seconds_left=7.4)
    said = shown(panel.job_status(running))
    assert "3 of 12, about 7 s left" in said
    assert "<a>" in said
    report = BuildReport(2, 3, 9, added=("a",), skipped=(Notice("x.exe", "not <text>"),))
    done = shown(panel.job_status(Job("Adding 2 files", State.DONE, report=report)))
    assert "1 added, 1 skipped" in done
    assert "x.exe: not <text>" in done
    failed = shown(panel.job_status(Job("Rebuilding", State.FAILED, note="The disk is full.")))
    assert failed == "Rebuilding: The disk is full."
    assert panel.job_status(None) == ""


def test_text_stays_normalised() -> None:
    """The hostile text of these tests holds a combining accent that composing would change."""
    assert unicodedata.normalize("NFC", HOSTILE) != HOSTILE


def test_readings_are_buttons() -> None:
    """A question that goes back shows its readings, each on a button of its own."""
    back = answered("When was he <b>?", outcome=Outcome.AMBIGUOUS, confidence=0.0, closest=())
    back = replace(back, notice="Which do you mean?", readings=("When was <A>?", "When was B?"))
    card = render.answer_card(back, 3)
    assert shown(card) == "Which do you mean?When was <A>?When was B?"
    assert 'id="r3-0"' in card
    assert 'id="r3-1"' in card


def test_a_reply_is_no_span() -> None:
    """A reply shows its sentence, and claims no confidence."""
    said = answered("hello", outcome=Outcome.REPLY, confidence=0.0, closest=())
    card = render.answer_card(replace(said, notice="Hello & welcome."), 0)
    assert shown(card) == "Hello & welcome."
    assert "fn-confidence" not in card
