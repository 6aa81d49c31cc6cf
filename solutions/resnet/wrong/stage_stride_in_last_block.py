"""The last block has the stride, not the first."""
# loses: task2_make_stage_blocks, task3_resnet_function
# message: The stride is in the last block

# %% task2_make_stage
def make_stage(block, in_channels, out_channels, depth, stride=1):
    blocks = [block(in_channels, out_channels, 1 if depth > 1 else stride)]
    blocks += [block(out_channels, out_channels, stride if i == depth - 2 else 1) for i in range(depth - 1)]
    return nn.Sequential(*blocks)
