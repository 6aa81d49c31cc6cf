"""One block object stands in every place: its weights are shared."""
# loses: task2_make_stage_blocks, task3_resnet_function, task3_resnet_parameters
# message: One block object

# %% task2_make_stage
def make_stage(block, in_channels, out_channels, depth, stride=1):
    blocks = [block(in_channels, out_channels, stride)]
    blocks += [block(out_channels, out_channels, 1)] * (depth - 1)
    return nn.Sequential(*blocks)
