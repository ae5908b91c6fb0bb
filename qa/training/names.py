"""Names in English text and what sort of thing they name, by cues and short lists; no model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CALENDAR = """
January February March April May June July August September October November December Monday
Tuesday Wednesday Thursday Friday Saturday Sunday Christmas Easter AD BC BCE CE
"""
_NOT_NAMES = """
A About According After All Also Although Among An And Another Are As At Because Before Both But By
Can Could Did Do Does During Each Every Few For From Had Has Have He Her His How However I If In
Into Is It Its Later Like Many More Most My No Not Of On One Or Other Our Over She Since So Some
Such That The Their Then There These They This Those Though Through To Under Until Up Was We Were
What When Where Whether Which While Who Whom Whose Why With Within Without Yet You
"""
_COUNTRIES = """
Afghanistan Albania Algeria Angola Argentina Armenia Australia Austria Azerbaijan Bahrain Bangladesh
Belarus Belgium Bolivia Bosnia Brazil Bulgaria Burma Cambodia Cameroon Canada Chad Chile China
Colombia Congo Croatia Cuba Cyprus Denmark Ecuador Egypt England Eritrea Estonia Ethiopia Fiji
Finland France Gabon Gambia Germany Ghana Greece Guatemala Guinea Haiti Honduras Hungary Iceland
India Indonesia Iran Iraq Ireland Israel Italy Jamaica Japan Jordan Kazakhstan Kenya Korea Kuwait
Laos Latvia Lebanon Liberia Libya Lithuania Luxembourg Malawi Malaysia Mali Malta Mexico Moldova
Monaco Mongolia Montenegro Morocco Mozambique Myanmar Namibia Nepal Nicaragua Niger Nigeria Norway
Oman Pakistan Panama Paraguay Peru Poland Portugal Qatar Romania Russia Rwanda Scotland Senegal
Serbia Singapore Slovakia Slovenia Somalia Spain Sudan Sweden Switzerland Syria Taiwan Tanzania
Thailand Tibet Tunisia Turkey Uganda Ukraine Uruguay Venezuela Vietnam Wales Yemen Zambia Zimbabwe
Britain Holland Persia Prussia New_Zealand South_Africa Saudi_Arabia Sri_Lanka North_Korea
South_Korea East_Germany West_Germany Costa_Rica Great_Britain
"""
_STATES = """
Alabama Alaska Arizona Arkansas California Colorado Connecticut Delaware Florida Georgia Hawaii
Idaho Illinois Indiana Iowa Kansas Kentucky Louisiana Maine Maryland Massachusetts Michigan
Minnesota Mississippi Missouri Montana Nebraska Nevada New_Hampshire New_Jersey New_Mexico
North_Carolina North_Dakota Ohio Oklahoma Oregon Pennsylvania Rhode_Island South_Carolina
South_Dakota Tennessee Texas Utah Vermont Virginia West_Virginia Wisconsin Wyoming
"""
_CONTINENTS = "Africa Asia Europe Australia Antarctica North_America South_America Oceania"
_CITIES = """
Alexandria Amsterdam Ankara Antwerp Athens Atlanta Baghdad Baltimore Bangkok Barcelona Basel Beijing
Belfast Belgrade Berlin Bern Birmingham Boston Bristol Brooklyn Brussels Bucharest Budapest Cairo
Calcutta Canberra Cape_Town Charleston Chengdu Chicago Cincinnati Cleveland Cologne Constantinople
Copenhagen Dallas Damascus Delhi Denver Detroit Dresden Dublin Edinburgh Florence Frankfurt Geneva
Genoa Glasgow Guangzhou Hamburg Hanoi Havana Helsinki Hollywood Hong_Kong Honolulu Houston Istanbul
Jakarta Jerusalem Johannesburg Karachi Kathmandu Kiev Krakow Lagos Lahore Las_Vegas Leeds Leipzig
Lima Lisbon Liverpool London Los_Angeles Lyon Madrid Manchester Manhattan Manila Marseille Mecca
Melbourne Memphis Miami Milan Milwaukee Minneapolis Montevideo Montreal Moscow Mumbai Munich Nairobi
Nanjing Naples Nashville New_Delhi New_Haven New_Orleans Oakland Oslo Ottawa Oxford Cambridge Paris
Philadelphia Phoenix Pittsburgh Plymouth Portland Prague Pyongyang Richmond Rome Rotterdam
Sacramento Salt_Lake_City San_Diego San_Francisco Santiago Seattle Seoul Shanghai Southampton
Stockholm Strasbourg Sydney Taipei Tehran Tokyo Toronto Tucson Tunis Turin Valencia Vancouver Venice
Vienna Vilnius Warsaw York Zurich Queens Bronx Oklahoma_City Kansas_City Mexico_City New_York_City
"""
_PEOPLE = """
American British English French German Italian Spanish Portuguese Dutch Greek Roman Russian Polish
Swedish Danish Norwegian Finnish Swiss Austrian Hungarian Czech Turkish Arab Arabic Persian Iranian
Iraqi Israeli Jewish Christian Muslim Catholic Protestant Buddhist Hindu Chinese Japanese Korean
Mongol Tibetan Indian Pakistani Thai Vietnamese Indonesian Egyptian Ethiopian Nigerian
Australian Canadian Mexican Brazilian Cuban Irish Scottish Welsh Hebrew
Slavic Ottoman Byzantine Prussian Soviet Ukrainian Estonian Latvian Lithuanian Armenian Anglican
Lutheran Methodist Presbyterian Orthodox Sunni Hispanic
"""
_GIVEN = """
Aaron Abdul Abraham Adam Albert Alexander Alfred Alice Andrew Angela Ann Anna Anne Anthony Antonio
Arnold Arthur Barack Barbara Benjamin Bernard Bill Bob Boris Brian Bruce Carl Carlos Caroline
Catherine Charles Charlotte Chris Christopher Claude Clara Condoleezza Dan Daniel David Dennis Diana
Donald Dorothy Douglas Edgar Edmund Edward Eleanor Elizabeth Ellen Emily Emma Enrico Eric Erich
Ernest Erwin Eugene Eva Felix Ferdinand Florence Francesco Francis Frank Franklin Franz Frederick
Friedrich Fred Gary Gene Geoffrey George Gerald Giovanni Giuseppe Gordon Grace Graham Gregory
Gustav Guy Hans Harold Harry Heinrich Helen Henri Henry Herbert Herman Hermann Hugh Hugo Ian Igor
Isaac Ivan Jack Jacob Jacques James Jan Jane Janet Jason Jay Jean Jeff Jennifer Jeremy Jerry Jim
Jimmy Joan Joe Johann Johannes John Johnny Jonathan Jorge José Joseph Joshua Juan Judith Julia
Julian Julius Karl Kate Keith Kelly Ken Kenneth Kevin Kurt Larry Laura Lawrence Lee Leo Leon Leonard
Leonardo Leonid Lewis Linda Louis Louise Lucy Ludwig Luis Luke Madonna Mao Marc Marco Margaret Maria
Marie Marilyn Mario Mark Martha Martin Mary Matthew Maurice Max Michael Michel Miguel Mike Mikhail
Mitt Mohammed Muhammad Nancy Napoleon Neil Nelson Nicholas Nicolas Nigel Nikita Nikolai Noel Norman
Oliver Oscar Otto Pablo Patrick Paul Pedro Peter Philip Phil Pierre Rachel Ralph Raymond Rebecca
Richard Rick Robert Robin Roger Roland Ronald Rosa Roy Rudolf Russell Ruth Ryan Sam Samuel Sandra
Sarah Saul Scott Sean Sebastian Sergei Sergey Sidney Sigmund Simon Sophia Stanley Stefan Stephen
Steve Steven Stuart Susan Ted Theodore Thomas Tim Timothy Tina Tom Tony Victor Victoria Vincent
Vladimir Walter Warren Wayne Wilhelm William Winston Wolfgang Woodrow Xavier Yuri
"""
# Names of one line may name the same thing, or part of it.
_SAME = """
England Britain Great_Britain Scotland Wales English British Scottish Welsh
Holland Netherlands Dutch
Persia Iran Persian Iranian
Burma Myanmar
Russia Russian Soviet
Prussia Germany German Prussian East_Germany West_Germany
Korea North_Korea South_Korea
China Taiwan Tibet Chinese
Constantinople Istanbul Byzantine
Greece Greek Byzantine Orthodox
Roman Latin Byzantine Catholic
Turkey Turkish Ottoman
Arab Arabic Muslim Sunni
Jewish Hebrew Israeli
Christian Catholic Protestant Anglican Lutheran Methodist Presbyterian Orthodox
Manhattan Brooklyn Queens Bronx New_York_City
Virginia West_Virginia
"""


def _split(words: str) -> list[str]:
    return [w.replace("_", " ") for w in words.split()]


_SORTS = {
    name: sort
    for sort, names in (
        ("city", _CITIES),
        ("continent", _CONTINENTS),
        ("state", _STATES),
        ("country", _COUNTRIES),
        ("people", _PEOPLE),
    )
    for name in _split(names)
}
_NOT_FIRST = frozenset(_NOT_NAMES.split())
_DATES = frozenset(_CALENDAR.split())
_FIRST_NAMES = frozenset(_GIVEN.split())
_SAME_SETS = [frozenset(_split(line)) for line in _SAME.strip().splitlines()]

_NAME = re.compile(
    r"(?<![\w'’.-])(?:(?:[A-Z]|St|Dr|Mr|Mrs|Jr)\.\s?)*[A-Z][\w-]*(?:['’](?!s\b)\w+)?"
    r"(?:\s(?:(?:of|of the|de|von|van|del|la)\s)?(?:[A-Z]\.\s?)*[A-Z][\w-]*(?:['’](?!s\b)\w+)?)*"
)
_LAST = (
    "River|County|Islands?|Valley|Street|Avenue|Park|Mountains|Ocean|Sea|Lake|War|Party|University"
    "|College|School|Act|Church|Cathedral|Palace|Museum|Theatre|Empire|Dynasty|Airport|Company"
    "|Award|Prize|Bridge|Hall|Stadium|Station|Hospital|Band|Army|League|Conference"
)
_HEAD = re.compile(
    rf"(?:.* ({_LAST}))$"
    r"|(Treaty|Battle|University|House|Kingdom|Duke|Council|Department|Republic|Bank|Siege|Church"
    r"|Bishop|Gulf|Bay|Isle|Duchy|Earl|Count|Archbishop|Declaration) of (?:the )?[A-Z]"
)
_TITLE = (
    r"Mr|Mrs|Ms|Dr|Sir|Lord|Lady|President|King|Queen|Pope|Emperor|Prince|Princess|General"
    r"|Professor|Senator|Governor|Justice|Bishop|Archbishop|Colonel|Captain|Mayor|Empress|Sultan"
)
_HEAD_WORD = re.compile(rf"{_TITLE}|{_LAST}|Treaty|Battle|Kingdom|Republic|Council|Department")
_TITLED = re.compile(rf"(?:{_TITLE})\.? [A-Z]")
_BEFORE_PERSON = re.compile(
    r"\b(?:president|king|queen|pope|emperor|singer|actor|actress|architect|composer|philosopher"
    r"|writer|author|director|producer|historian|scientist|poet|brother|sister|son|daughter|wife"
    r"|husband|father|mother|rapper|player|coach|artist) $"
)
_AFTER_PERSON = re.compile(
    r",? (?:said|wrote|argued|married|died|was born|believed|stated|claimed|told|himself|herself)\b"
    r"|['’]s (?:son|wife|brother|sister|father|mother|husband|daughter|death|mother)\b"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name, where it stands in its text, and its sort: empty where that is unknown."""

    text: str
    start: int
    sort: str
    the: bool  # follows "the"

    @property
    def end(self) -> int:
        """Where it ends, in code points."""
        return self.start + len(self.text)


def names(text: str) -> Iterator[Name]:
    """Yield the names of a text in order; a sentence's first word only if it is a known name."""
    for match in _NAME.finditer(text):
        start, name = match.span()[0], match[0]
        head = name.partition(" ")[0]
        while head in _NOT_FIRST and name:
            start += min(len(head) + 1, len(name))
            name = name[len(head) + 1 :]
            head = name.partition(" ")[0]
        if len(name) < 3 or head in _DATES or not name[0].isupper():
            continue
        before = text[max(0, start - 14) : start]
        sort = _sort(name, before, text[start + len(name) : start + len(name) + 20])
        if sort or not re.search(r"(?:^|[.!?:;\"“”(]\s*)$", before):
            yield Name(name, start, sort, bool(re.search(r"\b[Tt]he $", before)))


def _sort(name: str, before: str, after: str) -> str:
    first = name.partition(" ")[0]
    if name in _SORTS:
        return _SORTS[name]
    head = _HEAD.match(name)
    if head:
        return head[1] or f"{head[2]} of"
    if _TITLED.match(name) or _BEFORE_PERSON.search(before) or _AFTER_PERSON.match(after):
        return "person"
    if first in _FIRST_NAMES and len(name.split()) <= 4:
        return "person"
    if " " not in name and name.isupper() and name.isalpha() and len(name) < 6:
        return "letters"
    return ""


def same(one: str, two: str) -> bool:
    """Say whether two names may well name the same thing."""
    words = [
        {w for w in re.findall(r"\w+", n) if w[0].isupper() and not _HEAD_WORD.fullmatch(w)}
        for n in (one, two)
    ]
    if words[0] & words[1] or one in two or two in one:
        return True
    if any(one in group and two in group for group in _SAME_SETS):
        return True
    initials = ["".join(w[0] for w in n.split() if w[0].isupper()) for n in (one, two)]
    return initials[0] == two or initials[1] == one
