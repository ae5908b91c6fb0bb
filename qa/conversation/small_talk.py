"""What people type into a chat box that is no question to the articles, and the reply to it.

Only a whole input counts: "thanks" is small talk, "thanks giving parade when?" is a question.
A reply is never a span of an article and invents nothing: it tells what the index holds, or shows
again where the last answer stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from index.values import Article
from qa.conversation.english import AUXILIARIES, WH
from qa.values import Answer, ClosestPassage, Hit, Outcome

_LONGEST_TOPIC = 6  # words; what is longer is a question
_TITLES = 8  # articles that a reply names


class Talk(StrEnum):
    """What an input that is no question wants."""

    GREETING = "greeting"
    THANKS = "thanks"
    NOTED = "noted"
    FAREWELL = "farewell"
    ABILITY = "ability"
    ARTICLES = "articles"  # which articles there are, on a topic or at all
    MORE = "more"  # the rest of what was found for the last question
    SOURCE = "source"  # where the last answer stands


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """An input recognised as small talk or a command; `topic` of `Talk.ARTICLES` only."""

    talk: Talk
    topic: str = ""


_THANKS = r"thank(?: yo)?u|thanks|thankyou|thx|thnx|ty|cheers|much appreciated"
_FILLER = (
    r"(?:ok(?:ay)?|oh|ah|cool|great|nice|perfect|good|fine|wow|alright|right|interesting|got it"
    r"|i see|sure|yes|no|yep|nope|well|awesome|super|lol|hm+|that'?s all|makes sense|good to know"
    r"|well done|nice one|a lot|so much|very much|again|ha(?:ha)+|mate|man|bot"
    r"|for (?:the|your|that) (?:help|answer|info)"
    r"|for (?:that|now)|everyone|there|all|footnote|so far|it|very|is)"
)
_OWN = r"(?:show|list|name|tell me|give me)?(?: me)? ?(?:all )?(?:of )?(?:the |your |my )?"
_ABOUT = r"(?:about|on|covering|concerning|regarding|that mention|mentioning)"
_KINDS = r"(?:articles?|documents?|docs|files|texts|sources?|pages)"
_SOURCE = (
    r"(?:and )?(?:where (?:does|did) (?:it|the article|that) (?:say|stand|come from)(?: that| so)?"
    r"|where (?:is|was) (?:that|this) (?:from|written|said)|where did you (?:get|find|read) (?:that"
    r"|this|it)|(?:which|what) article (?:is|was) (?:that|this|it) (?:from|in)|(?:what(?:'s| is)|"
    r"whats) (?:the|your) source|source|sources|says who|show (?:me )?(?:the|your) sources?"
    r"|show (?:me )?(?:the )?(?:source|article|place|citation)|where is that|cite (?:it|that))"
)
_PATTERNS = (
    (Talk.THANKS, rf"(?:{_FILLER} )*(?:many )?(?:{_THANKS})(?: {_FILLER}| you)*"),
    (Talk.FAREWELL, r"(?:ok )?(?:good ?bye|bye(?: bye)?|see you(?: later)?|good night|cya)"),
    (
        Talk.GREETING,
        r"(?:hi+|hello+|hey+|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)"
        rf"|how are you(?: doing)?(?: today)?|what'?s up)(?: {_FILLER}| how are you)*",
    ),
    (
        Talk.ABILITY,
        r"(?:so )?(?:what (?:can|do) you (?:do|know|answer)|what can i ask(?: you)?(?: about)?"
        r"|who are you|what are you|what is this|help|help me|how do(?:es)? (?:this|it|you) work"
        r"|how can you help(?: me)?|can you help(?: me)?|are you (?:a )?(?:bot|human|robot|an ai))",
    ),
    (Talk.SOURCE, _SOURCE),
    (
        Talk.MORE,
        r"(?:can you )?(?:show|tell|give) (?:me )?(?:some )?more(?: about (?:it|that|this))?"
        r"|more|go on|tell me more|anything else|what else|more (?:results|answers)"
        r"|any(?:thing)? more|other answers|show (?:me )?(?:other|the other) (?:answers|passages)",
    ),
    (Talk.NOTED, rf"{_FILLER}(?: {_FILLER})*"),
)
_TALK = tuple((talk, re.compile(pattern)) for talk, pattern in _PATTERNS)
_LIST = (
    re.compile(
        rf"(?:and )?(?:which|what|how many) {_KINDS} (?:do you have|have you got|are there"
        rf"|do you know|is there|have you)(?: {_ABOUT} (?P<topic>.+))?"
    ),
    re.compile(rf"(?:and )?(?:which|what) {_KINDS} (?:are |is )?{_ABOUT} (?P<topic>.+)"),
    re.compile(
        rf"(?:do you have|have you got|are there) (?:any(?:thing)?|some)?(?: {_KINDS})?"
        rf" {_ABOUT} (?P<topic>.+)"
    ),
    re.compile(rf"{_OWN}{_KINDS}(?: you have)?(?: {_ABOUT} (?P<topic>.+))?"),
)


def recognise(text: str) -> SmallTalk | None:
    """Return what an input wants when the whole of it is small talk or a command."""
    plain = re.sub(r"[^\w\s'’/-]", " ", text.lower()).replace("’", "'")
    plain = re.sub(r"\b(?:please|pls|plz)\b", " ", plain)
    plain = " ".join(plain.split())
    for talk, pattern in _TALK:
        if pattern.fullmatch(plain):
            return SmallTalk(talk)
    for pattern in _LIST:
        match = pattern.fullmatch(plain)
        topic = (match["topic"] or "").split() if match else []
        if match and len(topic) <= _LONGEST_TOPIC and (WH | AUXILIARIES).isdisjoint(topic):
            return SmallTalk(Talk.ARTICLES, " ".join(topic))
    return None


def reply(
    question: str,
    said: SmallTalk,
    *,
    last: Answer | None,
    titles: Sequence[str],
    found: Sequence[ClosestPassage],
    generation: int,
) -> Answer:
    """Return the reply to small talk.

    Args:
        question: the input as typed.
        said: what it was recognised as.
        last: the answer to the latest question, if there was one.
        titles: of all articles in the index.
        found: the best passage of each article on the topic that was asked for.
        generation: of the index.

    """
    shown = last if said.talk in (Talk.SOURCE, Talk.MORE) else None
    closest = found if said.talk is Talk.ARTICLES else ()
    if said.talk is Talk.MORE and last:
        closest = last.closest
    return Answer(
        question=question,
        outcome=Outcome.REPLY,
        text="",
        confidence=0.0,
        citations=shown.citations if shown and said.talk is Talk.SOURCE else (),
        alternatives=shown.alternatives if shown and said.talk is Talk.MORE else (),
        closest=tuple(closest),
        interpreted_question=question,
        generation=generation,
        notice=_sentence(said, last, titles, found),
    )


def latest_answer(history: Sequence[tuple[str, Answer]]) -> Answer | None:
    """Return the answer to the latest question to the articles, past replies."""
    talk = (Outcome.REPLY, Outcome.AMBIGUOUS)
    return next((a for _, a in reversed(history) if a.outcome not in talk), None)


def one_of_each(hits: Sequence[Hit], articles: Mapping[str, Article]) -> tuple[ClosestPassage, ...]:
    """Return each article's best passage that holds a word of what was looked for."""
    best: dict[str, ClosestPassage] = {}
    for hit in hits:
        passage = hit.passage
        if hit.lexical_rank is not None and passage.article_id not in best:
            best[passage.article_id] = ClosestPassage(
                articles[passage.article_id], passage.start, passage.end, passage.text, hit.score
            )
    return tuple(best.values())


def _sentence(
    said: SmallTalk,
    last: Answer | None,
    titles: Sequence[str],
    found: Sequence[ClosestPassage],
) -> str:
    count = f"{len(titles):,} article{'' if len(titles) == 1 else 's'}"
    simple = {
        Talk.GREETING: f"Hello. Ask a question about your {count}.",
        Talk.THANKS: "You are welcome.",
        Talk.NOTED: "Ask on whenever you like.",
        Talk.FAREWELL: "Goodbye.",
        Talk.ABILITY: (
            f"Footnote answers questions from your {count} in their own words and shows where each"
            " word stands. It writes no text of its own."
        ),
    }
    if said.talk in simple:
        return simple[said.talk]
    if said.talk is Talk.ARTICLES:
        return _articles(said.topic, titles, found)
    if last is None:
        return "There is no answer yet to show more of; ask a question first."
    if said.talk is Talk.SOURCE:
        return _source(last)
    if not last.closest and not last.alternatives:
        return f"Nothing more was found for “{last.interpreted_question}”."
    return f"What else was found for “{last.interpreted_question}”:"


def _articles(topic: str, titles: Sequence[str], found: Sequence[ClosestPassage]) -> str:
    if topic and not found:
        return f"No article holds the words “{topic}”."
    names = [passage.article.title for passage in found] if topic else list(titles)
    shown = "; ".join(names[:_TITLES])
    rest = f"; and {len(names) - _TITLES:,} more" if len(names) > _TITLES else ""
    about = f" on “{topic}”" if topic else ""
    return f"{len(names):,} article{'' if len(names) == 1 else 's'}{about}: {shown}{rest}."


def _source(last: Answer) -> str:
    if not last.citations:
        return f"Nothing in your articles answered “{last.interpreted_question}”."
    titles = dict.fromkeys(citation.article.title for citation in last.citations)
    return f"“{last.text}” stands in: {'; '.join(titles)}."
