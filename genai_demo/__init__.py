"""GenAI Demo: small generative models that people can play with, look inside and watch learn."""

__version__ = "0.2.0"
