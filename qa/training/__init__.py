"""Fits what Footnote ships; nothing at run time imports it. Needs the extra `train`."""
