"""A question that leans on what came before → whole questions, and the one that evidence backs.

    context.py       the history → what was talked of
    understanding.py a question and its context → readings, as whole questions
    followup.py      the evidence for each reading → the best answer, or the question back
    small_talk.py    what is no question to the articles, and the reply to it

Below them, rules alone, without a model: tokens, spelling, mentions, gender, pronouns, filling,
wording, english.
"""
