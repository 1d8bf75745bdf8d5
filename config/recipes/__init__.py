"""Training runs by name: each function returns everything that decides one run."""

from config.recipes.story_model import gpt_oss_20b_lora, story_nano_test, story_tiny_cpu

__all__ = ["gpt_oss_20b_lora", "story_nano_test", "story_tiny_cpu"]
