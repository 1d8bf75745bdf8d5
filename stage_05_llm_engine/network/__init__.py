"""The network itself: GPT-OSS of any size, its kernels and masks, and what it can read."""
