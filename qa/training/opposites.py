"""Words and their opposites, for questions that their passage does not answer."""

from __future__ import annotations

import re

# Each line holds pairs that may be swapped both ways in any sentence they stand in.
_PAIRS = """
first/last earliest/latest oldest/youngest older/younger newest/oldest newer/older
largest/smallest larger/smaller biggest/smallest bigger/smaller highest/lowest higher/lower
tallest/shortest taller/shorter longest/shortest longer/shorter fastest/slowest faster/slower
strongest/weakest stronger/weaker richest/poorest richer/poorer wealthiest/poorest
heaviest/lightest heavier/lighter hottest/coldest hotter/colder warmest/coldest warmer/cooler
deepest/shallowest deeper/shallower widest/narrowest wider/narrower closest/farthest
nearest/farthest nearer/farther easiest/hardest easier/harder cheapest/costliest cheaper/dearer
best/worst better/worse greatest/smallest greater/lesser busiest/quietest brightest/dimmest
loudest/quietest thickest/thinnest thicker/thinner driest/wettest drier/wetter densest/sparsest
most/least more/less more/fewer many/few maximum/minimum maximal/minimal majority/minority
earlier/later early/late before/after above/below over/under inside/outside within/outside
north/south east/west northern/southern eastern/western northeast/southwest northwest/southeast
northeastern/southwestern northwestern/southeastern northernmost/southernmost
easternmost/westernmost northward/southward eastward/westward upper/lower left/right top/bottom
front/rear upstream/downstream inner/outer internal/external interior/exterior domestic/foreign
beginning/end started/ended starting/ending starts/ends begin/end began/ended begins/ends
beginnings/endings opened/closed opening/closing opens/closes
increase/decrease increased/decreased increases/decreases increasing/decreasing
grow/shrink grew/shrank grows/shrinks growing/shrinking growth/decline
rise/fall rose/fell rises/falls rising/falling raise/lower raised/lowered raises/lowers
gain/lose gained/lost gains/loses gaining/losing win/lose won/lost wins/loses winning/losing
winner/loser winners/losers victory/defeat victories/defeats success/failure successes/failures
successful/unsuccessful successfully/unsuccessfully succeed/fail succeeded/failed
succeeds/fails profit/loss profits/losses
allow/forbid allowed/forbidden allows/forbids allowing/forbidding permit/prohibit
permitted/prohibited permits/prohibits legal/illegal legally/illegally lawful/unlawful
accept/reject accepted/rejected accepts/rejects accepting/rejecting approve/reject
approved/rejected approval/rejection support/oppose supported/opposed supports/opposes
supporting/opposing supporters/opponents supporter/opponent agree/disagree agreed/disagreed
encourage/discourage encouraged/discouraged encourages/discourages include/exclude
included/excluded includes/excludes including/excluding inclusion/exclusion
male/female males/females man/woman men/women boy/girl boys/girls father/mother fathers/mothers
son/daughter sons/daughters brother/sister brothers/sisters husband/wife king/queen kings/queens
uncle/aunt nephew/niece grandfather/grandmother prince/princess
import/export imports/exports imported/exported importing/exporting importer/exporter
buy/sell bought/sold buys/sells buying/selling buyer/seller buyers/sellers sale/purchase
lend/borrow lent/borrowed attack/defend attacked/defended attacks/defends attacking/defending
attackers/defenders attacker/defender offensive/defensive offense/defense
ally/enemy allies/enemies allied/enemy friend/enemy friends/enemies friendly/hostile
positive/negative positively/negatively good/bad strong/weak strongly/weakly rich/poor hot/cold
warm/cool dry/wet high/low large/small big/small long/short fast/slow quickly/slowly rapid/slow
rapidly/slowly deep/shallow wide/narrow thick/thin heavy/light hard/soft easy/difficult
easily/hardly simple/complex old/new ancient/modern young/old common/rare commonly/rarely
often/rarely frequently/rarely frequent/rare usually/seldom always/never popular/unpopular
famous/obscure known/unknown public/private publicly/privately urban/rural natural/artificial
permanent/temporary permanently/temporarily active/inactive visible/invisible possible/impossible
able/unable likely/unlikely direct/indirect directly/indirectly formal/informal official/unofficial
officially/unofficially regular/irregular equal/unequal similar/different dependent/independent
safe/dangerous healthy/unhealthy full/empty complete/incomplete major/minor primary/secondary
junior/senior professional/amateur liberal/conservative progressive/conservative military/civilian
acidic/alkaline solid/liquid organic/inorganic synthetic/natural vertical/horizontal
primarily/rarely mainly/rarely mostly/rarely necessary/unnecessary important/unimportant
significant/insignificant significantly/insignificantly violent/peaceful peace/war
day/night daytime/nighttime dawn/dusk sunrise/sunset summer/winter spring/autumn
arrive/depart arrived/departed arrival/departure enter/leave entered/left enters/leaves entry/exit
join/leave joined/left joins/leaves ascend/descend ascended/descended appear/disappear
appeared/disappeared appears/disappears build/destroy built/destroyed builds/destroys
construction/demolition create/destroy created/destroyed creates/destroys creation/destruction
born/buried birth/death live/die lived/died survive/perish survived/perished
remember/forget remembered/forgotten love/hate loved/hated like/dislike liked/disliked
send/receive sent/received sends/receives sending/receiving give/take gave/took given/taken
add/remove added/removed adds/removes adding/removing addition/removal replace/retain
replaced/retained connect/separate connected/separated unite/divide united/divided
expand/contract expanded/contracted expansion/contraction strengthen/weaken
strengthened/weakened improve/worsen improved/worsened improves/worsens improvement/deterioration
appoint/dismiss appointed/dismissed hire/fire hired/fired employ/dismiss arrest/release
arrested/released capture/release captured/released push/pull pushed/pulled
advantage/disadvantage advantages/disadvantages benefit/drawback benefits/drawbacks
strength/weakness strengths/weaknesses cause/prevent caused/prevented causes/prevents
causing/preventing create/prevent lead/follow protect/endanger protected/endangered
help/hinder helped/hindered helps/hinders helping/hindering gained/forfeited
teacher/student teachers/students employer/employee employers/employees predecessor/successor
predecessors/successors preceded/followed ancestor/descendant ancestors/descendants
parent/child parents/children host/guest plaintiff/defendant hero/villain creditor/debtor
predator/prey predators/prey absorb/emit absorbed/emitted absorbs/emits attract/repel
attracted/repelled attracts/repels oldest/newest theoretical/practical famous/unknown
criticized/praised criticised/praised criticize/praise criticise/praise criticism/praise
praised/criticized optimistic/pessimistic voluntary/compulsory mandatory/optional
required/forbidden require/forbid requires/forbids responsible/unresponsible present/absent
presence/absence alive/dead wealthy/poor guilty/innocent correct/incorrect
true/false inferior/superior forward/backward forwards/backwards ahead/behind
"""

_NOT_WORDS = {"unresponsible"}


def _table() -> dict[str, tuple[str, ...]]:
    opposites: dict[str, tuple[str, ...]] = {}
    for pair in _PAIRS.split():
        one, two = pair.split("/")
        if {one, two} & _NOT_WORDS:
            continue
        for word, other in ((one, two), (two, one)):
            if other not in opposites.get(word, ()):
                opposites[word] = (*opposites.get(word, ()), other)
    return opposites


OPPOSITES = _table()
PATTERN = re.compile(r"\b(?:" + "|".join(sorted(OPPOSITES, key=len, reverse=True)) + r")\b", re.I)
