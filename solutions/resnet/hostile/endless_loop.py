"""A cell that never ends; it costs its own time and nothing else."""

# %% task1_basic_block
loss = 1.0
while loss > 0:
    loss = loss * 0.5 + 0.5
