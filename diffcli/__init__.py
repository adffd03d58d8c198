"""Compare three ways of differentiating one expression, against a proved truth."""

__version__ = "0.1.0"
