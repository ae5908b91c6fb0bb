"""Lists of English words that the rules of a conversation go by; all in lower case."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WH = _words("who whom whose what which when where why how")
AUXILIARIES = _words(
    "is are was were am be been do does did has have had can could will would shall should may"
    " might must isn't aren't wasn't weren't didn't doesn't don't hasn't haven't couldn't won't"
)
PREPOSITIONS = _words(
    "in on at by for from to of with about into over under after before since until during against"
    " between among through without within near behind above below around across per as than like"
    " towards toward inside outside off up down via because"
)
PLACE_PREPOSITIONS = _words("in at near")
PARTICLES = _words("of de la le van von der den bin ibn al el da di du del y &")
PRONOUNS = _words(
    "he him his himself she her hers herself they them their theirs themselves it its itself"
    " this that these those there then here one ones"
)
CONJUNCTIONS = _words("and or but so if while because although though that which who when where")

# Words that end a noun phrase in a question or a sentence.
BREAKS = (
    WH
    | AUXILIARIES
    | PREPOSITIONS
    | PRONOUNS
    | CONJUNCTIONS
    | _words(
        "the a an not also first last ever still actually really exactly get got go went gone come"
        " came take took taken make made become became begin began happen happened happens say said"
        " says call called use used win won lose lost kill killed die died dies live lived born"
        " found find give gave given see saw know known think thought want wanted need needed"
        " start started end ended stop stopped open opened close closed build built write wrote"
        " written lead led leave left put run ran hold held stand stood mean play played played"
        " work worked cost costs cover covers lie last lasted lasts land landed own owned join"
        " joined keep kept matter pay paid spill visit come announce announced confirm"
        " confirmed design designed invent invented release"
        " released you we i me us my your our all both each any some no other else more most much"
        " many few only just now again too very too"
    )
) - _words("first last end work cost land play")

MONTHS = _words(
    "january february march april may june july august september october november december monday"
    " tuesday wednesday thursday friday saturday sunday"
) - {"may"}
TIME_WORDS = _words(
    "year years month months day days week weeks hour hours minute minutes century centuries decade"
    " decades time evening morning night date age ages"
)
NUMBER_WORDS = _words(
    "one two three four five six seven eight nine ten eleven twelve dozen hundred thousand million"
    " billion about nearly almost some over"
)
TITLES = _words(
    "mr mrs ms miss dr sir dame lord lady king queen prince princess pope saint st general colonel"
    " captain admiral president senator judge professor bishop emperor empress"
)
FEMININE = _words(
    "she her hers mrs ms miss lady dame queen princess empress woman women girl mother wife sister"
    " daughter aunt actress female widow niece grandmother bride"
)
MASCULINE = _words(
    "he his him mr sir lord king prince emperor man men boy father husband brother son uncle actor"
    " male nephew grandfather pope"
)
PERSON_WORDS = _words(
    "man woman boy girl person child mother father wife husband sister brother son daughter uncle"
    " aunt president minister king queen prince princess emperor leader captain commander general"
    " engineer scientist doctor physicist inventor author writer singer actor actress artist"
    " architect composer player coach driver pilot astronaut founder chairman director manager"
    " boss deputy judge lawyer bishop archbishop pope priest teacher student professor poet painter"
    " philosopher explorer hero victim suspect killer prosecutor candidate opponent rival friend"
    " second-in-command successor predecessor owner spokesman spokeswoman governor mayor senator"
)
GROUP_WORDS = _words(
    "company corporation university college school party army navy forces force police committee"
    " council government ministry court inc corp bank union club church team agency association"
    " institute organization organisation department congress parliament senate league band group"
    " society commission administration federation foundation laboratories labs command state's"
    " crew"
)
PLACE_WORDS = _words(
    "city town village country county state province region island islands river lake sea ocean"
    " mountain street avenue road square valley desert capital continent district republic kingdom"
    " border coast"
)
PLURALS = _words("people men women children police troops forces they workers deaths data media")
SINGULARS = _words("news series species physics mathematics politics united-states gas bus")
ATTRIBUTES = _words(
    "name names age job height length cost price date size colour color population weight role"
    " cause number wife husband father mother son daughter nickname title"
)
DETERMINERS = _words("the a an")
POINTING = _words("this that these those")
OWNING = _words("his her its their")
EXISTENTIAL = _words("a an any no more many some other still enough anything")
IMPERSONAL = _words("true possible known likely said believed important necessary")
INSIDE_LEAD = _words("many much else other more most of time one ones")
IRREGULAR = _words(
    "won lost led made took got came went died wrote built sold bought ran held stood fell sank"
    " gave found left put cost began became met paid said sent set shot spent swam taught drew"
    " drove flew grew hit knew lay saw heard broke chose cut did had fought lent rode rose rang"
    " sang spoke stole struck swore threw wore"
)
# First words of questions in other languages: these are asked as typed.
FOREIGN = _words(
    "und wer wann wo warum wie wieviel y quién quien cuándo cuando dónde donde cómo cuántos cuanto"
    " et qui quand où pourquoi comment combien quel quelle chi quando dove perché quanti quem onde"
    " waar wanneer hoeveel en"
)
SUBORDINATE = _words(
    "when while before after because if that since until whether and but where who which as"
)
