"""How the two models run: a batch of token ids → named arrays, by torch or by OpenVINO.

runtime.py    which of them, and why        forward.py   what a forward pass is; torch's
graphs.py     OpenVINO's, from a graph that is made once and kept
cache.py      the folder of what can be made again
"""
