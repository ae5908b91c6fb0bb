import time
def test_seeds(assistant):
    a = assistant.ask("Who invented the transistor?")
    print(a)
    assert assistant.index.check().sound
