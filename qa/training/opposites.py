"""Words and their opposites, and nouns that exclude each other, for changing questions.

Tables only. `_` stands for a space; `one/two` may be swapped both ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_PAIRS = """
first/last earliest/latest oldest/youngest oldest/newest older/younger newer/older
largest/smallest larger/smaller biggest/smallest bigger/smaller highest/lowest higher/lower
tallest/shortest taller/shorter longest/shortest longer_than/shorter_than fastest/slowest
faster/slower strongest/weakest stronger/weaker richest/poorest richer/poorer wealthiest/poorest
heaviest/lightest heavier/lighter hottest/coldest hotter/colder warmest/coldest warmer/cooler
deepest/shallowest deeper/shallower widest/narrowest wider/narrower closest/farthest
nearest/farthest nearer/farther easiest/hardest easier/harder cheapest/costliest cheaper/dearer
best/worst better/worse greatest/smallest greater/lesser busiest/quietest brightest/dimmest
loudest/quietest thickest/thinnest thicker/thinner driest/wettest drier/wetter densest/sparsest
the_most/the_least more_than/less_than maximum/minimum maximal/minimal majority/minority
earlier/later early/late before/after above/below over_1/under_1 inside/outside within/outside
north/south east/west northern/southern eastern/western northeast/southwest northwest/southeast
northeastern/southwestern northwestern/southeastern northernmost/southernmost
easternmost/westernmost northward/southward eastward/westward upper/lower
front/rear upstream/downstream inner/outer internal/external interior/exterior domestic/foreign
the_beginning/the_end begin/end began/ended begins/ends started/ended starts/ends
opened/closed opens/closes opening/closing increase/decrease increased/decreased
increases/decreases increasing/decreasing grow/shrink grew/shrank grows/shrinks growing/shrinking
growth/decline rise/fall rose/fell rises/falls rising/falling raise/lower raised/lowered
raises/lowers gain/lose gained/lost gains/loses gaining/losing success/failure successes/failures
successful/unsuccessful successfully/unsuccessfully allow/forbid allowed/forbidden allows/forbids
allowing/forbidding permit/prohibit
permitted/prohibited permits/prohibits legal/illegal legally/illegally lawful/unlawful
accept/reject accepted/rejected accepts/rejects accepting/rejecting approve/reject
approved/rejected approval/rejection support/oppose supported/opposed supports/opposes
supporting/opposing supporters/opponents supporter/opponent agree/disagree agreed/disagreed
encourage/discourage encouraged/discouraged encourages/discourages include/exclude
included/excluded includes/excludes including/excluding inclusion/exclusion
import/export imports/exports imported/exported importing/exporting importer/exporter
ally/enemy allies/enemies friend/enemy friends/enemies friendly/hostile offensive/defensive
positive/negative positively/negatively good/bad strong/weak strongly/weakly rich/poor hot/cold
warm/cool dry/wet high/low large/small big/small fast/slow quickly/slowly rapid/slow rapidly/slowly
deep/shallow wide/narrow thick/thin easy/difficult easily/hardly simple/complex
ancient/modern common/rare commonly/rarely often/rarely frequently/rarely frequent/rare
usually/seldom always/never popular/unpopular public/private publicly/privately urban/rural
natural/artificial permanent/temporary permanently/temporarily active/inactive visible/invisible
possible/impossible able_to/unable_to direct/indirect directly/indirectly formal/informal
official/unofficial officially/unofficially regular/irregular equal/unequal
similar_to/different_from
dependent/independent safe/dangerous healthy/unhealthy full/empty complete/incomplete major/minor
junior/senior professional/amateur liberal/conservative military/civilian acidic/alkaline
solid/liquid organic/inorganic synthetic/natural vertical/horizontal primarily/rarely
mainly/rarely mostly/rarely necessary/unnecessary important/unimportant significant/insignificant
significantly/insignificantly violent/peaceful daytime/nighttime dawn/dusk sunrise/sunset
summer/winter spring/autumn arrive/depart arrived/departed arrival/departure
enter/leave entered/left enters/leaves entry/exit join/leave joined/left joins/leaves
ascend/descend ascended/descended appear/disappear appeared/disappeared appears/disappears
build/destroy built/destroyed builds/destroys construction/demolition constructed/demolished
create/destroy created/destroyed creates/destroys creation/destruction established/abolished
establish/abolish founded/dissolved found_in/missing_from introduced/withdrawn formed/dissolved
born/buried birth/death
remember/forget remembered/forgotten love/hate loved/hated
add/remove added/removed adds/removes adding/removing addition/removal connect/separate
connected/separated unite/divide united/divided
expand/contract expanded/contracted strengthen/weaken strengthened/weakened improve/worsen
improved/worsened improves/worsens improvement/deterioration appoint/dismiss appointed/dismissed
hire/dismiss hired/dismissed
advantage/disadvantage advantages/disadvantages benefit/drawback benefits/drawbacks
strength/weakness strengths/weaknesses cause/prevent caused/prevented causes/prevents
causing/preventing protect/endanger protected/endangered absorb/emit absorbed/emitted
absorbs/emits attract/repel attracted/repelled attracts/repels theoretical/practical
criticized/praised criticised/praised criticize/praise criticise/praise criticism/praise
optimistic/pessimistic voluntary/compulsory mandatory/optional required/forbidden require/forbid
requires/forbids present-day/prehistoric presence/absence alive/dead wealthy/poor guilty/innocent
correct/incorrect true/false inferior/superior forward/backward released/recalled
published/banned signed/rejected
men/women man/woman male/female males/females boys/girls boy/girl
"""

# The passage may tell of both sides at once: "A defeated B" says who won and who lost. So these
# are swapped only where the question asks for neither side.
_CONVERSES = """
win/lose won/lost wins/loses winning/losing winner/loser winners/losers victory/defeat
victories/defeats buy/sell bought/sold buys/sells buying/selling buyer/seller
lend/borrow lent/borrowed
attack/defend attacked/defended attacking/defending attackers/defenders
father/mother son/daughter sons/daughters brother/sister brothers/sisters husband/wife king/queen
kings/queens uncle/aunt nephew/niece grandfather/grandmother prince/princess parents/children
predecessor/successor ancestors/descendants teacher/student teachers/students
employer/employee employers/employees plaintiff/defendant predator/prey predators/prey
"""

# Words of one line exclude each other: what is said of one is not said of another.
_GROUPS = """
album film book opera symphony painting sculpture musical newspaper
albums films books operas symphonies paintings sculptures
army navy cavalry
river lake ocean canal
rivers lakes oceans canals
desert mountain island valley
deserts mountains islands valleys
city village county province
cities villages counties provinces
hospital museum library theatre theater prison airport stadium hotel factory
hospitals museums libraries theatres prisons airports stadiums hotels factories
church mosque synagogue monastery
churches mosques synagogues monasteries
bridge tower castle temple palace tunnel
bridges towers castles temples palaces tunnels
president mayor governor senator ambassador bishop emperor pope
presidents mayors governors senators judges ambassadors bishops emperors popes
singer actor writer painter architect engineer scientist lawyer journalist historian philosopher
singers actors writers painters architects engineers scientists lawyers journalists historians
actress dancer composer poet physician chemist biologist mathematician astronomer
doctors nurses farmers soldiers sailors merchants miners priests monks
red blue green yellow black white purple orange
gold silver copper iron zinc aluminium nickel platinum
oxygen nitrogen hydrogen helium carbon chlorine
oil coal gas uranium wood
wheat rice corn barley cotton sugar tobacco coffee tea potatoes
dog cat horse cow pig sheep bird fish snake
dogs cats horses cows pigs birds fish snakes insects bees
brain heart liver lung kidney stomach skin
football basketball baseball hockey cricket tennis golf rugby boxing
physics chemistry biology mathematics astronomy medicine theology philosophy economics
century decade month week
centuries decades months weeks
war revolution
wars revolutions
treaty election
treaties elections
earthquake flood famine epidemic
earthquakes floods famines epidemics
plane train bus truck bicycle submarine
planes trains ships cars buses trucks bicycles submarines
religion currency flag
agriculture tourism mining fishing forestry manufacturing education
temperature pressure speed weight volume density length width
guitar piano violin drums trumpet flute
computer telephone camera
computers telephones cameras
television radio
televisions radios
divorce funeral coronation wedding baptism
stone brick wood steel glass concrete marble
constitution budget census
budget schedule logo slogan
monarchy republic dictatorship
bacteria viruses fungi
breakfast lunch dinner
morning afternoon evening
"""


def _pairs(*tables: str) -> dict[str, tuple[str, ...]]:
    opposites: dict[str, tuple[str, ...]] = {}
    for pair in " ".join(tables).replace("_1", "").split():
        one, two = pair.replace("_", " ").split("/")
        for word, other in ((one, two), (two, one)):
            if other not in opposites.get(word, ()):
                opposites[word] = (*opposites.get(word, ()), other)
    return opposites


def _groups(table: str) -> dict[str, tuple[str, ...]]:
    others: dict[str, tuple[str, ...]] = {}
    for line in table.strip().splitlines():
        words = line.split()
        for word in words:
            others[word] = (*others.get(word, ()), *(w for w in words if w != word))
    return others


OPPOSITES = _pairs(_PAIRS, _CONVERSES)
CONVERSES = frozenset(_pairs(_CONVERSES))
EXCLUSIVE = _groups(_GROUPS)


def one_of(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of whole words, the longest first."""
    longest = sorted(words, key=len, reverse=True)
    return re.compile(r"(?<![\w'’-])(?:" + "|".join(longest) + r")(?![\w-]|['’](?!s\b))")
