"""The process ends in the middle of the notebook; stock nbgrader loses the whole submission."""

# %% task2_make_stage
import os
os._exit(0)
