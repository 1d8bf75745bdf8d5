"""The network itself: GPT-OSS from scratch or from a checkpoint, its kernels, masks and files."""
