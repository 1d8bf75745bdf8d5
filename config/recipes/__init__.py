"""Training runs by name: each function returns everything that decides one run."""

from config.recipes.story_model import (
    gpt_oss_20b_lora,
    gpt_oss_20b_lora_experts,
    gpt_oss_20b_multi_gpu,
    gpt_oss_20b_qlora,
    story_nano_test,
    story_small_cpu,
    story_tiny_cpu,
)

RECIPES = {
    recipe.__name__: recipe
    for recipe in (
        story_tiny_cpu,
        story_small_cpu,
        story_nano_test,
        gpt_oss_20b_lora,
        gpt_oss_20b_lora_experts,
        gpt_oss_20b_multi_gpu,
        gpt_oss_20b_qlora,
    )
}
"""Every recipe by its name."""

__all__ = [
    "RECIPES",
    "gpt_oss_20b_lora",
    "gpt_oss_20b_lora_experts",
    "gpt_oss_20b_multi_gpu",
    "gpt_oss_20b_qlora",
    "story_nano_test",
    "story_small_cpu",
    "story_tiny_cpu",
]
