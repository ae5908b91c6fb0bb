"""Values → safe HTML: the messages of the chat, and how text of others is written into a page.

Pure functions from values to strings; nothing here knows Gradio. Article text is hostile: it may
hold script, Markdown, entities or templates. `exact` is the only way it gets into a string, and
it writes every ASCII punctuation character as a numeric entity, so that neither HTML, nor the
chat's Markdown, nor a template finds anything to act on, and the reader sees the same characters.

Messages of the chat are one line of HTML each: a blank line would end the HTML and start
Markdown. The chat strips `data-…` and `aria-…` attributes, so a citation is known by its `id`.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex

from qa.values import Answer, Outcome
from ui.places import Kind, Place, place_of, places_of

LONGEST_SENTENCE = 600  # code points of a sentence in a card; a table row can be far longer
NEARLY = 0.8  # of the answer's confidence: as likely as the answer, or nearly
LONGEST_EXCERPT = 280  # code points of a close passage in a card

_MARKUP = regex.compile(r"[\x01-\x1f!-/:-@\[-`{-~\ud800-\udfff]")
_WORD = regex.compile(r"[\w\p{M}]+")
_CONFIDENCE = ((0.9, "very likely"), (0.7, "likely"), (0.0, "unsure"))
_COMMON = frozenset(
    regex.findall(
        r"\w+",
        "a an and are as at be been by did do does for from had has have he her his how in is it"
        " its many much of on or she that the their they this to was were what when where which"
        " who whom whose why will with you",
    )
)


def exact(text: str) -> str:
    """Return HTML that shows `text` character for character, in a message and in the panel."""
    return str(_MARKUP.sub(lambda match: f"&#{ord(match[0])};", text))


def isolated(text: str) -> str:
    """Return `text` as HTML whose writing direction does not reach what stands around it."""
    return f'<bdi dir="auto">{exact(text)}</bdi>'


def confidence_words(confidence: float, outcome: Outcome = Outcome.ANSWERED) -> str:
    """Return a probability in words."""
    if outcome is Outcome.UNSURE:
        return "unsure"
    return next(words for least, words in _CONFIDENCE if confidence >= least)


def question_message(question: str) -> str:
    """Return the message that shows what was asked."""
    return f'<div class="fn-question" dir="auto">{exact(question)}</div>'


def working_message(text: str) -> str:
    """Return the message that stands where the answer will be."""
    return f'<div class="fn-working" role="status">{exact(text)}</div>'


def problem_message(text: str) -> str:
    """Return the message that says what went wrong."""
    return f'<div class="fn-problem" role="alert">{exact(text)}</div>'


def example_chips(questions: Sequence[str], label: str) -> str:
    """Return questions as buttons that ask them, in a group of that name."""
    chips = "".join(
        f'<button type="button" class="fn-chip" data-ask="{exact(question)}">'
        f"{isolated(question)}</button>"
        for question in questions
    )
    return f'<div class="fn-chips" role="group" aria-label="{label}">{chips}</div>' if chips else ""


def answer_card(
    answer: Answer, turn: int, *, scope: Sequence[str] = (), since: Sequence[str] = ()
) -> str:
    """Return the card of an answer.

    `turn` numbers the question in its conversation: the place `places_of(answer)[n]` opens from
    the button `c{turn}-{n}`. `scope` names the articles the question was limited to,
    `since` says what has changed in them since.
    """
    places = places_of(answer)
    if answer.outcome is Outcome.NOT_FOUND:
        inner = _not_found(answer, places, turn)
    elif answer.outcome is Outcome.AMBIGUOUS:
        inner = _asked_back(answer, turn)
    elif answer.outcome is Outcome.REPLY:
        inner = _reply(answer, places, turn)
    else:
        inner = _found(answer, places, turn)
    inner += _searched(answer, turn, scope)
    inner += "".join(f'<div class="fn-since">{exact(line)}</div>' for line in since)
    return f'<div class="fn-card fn-{answer.outcome}">{inner}</div>'


def _found(answer: Answer, places: tuple[Place, ...], turn: int) -> str:
    first, *others = (place for place in places if place.kind in (Kind.CITATION, Kind.PART))
    doubt = '<span class="fn-doubt">Perhaps:</span> ' if answer.outcome is Outcome.UNSURE else ""
    lines = [
        f'<div class="fn-lead">{doubt}{_quoted(first, turn, 0)}</div>',
        f'<div class="fn-meta">{_confidence(answer.confidence, answer.outcome)}'
        f"{_named(first)}</div>",
    ]
    for n, place in enumerate(others, 1):
        same = "Also there" if place.article.id == first.article.id else "Another article also says"
        said = "And" if place.kind is Kind.PART else same
        lines.append(_beside(said, f"{_quoted(place, turn, n)}<div>{_named(place)}</div>"))
    lines.append(_alternatives(answer, turn, 1 + len(others)))
    return "".join(lines)


def _beside(label: str, inner: str) -> str:
    return f'<div class="fn-also"><span class="fn-label">{label}</span> {inner}</div>'


def _confidence(confidence: float, outcome: Outcome = Outcome.ANSWERED) -> str:
    words = confidence_words(confidence, outcome)
    return (
        f'<span class="fn-confidence fn-{words.replace(" ", "-")}"'
        f' title="{confidence:.0%} probability of being right">{words}</span>'
    )


def _alternatives(answer: Answer, turn: int, n: int) -> str:
    """Return the alternatives; their places are numbered from `n` on.

    One that another article gives, and that is nearly as likely, stands openly: the articles
    differ. The others are folded.
    """
    own = {citation.article.id for citation in answer.citations}
    differing, folded = [], []
    for alternative in answer.alternatives:
        places = [place_of(Kind.ALTERNATIVE, citation) for citation in alternative.citations]
        if not places:
            continue
        first, *more = places
        other = first.article.id not in own
        buttons = " ".join(_button(turn, n + k) for k in range(1, 1 + len(more)))
        inner = (
            f"{_quoted(first, turn, n)} {buttons}"
            f'<div class="fn-meta">{_confidence(alternative.confidence)}{_named(first)}</div>'
        )
        label = "Another article says" if other else ""
        if other and answer.text and alternative.confidence >= NEARLY * answer.confidence:
            differing.append(_beside(label, inner))
        else:
            folded.append(f'<li><span class="fn-label">{label}</span> {inner}</li>')
        n += len(places)
    if not folded:
        return "".join(differing)
    count = f"{len(folded)} other possible answer{'s' if len(folded) > 1 else ''}"
    return (
        f'{"".join(differing)}<details class="fn-more"><summary>{count}</summary>'
        f"<ol>{''.join(folded)}</ol></details>"
    )


def _asked_back(answer: Answer, turn: int) -> str:
    """Return the readings of a question as buttons that ask them."""
    chips = "".join(
        f'<button class="fn-chip fn-again" id="r{turn}-{n}">{isolated(reading)}</button>'
        for n, reading in enumerate(answer.readings)
    )
    return f'<div class="fn-lead">{exact(answer.notice)}</div><div class="fn-chips">{chips}</div>'


def _reply(answer: Answer, places: tuple[Place, ...], turn: int) -> str:
    """Return a reply to small talk, with the places that it points to."""
    cited = [n for n, place in enumerate(places) if place.kind is Kind.CITATION]
    parts = [f'<div class="fn-lead">{isolated(answer.notice)}</div>']
    parts += [
        f'<div class="fn-also">{_quoted(places[n], turn, n)}<div>{_named(places[n])}</div></div>'
        for n in cited
    ]
    parts.append(_alternatives(answer, turn, len(cited)))
    first = len(places) - sum(place.kind is Kind.PASSAGE for place in places)
    parts.append(_passages(answer, places, turn, first))
    return "".join(parts)


def _not_found(answer: Answer, places: tuple[Place, ...], turn: int) -> str:
    parts = ['<div class="fn-lead fn-none">Not in your articles.</div>']
    if places:
        parts.append('<div class="fn-label">The closest passages:</div>')
    return "".join([*parts, _passages(answer, places, turn, 0)])


def _passages(answer: Answer, places: tuple[Place, ...], turn: int, first: int) -> str:
    """Return the list of the places from `first` on, each a passage that opens its article."""
    parts = []
    if places[first:]:
        parts.append('<ol class="fn-closest">')
        for n, place in enumerate(places[first:], first):
            text = marked_words(excerpt(place.quote, answer.interpreted_question), answer)
            parts.append(
                f'<li><button class="cite fn-passage" id="c{turn}-{n}" title="Open the article'
                f' here">{_named(place)}<span class="fn-text" dir="auto">{text}</span></button>'
                "</li>"
            )
        parts.append("</ol>")
    return "".join(parts)


def _searched(answer: Answer, turn: int, scope: Sequence[str]) -> str:
    lines = []
    if answer.interpreted_question.strip() != answer.question.strip():
        lines.append(
            f"Understood as: {isolated(answer.interpreted_question)}"
            f' <button class="fn-again" id="t{turn}">Ask it as typed</button>'
        )
    if scope:
        lines.append("Only in: " + ", ".join(map(isolated, scope)))
    if answer.notice and answer.outcome not in (Outcome.AMBIGUOUS, Outcome.REPLY):
        lines.append(exact(answer.notice))
    return "".join(f'<div class="fn-searched">{line}</div>' for line in lines)


def _quoted(place: Place, turn: int, n: int) -> str:
    """Return a place's sentence with the quote marked, and the button that opens it."""
    sentence, at = place.sentence, place.start - place.sentence_start
    until = at + len(place.quote)
    room = max(0, LONGEST_SENTENCE - len(place.quote)) // 2
    first, last = max(0, at - room), min(len(sentence), until + room)
    before = ("…" if first else "") + sentence[first:at]
    after = sentence[until:last] + ("…" if last < len(sentence) else "")
    return (
        f'<span class="fn-text" dir="auto">{exact(before)}<mark>{exact(place.quote)}</mark>'
        f"{exact(after)}</span> {_button(turn, n)}"
    )


def _button(turn: int, n: int) -> str:
    return (
        f'<button class="cite" id="c{turn}-{n}" title="Show source {n + 1} in its article">'
        f"[{n + 1}]</button>"
    )


def _named(place: Place) -> str:
    return _source_name(place.article.title, place.article.date)


def _source_name(title: str, date: str | None) -> str:
    day = f'<span class="fn-date">{exact(date)}</span>' if date else ""
    return f'<span class="fn-source">{isolated(title)}{day}</span>'


def excerpt(text: str, question: str) -> str:
    """Return the stretch of `text` that holds the most words of the question, cut at words."""
    text = text.strip()
    if len(text) <= LONGEST_EXCERPT:
        return text
    sought = _stems(question)
    starts = [m.start() for m in _WORD.finditer(text) if _stem(m[0]) in sought] or [0]

    def held(first: int) -> int:
        return sum(first <= s < first + LONGEST_EXCERPT for s in starts)

    best = max(starts, key=held)
    first = max(0, best - 40)
    last = min(len(text), first + LONGEST_EXCERPT)
    if first:
        first = max(first, text.find(" ", first, best) + 1)
    if last < len(text):
        last = max(text.rfind(" ", best, last), 0) or last
    return ("… " if first else "") + text[first:last] + (" …" if last < len(text) else "")


def marked_words(text: str, answer: Answer) -> str:
    """Return `text` as HTML with the words of the question marked."""
    sought = _stems(f"{answer.question} {answer.interpreted_question}")
    parts, at = [], 0
    for match in _WORD.finditer(text):
        if _stem(match[0]) in sought:
            parts.append(f"{exact(text[at : match.start()])}<mark>{exact(match[0])}</mark>")
            at = match.end()
    return "".join(parts) + exact(text[at:])


def _stems(question: str) -> set[str]:
    words = (match[0].casefold() for match in _WORD.finditer(question))
    return {_stem(word) for word in words if word not in _COMMON}


def _stem(word: str) -> str:
    """Return a word without its commonest endings: near enough to mark it."""
    word = word.casefold()
    for ending in ("ing", "es", "ed", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
