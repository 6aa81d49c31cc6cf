"""Class indices under a header copied from a web page, with the index column that pandas writes unless told not to."""
# loses: task1_contest_score
# message: Expected

# %% task1_network
SpringfieldNet = None

# %% task1_training
train = None

# %% task1_submission
pd.DataFrame({"ImageId": [path.name for path in test_paths], "label": 0}).to_csv("submission.csv")
