"""Pre-training of the market model: resumable bit for bit, stopped by what it has not seen.

``start`` checks what is asked and begins, in one process or several. ``run`` is the order of a
training: epochs, patience, what is kept. ``passes`` cuts an epoch into what a step reads,
``learner`` takes the steps, ``objective`` is what they go down on, ``shrinkage`` says how much of
what was learnt is believed.
"""
