"""How properties are tried: the same examples on every run; others with `pytest --hypothesis-profile exploring`."""

from hypothesis import settings

settings.register_profile("every-time", derandomize=True, deadline=None, database=None, max_examples=250)
settings.register_profile("exploring", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile("every-time")
