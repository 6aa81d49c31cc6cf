"""The sample handed in as it is: a valid file that says bart_simpson everywhere."""
# loses: task1_contest_score
# message: right): 0 points

# %% task1_network
SpringfieldNet = None

# %% task1_training
train = None

# %% task1_submission
import shutil

sample = next(folder / "sample_submission.csv" for folder in (Path("."), data) if (folder / "sample_submission.csv").exists())
shutil.copyfile(sample, "submission.csv")
