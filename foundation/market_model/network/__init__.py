"""The network itself: gates and attention, the TFT encoder over blocks, the graph, the heads.

Nothing here knows of files, of training or of history: tensors in, an ``Opinion`` out.
"""
