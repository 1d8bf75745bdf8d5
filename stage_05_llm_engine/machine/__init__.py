"""What a run does to the machine: flags of this process, its memory, batches side by side."""
