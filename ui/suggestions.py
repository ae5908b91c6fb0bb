"""Questions to begin with and to go on with, formed from what the index holds.

Candidates are formed from an article's own sentences and its title; only those are offered that
the assistant answers with confidence from that article. They are asked in the background and
kept as long as the index stays as it is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import regex

from index.errors import FootnoteError
from index.sentences import sentence_ends
from index.values import Article
from qa.values import Answer, Outcome
from ui.ports import Answerer

logger = logging.getLogger(__name__)

EXAMPLES = 4
FOLLOWING = 3
_ARTICLES = 12  # looked at for examples
_LOOKED_AT = 20_000  # code points of an article
_TRIES = 24  # questions asked to find the examples
_TRIES_AFTER = 6  # questions asked to find what to go on with

_CLAUSES = frozenset(("how", "why", "what", "when", "where", "who"))  # begin no name
_NAMES_NOTHING = frozenset(
    regex.findall(
        r"\w+",
        "a after all another as at before both but by during each for from he here his how if in"
        " it its many most much no nor not of on one or others over she since so some such that"
        " their then there these they this those thus to under until we what when where which"
        " while who with you",
    )
)
_NAME = r"(?<name>\p{Lu}[\w’'-]*(?: (?:of|the|and|in|for|on|\p{Lu}[\w’'-]*|\p{Nd}+|\p{Ll}+)){0,6}?)"
_DONE = (
    r"(?<done>\p{Ll}+ed|begun|born|built|cut|found|given|held|known|laid|led|made|sold|won|written)"
)
_PATTERNS = tuple(
    (regex.compile(rf"^{_NAME} {rest}"), question)
    for rest, question in (
        (rf"(?:was|were) {_DONE} by \p{{Lu}}", "Who {done} {name}?"),
        (
            rf"(?<be>was|were) (?:\p{{Ll}}+ly )?{_DONE}[^,;]* (?:in|on) [^,;.]*\d{{4}}",
            "When {be} {name} {done}?",
        ),
        (r"(?<be>was|is) \p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+", "Who {be} {name}?"),
        (r"(?<be>is|are) (?:an?|the) \p{Ll}", "What {be} {name}?"),
    )
)
_WHEN = regex.compile(r" (?:in|of) (?:\p{Lu}\p{Ll}+ )?\d{4}$")  # at the end of a title
_WORKS = r"bridge|building|canal|castle|cathedral|church|dam|museum|palace|station|tower|tunnel"
_DISASTERS = r"crash|cyclone|disaster|earthquakes?|eruption|fire|flood|hurricane|tsunami|war"
# What a title names, what its text says somewhere → what can be asked of it.
_OF_TITLES = tuple(
    (regex.compile(rf"(?i)\b(?:{named})$"), regex.compile(rf"\b(?:{said})\b"), question)
    for named, said, question in (
        (_WORKS, r"designed|designer|architect|engineer", "Who designed {name}?"),
        (_WORKS, r"opened", "When was {name} opened?"),
        (_WORKS, r"(?:feet|metres|miles|kilometres) long|length of", "How long is {name}?"),
        (_WORKS, r"cost", "How much did {name} cost?"),
        (_DISASTERS, r"died|killed|dead|deaths", "How many people died in {name}?"),
        (_DISASTERS, r"magnitude", "What was the magnitude of {name}?"),
    )
)


@dataclass(frozen=True, slots=True)
class Tried:
    """A question that was asked, and what came of it."""

    question: str
    good: bool  # answered with confidence, from the article it was formed from
    text: str


def _of_title(title: str) -> str:
    name = _named(title)
    plural = any(word.endswith("s") for word in name.split()[-1:] + name.split()[1:2])
    return f"What is {name}?" if 0 < len(name.split()) <= 4 and not plural else ""


def _named(title: str) -> str:
    """Return the name of the one thing that a title is; empty when it seems to say more."""
    head = title.split(":")[0].strip()
    words = head.split()
    longest = 8 if head.startswith(("The ", "A ", "An ")) else 3
    if not 0 < len(words) <= longest or words[0].casefold() in _CLAUSES or head[-1] in "?.!":
        return ""
    return _inside(head)


def questions_of(article: Article) -> list[str]:
    """Form questions from an article's sentences, in their order, and one from its title."""
    text, start = article.text[:_LOOKED_AT], 0
    questions: dict[str, None] = {}
    for end in sentence_ends(text):
        sentence = " ".join(text[start:end].split())
        start = end
        for pattern, question in _PATTERNS:
            match = pattern.match(sentence)
            if match and _is_name(match["name"]):
                parts = {**match.groupdict(), "name": _inside(match["name"])}
                questions[question.format(**parts)] = None
                break
    if name := _named(article.title):
        thing = _WHEN.sub("", name)
        for named, said, question in _OF_TITLES:
            if named.search(thing) and said.search(text):
                questions[question.format(name=name)] = None
    if title := _of_title(article.title):
        questions[title] = None
    return list(questions)


def _is_name(text: str) -> bool:
    """Say whether a sentence's beginning names one thing also outside of its article."""
    first, *rest = text.split()
    if first.casefold() in _NAMES_NOTHING:
        return False
    return first not in ("The", "A", "An") or any(word[0].isupper() for word in rest)


def _inside(name: str) -> str:
    """Return a name as it is written inside a sentence."""
    return name[0].lower() + name[1:] if name.startswith(("The ", "A ", "An ")) else name


class Suggestions:
    """Questions that the index answers; safe for use from several threads.

    `given` are examples to offer in place of those that are found.
    """

    def __init__(self, assistant: Answerer, *, given: Sequence[str] = ()) -> None:
        self._assistant = assistant
        self._given = list(given)
        self._lock = threading.Condition()
        self._examples: list[str] = []
        self._of = -1  # the generation that the examples are of
        self._searching = False
        self._tried: dict[tuple[str, str], Tried] = {}  # by article and question
        self._tried_of = -1

    def examples(self, *, wait: float = 0.0) -> list[str]:
        """Return questions to begin with; waits so long for those of the index as it is now."""
        if self._given:
            return self._given
        generation = self._assistant.index.generation
        with self._lock:
            if self._of != generation and not self._searching:
                self._searching = True
                threading.Thread(target=self._search, name="footnote-examples", daemon=True).start()
            self._lock.wait_for(lambda: self._of == generation or not self._searching, wait)
            return list(self._examples)

    def following(
        self, answer: Answer, asked: Collection[str], *, stop: Callable[[], bool]
    ) -> list[str]:
        """Return questions to go on with after an answer, about the article it comes from.

        `asked` are not asked again; when `stop` says so no more are looked for.
        """
        if answer.outcome is not Outcome.ANSWERED:
            return []
        article = self._assistant.index.article(answer.citations[0].article.id)
        known = {_plain(question) for question in asked}
        found: list[str] = []
        said = {_plain(answer.text)}
        new = (q for q in questions_of(article) if _plain(q) not in known)
        for tried in self._good(new, article.id, _TRIES_AFTER, stop):
            if _plain(tried.text) not in said:
                said.add(_plain(tried.text))
                found.append(tried.question)
            if len(found) == FOLLOWING:
                break
        return found

    def _search(self) -> None:
        """Find the examples of the index as it is now."""
        generation, found = -1, list[str]()
        try:
            generation = self._assistant.index.generation
            found = self._found()
        except FootnoteError as error:
            logger.info("no examples: %s", error)
        except Exception:
            logger.exception("examples could not be found")
        finally:
            with self._lock:
                self._examples, self._of, self._searching = found, generation, False
                self._lock.notify_all()

    def _found(self) -> list[str]:
        index = self._assistant.index
        infos = index.articles()
        chosen = infos[:: max(1, len(infos) // _ARTICLES)][:_ARTICLES]
        found: list[str] = []
        left = _TRIES
        for info in chosen:
            before = len(self._tried)
            good = self._good(questions_of(index.article(info.id))[:4], info.id, left, _never)
            if first := next(good, None):
                found.append(first.question)
            left -= len(self._tried) - before
            if len(found) == EXAMPLES or left <= 0:
                break
        return found

    def _good(
        self,
        questions: Sequence[str] | Iterator[str],
        article_id: str,
        tries: int,
        stop: Callable[[], bool],
    ) -> Iterator[Tried]:
        """Yield the questions that are well answered from an article, asking at most so many."""
        self._forget_old()
        for question in questions:
            tried = self._tried.get((article_id, question))
            if tried is None:
                if tries <= 0 or stop():
                    return
                tries -= 1
                answer = self._assistant.ask(question)
                good = answer.outcome is Outcome.ANSWERED and any(
                    citation.article.id == article_id for citation in answer.citations
                )
                tried = self._tried[article_id, question] = Tried(question, good, answer.text)
            if tried.good:
                yield tried

    def _forget_old(self) -> None:
        generation = self._assistant.index.generation
        with self._lock:
            if self._tried_of != generation:
                self._tried, self._tried_of = {}, generation


def _never() -> bool:
    return False


def _plain(text: str) -> str:
    return " ".join(regex.findall(r"[\w\p{M}]+", text.casefold()))
